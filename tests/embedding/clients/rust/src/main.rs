//! Runs cases through the crate ort: client CASES, as clients_test.py writes them.
use half::f16;
use ort::session::{Session, SessionInputValue};
use ort::value::{DynValue, Tensor};
use std::{env, error::Error, fs, path::Path};

type Outcome<T> = Result<T, Box<dyn Error>>;

fn read_input(folder: &Path, fields: &[&str]) -> Outcome<DynValue> {
    let dims: Vec<i64> = fields[2]
        .split(',')
        .filter(|size| !size.is_empty())
        .map(str::parse)
        .collect::<Result<_, _>>()?;
    let bytes = fs::read(folder.join(fields[3]))?;
    Ok(match fields[1] {
        "float32" => {
            let data = bytes.chunks_exact(4).map(|b| f32::from_ne_bytes(b.try_into().unwrap()));
            Tensor::from_array((dims, data.collect::<Vec<_>>()))?.into_dyn()
        }
        "float16" => {
            let data = bytes.chunks_exact(2).map(|b| f16::from_ne_bytes(b.try_into().unwrap()));
            Tensor::from_array((dims, data.collect::<Vec<_>>()))?.into_dyn()
        }
        _ => {
            let data = bytes.chunks_exact(8).map(|b| i64::from_ne_bytes(b.try_into().unwrap()));
            Tensor::from_array((dims, data.collect::<Vec<_>>()))?.into_dyn()
        }
    })
}

fn bytes_of(value: &DynValue) -> Outcome<Vec<u8>> {
    if let Ok((_, data)) = value.try_extract_tensor::<f32>() {
        return Ok(data.iter().flat_map(|x| x.to_ne_bytes()).collect());
    }
    if let Ok((_, data)) = value.try_extract_tensor::<f16>() {
        return Ok(data.iter().flat_map(|x| x.to_ne_bytes()).collect());
    }
    let (_, data) = value.try_extract_tensor::<i64>()?;
    Ok(data.iter().flat_map(|x| x.to_ne_bytes()).collect())
}

fn run(session: &mut Session, folder: &Path) -> Outcome<()> {
    let mut inputs: Vec<(String, SessionInputValue)> = Vec::new();
    for line in fs::read_to_string(folder.join("inputs.tsv"))?.lines() {
        let fields: Vec<&str> = line.split('\t').collect();
        inputs.push((fields[0].to_owned(), read_input(folder, &fields)?.into()));
    }
    let names: Vec<String> = session.outputs().iter().map(|o| o.name().to_owned()).collect();
    let outputs = session.run(inputs)?;
    for (i, name) in names.iter().enumerate() {
        fs::write(folder.join(format!("output{i}.bin")), bytes_of(&outputs[name.as_str()])?)?;
    }
    Ok(())
}

fn main() -> Outcome<()> {
    let environment = ort::init().build()?;
    for line in fs::read_to_string(env::args().nth(1).ok_or("no list of cases")?)?.lines() {
        let mut fields = line.split('\t');
        let model = fields.next().unwrap_or_default();
        let mut session = Session::builder(&environment)?.commit_from_file(model)?;
        for folder in fields {
            run(&mut session, Path::new(folder))?;
        }
    }
    println!("ran all");
    Ok(())
}

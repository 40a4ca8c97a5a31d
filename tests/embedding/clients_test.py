#!/usr/bin/env python3
"""Programs written for onnxruntime, over the library in its place: tests/embedding/clients_test.py.

    clients_test.py [BUILD] [--models FOLDER] [--only CLIENT]

Each client is a published binding that knows nothing of Sardonyx: onnxruntime's own C++ header (from
Debian), its Java binding (Maven Central), its Node.js package (npm) and the Rust crate ort. They run
LeNet, ResNet-18 and every folder of FOLDER (default: ../shared/models), and what they give is
compared with what is expected. A client that cannot be had here is skipped, with the reason.
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import python_environment

python_environment.enter()

import argparse
import os
import shutil
import subprocess

import numpy as np
import onnx
from onnx import numpy_helper

from checks import Checks, expect, output_of

RTOL, ATOL_RELATIVE = 1e-3, 1e-4
QUANTISED_STEP = 0.003922  # models that are quantised agree within one step of their output
ORT_JAVA = "1.29.0"
ORT_NODE = "1.30.0"
HEADER_SUITE = "trixie"  # the oldest Debian that has onnxruntime


class Unavailable(Exception):
    """A client that cannot be had here, and why."""


def fetch(*command, **how) -> str:
    """Runs a package client; what it cannot bring is no failure of ours."""
    if shutil.which(str(command[0])) is None:
        raise Unavailable(f"there is no {command[0]} here")
    try:
        return output_of(*command, stdin=subprocess.DEVNULL, timeout=300, **how)
    except (AssertionError, subprocess.TimeoutExpired) as error:
        raise Unavailable(str(error)[-400:]) from error


# ---- Cases ------------------------------------------------------------------------------------


class Case:
    """One model's inputs as files that a client in any language can read, and expected outputs."""

    def __init__(self, folder: pathlib.Path, inputs: dict, expected: list, quantised: bool):
        self.folder, self.expected, self.quantised = folder, expected, quantised
        folder.mkdir(parents=True)
        lines = []
        for i, (name, array) in enumerate(inputs.items()):
            (folder / f"input{i}.bin").write_bytes(np.ascontiguousarray(array).tobytes())
            dims = ",".join(map(str, array.shape))
            lines.append(f"{name}\t{array.dtype.name}\t{dims}\tinput{i}.bin\n")
        (folder / "inputs.tsv").write_text("".join(lines))

    def forget(self) -> None:
        for file in self.folder.glob("output*.bin"):
            file.unlink()

    def check(self) -> None:
        for i, expected in enumerate(self.expected):
            file = self.folder / f"output{i}.bin"
            expect(file.exists(), f"output {i} is missing")
            found = np.frombuffer(file.read_bytes(), expected.dtype)
            expect(found.size == expected.size, f"output {i} has {found.size} elements")
            a, b = found.astype(np.float64), expected.astype(np.float64).ravel()
            peak = np.abs(b).max(initial=0)
            allowed = QUANTISED_STEP if self.quantised else ATOL_RELATIVE * peak + RTOL * np.abs(b)
            worst = np.max(np.abs(a - b) - allowed, initial=0)
            expect(worst <= 0, f"output {i} is off by {np.abs(a - b).max()}")


def read_tensor(path: pathlib.Path) -> np.ndarray:
    return numpy_helper.to_array(onnx.load_tensor(str(path)))


def published_cases(models: pathlib.Path, work: pathlib.Path) -> dict:
    """Cases by model, of folders that come with expected outputs."""
    cases = {}
    for model in sorted(models.glob("*/model.onnx")):
        graph = onnx.load(str(model)).graph
        defaults = {tensor.name for tensor in graph.initializer}
        names = [value.name for value in graph.input if value.name not in defaults]
        cases[model] = []
        for data in sorted(model.parent.glob("test_data_set_*")):
            inputs = {name: read_tensor(data / f"input_{i}.pb") for i, name in enumerate(names)}
            expected = [read_tensor(data / f"output_{i}.pb") for i in range(len(graph.output))]
            folder = work / model.parent.name / data.name
            quantised = model.parent.name.endswith(("-qdq", "-qoperator"))
            cases[model].append(Case(folder, inputs, expected, quantised))
    return cases


def own_cases(program: pathlib.Path, work: pathlib.Path) -> dict:
    """LeNet and ResNet-18 on noise, with what the program's reference kernels give for it."""
    cases = {}
    for name, side in (("lenet", 28), ("resnet18", 96)):
        model = ROOT / "models" / name / "model.onnx"
        image = np.random.default_rng(7).random((1, 1, side, side), np.float32)
        source, result = work / f"{name}.npy", work / f"{name}-logits.npy"
        np.save(source, image)
        output_of(program, "run", model, "-i", f"image=@{source}", "-o", f"logits=@{result}",
                  "--backend", "reference")  # fmt: skip
        cases[model] = [Case(work / name, {"image": image}, [np.load(result)], False)]
    return cases


# ---- Clients ----------------------------------------------------------------------------------


def debian_headers(folder: pathlib.Path) -> pathlib.Path:
    """onnxruntime's headers out of Debian's package, by this machine's own package sources."""
    unpacked = folder / "headers"
    if not unpacked.exists():
        sources = pathlib.Path("/etc/apt/sources.list.d/debian.sources")
        if not sources.exists():
            raise Unavailable("no Debian sources here to take onnxruntime's C++ header from")
        stanza = sources.read_text().split("\n\n")[0].splitlines()
        suite = [f"Suites: {HEADER_SUITE}" if line.startswith("Suites:") else line for line in stanza]
        for state in ("lists/partial", "cache/archives/partial"):
            (folder / state).mkdir(parents=True, exist_ok=True)
        (folder / "header.sources").write_text("\n".join(suite) + "\n")
        apt = ["apt-get", "-qq", "-o", f"Dir::Etc::SourceList={folder}/header.sources",
               "-o", "Dir::Etc::SourceParts=/dev/null", "-o", f"Dir::State::Lists={folder}/lists",
               "-o", f"Dir::Cache={folder}/cache"]  # fmt: skip
        fetch(*apt, "update")
        fetch(*apt, "download", "libonnxruntime-dev", cwd=folder)
        fetch("dpkg", "-x", next(folder.glob("libonnxruntime-dev*.deb")), unpacked)
    return unpacked / "usr" / "include" / "onnxruntime"


def cpp(folder: pathlib.Path, library: pathlib.Path):
    headers = debian_headers(folder)
    program = folder / "client"
    output_of("c++", "-std=c++17", f"-I{headers}", HERE / "clients" / "cpp" / "client.cc", library,
              "-o", program, f"-Wl,-rpath,{library.parent}")  # fmt: skip
    return [program], {}


def java(folder: pathlib.Path, library: pathlib.Path):
    package = folder / "repository"
    jar = package / "com/microsoft/onnxruntime/onnxruntime" / ORT_JAVA / f"onnxruntime-{ORT_JAVA}.jar"
    if not jar.exists():
        fetch("mvn", "-q", "-B", "dependency:get", "-Dtransitive=false",
              f"-Dartifact=com.microsoft.onnxruntime:onnxruntime:{ORT_JAVA}",
              f"-Dmaven.repo.local={package}")  # fmt: skip
    fetch("javac", "-cp", jar, "-d", folder, HERE / "clients" / "java" / "Client.java")
    return ["java", f"-Donnxruntime.native.onnxruntime.path={library}", "-cp", f"{jar}:{folder}",
            "Client"], {}  # fmt: skip


def node(folder: pathlib.Path, library: pathlib.Path):
    if not (folder / "node_modules" / "onnxruntime-node").exists():
        fetch("npm", "install", "--silent", "--no-audit", "--no-fund", "--ignore-scripts",
              "--prefix", folder, f"onnxruntime-node@{ORT_NODE}")  # fmt: skip
    for place in folder.glob("node_modules/onnxruntime-node/bin/napi-*/linux/x64"):
        shutil.copy(library, place / "libonnxruntime.so.1")
    script = folder / "client.js"
    shutil.copy(HERE / "clients" / "node" / "client.js", script)
    return ["node", script], {}


def rust(folder: pathlib.Path, library: pathlib.Path):
    source = folder / "client"
    shutil.copytree(HERE / "clients" / "rust", source, dirs_exist_ok=True)
    fetch("cargo", "build", "--quiet", cwd=source)
    return [source / "target" / "debug" / "client"], {"ORT_DYLIB_PATH": str(library)}


CLIENTS = {"C++": cpp, "Java": java, "Node.js": node, "Rust": rust}


def try_client(name: str, prepare, cases: dict, work: pathlib.Path, library: pathlib.Path,
               checks: Checks) -> None:  # fmt: skip
    folder = work.parent / name
    folder.mkdir(parents=True, exist_ok=True)
    everything = [case for group in cases.values() for case in group]
    try:
        command, environment = prepare(folder, library)
    except Unavailable as error:
        checks.skip(name, str(error), len(everything))
        return
    except AssertionError as error:
        checks.run(f"{name} is built", lambda: expect(False, str(error)))
        return
    for case in everything:
        case.forget()
    lines = ["\t".join([str(model), *(str(c.folder) for c in group)]) for model, group in cases.items()]
    listing = work / "cases.tsv"
    listing.write_text("\n".join(lines) + "\n")
    checks.run(f"{name} runs", lambda: expect(
        "ran all" in output_of(*command, listing, env={**os.environ, **environment}), "it stopped"))
    for case in everything:
        checks.run(f"{name}: {case.folder.relative_to(work)}", case.check)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("build", nargs="?", default=ROOT / "build" / "release", type=pathlib.Path)
    parser.add_argument("--models", default=ROOT.parent / "shared" / "models", type=pathlib.Path)
    parser.add_argument("--only", choices=CLIENTS)
    options = parser.parse_args()
    build = options.build.resolve()
    work = build / "clients" / "cases"
    shutil.rmtree(work, ignore_errors=True)
    work.mkdir(parents=True)
    library = build / "lib" / "libonnxruntime.so.1"
    cases = own_cases(build / "bin" / "sardonyx", work)
    if options.models.exists():
        cases.update(published_cases(options.models.resolve(), work))
    else:
        print(f"no {options.models} here: LeNet and ResNet-18 alone are run")
    checks = Checks()
    for name, prepare in CLIENTS.items():
        if options.only in (None, name):
            try_client(name, prepare, cases, work, library, checks)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())

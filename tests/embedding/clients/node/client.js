// Runs cases through the npm package onnxruntime-node: client.js CASES, as clients_test.py writes
// them.
'use strict';

const fs = require('fs');
const path = require('path');
const ort = require('onnxruntime-node');

const arrays = { float32: Float32Array, float16: Uint16Array, int64: BigInt64Array };

function readInputs(folder) {
  const feeds = {};
  const lines = fs.readFileSync(path.join(folder, 'inputs.tsv'), 'utf8').split('\n');
  for (const line of lines.filter((one) => one.length > 0)) {
    const [name, type, sizes, file] = line.split('\t');
    const dims = sizes === '' ? [] : sizes.split(',').map(Number);
    const bytes = new Uint8Array(fs.readFileSync(path.join(folder, file)));
    feeds[name] = new ort.Tensor(type, new arrays[type](bytes.buffer), dims);
  }
  return feeds;
}

async function run(session, folder) {
  const results = await session.run(readInputs(folder));
  session.outputNames.forEach((name, i) => {
    const { data } = results[name];
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    fs.writeFileSync(path.join(folder, `output${i}.bin`), bytes);
  });
}

async function main() {
  const lines = fs.readFileSync(process.argv[2], 'utf8').split('\n');
  for (const line of lines.filter((one) => one.length > 0)) {
    const [model, ...folders] = line.split('\t');
    const session = await ort.InferenceSession.create(model);
    for (const folder of folders) await run(session, folder);
  }
  console.log('ran all');
}

main();

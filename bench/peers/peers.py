#!/usr/bin/env python3
"""Times Sardonyx, onnxruntime and OpenVINO side by side on exported models.

    bench/peers/peers.py                              every model of exports/, 2 threads, batch 1
    bench/peers/peers.py --threads 1 exports/resnet18
    bench/peers/peers.py --batch 8 --rounds 3 --json build/peers.json

Models are folders of ONNX test data, as tools/models/export.py writes them; inputs are of data set
0, repeated to the batch. Each runtime holds the model in a process of its own; rounds alternate
among the runtimes, so that what disturbs the machine disturbs all. A figure is the median over
rounds of the median time of a run, in milliseconds; the ratio is the faster peer's time divided by
ours. Outputs must agree with onnxruntime's within 1e-4 of their largest magnitude.

The peers are installed from PyPI into build/peers, and run through their C interfaces from a loop
in C, so that no call of Python's is timed. Sardonyx is timed by its command line's bench.
"""

import argparse
import json
import math
import os
import pathlib
import statistics
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path.insert(0, str(ROOT / "tools"))
import python_environment  # noqa: E402

python_environment.enter(ROOT / "build" / "peers", HERE / "requirements.txt")

import chart  # noqa: E402
import numpy  # noqa: E402
import onnx  # noqa: E402

PROGRAM = ROOT / "build" / "release" / "bin" / "sardonyx"
PEERS = ("onnxruntime", "openvino")
TOLERANCE = 1e-4  # of an output's largest magnitude


class Failure(Exception):
    pass


class Peer:
    """A worker process of another runtime."""

    def __init__(self, name, model, threads, inputs, repeat):
        command = [sys.executable, HERE / "worker.py", name, model, threads, inputs, repeat]
        self.process = subprocess.Popen(
            list(map(str, command)), stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.start = self.answer()

    def answer(self):
        line = self.process.stdout.readline()
        if not line:
            raise Failure(f"a worker ended with status {self.process.wait()}")
        return json.loads(line)

    def ask(self, line):
        print(line, file=self.process.stdin, flush=True)
        return self.answer()

    def round(self, seconds):
        return self.ask(seconds)["median_ms"]

    def save(self, path):
        self.ask(f"save {path}")
        saved = numpy.load(path)
        return [saved[name] for name in saved.files]

    def finish(self):
        self.process.stdin.close()
        return self.start | self.answer()


class Sardonyx:
    """Our own command line; a process for each round."""

    def __init__(self, model, threads, inputs, backend):
        self.options = [str(model), "--threads", str(threads), "--backend", backend]
        for name, path in inputs.items():
            self.options += ["-i", f"{name}=@{path}"]
        self.reports = []

    def run(self, command, *more):
        line = [str(PROGRAM), command, *self.options, *map(str, more)]
        done = subprocess.run(line, capture_output=True, text=True)
        if done.returncode != 0:
            raise Failure(done.stderr.strip())
        return done.stdout

    def round(self, seconds):
        self.reports.append(json.loads(self.run("bench", "--seconds", seconds, "--json", "-")))
        return self.reports[-1]["latency_ms"]["median"]

    def save(self, names, folder):
        paths = [folder / f"output{i}.npy" for i in range(len(names))]
        more = [f"-o{name}=@{path}" for name, path in zip(names, paths)]
        self.run("run", *more)
        return [numpy.load(path) for path in paths]

    def finish(self):
        middle = lambda key: statistics.median(report[key] for report in self.reports)  # noqa: E731
        return {
            "load_ms": middle("load_ms"),
            "first_run_ms": middle("first_run_ms"),
            "peak_mb": middle("peak_rss_mb"),
        }


def compile_repeat(folder):
    """The loop that calls the peers, as a shared library."""
    result = folder / "repeat.so"
    compiler = os.environ.get("CC", "cc")
    flags = ["-O2", "-shared", "-fPIC"]
    subprocess.run([compiler, *flags, HERE / "repeat.c", "-o", result], check=True)
    return result


def read_inputs(folder, model, batch):
    """The first data set's inputs by name, repeated along the batch."""
    given = {value.name for value in model.graph.initializer}
    names = [value.name for value in model.graph.input if value.name not in given]
    arrays = {}
    for i, name in enumerate(names):
        path = folder / "test_data_set_0" / f"input_{i}.pb"
        array = onnx.numpy_helper.to_array(onnx.TensorProto.FromString(path.read_bytes()))
        times = -(-batch // array.shape[0])
        arrays[name] = numpy.concatenate([array] * times)[:batch]
    return arrays


def distance(found, expected):
    return max(
        float(numpy.abs(a - b).max() / max(numpy.abs(b).max(), 1e-30))
        for a, b in zip(found, expected, strict=True)
    )


def compare(folder, options):
    """Times of every runtime on one model."""
    path = folder / "model.onnx"
    model = onnx.load(path, load_external_data=False)
    with tempfile.TemporaryDirectory() as temporary:
        scratch = pathlib.Path(temporary)
        arrays = read_inputs(folder, model, options.batch)
        numpy.savez(scratch / "inputs.npz", **arrays)
        files = {name: scratch / f"input{i}.npy" for i, name in enumerate(arrays)}
        for name, array in arrays.items():
            numpy.save(files[name], array)
        runners = {"sardonyx": Sardonyx(path, options.threads, files, options.backend)}
        repeat = compile_repeat(scratch)
        for name in PEERS:
            runners[name] = Peer(name, path, options.threads, scratch / "inputs.npz", repeat)
        expected = runners["onnxruntime"].save(scratch / "expected.npz")
        ours = runners["sardonyx"].save([value.name for value in model.graph.output], scratch)
        times = {name: [] for name in runners}
        for _ in range(options.rounds):
            for name, runner in runners.items():
                times[name].append(runner.round(options.seconds))
        result = {"model": folder.name, "distance": distance(ours, expected)}
        for name, runner in runners.items():
            median = statistics.median(times[name])
            result[name] = {"median_ms": median, "rounds_ms": times[name]} | runner.finish()
    best = min(result[name]["median_ms"] for name in PEERS)
    result["ratio"] = best / result["sardonyx"]["median_ms"]
    return result


def machine():
    for line in pathlib.Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.split(":", 1)[1].strip()
    return "unknown"


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=pathlib.Path, metavar="FOLDER")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=1.0, help="of a runtime in a round")
    parser.add_argument("--backend", default="auto", help="of Sardonyx")
    parser.add_argument("--json", type=pathlib.Path, help="where to write every figure")
    parser.add_argument("--chart", type=pathlib.Path, help="where to draw the ratios, as SVG")
    options = parser.parse_args()
    folders = options.folders or sorted(path.parent for path in ROOT.glob("exports/*/model.onnx"))
    if not folders:
        sys.exit("peers: no models; tools/models/export.py makes them in exports/")
    if not PROGRAM.exists():
        sys.exit("peers: not built; ./dev build does it")

    print(f"{machine()}, threads {options.threads}, batch {options.batch}; medians in ms")
    print(f"{'model':20}{'sardonyx':>10}" + "".join(f"{p:>13}" for p in PEERS) + f"{'ratio':>8}")
    results = []
    for folder in folders:
        result = compare(folder, options)
        results.append(result)
        columns = f"{result['sardonyx']['median_ms']:10.3f}"
        columns += "".join(f"{result[p]['median_ms']:13.3f}" for p in PEERS)
        print(f"{folder.name:20}{columns}{result['ratio']:8.2f}", flush=True)
        if not result["distance"] <= TOLERANCE:
            print(f"  outputs are {result['distance']:.1e} away from onnxruntime's")
    mean = math.exp(statistics.mean(math.log(result["ratio"]) for result in results))
    print(f"geometric mean of ratios: {mean:.2f}")
    report = {"machine": machine(), "threads": options.threads, "batch": options.batch}
    report |= {"backend": options.backend, "geometric_mean": mean, "models": results}
    if options.json:
        options.json.write_text(json.dumps(report, indent=1) + "\n")
    if options.chart:
        options.chart.write_text(chart.draw(report))
    sys.exit(any(not result["distance"] <= TOLERANCE for result in results))


if __name__ == "__main__":
    try:
        main()
    except Failure as failure:
        sys.exit(f"peers: {failure}")

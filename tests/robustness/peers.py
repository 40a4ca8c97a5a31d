#!/usr/bin/env python3
"""The models of the robustness suite in onnxruntime and OpenVINO: peers.py SUITE [OURS.json].

    python3 tests/robustness/generate.py build/robustness
    build/release/bin/sardonyx_robustness build/robustness --json build/robustness.json
    python3 tests/robustness/peers.py build/robustness build/robustness.json

Each file is loaded, and run on zeros, in a process of its own, which is a copy of one that has the
runtime loaded already. It may take 10 seconds of processor time and 8 GiB of addresses; what ends
within that does so with an answer or an exception. One thread each. Prints a table in Markdown, our own results in its
first column where they are given; --json writes what became of each file. The runtimes are
installed from PyPI into build/peers.
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
sys.path.insert(0, str(ROOT / "tools"))
import python_environment

python_environment.enter(ROOT / "build" / "peers", ROOT / "bench" / "peers" / "requirements.txt")

import argparse
import collections
import json
import os
import resource
import signal
import time

import numpy as np

SECONDS, WALL_SECONDS, ADDRESSES = 10, 200, 8 << 30
MOST_MS, MOST_MIB = 100, 64


class OnnxRuntime:
    name = "onnxruntime"
    KINDS = {"float": np.float32, "double": np.float64, "int64": np.int64, "int32": np.int32, "bool": np.bool_,
             "uint8": np.uint8, "int8": np.int8, "float16": np.float16, "string": object}  # fmt: skip

    def __init__(self):
        import onnxruntime

        self.module = onnxruntime
        onnxruntime.set_default_logger_severity(4)

    def __call__(self, path):
        options = self.module.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        session = self.module.InferenceSession(path, options, providers=["CPUExecutionProvider"])
        feed = {}
        for port in session.get_inputs():
            kind = self.KINDS[port.type.removeprefix("tensor(").removesuffix(")")]
            feed[port.name] = np.zeros([d if isinstance(d, int) else 1 for d in port.shape], kind)
        session.run(None, feed)


class OpenVino:
    name = "OpenVINO"

    def __init__(self):
        import openvino

        self.module = openvino

    def __call__(self, path):
        core = self.module.Core()
        compiled = core.compile_model(path, "CPU", {"INFERENCE_NUM_THREADS": 1})
        feed = {}
        for k, port in enumerate(compiled.inputs):
            shape = [d.get_length() if d.is_static else 1 for d in port.partial_shape]
            feed[k] = np.zeros(shape, port.element_type.to_dtype())
        compiled(feed)


def memory_mib(field):
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(field))


def attempt(runtime, path, end):
    """The child's part: what became of the file, as JSON into the pipe."""
    nothing = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nothing, 1), os.dup2(nothing, 2)
    resource.setrlimit(resource.RLIMIT_AS, (ADDRESSES, ADDRESSES))
    resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS + 1))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    pathlib.Path("/proc/self/clear_refs").write_text("5")
    held, begin = memory_mib("VmRSS"), time.process_time()
    try:
        runtime(path)
        outcome = "answer"
    except Exception:  # of whatever kind the runtime has
        outcome = "error"
    found = {"outcome": outcome, "ms": 1000 * (time.process_time() - begin),
             "peak_mib": memory_mib("VmHWM") - held}  # fmt: skip
    os.write(end, json.dumps(found).encode())


def isolated(runtime, path) -> dict:
    start, end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(start)
        try:
            attempt(runtime, path, end)
        finally:
            os._exit(0)
    os.close(end)
    deadline = time.monotonic() + WALL_SECONDS
    ended, status = os.waitpid(child, os.WNOHANG)
    while not ended and time.monotonic() < deadline:
        time.sleep(0.002)
        ended, status = os.waitpid(child, os.WNOHANG)
    if not ended:
        os.kill(child, signal.SIGKILL)
        os.waitpid(child, 0)
    answer = os.read(start, 4096)
    os.close(start)
    if answer and ended and os.WIFEXITED(status):
        return json.loads(answer)
    late = not ended or (os.WIFSIGNALED(status) and os.WTERMSIG(status) == signal.SIGXCPU)
    return {"outcome": "hang" if late else "crash"}


def try_all(runtime, folder, suite) -> list[dict]:
    """Time and memory are those beyond what a valid model takes."""
    usual = isolated(runtime, str(folder / "valid.onnx"))
    results = [case | isolated(runtime, str(folder / case["file"])) for case in suite]
    for result in results:
        for key in ("ms", "peak_mib"):
            result[key] = max(0, result.get(key, 0) - usual[key])
    return results


def count(results: list[dict]) -> str:
    """What is amiss among the results of a class; how many of each kind."""
    amiss = collections.Counter()
    for result in results:
        if result["outcome"] in ("crash", "hang"):
            amiss[result["outcome"]] += 1
        elif result["expect"] == "error" and result["outcome"] == "answer" and not result["limited"]:
            amiss["taken"] += 1
        amiss["memory"] += result.get("peak_mib", 0) > MOST_MIB
        amiss["slow"] += result.get("ms", 0) > MOST_MS
    words = [f"{amiss[kind]} {kind}" for kind in ("crash", "hang", "memory", "slow", "taken") if amiss[kind]]
    return ", ".join(words) or "·"


def table(columns: dict[str, list[dict]]) -> str:
    classes = collections.Counter(result["class"] for result in next(iter(columns.values())))
    lines = ["| class | files | " + " | ".join(columns) + " |", "|---|--:|" + "---|" * len(columns)]
    for name, files in [*sorted(classes.items()), ("all", sum(classes.values()))]:
        cells = [count([r for r in results if name in (r["class"], "all")]) for results in columns.values()]
        lines.append(f"| {name} | {files} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("suite", type=pathlib.Path)
    parser.add_argument("ours", type=pathlib.Path, nargs="?")
    parser.add_argument("--only", default="", help="classes whose name contains this")
    parser.add_argument("--most", type=int, default=10**6, help="files of each class, evenly chosen")
    parser.add_argument("--json", type=pathlib.Path)
    options = parser.parse_args()

    def chosen(path):
        classes = collections.defaultdict(list)
        for case in json.loads(path.read_text()):
            if case["file"].endswith("model.onnx") and options.only in case["class"]:
                classes[case["class"]].append(case)
        return [case for cases in classes.values() for case in cases[:: -(-len(cases) // options.most)]]

    suite = chosen(options.suite / "suite.json")
    columns = {"Sardonyx": chosen(options.ours)} if options.ours else {}
    for kind in (OnnxRuntime, OpenVino):
        columns[kind.name] = try_all(kind(), options.suite, suite)
    if options.json:
        options.json.write_text(json.dumps(columns, indent=0))
    print(table(columns))
    return 0


if __name__ == "__main__":
    sys.exit(main())

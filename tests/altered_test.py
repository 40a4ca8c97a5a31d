#!/usr/bin/env python3
"""Faults put into a model are found: tests/altered_test.py [--timing] MODEL, after ./dev build.

One copy of the model for each of its weight matrices and filters: in the first kind all elements of
that weight are larger by a thousandth, and `compare --first-divergence` must name the node that
reads it; in the second kind one element is NaN, and `run --validate` must. With --timing, on a
machine with nothing else to do, each must take less than 3 times as long as a plain run and peak at
less than 1.5 times its memory.
"""

import argparse
import json
import pathlib
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
sys.path.append(str(ROOT / "tools"))
import python_environment  # noqa: E402

PROGRAM = ROOT / "build/release/bin/sardonyx"
TIMES_AS_LONG, TIMES_THE_MEMORY = 3, 1.5
ROUNDS = 5  # of which the shortest counts, with --timing


# Runs a command and tells its seconds and peak KiB; in a process of its own, as a child's peak is
# never less than what its parent had when it was started.
MEASURE = """
import os, sys, time
begin = time.monotonic()
process = os.posix_spawn(sys.argv[1], sys.argv[1:], os.environ)
usage = os.wait4(process, 0)[2]
print(time.monotonic() - begin, usage.ru_maxrss, file=sys.stderr)
"""


def measured(*arguments: object) -> tuple:
    """What the program wrote, its seconds, and its peak memory in KiB."""
    command = [sys.executable, "-ISc", MEASURE, PROGRAM, *arguments, "--json", "-"]
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    seconds, memory = result.stderr.splitlines()[-1].split()
    return json.loads(result.stdout), float(seconds), int(memory)


def best(rounds: int, *arguments: object) -> tuple:
    runs = [measured(*arguments) for _ in range(rounds)]
    return runs[0][0], min(run[1] for run in runs), min(run[2] for run in runs)


def altered_copies(file: pathlib.Path, scratch: pathlib.Path):
    """(the node that reads the weight, a copy with that larger, a copy with a NaN in it)"""
    import numpy
    import onnx
    from onnx import numpy_helper

    model = onnx.load(file)
    readers = {name: node.name for node in model.graph.node for name in node.input}
    for tensor in model.graph.initializer:
        if len(tensor.dims) < 2 or tensor.data_type != onnx.TensorProto.FLOAT:
            continue
        original = onnx.TensorProto()
        original.CopyFrom(tensor)
        values = numpy_helper.to_array(tensor)
        larger, broken = values * numpy.float32(1.001), values.copy()
        broken.flat[values.size // 3] = numpy.nan
        copies = []
        for name, changed in (("larger", larger), ("nan", broken)):
            tensor.CopyFrom(numpy_helper.from_array(changed, original.name))
            copies.append(scratch / f"{name}.onnx")
            onnx.save(model, copies[-1])
        tensor.CopyFrom(original)
        yield readers[original.name], *copies


def divergent_node(result: dict) -> str:
    found = result["sides"][0]["first_difference"]
    return found["layer"]["name"] if found else "nothing"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("model", type=pathlib.Path)
    parser.add_argument("--timing", action="store_true", help="hold time and memory to account")
    options = parser.parse_args()
    python_environment.enter()
    rounds = ROUNDS if options.timing else 1
    passed = failed = 0
    with tempfile.TemporaryDirectory() as scratch:
        for reader, larger, broken in altered_copies(options.model, pathlib.Path(scratch)):
            _, plain_seconds, plain_memory = best(rounds, "run", options.model, "-d", "N=1")
            compared = best(rounds, "compare", options.model, larger, "-d", "N=1",
                            "--first-divergence")  # fmt: skip
            validated = best(rounds, "run", broken, "-d", "N=1", "--validate")
            named = {
                "compare": divergent_node(compared[0]),
                "validate": validated[0].get("error", "nothing").partition("'")[2].partition("'")[0],
            }
            for (command, node), (_, seconds, memory) in zip(named.items(), (compared, validated)):
                slower, larger_by = seconds / plain_seconds, memory / plain_memory
                good = node == reader
                if options.timing:
                    good &= slower < TIMES_AS_LONG and larger_by < TIMES_THE_MEMORY
                figures = f"{slower:.2f} times as long, {larger_by:.2f} times the memory"
                print(f"{reader:28} {command:9} names {node}" +
                      (f", {figures}" if options.timing else "") + ("" if good else "  FAILED"),
                      flush=True)  # fmt: skip
                passed, failed = passed + good, failed + (not good)
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

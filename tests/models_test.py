#!/usr/bin/env python3
"""What the commands promise, held against whole models: tests/models_test.py FOLDER..., after
./dev build.

A model is a folder with a model.onnx, or one below those that are named; its inputs are those of
test_data_set_0 where it has them, random ones otherwise. `optimize` must write what onnx's checker
accepts and what gives onnxruntime the same results; `compare` must find all backends to agree,
OpenVINO too with --openvino. With --timing, on a machine with nothing else to do, the layers of
`profile` must add up to the run's time within 5 %, and taking their times must cost less than 3 %.
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
BACKENDS = "reference,native,onednn,auto,onnxruntime"
# Quantised models agree within one step of their output, 1/255.
ONE_STEP = ["--rtol", "0", "--atol", "0.003922", "--atol-relative", "0"]
SUM_WITHIN, COST_BELOW = 0.05, 0.03


def run(*command: object) -> str:
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if result.returncode:
        last = (result.stdout[-600:] + result.stderr[-600:]).strip()
        raise AssertionError(f"status {result.returncode} of {command[1]}: {last}")
    return result.stdout


def sardonyx(*arguments: object) -> dict:
    return json.loads(run(PROGRAM, *arguments, "--json", "-"))


def models_in(folders: list) -> list:
    found = []
    for folder in folders:
        found += sorted(path.parent for path in pathlib.Path(folder).glob("**/model.onnx"))
    return found


def inputs_of(folder: pathlib.Path) -> list:
    """-i NAME=@FILE for each input that the first data set holds."""
    files = sorted((folder / "test_data_set_0").glob("input_*.pb"),
                   key=lambda path: int(path.stem.split("_")[1]))  # fmt: skip
    if not files:
        return []
    # Where the sizes of open dimensions matter, this fails behind the inputs.
    inspect = [PROGRAM, "inspect", folder / "model.onnx", "--json", "-"]
    ports = json.loads(subprocess.run(inspect, capture_output=True, text=True).stdout)["inputs"]
    words = []
    for port, file in zip(ports, files):
        words += ["-i", f"{port['name']}=@{file}"]
    return words


def check_optimize(folder: pathlib.Path, inputs: list, tolerance: list) -> str:
    import onnx

    with tempfile.TemporaryDirectory() as scratch:
        smaller = pathlib.Path(scratch) / "model.onnx"
        sizes = sardonyx("optimize", folder / "model.onnx", "-o", smaller)
        onnx.checker.check_model(str(smaller), full_check=True)
        sardonyx("compare", folder / "model.onnx", smaller, "--backend", "onnxruntime", *inputs,
                 *tolerance)  # fmt: skip
    before, after = sizes["before"], sizes["after"]
    return f"{before['nodes']} -> {after['nodes']} nodes, " + (
        f"{before['weight_bytes'] / 2**20:.2f} -> {after['weight_bytes'] / 2**20:.2f} MiB"
    )


def check_compare(folder: pathlib.Path, inputs: list, tolerance: list, backends: str) -> str:
    command = [PROGRAM, "compare", folder / "model.onnx", "--backends", backends, *inputs]
    result = json.loads(subprocess.run([*command, *tolerance, "--json", "-"], capture_output=True,
                                       text=True).stdout)  # fmt: skip
    if "error" in result:
        raise AssertionError(result["error"])
    worst, wrong = {}, [f"{side['backend']}: {side['error']}" for side in result.get("failed", [])]
    for output in result["outputs"]:
        for side in output["backends"]:
            if not side["match"]:
                wrong.append(f"{side['backend']}, {output['name']}: {side['reason']}")
            error = side.get("normwise_error", 0)
            worst[side["backend"]] = max(worst.get(side["backend"], 0), error)
    if wrong:
        raise AssertionError("; ".join(text[:300] for text in wrong))
    return ", ".join(f"{name} {error:.1e}" for name, error in worst.items())


def check_profile(folder: pathlib.Path, inputs: list, threads: int) -> str:
    result = sardonyx("profile", folder / "model.onnx", "--seconds", "3", "--threads", threads,
                      *inputs)  # fmt: skip
    in_layers = result["layers_ms"] / result["run_ms"]
    cost = result["median_ms"] / result["plain_median_ms"] - 1
    figures = f"{result['median_ms']:.3f} ms, layers {in_layers:.1%}, cost {cost:+.1%}"
    if abs(1 - in_layers) > SUM_WITHIN or cost > COST_BELOW:
        raise AssertionError(figures)
    return figures


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folders", nargs="+", metavar="FOLDER")
    parser.add_argument("--openvino", action="store_true", help="compare with OpenVINO as well")
    parser.add_argument("--timing", action="store_true", help="check profile only")
    parser.add_argument("--threads", type=int, default=1, help="of profile (default: 1)")
    options = parser.parse_args()
    python_environment.enter()
    backends = BACKENDS + (",openvino" if options.openvino else "")
    passed = failed = 0
    for folder in models_in(options.folders):
        quantised = folder.name.endswith(("-qdq", "-qoperator"))
        tolerance = ONE_STEP if quantised else []
        inputs = inputs_of(folder)
        checks = {
            "optimize": lambda: check_optimize(folder, inputs, tolerance),
            "compare": lambda: check_compare(folder, inputs, tolerance, backends),
        }
        if options.timing:
            checks = {"profile": lambda: check_profile(folder, inputs, options.threads)}
        for name, check in checks.items():
            try:
                print(f"{folder.name:24} {name:9} {check()}", flush=True)
                passed += 1
            except Exception as error:  # of several kinds, for what onnx's checker may say
                print(f"{folder.name:24} {name:9} FAILED {error}", flush=True)
                failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Writes the robustness suite: python3 tests/robustness/generate.py OUT [--only REGEX].

Each module cases_<part>.py beside this file has CLASSES, from the name of a class to a function
that yields its cases (case.py). Each case becomes a folder OUT/<class>/<case> with one file, a
model or an input of one, and whatever it refers to; OUT/suite.json lists them all with what is
expected. The same call writes the same files: what is random has a fixed seed.
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tools"))
import python_environment

python_environment.enter()

import argparse
import importlib
import json
import re
import shutil

import numpy as np
from case import float_input, model, node
from onnx import numpy_helper

SEED = 8
CLASSES_AT_LEAST, FILES_AT_LEAST = 46, 500


def all_classes() -> dict:
    classes = {}
    for module in sorted(HERE.glob("cases_*.py")):
        for name, cases in importlib.import_module(module.stem).CLASSES.items():
            assert name not in classes, name
            classes[name] = cases
    return classes


def valid_model():
    """What runs between the files: three scores of a picture of 8 by 8."""
    chance = np.random.default_rng(SEED)
    weights = {"w": (4, 3, 3, 3), "b": (4,), "m": (4, 3)}
    constants = [numpy_helper.from_array(chance.standard_normal(shape).astype(np.float32), name)
                 for name, shape in weights.items()]  # fmt: skip
    nodes = [node("Conv", ["x", "w", "b"], ["a"]), node("Relu", ["a"], ["c"]), node("GlobalAveragePool", ["c"], ["d"]),
             node("Flatten", ["d"], ["e"]), node("MatMul", ["e", "m"], ["y"])]  # fmt: skip
    return model(nodes, [float_input("x", (1, 3, 8, 8))], ["y"], constants)


def write(case, folder: pathlib.Path) -> None:
    folder.mkdir(parents=True)
    (folder / case.file).write_bytes(case.bytes())
    if case.setup:
        case.setup(folder)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("out", type=pathlib.Path)
    parser.add_argument("--only", default="", help="classes whose name this finds")
    options = parser.parse_args()
    shutil.rmtree(options.out, ignore_errors=True)
    options.out.mkdir(parents=True)
    (options.out / "valid.onnx").write_bytes(valid_model().SerializeToString())
    suite = []
    for name, cases in all_classes().items():
        if not re.search(options.only, name):
            continue
        for case in cases():
            folder = options.out / name / case.name
            write(case, folder)
            suite.append({"class": name, "name": case.name, "file": str(folder.relative_to(options.out) / case.file),
                          "expect": case.expect, "limited": case.limited})  # fmt: skip
    (options.out / "suite.json").write_text(json.dumps(suite, indent=0))
    classes = len({case["class"] for case in suite})
    print(f"{len(suite)} files in {classes} classes")
    whole = len(suite) >= FILES_AT_LEAST and classes >= CLASSES_AT_LEAST
    return 0 if whole or options.only else 1


if __name__ == "__main__":
    sys.exit(main())

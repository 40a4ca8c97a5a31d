#!/usr/bin/env python3
"""ONNX's own backend runner over sardonyx.backend: tests/python/backend_test.py [BUILD].

The module must be installed (module_test.py does that). What fails must be what the project's own
runner expects to fail, and the counts must be the same; only the cases for CUDA are passed over.
"""

import environment

environment.enter()

import os
import pathlib
import re
import sys
import unittest

import numpy as np
import sardonyx.backend
from checks import Checks, expect, output_of
from onnx import helper
from onnx.backend.test.runner import Runner

ROOT = environment.ROOT
EXPECTED_FAILURES = ROOT / "tests" / "conformance" / "expected_failures.txt"


def name_of(test) -> str:
    return f"{type(test).__name__}.{test._testMethodName}"


class Tally(unittest.TestResult):
    """Names of the cases that ran, and why any did not pass."""

    def __init__(self):
        super().__init__()
        self.ran, self.wrong, self.passed_over = set(), {}, []

    def startTest(self, test) -> None:
        super().startTest(test)
        self.ran.add(name_of(test))

    def addError(self, test, error) -> None:
        self.wrong[name_of(test)] = f"{error[0].__name__}: {error[1]}"

    addFailure = addError

    def addSkip(self, test, reason) -> None:
        self.ran.discard(name_of(test))
        self.passed_over.append(name_of(test))


class OfficialRunner(Runner):
    """Where ONNX's own asks a sequence's element for its length, one of rank 0 has none: there it is
    compared as a tensor."""

    @classmethod
    def assert_similar_outputs(cls, ref_outputs, outputs, *tolerances, **where) -> None:
        if isinstance(ref_outputs, np.ndarray) and ref_outputs.ndim == 0:
            ref_outputs, outputs = [ref_outputs], [outputs]
        super().assert_similar_outputs(ref_outputs, outputs, *tolerances, **where)


def own_count(build: pathlib.Path) -> tuple:
    """How many cases pass and are expected to fail in the project's own runner."""
    line = output_of(build / "bin" / "sardonyx_conformance", ROOT / "build" / "conformance",
                     "--expected-failures", EXPECTED_FAILURES).splitlines()[-1]  # fmt: skip
    passed, failed, expected = map(int, re.findall(r"\d+", line))
    expect(failed == 0, f"the project's own runner: {line}")
    return passed, expected


def same_count(tally: Tally, build: pathlib.Path) -> None:
    mine, own = (len(tally.ran - set(tally.wrong)), len(tally.wrong)), own_count(build)
    expect(mine == own, f"{mine} passed and failed, in the project's own runner {own}")


def expected_failures() -> set:
    lines = EXPECTED_FAILURES.read_text().splitlines()
    names = (line.split(":")[0] for line in lines if line and not line.startswith("#"))
    suites = {"node": "Node", "simple": "Simple", "light": "Real",
              "pytorch-converted": "PyTorchConverted", "pytorch-operator": "PyTorchOperator"}  # fmt: skip
    split = (name.split("/") for name in names)
    return {f"OnnxBackend{suites[suite]}ModelTest.{case}_cpu" for suite, case in split}


def one_node() -> None:
    node = helper.make_node("Add", ["a", "b"], ["c"])
    a, b = np.ones((2, 3), np.float32), np.full((3,), 2, np.float32)
    outputs = sardonyx.backend.run_node(node, [a, b])
    expect((outputs[0] == 3).all() and (outputs["c"] == 3).all(), f"{outputs}")


def main() -> int:
    build = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "build" / "release"
    os.environ["ONNX_HOME"] = str(environment.FOLDER / "onnx-home")
    tally, checks = Tally(), Checks()
    OfficialRunner(sardonyx.backend.SardonyxBackend).test_suite.run(tally)
    expected = expected_failures()
    for name in sorted(tally.ran - expected):
        checks.run(name, lambda: expect(name not in tally.wrong, tally.wrong.get(name, "")))
    for name in sorted(tally.ran & expected):
        if name in tally.wrong:
            checks.skip(name, "expected to fail: " + tally.wrong[name].split("\n")[0])
        else:
            checks.run(name, lambda: expect(False, "passes, and is expected to fail"))
    foreign = [name for name in tally.passed_over if not name.endswith("_cuda")]
    checks.run("nothing but CUDA is passed over", lambda: expect(not foreign, f"{foreign}"))
    checks.run("a single node", one_node)
    checks.run("the count of the project's own runner", lambda: same_count(tally, build))
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Programs written for onnxruntime's Python API, over the shim: tests/python/clients_test.py.

rapidocr-onnxruntime reads text from pictures and magika names file types, once in an environment with
onnxruntime and once in one where python/onnxruntime_shim is in its place; both are built under
build/. What they answer must be the same.
"""

import environment

environment.enter()

import json
import os
import pathlib
import shutil
import subprocess
import sys

import python_environment
from checks import Checks, expect, output_of

HERE = pathlib.Path(__file__).resolve().parent
ROOT = environment.ROOT
REAL, SHIM = ROOT / "build" / "python-onnxruntime", ROOT / "build" / "python-shim"
CLIENTS = HERE / "clients" / "requirements.txt"
SCORE_TOLERANCE = 1e-3
BOX_TOLERANCE = 1.0  # pixels
SOURCES = ("README.md", "CMakeLists.txt", "dev", "docs", "models/samples", "examples", "tools/report")
EXPECTED_LINES = ("The quick brown fox", "banded red and white")


def install_clients(python: pathlib.Path) -> None:
    """After Sardonyx and the shim, with which pip must be content."""
    for package in (ROOT, ROOT / "python" / "onnxruntime_shim"):
        environment.install(package, python)
    output_of(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
              "--only-binary=:all:", "-r", CLIENTS)  # fmt: skip


def answers(python: pathlib.Path, script: str, *arguments) -> dict:
    return json.loads(output_of(python, HERE / "clients" / script, *arguments).splitlines()[-1])


def is_the_shim(python: pathlib.Path) -> None:
    told = output_of(python, "-c", "import onnxruntime; print(onnxruntime.get_build_info())")
    expect(told.startswith("Sardonyx"), f"onnxruntime is {told}")


def has_its_exceptions(python: pathlib.Path) -> None:
    said = output_of(python, "-c", """
import onnxruntime
from onnxruntime.capi.onnxruntime_pybind11_state import InvalidProtobuf, NoSuchFile
for model, error in (("/nope", NoSuchFile), (b"abc", InvalidProtobuf)):
    try:
        onnxruntime.InferenceSession(model, providers=onnxruntime.get_available_providers())
    except error:
        print("caught")
""")
    expect(said.split() == ["caught", "caught"], said)


def same_text(mine: list, theirs: list) -> None:
    expect([line["text"] for line in mine] == [line["text"] for line in theirs],
           f"reads {mine}, with onnxruntime {theirs}")  # fmt: skip
    for a, b in zip(mine, theirs):
        expect(abs(a["score"] - b["score"]) <= SCORE_TOLERANCE, f"score of {a}, not {b}")
        apart = max(abs(u - v) for p, q in zip(a["box"], b["box"]) for u, v in zip(p, q))
        expect(apart <= BOX_TOLERANCE, f"box of {a}, not {b}")


def same_label(mine: dict, theirs: dict) -> None:
    close = abs(mine["score"] - theirs["score"]) <= SCORE_TOLERANCE
    expect(mine["label"] == theirs["label"] and close, f"{mine}, with onnxruntime {theirs}")


def sample_files(folder: pathlib.Path) -> pathlib.Path:
    """Files of this tree, with names that tell nothing."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    found = [path for name in SOURCES for path in sorted([ROOT / name, *(ROOT / name).rglob("*")])]
    for i, path in enumerate(path for path in found if path.is_file()):
        shutil.copy(path, folder / f"{i:03}")
    shutil.make_archive(str(folder / "archive"), "zip", ROOT / "docs")
    return folder


def main() -> int:
    checks = Checks()
    try:
        real = python_environment.make(REAL, HERE / "clients" / "real_requirements.txt")
        shim = python_environment.make(SHIM, HERE / "shim_requirements.txt")
    except subprocess.CalledProcessError as error:
        if os.environ.get("CI") == "true":
            raise
        checks.skip("rapidocr and magika", f"they cannot be installed here ({error})", 2)
        return checks.finish()
    install_clients(shim)
    checks.run("the shim is in its place", lambda: is_the_shim(shim))
    checks.run("exceptions of the shim", lambda: has_its_exceptions(shim))
    mine, theirs = (answers(python, "read_text.py") for python in (shim, real))
    read = [line["text"] for line in mine["black on white"] + mine["white on blue"]]
    checks.run("text is read", lambda: expect(set(EXPECTED_LINES) <= set(read), f"{read}"))
    for name in theirs:
        checks.run(f"rapidocr: {name}", lambda: same_text(mine[name], theirs[name]))
    files = sample_files(ROOT / "build" / "python-samples")
    mine, theirs = (answers(python, "name_files.py", files) for python in (shim, real))
    labels = {answer["label"] for answer in mine.values()}
    checks.run("types are named", lambda: expect({"markdown", "png", "zip"} <= labels, f"{labels}"))
    for name in theirs:
        checks.run(f"magika: {name}", lambda: same_label(mine[name], theirs[name]))
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())

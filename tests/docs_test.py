#!/usr/bin/env python3
"""Holds README.md, docs/*.md and the program's help to their word: tests/docs_test.py [--write],
after ./dev build.

Blocks of sh are run, in the repository's root and in order; of ./dev only `help` and `demo` are, as
the others take long: for those, and for .ci/run, there must be such a word. A line that begins
`git clone` or `cd ` is passed over. A block whose fence names a file (```cpp ops/x/y.cc) must be in
that file as it stands, and every relative link must lead to a file. docs/cli.md must be what the
program's help says; --write makes it so.

Every command's help must have examples. They are run one after the other in a folder where
model.onnx is LeNet and resnet18.onnx is ResNet-18, with a short time to measure.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^( *)```(\w*)[ ]?(\S*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
DEV_WORDS_RUN = ("help", "demo")
TIME_LIMIT_S = 600
PROGRAM = ROOT / "build/release/bin/sardonyx"
REFERENCE = ROOT / "docs/cli.md"
MEASURING = re.compile(r"^sardonyx (bench|profile|tune|compare .*--speed)")


def runnable(script: str, dev_words: set) -> str:
    """The script without what is only looked up; fails on a ./dev word that does not exist."""
    kept = []
    for line in script.splitlines():
        word = re.match(r"\s*\./dev\s+(\w+)", line)
        if word and word[1] not in dev_words:
            raise AssertionError(f"./dev has no '{word[1]}'")
        looked_up = (word and word[1] not in DEV_WORDS_RUN) or line.startswith(".ci/run")
        if not looked_up and not re.match(r"\s*(git clone|cd) ", line):
            kept.append(line)
    return "\n".join(kept)


def check_block(language: str, file: str, body: str, dev_words: set) -> None:
    if file:
        source = (ROOT / file).read_text()
        if body not in source:
            raise AssertionError(f"{file} does not have this any more")
    elif language in ("sh", "bash"):
        script = "set -euo pipefail\n" + runnable(body, dev_words)
        result = subprocess.run(
            ["bash", "-c", script], cwd=ROOT, capture_output=True, text=True, timeout=TIME_LIMIT_S,
            stdin=subprocess.DEVNULL,
        )  # fmt: skip
        if result.returncode:
            raise AssertionError(f"status {result.returncode}\n{(result.stdout + result.stderr)[-2000:]}")


def help_of(command: list) -> str:
    return subprocess.run([PROGRAM, *command, "--help"], capture_output=True, text=True, check=True,
                          stdin=subprocess.DEVNULL).stdout  # fmt: skip


def commands(above: tuple = ()) -> list:
    """The words of each command, those of commands inside others too."""
    _, _, inner = help_of(above).partition("\nSubcommands:\n")
    names = re.findall(r"^  (\w+)", inner, re.MULTILINE)
    return [command for name in names for command in commands((*above, name))] or [above]


def reference() -> str:
    """docs/cli.md: the help of the program and of each command."""
    text = "# The command line\n\nWritten by `tests/docs_test.py --write` from the program's help; "
    text += "[commands.md](commands.md) says\nwhat it means.\n\n```\n" + help_of(()) + "```\n"
    for command in commands():
        text += f"\n## {' '.join(command)}\n\n```\n{help_of(command)}```\n"
    return text


def fill(folder: pathlib.Path) -> None:
    """What the examples of the help speak of."""
    (folder / "bin").mkdir()
    (folder / "bin/sardonyx").symlink_to(PROGRAM)
    (folder / "models").symlink_to(ROOT / "models")
    for name, file in {
        "model.onnx": "lenet/model.onnx",
        "changed.onnx": "lenet/model.onnx",
        "lenet.onnx": "lenet/model.onnx",
        "resnet18.onnx": "resnet18/model.onnx",
        "bag.png": "samples/bag-18.png",
        "shoe.png": "samples/sneaker-9.png",
        "labels.txt": "labels.txt",
    }.items():
        shutil.copy(ROOT / "models" / file, folder / name)


def check_example(example: str, folder: pathlib.Path) -> None:
    if MEASURING.match(example):
        example = re.sub(r" --seconds \S+", "", example) + " --seconds 0.02"
    result = subprocess.run(
        ["bash", "-c", example], cwd=folder, capture_output=True, text=True, timeout=TIME_LIMIT_S,
        stdin=subprocess.DEVNULL, env={**os.environ, "PATH": f"{folder}/bin:{os.environ['PATH']}"},
    )  # fmt: skip
    if result.returncode:
        raise AssertionError(f"status {result.returncode}\n{(result.stdout + result.stderr)[-2000:]}")


def main() -> int:
    if "--write" in sys.argv[1:]:
        REFERENCE.write_text(reference())
        return 0
    help_text = subprocess.run(["./dev", "help"], cwd=ROOT, capture_output=True, text=True).stdout
    dev_words = set(re.findall(r"^\./dev (\w+)", help_text, re.MULTILINE))
    passed = failed = 0

    def check(where: str, action) -> None:
        nonlocal passed, failed
        try:
            action()
            passed += 1
        except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
            failed += 1
            print(f"FAILED {where}: {error}")

    for path in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        text = path.read_text()
        name = path.relative_to(ROOT)
        for match in FENCE.finditer(text):
            indent, language, file, body = match.groups()
            line = text.count("\n", 0, match.start()) + 1
            body = re.sub(f"^{indent}", "", body, flags=re.MULTILINE)
            if language in ("sh", "bash") or file:
                check(f"{name}:{line}", lambda: check_block(language, file, body, dev_words))
        for target in LINK.findall(FENCE.sub("", text)):
            if "://" not in target:
                there = (path.parent / target).exists()
                check(f"{name}: link to {target}", lambda: assert_that(there, "no such file"))
    is_current = REFERENCE.read_text() == reference()
    check("docs/cli.md", lambda: assert_that(is_current, "is not current; --write makes it so"))
    with tempfile.TemporaryDirectory() as scratch:
        fill(pathlib.Path(scratch))
        for command in commands():
            name = " ".join(command)
            examples = re.findall(rf"^  (sardonyx .*)$", help_of(command), re.MULTILINE)
            check(f"{name} --help", lambda: assert_that(bool(examples), "has no example"))
            for example in examples:
                check(example, lambda: check_example(example, pathlib.Path(scratch)))
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def assert_that(condition: bool, message: str) -> None:
    if not condition:
        raise AssertionError(message)


if __name__ == "__main__":
    sys.exit(main())

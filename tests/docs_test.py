#!/usr/bin/env python3
"""Holds README.md and docs/*.md to their word: tests/docs_test.py, after ./dev build.

Blocks of sh are run, in the repository's root and in order; of ./dev only `help` and `demo` are, as
the others take long: for those, and for .ci/run, there must be such a word. A line that begins
`git clone` or `cd ` is passed over. A block whose fence names a file (```cpp ops/x/y.cc) must be in
that file as it stands, and every relative link must lead to a file.
"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FENCE = re.compile(r"^( *)```(\w*)[ ]?(\S*)\n(.*?)^\1```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\[[^\]]*\]\(([^)#\s]+)[^)]*\)")
DEV_WORDS_RUN = ("help", "demo")
TIME_LIMIT_S = 600


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


def main() -> int:
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
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


def assert_that(condition: bool, message: str) -> None:
    if not condition:
        raise AssertionError(message)


if __name__ == "__main__":
    sys.exit(main())

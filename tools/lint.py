#!/usr/bin/env python3
"""Checks of the text: tools/lint.py, from anywhere; exit status 1 and a list when something is off.

Format of C++, includes that follow the arrows of docs/architecture.md, operators named only where
they belong, lengths, what must not be committed (paths of one machine, notes to oneself), and
scripts that do not compile.
"""

import ast
import pathlib
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
MAX_LINES, MAX_COLUMNS = 600, 100

# Who may include whom: a file belongs to the first layer whose prefix its path has.
LAYERS = [
    ("runtime/base/", "base"),
    ("runtime/graph/", "graph"),
    ("runtime/op.", "op"),
    ("runtime/gradient.", "op"),
    ("runtime/passes/", "passes"),
    ("runtime/session/", "session"),
    ("ops/", "ops"),
    ("importer/", "importer"),
    ("exporter/", "exporter"),
    ("include/", "api"),
    ("api/", "binding"),
    ("python/", "client"),
    ("tools/", "top"),
    ("tests/", "top"),
    ("bench/", "top"),
]
MAY_INCLUDE = {
    "base": {"base"},
    "graph": {"base", "graph"},
    "op": {"base", "graph", "op"},
    "ops": {"api", "base", "graph", "op", "ops"},
    "passes": {"base", "graph", "op", "passes"},
    "session": {"base", "graph", "op", "passes", "session"},
    "importer": {"base", "graph", "importer"},
    "exporter": {"base", "exporter", "graph", "importer"},
    "api": {"api"},
    "client": {"api"},
    "binding": {"api", "base", "binding", "graph", "importer", "op", "ops", "passes", "session"},
}
NAMELESS = {"base", "graph", "op", "passes", "session", "importer"}
# Operators whose names are also names of other things in ONNX's files or in messages.
COMMON_WORDS = {"Constant", "Optional", "Size", "Shape"}

INCLUDE = re.compile(r'^\s*#\s*include\s+"([^"]+)"')
# An OpDef's name in ops/: .name = "X", or "X" and its versions: ("X", {1, 6}).
OPERATOR = re.compile(r'\.name\s*=\s*"([A-Z]\w*)"|"([A-Z]\w*)",\s*\{\d')
STRING = re.compile(r'"((?:[^"\\]|\\.)*)"')
MACHINE_PATH = re.compile(r"(?<![\w.])/(?:work|tmp|root|home/\w+)/")
NOTE = re.compile(r"\b(?:TO" + r"DO|FIX" + r"ME|X" + r"XX)\b")


def layer_of(path: str):
    return next((layer for prefix, layer in LAYERS if path.startswith(prefix)), None)


def check_includes(path: str, lines: list[str]):
    layer = layer_of(path)
    for number, line in enumerate(lines, 1):
        match = INCLUDE.match(line)
        if not match or layer not in MAY_INCLUDE:
            continue
        target = match[1]
        to = layer_of(target)
        if to and to not in MAY_INCLUDE[layer]:
            yield number, f"{layer} may not include {to} ({target})"


def operators(sources: dict[str, list[str]]) -> set[str]:
    """Names that ops/ gives to operators."""
    names = set()
    for path, lines in sources.items():
        if path.startswith("ops/"):
            names.update(m[1] or m[2] for m in OPERATOR.finditer("\n".join(lines)))
    return names - COMMON_WORDS


def check_names(path: str, lines: list[str], names: set[str]):
    if layer_of(path) not in NAMELESS:
        return
    for number, line in enumerate(lines, 1):
        for match in STRING.finditer(line.split("//")[0]):
            if match[1] in names:
                yield number, f"{layer_of(path)} names an operator ({match[1]})"


def check_text(path: str, lines: list[str]):
    if len(lines) > MAX_LINES:
        yield len(lines), f"{len(lines)} lines; at most {MAX_LINES}"
    for number, line in enumerate(lines, 1):
        if MACHINE_PATH.search(line):
            yield number, "a path of one machine"
        if NOTE.search(line):
            yield number, "a note to oneself"
        if line != line.rstrip():
            yield number, "space at the end of the line"
        if path.endswith((".py", ".txt")) and "tests/" not in path and len(line) > MAX_COLUMNS:
            yield number, f"{len(line)} columns; at most {MAX_COLUMNS}"


def check_script(path: str, text: str):
    """Does it compile, and is everything it imports used?"""
    try:
        tree = ast.parse(text)
    except SyntaxError as error:
        yield error.lineno or 1, f"does not compile: {error.msg}"
        return
    used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    used |= {"annotations", "*"}  # of __future__; and everything, for those who import this
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            used.update(ast.literal_eval(node.value))
    for node in ast.walk(tree):
        if isinstance(node, (ast.Import, ast.ImportFrom)):
            for alias in node.names:
                name = (alias.asname or alias.name).split(".")[0]
                if name not in used:
                    yield node.lineno, f"{name} is imported and not used"


def check_format(paths: list[str]):
    """What clang-format 14, Debian 12's, would change; other versions differ in small ways."""
    program = shutil.which("clang-format-14")
    if not program:
        print("lint: no clang-format-14 here, so formatting is not checked", file=sys.stderr)
        return
    command = [program, "--dry-run", "-Werror", *paths]
    result = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    matches = re.findall(r"^(.+?):(\d+):\d+: error: .*clang-format", result.stderr, re.MULTILINE)
    first = {path: int(number) for path, number in reversed(matches)}
    for path, number in first.items():
        yield path, number, "from here on not as clang-format -i leaves it"
    if result.returncode and not matches:
        yield "clang-format", 0, result.stderr.strip()


def tracked() -> list[str]:
    """Files that git has or would add."""
    command = ["git", "-c", "safe.directory=*", "ls-files", "-z", "--cached", "--others",
               "--exclude-standard"]  # fmt: skip
    listing = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, text=True)
    return sorted({p for p in listing.stdout.split("\0") if p and (ROOT / p).is_file()})


def main() -> int:
    texts = {}
    for path in tracked():
        data = (ROOT / path).read_bytes()
        if b"\0" not in data and not path.startswith("models/"):
            texts[path] = data.decode("utf-8", errors="replace")
    cpp = [path for path in texts if path.endswith((".cc", ".h"))]
    sources = {path: texts[path].splitlines() for path in cpp}
    names = operators(sources)
    found = []
    for path, text in texts.items():
        lines = text.splitlines()
        checks = [check_text(path, lines)]
        if path in sources:
            checks += [check_includes(path, lines), check_names(path, lines, names)]
        if path.endswith(".py"):
            checks.append(check_script(path, text))
        found += [(path, number, what) for check in checks for number, what in check]
    found += check_format(cpp)
    for path, number, what in sorted(found):
        print(f"{path}:{number}: {what}")
    print(f"{len(texts)} files, {len(names)} operators, {len(found)} faults")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())

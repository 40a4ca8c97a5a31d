#!/usr/bin/env python3
"""What `sardonyx generate` prints, given to the real shells and to man: tests/shell_test.py.

Each shell completes a few words as a user would type them. Whatever is not installed is skipped,
and said so.
"""

import os
import pathlib
import pty
import select
import shutil
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "build/release/bin/sardonyx"
TIME_LIMIT_S = 20
# What is typed before the key Tab, and what must then stand there.
COMPLETIONS = {
    "sardonyx insp": "inspect",
    "sardonyx run m.onnx --save-a": "--save-activations",
    "sardonyx debug red": "reduce",
    "sardonyx run m.onnx --backend ref": "reference",
}


def generate(format_name: str, folder: pathlib.Path) -> pathlib.Path:
    path = folder / f"sardonyx.{format_name}"
    path.write_text(subprocess.run([PROGRAM, "generate", format_name], check=True,
                                   capture_output=True, text=True).stdout)  # fmt: skip
    return path


def run(*command: object) -> str:
    """What the command prints; it must end well and say nothing on stderr."""
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True,
                            timeout=TIME_LIMIT_S, env={**os.environ, "MANWIDTH": "80"})  # fmt: skip
    if result.returncode or result.stderr:
        raise AssertionError(f"{command}: status {result.returncode}\n{result.stderr[-1000:]}")
    return result.stdout


class Terminal:
    """A program on a terminal of its own."""

    def __init__(self, *command: str):
        self.process, self.descriptor = pty.fork()
        if self.process == 0:
            os.environ.update(TERM="dumb", PS1="", HOME="/nonexistent")
            os.execvp(command[0], command)

    def type(self, text: str, until: str) -> None:
        os.write(self.descriptor, text.encode())
        seen = ""
        end = time.monotonic() + TIME_LIMIT_S
        while until not in seen:
            ready = select.select([self.descriptor], [], [], max(0, end - time.monotonic()))[0]
            if not ready:
                raise AssertionError(f"after {text!r} there is no {until!r} in {seen!r}")
            seen += os.read(self.descriptor, 4096).decode(errors="replace")

    def close(self) -> None:
        os.close(self.descriptor)
        os.waitpid(self.process, 0)


def complete(shell: list, setup: str) -> None:
    terminal = Terminal(*shell)
    try:
        # The shell puts the word together, so that what was typed does not look like its answer.
        terminal.type(setup + "; echo rea''dy\n", "ready")
        for typed, word in COMPLETIONS.items():
            prefix = typed.split()[-1]
            terminal.type(typed + "\t", typed + word[len(prefix) :])
            terminal.type("\x15echo rea''dy\n", "ready")  # Ctrl-U empties the line
    finally:
        terminal.close()


def check_bash(script: pathlib.Path) -> None:
    run("bash", "-n", script)
    complete(["bash", "--norc", "--noprofile", "-i"], f"source {script}")


def check_zsh(script: pathlib.Path) -> None:
    run("zsh", "-n", script)
    complete(["zsh", "-f", "-i"], f"autoload -Uz compinit; compinit -u -D; source {script}")


def check_fish(script: pathlib.Path) -> None:
    run("fish", "--no-execute", script)
    for typed, word in COMPLETIONS.items():
        found = run("fish", "--no-config", "-c", f"source {script}; complete -C '{typed}'")
        if word not in found.split():
            raise AssertionError(f"'{typed}' is not completed to {word} but to {found}")


def check_man(page: pathlib.Path) -> None:
    text = run("man", "--warnings", "-l", page)
    for word in ("SARDONYX(1)", "debug reduce", "--first-divergence"):
        if word not in text.replace("\b", ""):
            raise AssertionError(f"the page has no '{word}'")


def check_mandoc(page: pathlib.Path) -> None:
    run("mandoc", "-T", "lint", "-W", "error", page)


def main() -> int:
    checks = {
        "bash": ("bash", check_bash),
        "zsh": ("zsh", check_zsh),
        "fish": ("fish", check_fish),
        "man": ("man", check_man),
        "mandoc": ("man", check_mandoc),
    }
    passed = failed = skipped = 0
    with tempfile.TemporaryDirectory() as folder:
        for program, (format_name, check) in checks.items():
            path = generate(format_name, pathlib.Path(folder))
            if shutil.which(program) is None:
                skipped += 1
                print(f"skipped: {program} is not installed")
                continue
            try:
                check(path)
                passed += 1
            except (AssertionError, OSError, subprocess.TimeoutExpired) as error:
                failed += 1
                print(f"FAILED {program}: {error}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

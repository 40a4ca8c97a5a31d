#!/usr/bin/env python3
"""Virtual environments of what needs Python packages, made when they are needed: build/python.

    tools/python_environment.py [FOLDER REQUIREMENTS]

As a program it only makes that one, or another; exit status 1 and pip's words where that is not
possible.
"""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "python"
REQUIREMENTS = pathlib.Path(__file__).with_name("python_requirements.txt")


def make(folder: pathlib.Path = FOLDER, requirements: pathlib.Path = REQUIREMENTS) -> pathlib.Path:
    """Installs the requirements unless just these packages are there; returns its Python."""
    wanted = requirements.read_text()
    mark = folder / "installed.txt"
    python = folder / "bin" / "python"
    if mark.exists() and mark.read_text() == wanted:
        return python
    print(f"installing the Python packages of {requirements.relative_to(ROOT)}", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", folder], check=True)
    subprocess.run([python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                    "--only-binary=:all:", "-r", requirements],
                   check=True, stdin=subprocess.DEVNULL)  # fmt: skip
    mark.write_text(wanted)
    return python


def enter(folder: pathlib.Path = FOLDER, requirements: pathlib.Path = REQUIREMENTS) -> None:
    """Starts this program again in the environment, unless that is where it runs."""
    if pathlib.Path(sys.prefix) != folder:
        python = make(folder, requirements)
        os.execv(python, [python, *sys.argv])


if __name__ == "__main__":
    try:
        make(*(pathlib.Path(argument).resolve() for argument in sys.argv[1:3]))
    except subprocess.CalledProcessError as error:
        sys.exit(f"python_environment: {error}")

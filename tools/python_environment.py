#!/usr/bin/env python3
"""The virtual environment of what needs Python packages: build/python, made when it is needed.

As a program it only makes it; exit status 1 and pip's words where that is not possible.
"""

import os
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
FOLDER = ROOT / "build" / "python"
REQUIREMENTS = pathlib.Path(__file__).with_name("python_requirements.txt")
PYTHON = FOLDER / "bin" / "python"


def make() -> None:
    """Installs the requirements unless just these packages are there already."""
    wanted = REQUIREMENTS.read_text()
    mark = FOLDER / "installed.txt"
    if mark.exists() and mark.read_text() == wanted:
        return
    print(f"installing the Python packages of tools/{REQUIREMENTS.name}", flush=True)
    subprocess.run([sys.executable, "-m", "venv", "--clear", FOLDER], check=True)
    subprocess.run([PYTHON, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
                    "--only-binary=:all:", "-r", REQUIREMENTS],
                   check=True, stdin=subprocess.DEVNULL)  # fmt: skip
    mark.write_text(wanted)


def enter() -> None:
    """Starts this program again in the environment, unless that is where it runs."""
    if pathlib.Path(sys.prefix) != FOLDER:
        make()
        os.execv(PYTHON, [PYTHON, *sys.argv])


if __name__ == "__main__":
    try:
        make()
    except subprocess.CalledProcessError as error:
        sys.exit(f"python_environment: {error}")

"""The virtual environment in which the Python module is tested: build/python-module."""

import pathlib
import shutil
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests" / "embedding")]
import python_environment
from checks import output_of

FOLDER = ROOT / "build" / "python-module"


def enter() -> None:
    """Starts this program again there."""
    python_environment.enter(FOLDER, HERE / "requirements.txt")


def install(package: pathlib.Path, python: str = sys.executable) -> None:
    """Builds a package of this tree, in this environment, and installs it in that of `python`."""
    print(f"installing {package.relative_to(ROOT.parent)}", flush=True)
    wheels = FOLDER / "wheels" / package.name
    shutil.rmtree(wheels, ignore_errors=True)
    pip = ("-m", "pip", "--quiet", "--disable-pip-version-check")
    output_of(sys.executable, *pip, "wheel", "--no-build-isolation", "--no-deps", "-w", wheels, package)
    output_of(python, *pip, "install", "--no-deps", "--force-reinstall", *wheels.glob("*.whl"))

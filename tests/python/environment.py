"""The virtual environment in which the Python module is tested: build/python-module."""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(ROOT / "tools"), str(ROOT / "tests" / "embedding")]
import python_environment
from checks import output_of

FOLDER = ROOT / "build" / "python-module"


def enter() -> None:
    """Starts this program again there, with the module built from this tree."""
    inside = pathlib.Path(sys.prefix) == FOLDER
    python_environment.enter(FOLDER, HERE / "requirements.txt")
    if inside and "--installed" not in sys.argv:
        install(ROOT)


def install(package: pathlib.Path, python: str = sys.executable) -> None:
    print(f"installing {package.relative_to(ROOT.parent)}", flush=True)
    output_of(python, "-m", "pip", "install", "--quiet", "--disable-pip-version-check",
              "--no-build-isolation", "--no-deps", "--force-reinstall", package)  # fmt: skip

#!/usr/bin/env python3
"""Holds the .onnx files of a folder against onnx's checker: check_models.py FOLDER.

Needs Python packages, which it installs into build/python when they are lacking. The last line
counts; exit status 1 when a model was refused.
"""

import pathlib
import sys

sys.path.append(str(pathlib.Path(__file__).resolve().parents[2] / "tools"))
import python_environment  # noqa: E402


def main() -> int:
    python_environment.enter()
    import onnx

    paths = sorted(pathlib.Path(sys.argv[1]).glob("**/*.onnx"))
    failed = 0
    for path in paths:
        try:
            onnx.checker.check_model(str(path))
        except Exception as error:  # of several kinds, for what a model may do wrong
            failed += 1
            print(f"FAILED {path.name}: {error}")
    print(f"{len(paths) - failed} passed, {failed} failed")
    return 1 if failed or not paths else 0


if __name__ == "__main__":
    sys.exit(main())

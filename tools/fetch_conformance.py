#!/usr/bin/env python3
"""Fetches ONNX's official backend cases into a folder: tools/fetch_conformance.py FOLDER.

They come in the wheel of onnx 1.22.0, which pip downloads once and whose hash is checked; only
backend/test/data is kept. A folder that is already complete is left as it is.
"""

import hashlib
import pathlib
import shutil
import subprocess
import sys
import tempfile
import zipfile

VERSION = "1.22.0"
SHA256 = "1d0a2bdb15eb2b3cb65c438f3423d9620d14fdce32f92380e6bb1b2e09568ef5"
PREFIX = "onnx/backend/test/data/"
# Any one wheel will do, but always the same: its cases are what the hash stands for.
PLATFORM = ["--platform", "manylinux_2_27_x86_64", "--python-version", "3.11"]


def download(folder: str) -> pathlib.Path:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps",
               "--only-binary=:all:", *PLATFORM, "--dest", folder, f"onnx=={VERSION}"]  # fmt: skip
    subprocess.run(command, check=True, stdin=subprocess.DEVNULL)
    (wheel,) = pathlib.Path(folder).glob("*.whl")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    if digest != SHA256:
        sys.exit(f"{wheel.name}: its SHA-256 is {digest}, expected {SHA256}")
    return wheel


def extract(wheel: pathlib.Path, folder: pathlib.Path) -> None:
    """Unpacks beside the folder and renames, so that an interrupted run leaves no half of it."""
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.startswith(PREFIX) and not name.endswith("/"):
                target = partial / name[len(PREFIX) :]
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_bytes(archive.read(name))
    (partial / "sha256").write_text(SHA256 + "\n")
    shutil.rmtree(folder, ignore_errors=True)
    partial.rename(folder)


def main() -> None:
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    folder = pathlib.Path(sys.argv[1])
    mark = folder / "sha256"
    if mark.exists() and mark.read_text().strip() == SHA256:
        return
    print(f"fetching the official cases of onnx {VERSION}", flush=True)
    with tempfile.TemporaryDirectory() as temporary:
        extract(download(temporary), folder)


if __name__ == "__main__":
    main()

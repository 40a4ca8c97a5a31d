#!/usr/bin/env python3
"""Programs built against an installed Sardonyx: tests/embedding/installed_test.py [BUILD].

BUILD is a build folder (default: build/release) in which everything has been built. Installs into
it, builds examples/embedding with CMake and with pkg-config, and compares their answers with those of
the program; then the same from a Debian package.
"""

import json
import os
import pathlib
import random
import shutil
import struct
import sys
import zlib

from checks import Checks, expect, output_of

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
EXAMPLES = ROOT / "examples" / "embedding"
MODEL = ROOT / "models" / "lenet" / "model.onnx"
SIDE = 28
# Whatever defines these names is ours; the linker's own come and go with its version.
LINKER_SYMBOLS = {"_init", "_fini", "_edata", "_end", "__bss_start"}


def write_png(path: pathlib.Path, pixels: bytes) -> None:
    """A grey picture of SIDE x SIDE, as the PNG specification has it."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\0" + pixels[i : i + SIDE] for i in range(0, len(pixels), SIDE))
    header = struct.pack(">IIBBBBB", SIDE, SIDE, 8, 0, 0, 0, 0)
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header)
                     + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b""))  # fmt: skip


class Installed:
    def __init__(self, build: pathlib.Path):
        self.build = build
        self.folder = build / "embedding"
        self.prefix = self.folder / "prefix"

    def install(self) -> None:
        shutil.rmtree(self.folder, ignore_errors=True)
        output_of("cmake", "--install", self.build, "--prefix", self.prefix)

    def unpack_debian_package(self) -> None:
        packages = self.folder / "packages"
        output_of("cpack", "-G", "DEB", "--config", self.build / "CPackConfig.cmake", "-B", packages)
        package = next(packages.glob("*.deb"))
        depends = output_of("dpkg-deb", "--field", package, "Depends")
        for library in ("libc6", "libdnnl", "libprotobuf-lite"):
            expect(library in depends, f"no {library} in '{depends}'")
        root = self.folder / "root"
        output_of("dpkg-deb", "--extract", package, root)
        self.prefix = root / "usr"

    def library(self, name: str) -> pathlib.Path:
        found = sorted(self.prefix.rglob(name))
        expect(bool(found), f"{name} was not installed")
        return found[0]

    def exports_only(self, name: str, expected: set) -> None:
        listing = output_of("nm", "-D", "--defined-only", "-f", "posix", self.library(name))
        symbols = {line.split()[0] for line in listing.splitlines()} - LINKER_SYMBOLS
        expect(symbols == expected, f"exports {sorted(symbols)}, expected {sorted(expected)}")

    def build_with_cmake(self, static: str) -> None:
        made = self.folder / f"{self.prefix.name}-examples-static-{static}"
        output_of("cmake", "-S", EXAMPLES, "-B", made, f"-DCMAKE_PREFIX_PATH={self.prefix}",
                  f"-DSTATIC={static}")  # fmt: skip
        output_of("cmake", "--build", made)
        self.same_answers([made / "classify_c", made / "classify_cpp"])

    def build_with_pkg_config(self) -> None:
        packages = self.library("sardonyx.pc").parent
        flags = output_of(
            "pkg-config", "--cflags", "--libs", "sardonyx",
            env={**os.environ, "PKG_CONFIG_PATH": str(packages)},
        ).split()  # fmt: skip
        program = self.folder / "classify_pkg_config"
        path = f"-Wl,-rpath,{self.library('libsardonyx.so').parent}"
        output_of("cc", "-std=c99", EXAMPLES / "classify.c", "-o", program, *flags, path)
        self.same_answers([program])

    def same_answers(self, programs: list) -> None:
        for seed in range(3):
            pixels = bytes(random.Random(seed).choices(range(256), k=SIDE * SIDE))
            raw, png = self.folder / "picture.raw", self.folder / "picture.png"
            raw.write_bytes(pixels)
            write_png(png, pixels)
            expected = self.answer_of_the_program(png)
            for program in programs:
                found = output_of(program, MODEL, raw).strip()
                expect(found == f"class {expected}", f"{found}, expected class {expected}")

    def answer_of_the_program(self, png: pathlib.Path) -> int:
        text = output_of(self.prefix / "bin" / "sardonyx", "run", MODEL, "-i", f"image=@{png}",
                         "--json", "-")  # fmt: skip
        scores = json.loads(text)["outputs"][0]["data"]
        return scores.index(max(scores))

    def profiles(self) -> None:
        trace = self.folder / "trace.json"
        program = self.folder / "prefix-examples-static-OFF" / "profile"
        lines = output_of(program, MODEL, trace).splitlines()
        expect(any(line.startswith("Conv ") for line in lines), f"no Conv among {lines}")
        layers = [event for event in json.loads(trace.read_text()) if event.get("cat") == "Node"]
        expect(len(layers) == len(lines), f"{len(layers)} layers drawn, {len(lines)} told")

    def refuses_bad_model(self) -> None:
        program = self.folder / "prefix-examples-static-OFF" / "classify_c"
        try:
            output_of(program, ROOT / "README.md", self.folder / "picture.raw")
        except AssertionError as error:
            expect("not a" in str(error) and "status 1" in str(error), str(error))
        else:
            raise AssertionError("a text was taken for a model")


def main() -> int:
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "build" / "release").resolve()
    installed, checks = Installed(build), Checks()
    checks.run("cmake --install", installed.install)
    checks.run("libsardonyx.so exports its own function alone",
               lambda: installed.exports_only("libsardonyx.so", {"sardonyx_api"}))  # fmt: skip
    checks.run("libonnxruntime.so.1 exports what clients link",
               lambda: installed.exports_only("libonnxruntime.so.1", {
                   "OrtGetApiBase", "OrtSessionOptionsAppendExecutionProvider_CPU"}))  # fmt: skip
    checks.run("examples with CMake", lambda: installed.build_with_cmake("OFF"))
    checks.run("examples of the archive", lambda: installed.build_with_cmake("ON"))
    checks.run("an example with pkg-config", installed.build_with_pkg_config)
    checks.run("what is no model", installed.refuses_bad_model)
    checks.run("a profile of a mapped model", installed.profiles)
    if shutil.which("dpkg-deb") is None or shutil.which("dpkg-shlibdeps") is None:
        checks.skip("the Debian package", "there is no dpkg-deb or dpkg-shlibdeps here", 3)
    else:
        checks.run("cpack makes a Debian package", installed.unpack_debian_package)
        checks.run("its examples with CMake", lambda: installed.build_with_cmake("OFF"))
        checks.run("its example with pkg-config", installed.build_with_pkg_config)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())

"""Pictures, arrays, tensors, labels and plans that are damaged, or lie about their size."""

import io
import pathlib
import random
import struct
import zipfile
import zlib

import numpy as np
from case import FLOAT, HUGE, Case, real, tensor
from onnx import SequenceProto, numpy_helper
from wire import field, nested, number

SEED = 8
SAMPLES = pathlib.Path(__file__).resolve().parents[2] / "models" / "samples"


def damaged(whole: bytes, cuts: int, changes: int):
    """Names and contents: the file cut short, and with random bytes changed."""
    chance = random.Random(SEED)
    for k in range(cuts):
        yield f"cut-{k}", whole[:len(whole) * k // cuts]
    for k in range(changes):
        content = bytearray(whole)
        for _ in range(1 + k % 8):
            content[chance.randrange(len(content))] = chance.randrange(256)
        yield f"changed-{k}", bytes(content)


def chunk(name: bytes, content: bytes, crc: int | None = None) -> bytes:
    sum_ = zlib.crc32(name + content) if crc is None else crc
    return struct.pack(">I", len(content)) + name + content + struct.pack(">I", sum_)


def png(width, height, depth=8, color=0, rows=b"\0\0", crc=None) -> bytes:
    header = struct.pack(">IIBBBBB", width, height, depth, color, 0, 0, 0)
    return (b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header, crc) + chunk(b"IDAT", zlib.compress(rows, 9)) + chunk(b"IEND", b""))  # fmt: skip


def bmp(width, height, bits=24, offset=54, colors=0, compression=0, content=b"\0" * 64) -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, bits, compression, 0, 0, 0, colors, 0)
    return b"BM" + struct.pack("<IHHI", 54 + len(content), 0, 0, offset) + info + content


def tiff(entries, at=8) -> bytes:
    """One directory of (tag, type, count, value)."""
    body = struct.pack("<H", len(entries)) + b"".join(struct.pack("<HHII", *e) for e in entries)
    return b"II*\0" + struct.pack("<I", at) + body + struct.pack("<I", 8)  # which is its own next


def pictures():
    sample = (SAMPLES / sorted(p.name for p in SAMPLES.glob("*.png"))[0]).read_bytes()
    for name, content in damaged(sample, 12, 24):
        yield Case(f"sample-{name}", content, "either", "input.png")
    most = 2**31 - 1
    for name, content in {
        "wide": png(most, 1), "high": png(1, most), "vast": png(most, most), "beyond": png(2**32 - 1, 2**32 - 1),
        "zero": png(0, 0), "depth": png(4, 4, depth=7), "color": png(4, 4, color=9), "short-rows": png(64, 64),
        "sum": png(1, 1, crc=1), "bomb": png(30_000, 30_000, rows=bytes(30_001 * 3_000)), "palette": png(1, 1, color=3),
    }.items():  # fmt: skip
        yield Case(f"png-{name}", content, "either" if name == "sum" else "error", "input.png")
    for name, content in {
        "wide": bmp(most, 1), "least": bmp(-(2**31), -(2**31)), "negative": bmp(-4, 4), "top-down": bmp(2, -2), "zero": bmp(0, 0),
        "bits": bmp(2, 2, bits=13), "offset": bmp(2, 2, offset=2**31), "colors": bmp(2, 2, bits=8, colors=2**31),
        "packed": bmp(2, 2, compression=1), "short": bmp(100, 100), "palette": bmp(4, 4, bits=8, colors=1, content=b"\xff" * 64),
    }.items():  # fmt: skip
        yield Case(f"bmp-{name}", content, "either", "input.bmp")
    for name, content in {
        "huge": b"P5 2147483647 2147483647 255\n", "wraps": b"P5 4294967297 1 255\n\0", "negative": b"P5 -1 -1 255\n", "zero": b"P5 0 0 255\n",
        "short": b"P5 10 10 255\nabc", "most": b"P5 1 1 65536\n\0", "none": b"P5 1 1 0\n\0", "text": b"P2 2 2 255\n1 2 3 x", "comment": b"P5 #" + b"c" * 100_000,
        "digits": b"P5 " + b"1" * 100_000, "float": b"PF 1 1 -1.0\n\0\0\0\0", "kind": b"P9 1 1 255\n\0",
    }.items():  # fmt: skip
        yield Case(f"pnm-{name}", content, file="input.pnm")
    size = [(256, 4, 1, most), (257, 4, 1, most), (258, 3, 1, 8), (262, 3, 1, 1), (273, 4, 1, 8), (278, 4, 1, most), (279, 4, 1, 4)]
    for name, content in {
        "vast": tiff(size), "loop": tiff([(256, 4, 1, 2)]), "beyond": tiff(size, at=2**31), "count": tiff([(256, 4, 2**32 - 1, 8)]), "none": tiff([]),
    }.items():  # fmt: skip
        yield Case(f"tiff-{name}", content, file="input.tiff")
    frame = b"\xff\xc0" + struct.pack(">HBHHB", 17, 8, 65535, 65535, 3) + bytes([1, 17, 0, 2, 17, 0, 3, 17, 0])
    for name, content in {"vast": b"\xff\xd8" + frame + b"\xff\xd9", "start": b"\xff\xd8", "fill": b"\xff\xd8" + b"\xff" * 100_000,
                          "length": b"\xff\xd8\xff\xe0\0\0", "no-tables": b"\xff\xd8" + frame + b"\xff\xda\0\x0c\3\1\0\2\0\3\0\0\x3f\0" + b"\0" * 99}.items():  # fmt: skip
        yield Case(f"jpeg-{name}", content, "either", "input.jpg")
    for name, content in {"short": b"RIFF\xff\xff\xff\xffWEBPVP8L", "vast": b"RIFF\x24\0\0\0WEBPVP8X\x0a\0\0\0\0\0\0\0" + b"\xff" * 6,
                          "zero": b"RIFF\0\0\0\0WEBP"}.items():  # fmt: skip
        yield Case(f"webp-{name}", content, file="input.webp")
    for name, content in {"start": b"\xff\x4f\xff\x51", "size": b"\xff\x4f\xff\x51\0\x29\0\0" + b"\xff" * 33,
                          "box": b"\0\0\0\x0cjP  \r\n\x87\n" + b"\0\0\0\1ftyp" + b"\xff" * 8}.items():  # fmt: skip
        yield Case(f"jpeg2000-{name}", content, file="input.jp2")
    yield Case("nothing", b"", file="input.png")
    yield Case("text", b"no picture at all", file="input.png")


def npy_file(header: str | bytes, content=b"\0" * 768, version=1, length=None) -> bytes:
    text = header if isinstance(header, bytes) else header.encode()
    text += b" " * (-(len(text) + 11) % 64) + b"\n"
    size = len(text) if length is None else length
    return b"\x93NUMPY" + bytes([version, 0]) + struct.pack("<H" if version == 1 else "<I", size % 2**(16 if version == 1 else 32)) + text + content


def header(descr="'<f4'", order="False", shape="(1, 3, 8, 8)") -> str:
    return f"{{'descr': {descr}, 'fortran_order': {order}, 'shape': {shape}, }}"


def npy():
    buffer = io.BytesIO()
    np.save(buffer, real(1, 3, 8, 8))
    for name, content in damaged(buffer.getvalue(), 10, 20):
        yield Case(f"array-{name}", content, "either", "input.npy")
    shapes = ["(1, 3, 8)", "(-1, 3, 8, 8)", f"({HUGE},)", "(4294967296, 4294967296)", "(9223372036854775807, 2)", "(99999999999999999999,)", "()", "(", "1", "(0,)",
              "(" + "1, " * 10_000 + ")", "(1.5,)", "('x',)", "None", "(1, 3, 8, 8"]  # fmt: skip
    for k, shape in enumerate(shapes):
        yield Case(f"shape-{k}", npy_file(header(shape=shape)), file="input.npy")
    kinds = ["'|O'", "'<U9999999999'", "'<f3'", "'<f99999999999999999999'", "[('a', '<f4')]", "'>f4'", "None", "''", "'<V8'", "'<m8[s]'", "'\\x00'", "'<S0'"]
    for k, kind in enumerate(kinds):
        yield Case(f"descr-{k}", npy_file(header(descr=kind)), "either", "input.npy")
    for name, content in {
        "version": npy_file(header(), version=9), "length-most": npy_file(header(), length=65535), "length-zero": npy_file(header(), length=0),
        "length-vast": npy_file(header(), version=2, length=2**32 - 1), "no-keys": npy_file("{}"), "no-dict": npy_file("[1, 2]"), "nested": npy_file("{" * 10_000),
        "twice": npy_file(header()[:-1] + "'shape': (9,)}"), "code": npy_file("__import__('os').abort()"), "nul": npy_file(b"\0" * 100), "order": npy_file(header(order="Maybe")),
    }.items():  # fmt: skip
        yield Case(name, content, "either" if name == "twice" else "error", "input.npy")
    yield Case("fortran", npy_file(header(order="True")), "either", "input.npy")
    yield Case("long", npy_file(header(), b"\0" * 100_000), "either", "input.npy")


def npz():
    def archive(entries, method=zipfile.ZIP_DEFLATED):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", method) as file:
            for name, content in entries:
                file.writestr(name, content)
        return buffer.getvalue()

    whole = archive([("x.npy", npy_file(header()))])
    for name, content in damaged(whole, 12, 30):
        yield Case(f"archive-{name}", content, "either", "input.npz")
    start = whole.rfind(b"PK\5\6")
    directory = whole.find(b"PK\1\2")
    for name, (at, value) in {
        "entries": (start + 10, b"\xff\xff"), "directory-size": (start + 12, b"\xff" * 4), "directory-at": (start + 16, b"\xff" * 4),
        "comment": (start + 20, b"\xff\xff"), "packed-size": (directory + 20, b"\xff" * 4), "size": (directory + 24, b"\xff\xff\xff\x7f"), "name-length": (directory + 28, b"\xff\xff"),
        "header-at": (directory + 42, b"\xff\xff\xff\x7f"), "method": (directory + 10, b"\x63\0"), "encrypted": (directory + 8, b"\1\0"), "sum": (directory + 16, b"\0" * 4),
    }.items():  # fmt: skip
        yield Case(name, whole[:at] + value + whole[at + len(value):], "either", "input.npz")
    yield Case("bomb", archive([("x.npy", npy_file(header(shape="(1, 3, 8192, 8192)"), bytes(2**28)))]), file="input.npz")
    yield Case("bomb-of-zeros", archive([("x.npy", bytes(2**28))]), file="input.npz")
    yield Case("no-entry", archive([("z.npy", npy_file(header()))]), file="input.npz")
    yield Case("empty", archive([]), file="input.npz")
    yield Case("twice", whole + whole, "either", "input.npz")
    yield Case("no-array", archive([("x.npy", b"text")]), file="input.npz")


def tensors():
    whole = numpy_helper.from_array(real(1, 3, 8, 8), "x").SerializeToString()
    for name, content in damaged(whole, 12, 30):
        yield Case(f"tensor-{name}", content, "either", "input.pb")
    for name, content in {
        "vast": tensor("x", FLOAT, [HUGE]), "negative": tensor("x", FLOAT, [-1, 3, 8, 8]), "no-type": tensor("x", 0, [1], raw_data=b"\0" * 4),
        "type": tensor("x", 99, [1], raw_data=b"\0" * 4), "short": tensor("x", FLOAT, [1, 3, 8, 8], raw_data=b"\0"),
        "outside": tensor("x", FLOAT, [4], data_location=1), "sequence": SequenceProto(elem_type=1),
    }.items():  # fmt: skip
        if name == "outside":
            content.external_data.add(key="location", value="/etc/passwd")
        yield Case(name, content.SerializeToString(), file="input.pb")
    yield Case("nested", nested([5], 100_000), file="input.pb")
    yield Case("rank", field(1, b"\1" * 1_000_000) + number(2, 1), file="input.pb")
    yield Case("strings", number(2, 8) + field(1, b"\1") + field(6, b"") * 1_000_000, file="input.pb")


def labels():
    for name, content in {"nothing": b"", "short": b"one\n", "long": b"one\n" * 100_000, "nul": b"\0\n\0\n\0\n", "binary": bytes(range(256)) * 100,
                          "one-line": b"x" * 10_000_000, "lines": b"\n" * 1_000_000, "latin": b"\xe9\n\xff\n\xfe\n"}.items():  # fmt: skip
        yield Case(name, content, "either", "labels.txt")
    yield Case("returns", b"one\r\ntwo\r\nthree\r\n", "answer", "labels.txt")


def plans():
    good = b'{"schema": "sardonyx.plan/1", "kernels": {"y": "relu"}}'
    for name, content in damaged(good, 10, 20):
        yield Case(f"plan-{name}", content, "either", "plan.json")
    for name, content in {
        "nested-lists": b"[" * 1_000_000, "nested-objects": b'{"a":' * 1_000_000, "closed-lists": b"[" * 1_000_000 + b"]" * 1_000_000, "number": b"1" * 1_000_000,
        "exponent": b'{"threads": 1e999999}', "text": b"no plan", "null": b"null", "list": b"[]", "string": b'"' + b"x" * 1_000_000, "latin": b'{"schema": "\xff"}', "escape": b'{"schema": "\\ud800"}',
        "numbers": b'{"schema": "sardonyx.plan/1", "kernels": [1, 2]}', "types": b'{"schema": 1, "kernels": {"y": 1}}',
    }.items():  # fmt: skip
        yield Case(name, content, file="plan.json")


CLASSES = {"pictures": pictures, "npy": npy, "npz": npz, "tensors": tensors, "labels": labels, "plans": plans}

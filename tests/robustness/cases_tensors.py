"""Initializers whose shapes, contents or files are not what they say."""

import os
import pathlib
import socket

import numpy as np
from case import FLOAT, HUGE, INT64, INT_MAX, INT_MIN, Case, float_input, model, node, tensor
from onnx import SparseTensorProto, TensorProto

T = TensorProto
SIZES = {"float": (T.FLOAT, 4), "double": (T.DOUBLE, 8), "int64": (T.INT64, 8), "int32": (T.INT32, 4),
         "bool": (T.BOOL, 1), "float16": (T.FLOAT16, 2), "bfloat16": (T.BFLOAT16, 2),
         "complex64": (T.COMPLEX64, 8), "uint8": (T.UINT8, 1), "float8": (T.FLOAT8E4M3FN, 1)}  # fmt: skip


def holding(weights: TensorProto):
    return model([node("Identity", ["w"], ["y"])], [], ["y"], [weights])


def dims_that_wrap():
    shapes = {"product": [2**32, 2**32], "product-3": [2**31, 2**31, 4], "bytes": [2**62], "most": [INT_MAX],
              "most-twice": [INT_MAX, INT_MAX], "wraps-to-1": [2**32 + 1, 2**32 - 1, 2**63 - 1],
              "negative": [-1], "least": [INT_MIN], "zero-first": [0, -1], "zero-last": [-1, 0],
              "two-negative": [-1, -1], "negative-product": [-2, -2], "zero-and-most": [0, INT_MAX, INT_MAX]}  # fmt: skip
    for name, dims in shapes.items():
        empty = 0 in dims and min(dims) >= 0
        for content in (b"", b"\0" * 4):
            expect = "either" if empty and not content else "error"
            yield Case(f"initializer-{name}-{len(content)}", holding(tensor("w", FLOAT, dims, raw_data=content)), expect)
        of_node = node("ConstantOfShape", ["s"], ["y"])
        shape = tensor("s", INT64, [len(dims)], int64_data=dims)
        yield Case(f"constant-{name}", model([of_node], constants=[shape]), "either" if empty else "error")
        yield Case(f"input-{name}", model([node("Relu", ["x"], ["y"])], [float_input("x", dims)]), "either")


def raw_data_length():
    for name, (element, size) in SIZES.items():
        for count in sorted({0, 1, 3 * size - 1, 3 * size + 1, 4 * size, 5000}):
            yield Case(f"{name}-{count}", holding(tensor("w", element, [3], raw_data=b"\1" * count)))


def raw_and_typed():
    typed = {"float": (T.FLOAT, "float_data", [1.0]), "int32": (T.INT32, "int32_data", [1]),
             "int64": (T.INT64, "int64_data", [1]), "double": (T.DOUBLE, "double_data", [1.0]),
             "uint64": (T.UINT64, "uint64_data", [1])}  # fmt: skip
    for name, (element, field, value) in typed.items():
        raw = b"\0" * (8 if "64" in name or name == "double" else 4)
        yield Case(name, holding(tensor("w", element, [1], raw_data=raw, **{field: value})))
        large = tensor("w", element, [1000], raw_data=raw * 1000, **{field: value * 1000})
        yield Case(f"{name}-large", holding(large))
    yield Case("two-typed", holding(tensor("w", T.FLOAT, [1], float_data=[1.0], int32_data=[1])))
    yield Case("wrong-typed", holding(tensor("w", T.FLOAT, [1], int64_data=[1])))
    yield Case("typed-short", holding(tensor("w", T.FLOAT, [3], float_data=[1.0, 2.0])))
    yield Case("typed-long", holding(tensor("w", T.FLOAT, [1], float_data=[1.0, 2.0])))


def raw_strings():
    for dims in ([], [0], [1], [4]):
        yield Case(f"rank-{len(dims)}-{dims[:1]}", holding(tensor("w", T.STRING, dims, raw_data=b"text")))
    both = tensor("w", T.STRING, [1], raw_data=b"text", string_data=[b"text"])
    yield Case("with-strings", holding(both))
    yield Case("large", holding(tensor("w", T.STRING, [4000], raw_data=b"text" * 1000)))


def packed_short():
    kinds = {"int4": T.INT4, "uint4": T.UINT4, "float4": T.FLOAT4E2M1, "int2": T.INT2, "uint2": T.UINT2}
    for name, element in kinds.items():
        per_byte = 4 if name.endswith("2") else 2
        for count in (5, 5001):
            right = -(-count // per_byte)
            for size in sorted({0, 1, right - 1, right + 1, count} - {right}):
                if size != right:
                    yield Case(f"{name}-{count}-{size}-raw", holding(tensor("w", element, [count], raw_data=b"\x12" * size)))
            yield Case(f"{name}-{count}-typed", holding(tensor("w", element, [count], int32_data=[1] * (right - 1))))


def sparse_indices():
    def sparse(values, indices, index_dims, dims):
        made = SparseTensorProto(dims=dims)
        made.values.CopyFrom(tensor("w", FLOAT, [len(values)], float_data=values))
        made.indices.CopyFrom(tensor("", INT64, index_dims, int64_data=indices))
        whole = model([node("Identity", ["w"], ["y"])])
        whole.graph.sparse_initializer.append(made)
        return whole

    for name, index in {"at-end": 6, "far": INT_MAX, "negative": -1, "least": INT_MIN}.items():
        yield Case(f"linear-{name}", sparse([1.0], [index], [1], [2, 3]))
        yield Case(f"row-{name}", sparse([1.0], [index, 0], [1, 2], [2, 3]))
        yield Case(f"column-{name}", sparse([1.0], [0, index], [1, 2], [2, 3]))
    yield Case("unsorted", sparse([1.0, 2.0], [4, 1], [2], [2, 3]))
    yield Case("unsorted-pairs", sparse([1.0, 2.0], [1, 1, 0, 0], [2, 2], [2, 3]))
    yield Case("repeated", sparse([1.0, 2.0], [1, 1], [2], [2, 3]))
    yield Case("too-few", sparse([1.0, 2.0], [1], [1], [2, 3]))
    yield Case("too-many-axes", sparse([1.0], [0, 0, 0], [1, 3], [2, 3]))
    yield Case("cube", sparse([1.0], [0, 0], [1, 1, 2], [2, 3]))
    yield Case("empty", sparse([1.0], [0], [1], [0, 3]))
    yield Case("negative-shape", sparse([1.0], [0], [1], [-1]))
    yield Case("vast", sparse([1.0], [0], [1], [HUGE]))
    yield Case("vast-empty", sparse([], [], [0], [HUGE]))
    yield Case("gibibyte", sparse([], [], [0], [2**28]), limited=True)
    yield Case("no-shape", sparse([1.0], [0], [1], []), "either")


def external(location, count=4, **entries):
    entries = {"location": location, **entries}
    weights = tensor("w", FLOAT, [count], data_location=T.EXTERNAL)
    for key, value in entries.items():
        if value is not None:
            weights.external_data.add(key=key, value=str(value))
    return holding(weights)


def write(name, content=b"\0" * 4096):
    return lambda folder: (folder / name).write_bytes(content)


def external_outside():
    def beside(folder: pathlib.Path):
        (folder.parent / "secret.bin").write_bytes(b"secret__" * 512)
        (folder / "sub").mkdir()
        (folder / "inside.bin").write_bytes(b"\0" * 4096)

    spellings = ["../secret.bin", "./../secret.bin", "sub/../../secret.bin", "sub//..//..//secret.bin",
                 "..//secret.bin", "/etc/passwd", "//etc/passwd", "/", ".", "..", "./", "sub/", "sub/..", "sub/.",
                 "file:///etc/passwd", "..\\secret.bin", "%2e%2e/secret.bin", "~/secret.bin", "....//secret.bin",
                 "/proc/self/mem", "/dev/zero", "inside.bin/", "inside.bin/..", "inside.bin/../inside.bin",
                 "../" * 100 + "etc/passwd", "a" * 5000, "a/" * 3000, "inside.bin\0", "\0", " ", "inside.bin "]  # fmt: skip
    for k, location in enumerate(spellings):
        yield Case(f"spelling-{k}", external(location), setup=beside)

    def absolute(folder):
        beside(folder)
        (folder / "model.onnx").write_bytes(external(str(folder.resolve() / "inside.bin")).SerializeToString())

    yield Case("absolute-inside", external(""), setup=absolute)
    yield Case("no-location", external(None), setup=beside)


def external_links():
    def to(target, name="w.bin"):
        return lambda folder: (folder / name).symlink_to(target)

    def secret(make):
        def both(folder):
            (folder.parent / "secret.bin").write_bytes(b"secret__" * 512)
            make(folder)

        return both

    yield Case("file", external("w.bin"), setup=secret(to("../secret.bin")))
    yield Case("absolute", external("w.bin"), setup=to("/etc/passwd"))
    yield Case("folder", external("sub/secret.bin"), setup=secret(to("..", "sub")))
    yield Case("root", external("sub/etc/passwd"), setup=to("/", "sub"))
    yield Case("itself", external("w.bin"), setup=to("w.bin"))
    yield Case("dangling", external("w.bin"), setup=to("none.bin"))
    yield Case("device", external("w.bin"), setup=to("/dev/zero"))
    yield Case("memory", external("w.bin"), setup=to("/proc/self/mem"))
    yield Case("descriptor", external("w.bin"), setup=to("/proc/self/fd/0"))

    def there_and_back(folder):
        (folder / "inside.bin").write_bytes(b"\0" * 4096)
        (folder / "w.bin").symlink_to(f"../{folder.name}/inside.bin")

    yield Case("there-and-back", external("w.bin"), setup=there_and_back)

    def within(folder):
        (folder / "inside.bin").write_bytes(b"\0" * 4096)
        (folder / "w.bin").symlink_to("inside.bin")

    yield Case("within", external("w.bin"), "either", setup=within)


def external_irregular():
    yield Case("folder", external("w"), setup=lambda folder: (folder / "w").mkdir())
    yield Case("pipe", external("w"), setup=lambda folder: os.mkfifo(folder / "w"))

    def bound(folder):
        # A socket's path may have some hundred bytes only: it is named from its folder.
        here = os.getcwd()
        os.chdir(folder)
        with socket.socket(socket.AF_UNIX) as listener:
            listener.bind("w")
        os.chdir(here)

    yield Case("socket", external("w"), setup=bound)
    yield Case("empty", external("w"), setup=write("w", b""))
    yield Case("forbidden", external("w"), "either", setup=lambda folder: (write("w")(folder), (folder / "w").chmod(0)))


def external_range():
    values = {"offset-at-end": dict(offset=4096), "offset-beyond": dict(offset=2**40), "offset-most": dict(offset=INT_MAX),
              "offset-64-bits": dict(offset=2**64 - 4), "offset-too-long": dict(offset="9" * 40),
              "offset-negative": dict(offset=-4), "offset-word": dict(offset="four"), "offset-hex": dict(offset="0x4"),
              "offset-empty": dict(offset=""), "last-bytes": dict(offset=4090), "length-short": dict(length=15),
              "length-long": dict(length=17), "length-beyond": dict(length=2**40), "length-most": dict(length=INT_MAX),
              "length-negative": dict(length=-16), "length-zero": dict(length=0), "length-word": dict(length="1e1"),
              "both-wrap": dict(offset=INT_MAX, length=16), "count": dict(count=1025),
              "count-vast": dict(count=2**40), "other-key": dict(checksum="x" * 100_000)}  # fmt: skip
    for name, entries in values.items():
        expect = "either" if name in ("other-key", "offset-empty") else "error"
        yield Case(name, external("w", **entries), expect, setup=write("w"))
    yield Case("missing", external("w"))
    twice = external("w")
    twice.graph.initializer[0].external_data.add(key="location", value="../secret.bin")
    yield Case("two-locations", twice, setup=write("w"))
    unaligned = external("w", offset=3)
    yield Case("unaligned", unaligned, "answer", setup=write("w", np.arange(64, dtype=np.uint8).tobytes()))


CLASSES = {
    "dims-that-wrap": dims_that_wrap, "raw-data-length": raw_data_length, "raw-and-typed": raw_and_typed,
    "raw-strings": raw_strings, "packed-short": packed_short, "sparse-indices": sparse_indices,
    "external-outside": external_outside, "external-links": external_links,
    "external-irregular": external_irregular, "external-range": external_range,
}  # fmt: skip

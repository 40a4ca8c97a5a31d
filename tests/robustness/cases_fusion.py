"""Patterns that are fused into one operator, with constants that are not what a fusion expects."""

import numpy as np
from case import Case, float_input, model, node, real
from onnx import numpy_helper

# What a constant of a pattern may be instead of the one number that exporters write.
SHAPES = {"scalar": (), "one": (1,), "ones": (1, 1, 1, 1), "empty": (0,), "empty-rows": (0, 1), "channels": (2, 1, 1),
          "row": (4,), "two": (2,), "large": (3, 1, 1, 1, 1), "empty-large": (0, 1, 1, 1, 1)}  # fmt: skip


def gelu(c):
    return [node("Div", ["x", c("k", 1.4142135)], ["a"]), node("Erf", ["a"], ["b"]), node("Add", ["b", c("one", 1.0)], ["d"]),
            node("Mul", ["x", "d"], ["e"]), node("Mul", ["e", c("half", 0.5)], ["y"])]  # fmt: skip


def tanh_gelu(c):
    return [node("Pow", ["x", c("three", 3.0)], ["a"]), node("Mul", ["a", c("k", 0.044715)], ["b"]), node("Add", ["x", "b"], ["d"]),
            node("Mul", ["d", c("root", 0.7978846)], ["e"]), node("Tanh", ["e"], ["f"]), node("Add", ["f", c("one", 1.0)], ["g"]),
            node("Mul", ["x", "g"], ["h"]), node("Mul", ["h", c("half", 0.5)], ["y"])]  # fmt: skip


def layer_normalization(c):
    return [node("ReduceMean", ["x", c("axes", [-1], np.int64)], ["m"]), node("Sub", ["x", "m"], ["d"]),
            node("Pow", ["d", c("two", 2.0)], ["p"]), node("ReduceMean", ["p", c("axes2", [-1], np.int64)], ["v"]),
            node("Add", ["v", c("e", 1e-5)], ["a"]), node("Sqrt", ["a"], ["s"]), node("Div", ["d", "s"], ["n"]),
            node("Mul", ["n", c("g", 1.0)], ["h"]), node("Add", ["h", c("b", 0.0)], ["y"])]  # fmt: skip


def attention(c):
    return [node("MatMul", ["x", "x"], ["s"]), node("Mul", ["s", c("k", 0.5)], ["t"]), node("Add", ["t", c("mask", 0.0)], ["u"]),
            node("Softmax", ["u"], ["p"]), node("MatMul", ["p", "x"], ["y"])]  # fmt: skip


def hard_swish(c):
    return [node("Add", ["x", c("three", 3.0)], ["a"]), node("Clip", ["a", c("low", 0.0), c("high", 6.0)], ["b"]),
            node("Mul", ["x", "b"], ["d"]), node("Div", ["d", c("six", 6.0)], ["y"])]  # fmt: skip


def convolution(c):
    return [node("Conv", ["x", c("w", real(2, 2, 1, 1))], ["a"]), node("Mul", ["a", c("s", 2.0)], ["b"]),
            node("Add", ["b", c("t", 1.0)], ["d"]), node("Clip", ["d", c("low", 0.0), c("high", 6.0)], ["y"])]  # fmt: skip


def batch_normalization(c):
    return [node("Conv", ["x", c("w", real(2, 2, 1, 1))], ["a"]),
            node("BatchNormalization", ["a", c("s", [1.0, 1.0]), c("b", [0.0, 0.0]), c("m", [0.0, 0.0]), c("v", [1.0, 1.0])], ["y"])]  # fmt: skip


def product(c):
    return [node("MatMul", ["x", c("w", real(4, 4))], ["a"]), node("Add", ["a", c("b", 1.0)], ["d"]), node("Relu", ["d"], ["e"]),
            node("Mul", ["e", c("s", 2.0)], ["y"])]  # fmt: skip


def padded(c):
    return [node("Pad", ["x", c("p", [0, 0, 1, 1, 0, 0, 1, 1], np.int64), c("v", 0.0)], ["a"]),
            node("Conv", ["a", c("w", real(2, 2, 3, 3))], ["y"])]  # fmt: skip


def shuffle(c):
    return [node("Reshape", ["x", c("s", [1, 2, 1, 4, 4], np.int64)], ["a"]), node("Transpose", ["a"], ["b"], perm=[0, 2, 1, 3, 4]),
            node("Reshape", ["b", c("t", [1, 2, 4, 4], np.int64)], ["y"])]  # fmt: skip


def quantized(c):
    return [node("QuantizeLinear", ["x", c("s", 0.5), c("z", 0, np.uint8)], ["q"]), node("DequantizeLinear", ["q", c("t", 0.5), c("u", 0, np.uint8)], ["d"]),
            node("Conv", ["d", c("w", real(2, 2, 1, 1))], ["y"])]  # fmt: skip


PATTERNS = [gelu, tanh_gelu, layer_normalization, attention, hard_swish, convolution, batch_normalization, product, padded, shuffle, quantized]


def fusion():
    for pattern in PATTERNS:
        names = {}
        pattern(lambda name, value, kind=np.float32: names.setdefault(name, name))
        for spoilt in names:
            for shape_name, shape in SHAPES.items():
                constants = {}

                def make(name, value, kind=np.float32):
                    usual = np.asarray(value, kind)
                    array = np.full(shape, usual.flat[0], kind) if name == spoilt else usual
                    constants[name] = numpy_helper.from_array(array, name)
                    return name

                nodes = pattern(make)
                made = model(nodes, [float_input("x", (1, 2, 4, 4))], ["y"], constants.values())
                yield Case(f"{pattern.__name__}-{spoilt}-{shape_name}", made, "either")


def empty_images():
    """The same patterns on inputs without elements, and of other ranks."""
    for pattern in PATTERNS:
        for shape in ((0, 2, 4, 4), (1, 0, 4, 4), (1, 2, 0, 4), (1, 2, 4, 0), (), (0,), (4,), (1, 2, 4, 4, 1)):
            constants = {}

            def make(name, value, kind=np.float32):
                constants[name] = numpy_helper.from_array(np.asarray(value, kind), name)
                return name

            nodes = pattern(make)
            made = model(nodes, [float_input("x", shape)], ["y"], constants.values())
            yield Case(f"{pattern.__name__}-{'x'.join(map(str, shape))}", made, "either")


CLASSES = {"fusion-constants": fusion, "fusion-inputs": empty_images}

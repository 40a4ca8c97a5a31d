"""com.microsoft's Gelus, and convolutions and products with an activation, a residual, transposes."""

import itertools

import numpy as np
from case import EMPTY_SHAPES, SHAPES, numbers
from contrib import contrib, reals


def gelu():
    for shape in [*SHAPES, *EMPTY_SHAPES, (3, 17), (2, 40)]:
        x = numbers("float", shape)
        yield contrib("Gelu", [x], name=(shape,))
        yield contrib("QuickGelu", [x], name=(shape,))
        if shape and 0 not in shape:  # ONNX Runtime takes no others
            bias = reals(shape[-1:], 1)
            yield contrib("FastGelu", [x], name=(shape,))
            yield contrib("FastGelu", [x, bias], name=("bias", shape))
            yield contrib("BiasGelu", [x, bias], name=(shape,))
    for alpha in (0.0, 1.0, -0.5):
        yield contrib("QuickGelu", [reals((3, 17))], {"alpha": alpha}, name=("alpha", alpha))
    ends = np.array([np.inf, -np.inf, np.nan, 0.0, -0.0, 1e-30, -60.0, 60.0], np.float32)
    for op in ("Gelu", "FastGelu", "QuickGelu"):
        yield contrib(op, [ends], name=("ends",))


ACTIVATIONS = {
    "Relu": [], "Tanh": [], "Sigmoid": [], "LeakyRelu": [0.2], "Clip": [-0.5, 1.5],
    "HardSigmoid": [0.3, 0.4],
}  # fmt: skip


def convolution():
    shapes = [
        ((1, 1, 5, 5), (1, 1, 3, 3), {}),
        ((2, 3, 8, 7), (4, 3, 3, 3), {"pads": [1, 1, 1, 1], "strides": [2, 1]}),
        ((1, 4, 9, 9), (8, 2, 1, 1), {"group": 2}),
        ((1, 4, 9, 9), (4, 1, 3, 3), {"group": 4, "dilations": [2, 2]}),
        ((1, 2, 11), (3, 2, 4), {"auto_pad": "SAME_UPPER"}),
        ((1, 16, 12, 12), (16, 16, 3, 3), {"pads": [1, 1, 1, 1]}),
    ]
    for (x, w, attributes), (activation, params) in itertools.product(shapes, ACTIVATIONS.items()):
        attributes = {**attributes, "activation": activation}
        if params:
            attributes["activation_params"] = params
        inputs = [reals(x), reals(w, 1)]
        yield contrib("FusedConv", inputs, attributes, name=(activation, x, w))
        yield contrib("FusedConv", [*inputs, reals(w[:1], 2)], attributes,
                      name=(activation, x, w, "b"), constants=(1, 2))  # fmt: skip
    for bias, activation in itertools.product((None, reals((6,), 2)), ({}, {"activation": "Relu"})):
        inputs = [reals((2, 4, 6, 5)), reals((6, 4, 3, 3), 1), bias, reals((2, 6, 6, 5), 3)]
        yield contrib("FusedConv", inputs, {"pads": [1, 1, 1, 1], "kernel_shape": [3, 3], **activation},
                      name=("residual", *activation.values(), bias is not None))  # fmt: skip


def stored(shape, transposed, batch_transposed):
    """The shape in memory of what has `shape` once FusedMatMul has transposed it."""
    if transposed and len(shape) > 1:
        shape = (*shape[:-2], shape[-1], shape[-2])
    return (shape[-2], *shape[:-2], shape[-1]) if batch_transposed else shape


def products():
    shapes = [
        ((3, 4), (4, 5)), ((1, 1), (1, 1)), ((2, 3, 4), (2, 4, 5)), ((2, 3, 4), (4, 5)),
        ((2, 1, 3, 4), (5, 4, 2)), ((17, 33), (33, 20)), ((4, 40, 24), (4, 24, 33)),
        ((2, 2, 9, 16), (2, 2, 16, 9)), ((3, 0), (0, 2)), ((0, 2), (2, 3)), ((4,), (4, 5)),
        ((3, 4), (4,)), ((4,), (4,)), ((2, 3, 4), (4,)),
    ]  # fmt: skip
    flags = list(itertools.product((0, 1), repeat=2))
    for (a, b), (left, right) in itertools.product(shapes, flags):
        if (left and len(b) == 1) or (right and len(a) == 1):
            continue  # a matrix transposed, times a vector: not in ONNX Runtime
        yield contrib("FusedMatMul", [reals(stored(a, left, 0)), reals(stored(b, right, 0), 1)],
                      {"transA": left, "transB": right, "alpha": 0.125}, name=(a, b, left, right))
    batched = [((2, 3, 4), (2, 4, 5)), ((5, 2, 3, 4), (5, 2, 4, 6))]
    for (a, b), (trans_a, trans_b), (batch_a, batch_b) in itertools.product(batched, flags, flags):
        yield contrib(
            "FusedMatMul", [reals(stored(a, trans_a, batch_a)), reals(stored(b, trans_b, batch_b), 1)],
            {"transA": trans_a, "transB": trans_b, "transBatchA": batch_a, "transBatchB": batch_b},
            name=("batch", a, trans_a, trans_b, batch_a, batch_b),
        )  # fmt: skip
    for left, right in flags:
        inputs = [numbers("double", stored((3, 4), left, 0)),
                  numbers("double", stored((4, 5), right, 0), seed=1)]  # fmt: skip
        yield contrib("FusedMatMul", inputs, {"transA": left, "transB": right, "alpha": 0.3},
                      name=("double", left, right), tolerance=None)  # fmt: skip
    for (activation, params), c in itertools.product(
            ACTIVATIONS.items(), [None, (5, 7), (7,), (1,), (5, 1), ()]):  # fmt: skip
        if activation == "Clip":
            continue  # ONNX Runtime fuses none
        attributes = {"activation": activation, "alpha": 0.5, "beta": -1.5, "transB": 1}
        attributes |= dict(zip(("activation_alpha", "activation_beta"), params))
        inputs = [reals((5, 6)), reals((7, 6), 1), None if c is None else reals(c, 2)]
        yield contrib("FusedGemm", inputs, attributes, name=(activation, c))


def cases():
    yield from gelu()
    yield from convolution()
    yield from products()

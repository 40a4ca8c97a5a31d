"""ConvInteger and QLinearConv: 8-bit types, zero points and scales of tensors and of channels."""

import itertools

import numpy as np
from case import EXACT, array, case, dtype, limits, numbers, types
from cases_conv import convolved

# Spatial size, kernel, channels in and out, attributes.
PROBLEMS = [
    ((7,), (3,), (2, 3), {}), ((7,), (2,), (2, 2), {"strides": [2], "pads": [1, 0]}),
    ((5, 6), (1, 1), (4, 5), {}), ((5, 6), (1, 1), (4, 2), {"strides": [2, 1]}),
    ((6, 5), (3, 3), (3, 4), {"pads": [1, 1, 1, 1]}), ((6, 6), (3, 3), (16, 8), {"pads": [1] * 4}),
    ((6, 5), (3, 2), (2, 2), {"dilations": [2, 3], "pads": [2, 0, 0, 3]}),
    ((6, 6), (3, 3), (4, 4), {"group": 4, "pads": [1] * 4}), ((5, 5), (2, 2), (4, 6), {"group": 2}),
    ((5, 5), (3, 3), (2, 3), {"auto_pad": "SAME_LOWER", "strides": [2, 2]}),
    ((3, 4, 3), (2, 1, 2), (2, 3), {"pads": [0, 1, 0, 1, 0, 0]}),
    ((2, 3, 2, 3), (2, 1, 2, 2), (2, 2), {}),
]  # fmt: skip


def operands(problem, tx, tw, batch):
    size, kernel, (channels, outputs), attributes = problem
    x = numbers(tx, (batch, channels, *size), *limits(tx))
    w = numbers(tw, (outputs, channels // attributes.get("group", 1), *kernel), *limits(tw), seed=1)
    return x, w


def sums(x, w, x_zero, w_zero, attributes):
    """Convolution of what the elements stand for; padding stands for zero."""
    x = x.astype(np.float64) - x_zero
    return convolved(x, w - w_zero.astype(np.float64).reshape(-1, *[1] * (w.ndim - 1)), **attributes)


def conv_integer():
    pairs = itertools.product(types("ConvInteger", "T1"), types("ConvInteger", "T2"))
    for (tx, tw), (n, problem) in itertools.product(pairs, enumerate(PROBLEMS)):
        attributes, outputs = problem[3], problem[2][1]
        x, w = operands(problem, tx, tw, (2, 1, 0)[n % 3])
        for zeros in ((), (numbers(tx),), (numbers(tx), numbers(tw)), (numbers(tx), numbers(tw, (outputs,)))):
            def oracle(x, w, x_zero=np.int64(0), w_zero=np.zeros(1), a=attributes):
                return sums(x, w, x_zero.astype(float), w_zero, a).astype(np.int32)
            yield case("ConvInteger", [x, w, *zeros], attributes, tolerance=EXACT, oracle=oracle,
                       name=(tx, tw, n, *(z.shape for z in zeros)), constants=(1,) * (n % 2))  # fmt: skip


def qlinear_conv():
    """Scales are powers of two, so that halves are met and every way to multiply gives the same."""
    kinds = itertools.product(*(types("QLinearConv", f"T{i}") for i in (1, 2, 3)))
    for (tx, tw, ty), (n, problem) in itertools.product(kinds, enumerate(PROBLEMS)):
        attributes, outputs = problem[3], problem[2][1]
        x, w = operands(problem, tx, tw, (2, 1, 0)[n % 3])
        for each, bias in itertools.product(((), (outputs,)), (False, True)):
            w_scale = array("float", 2.0 ** numbers("int32", each, -6, -4))
            w_zero, y_zero = numbers(tw, each, -5, 5, seed=2), numbers(ty, (), -9, 9, seed=3)
            inputs = [x, array("float", 0.25), numbers(tx, (), -5, 5, seed=4), w, w_scale, w_zero,
                      array("float", 4), y_zero]  # fmt: skip
            if bias:
                inputs.append(numbers("int32", (outputs,), -9000, 9000))

            def oracle(x, xs, xz, w, ws, wz, ys, yz, b=np.zeros(outputs), a=attributes, ty=ty):
                total = sums(x, w, xz.astype(float), wz, a)
                channels = [1, -1, *[1] * (total.ndim - 2)]
                y = (total + b.reshape(channels)) * float(xs) * ws.reshape(channels) / float(ys)
                return np.clip(np.rint(y) + int(yz), *limits(ty)).astype(dtype(ty))

            yield case("QLinearConv", inputs, attributes, tolerance=EXACT, oracle=oracle,
                       name=(tx, tw, ty, n, each, "bias" if bias else ""),
                       constants=(1, 2, 3, 4, 5, 6, 7) if n % 2 else ())  # fmt: skip


def cases():
    for table in (conv_integer, qlinear_conv):
        yield from table()

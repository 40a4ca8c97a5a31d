"""com.microsoft: products with quantised matrices, a quantised LSTM, inverses, crops."""

import itertools

import numpy as np
from case import array, dtype, numbers
from contrib import STEP, contrib, ints, linear, reals, scale, whole

FLAGS = (0, 1)
SHAPES = [((3, 5), (5, 2)), ((2, 33), (33, 130))]
BATCHES = [((2, 3, 4), (4, 5)), ((2, 3, 4), (2, 4, 5)), ((2, 1, 3, 4), (2, 4, 5))]
PAIRS = [("uint8", "uint8"), ("uint8", "int8"), ("int8", "int8")]


def factors(shape, seed=2):
    return numbers("float", shape, low=0.01, high=0.1, seed=seed)


def gemm():
    for (a, b), (left, right), per_column, (ta, tb), to_float in itertools.product(
        SHAPES, PAIRS, FLAGS, [(0, 0), (1, 0), (0, 1), (1, 1)], FLAGS
    ):
        columns = b[1]
        x, w = whole(left, a[::-1] if ta else a), whole(right, b[::-1] if tb else b, 1)
        many = (columns,) if per_column else ()
        # Each form of C in turn, as they do not depend on the rest.
        c = [None, (1, columns), (a[0], columns), (columns,)][(2 * ta + tb + to_float) % 4]
        added = None if c is None else numbers("int32", c, low=-999, high=999, seed=3)
        inputs = [x, *linear(left, 0.02, 7), w, factors(many), whole(right, many, 4), added]
        yield contrib("QGemm", inputs if to_float else inputs + linear(left, 40.0, 11),
                      {"transA": ta, "transB": tb, "alpha": 1.5},
                      name=(left, right, a, b, ta, tb, per_column, to_float),
                      **({} if to_float else {"tolerance": STEP}))  # fmt: skip


def to_float():
    for (a, b), (left, right) in itertools.product(SHAPES + BATCHES, PAIRS):
        for per_column, with_bias, zeros in itertools.product(FLAGS, FLAGS, FLAGS):
            # With several matrices B and scales by column ONNX Runtime takes no zero points and
            # multiplies the bias by the scales.
            if len(b) == 3 and per_column and (zeros or with_bias):
                continue
            many = b[-1:] if per_column else ()
            w, w_scale = whole(right, b, 1), factors(many)
            bias = reals(b[-1:], 3) if with_bias else None
            points = [array(left, 9), whole(right, many, 4)] if zeros else [None, None]
            label = (left, right, a, b, per_column, with_bias, zeros)
            yield contrib("MatMulIntegerToFloat", [whole(left, a), w, scale(0.02), w_scale, *points, bias],
                          name=label)  # fmt: skip
            if left == "uint8":
                yield contrib("DynamicQuantizeMatMul", [reals(a), w, w_scale, points[1], bias], name=label)


def nbits():
    for bits, (n, k), (block, rows) in itertools.product(
        (2, 4, 8), [(5, 32), (3, 50), (17, 128), (1, 16)], [(16, (2, 3)), (32, (1,))]
    ):  # fmt: skip
        blocks = -(-k // block)
        w = whole("uint8", (n, blocks, block * bits // 8))
        scales = numbers("float", (n, blocks), low=-0.5, high=0.5, seed=1)
        packed = whole("uint8", (n, -(-blocks * bits // 8)), 2)
        real = numbers("float", (n, blocks), low=0, high=1 << bits, seed=3)
        for name, zeros in (("none", None), ("packed", packed), ("float", real)):
            if name == "float" and bits == 8:
                continue  # not in ONNX Runtime
            bias = reals((n,), 4) if block == 16 else None
            yield contrib("MatMulNBits", [reals((*rows, k)), w, scales, zeros, None, bias],
                          {"K": k, "N": n, "bits": bits, "block_size": block},
                          name=(bits, n, k, block, rows, name), constants=(1, 2), dynamic=False)  # fmt: skip


def inverse():
    for kind, shape in itertools.product(
        ("float", "double"), [(1, 1), (2, 2), (5, 5), (3, 4, 4), (2, 2, 3, 3)]
    ):
        x = numbers(kind, shape, low=-1, high=1) + 2 * np.eye(shape[-1], dtype=dtype(kind))
        yield contrib("Inverse", [x], name=(kind, shape))


def crops():
    boxes = np.array([[0, 0, 1, 1], [0.2, 0.3, 0.7, 0.9], [0.9, 0.8, 0.1, 0.2],
                      [-0.3, -0.2, 1.4, 1.2], [0.5, 0.5, 0.5, 0.5]], np.float32)  # fmt: skip
    of_image = ints((5,), [0, 1, 0, 1, 1])
    for mode, size, shape, outside in itertools.product(
        ("bilinear", "nearest"), [(1, 1), (3, 4), (7, 5)], [(2, 1, 5, 6), (2, 3, 8, 4)], (0.0, -3.5)
    ):
        yield contrib("CropAndResize", [reals(shape), boxes, of_image, ints((2,), size)],
                      {"mode": mode, "extrapolation_value": outside}, name=(mode, size, shape, outside))


def lstm():
    for direction, kind, per_column, sizes, extra in itertools.product(
        ("forward", "reverse", "bidirectional"), ("int8", "uint8"), FLAGS,
        [(1, 1, 3, 4), (4, 2, 5, 3), (7, 3, 8, 16)], ("none", "all"),
    ):  # fmt: skip
        steps, batch, size, hidden = sizes
        many = 2 if direction == "bidirectional" else 1
        rows = (many, 4 * hidden) if per_column else (many,)
        scales = [numbers("float", rows, low=0.002, high=0.008, seed=s) for s in (3, 4)]
        # ONNX Runtime takes one zero point for all weights, and of int8 only 0.
        points = [np.full(rows, 0 if kind == "int8" else point, kind) for point in (127, 130)]
        states = [reals((many, batch, hidden), seed, -1, 1) for seed in (8, 9)]
        beside = [reals((many, 8 * hidden), 7), None, *states, reals((many, 3 * hidden), 10)]
        inputs = [reals((steps, batch, size)), whole(kind, (many, size, 4 * hidden), 1),
                  whole(kind, (many, hidden, 4 * hidden), 2),
                  *(beside if extra == "all" else [None] * 5),
                  scales[0], points[0], scales[1], points[1]]  # fmt: skip
        yield contrib("DynamicQuantizeLSTM", inputs, {"hidden_size": hidden, "direction": direction},
                      name=(direction, kind, per_column, *sizes, extra), outputs=(0, 1, 2),
                      constants=(1, 2, 8, 9, 10, 11))  # fmt: skip


def cases():
    yield from gemm()
    yield from to_float()
    yield from nbits()
    yield from inverse()
    yield from crops()
    yield from lstm()

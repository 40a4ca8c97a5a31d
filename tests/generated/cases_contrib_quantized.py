"""com.microsoft's operators between quantised tensors.

Where a result lies between two steps of its scale, ONNX Runtime and exact arithmetic may go
different ways: they agree within one step.
"""

import itertools

import numpy as np
from case import BROADCASTS, EXACT
from contrib import STEP, contrib, linear, whole


def quantized(op, inputs, attributes=None, **more):
    return contrib(op, inputs, attributes, **{"tolerance": STEP, **more})


def elementwise():
    for kind in ("uint8", "int8"):
        for op, (a, b) in itertools.product(("QLinearAdd", "QLinearMul"), BROADCASTS):
            if 0 in a or 0 in b:
                continue  # ONNX Runtime divides by zero
            for zeros in [(3, 5, 2), (120, 100, 90)]:
                inputs = [whole(kind, a), *linear(kind, 0.05, zeros[0]),
                          whole(kind, b, 1), *linear(kind, 0.02, zeros[1]),
                          *linear(kind, 0.11, zeros[2])]  # fmt: skip
                yield quantized(op, inputs, name=(kind, a, b, zeros[0]))
        every = np.arange(256, dtype=np.uint8).view(kind)
        for x, y in [((0.04, 7), (0.004, 0)), ((0.1, 100), (1 / 256, 100)), ((0.01, 0), (0.02, 0))]:
            inputs = [every, *linear(kind, *x), *linear(kind, *y)]
            yield quantized("QLinearSigmoid", inputs, name=(kind, x[0]))
            for alpha in (0.01, 0.5):
                yield quantized("QLinearLeakyRelu", inputs, {"alpha": alpha}, name=(kind, x[0], alpha))


def pools():
    shapes = [
        ((1, 1, 4, 4), {"kernel_shape": [2, 2]}),
        ((2, 3, 7, 6), {"kernel_shape": [3, 2], "strides": [2, 1], "pads": [1, 0, 1, 1]}),
        ((1, 2, 9), {"kernel_shape": [3], "pads": [1, 1], "strides": [2]}),
        ((1, 2, 4, 5, 3), {"kernel_shape": [2, 2, 2], "pads": [0, 1, 0, 1, 0, 1]}),
        ((1, 2, 8, 8), {"kernel_shape": [3, 3], "strides": [2, 2], "ceil_mode": 1}),
        ((1, 2, 8, 8), {"kernel_shape": [3, 3], "auto_pad": "SAME_UPPER"}),
    ]
    for kind, (shape, attributes), last in itertools.product(("uint8", "int8"), shapes, (0, 1)):
        x = whole(kind, shape)
        x = np.ascontiguousarray(np.moveaxis(x, 1, -1)) if last else x
        inputs = [x, *linear(kind, 0.5, 10), *linear(kind, 0.4, 3)]
        label = (kind, shape, *attributes)
        for count in (0, 1):
            yield quantized("QLinearAveragePool", inputs,
                            {**attributes, "channels_last": last, "count_include_pad": count},
                            name=(*label, last, count))  # fmt: skip
        if len(attributes) < 3:
            yield quantized("QLinearGlobalAveragePool", inputs, {"channels_last": last},
                            name=(kind, shape, last))  # fmt: skip
        if last:
            yield contrib("NhwcMaxPool", [x], attributes, name=label, tolerance=EXACT)
            if len(shape) == 4 and not {"ceil_mode", "auto_pad"} & set(attributes):
                yield contrib("NhwcMaxPool", [x], {**attributes, "dilations": [2, 1]},
                              name=(*label, "dilated"), tolerance=EXACT)  # fmt: skip


def softmax():
    for kind, shape in itertools.product(("uint8", "int8"), [(1, 7), (3, 17), (2, 3, 5), (2, 3, 4, 5)]):
        for opset, axis in itertools.product((12, 13), range(-len(shape), len(shape))):
            # Of a single element ONNX Runtime's uint8 result wraps from 256 to 0.
            if shape[axis] == 1 and opset == 13:
                continue
            x_scale = 0.3 if axis < 0 else 0.02
            inputs = [whole(kind, shape), *linear(kind, x_scale, 4),
                      *linear(kind, 1 / 256, 0 if kind == "uint8" else -128)]  # fmt: skip
            yield quantized("QLinearSoftmax", inputs, {"opset": opset, "axis": axis},
                            name=(kind, shape, opset, axis))  # fmt: skip


def joins():
    for kind, axis, sizes in itertools.product(("uint8", "int8"), (-2, -1, 0, 1), ((2,), (1, 3), (2, 0, 1))):
        inputs = linear(kind, 0.3, 9)
        for i, size in enumerate(sizes):
            shape = [2, 3]
            shape[axis] = size
            inputs += [whole(kind, shape, i), *linear(kind, 0.1 * (i + 2), i * 11)]
        yield quantized("QLinearConcat", inputs, {"axis": axis}, name=(kind, axis, sizes))


def cases():
    yield from elementwise()
    yield from pools()
    yield from softmax()
    yield from joins()

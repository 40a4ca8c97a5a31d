"""Quantisation: every quantised type, type of scale and granularity, and integer products."""

import itertools

import numpy as np
import onnx
from case import EXACT, NUMBERS, SHAPES, case, dtype, is_float, limits, numbers, types, versions

E8M0 = "float8e8m0"
# Shape of x, its axis, size of the blocks (0: none), and shape of the scale.
GRANULARITIES = [
    *[(shape, 1, 0, ()) for shape in SHAPES], ((2, 3), 1, 0, (1,)), ((0, 3), 1, 0, ()),
    ((2, 3), 1, 0, (3,)), ((2, 3), 0, 0, (2,)), ((2, 3, 4), -1, 0, (4,)), ((2, 3, 4), -2, 0, (3,)),
    ((5,), 0, 0, (5,)), ((2, 1, 2, 1, 2, 3), 4, 0, (2,)), ((2, 0, 3), 2, 0, (3,)),
    ((2, 6), 1, 2, (2, 3)), ((2, 5), 1, 2, (2, 3)), ((2, 5), -1, 5, (2, 1)), ((4, 3), 0, 2, (2, 3)),
    ((2, 4, 3), 1, 3, (2, 2, 3)), ((7,), 0, 3, (3,)), ((2, 3, 2, 5), -1, 4, (2, 3, 2, 2)),
]  # fmt: skip
ONE_OF_EACH = [((2, 3), 1, 0, ()), ((2, 3, 4), 1, 0, (3,)), ((2, 5, 3), 1, 2, (2, 3, 3))]
TURNS = itertools.count()


def granularities(opset, every):
    """All of them, or one of each kind in turn, as far as the opset has them."""
    kinds = 1 if opset < 13 else 2 if opset < 21 else 3
    return GRANULARITIES if every else [ONE_OF_EACH[next(TURNS) % kinds]]


def spread(parameter, shape, axis, block):
    """A scale or zero point for each element of x."""
    if parameter.size == 1 and parameter.ndim <= 1:
        return np.broadcast_to(parameter.reshape(()), shape)
    if block:
        return np.take(np.repeat(parameter, block, axis), range(shape[axis]), axis)
    along = [-1 if i == axis % len(shape) else 1 for i in range(len(shape))]
    return np.broadcast_to(parameter.reshape(along), shape)


def parameter_types(op, opset, position):
    """Element types of an input that is no type parameter at early opsets."""
    schema = onnx.defs.get_schema(op, opset, "")
    written = schema.inputs[position].type_str
    return types(op, written, opset) if not written.startswith("tensor(") else (written[7:-1],)


def same_parameter(op, opset, a, b):
    inputs = onnx.defs.get_schema(op, opset, "").inputs
    return inputs[a].type_str == inputs[b].type_str


def quantized(x, scale, zero, q, axis, block, saturate, precision):
    kind = dtype(precision) if is_float(precision) and precision != E8M0 else np.dtype(np.float64)
    each = spread(scale, x.shape, axis, block).astype(kind)
    ratio = (x.astype(kind) / each).astype(np.float64)
    zeros = 0 if zero is None else spread(zero, x.shape, axis, block).astype(np.float64)
    least, greatest = map(float, limits(q))
    if not is_float(q):
        return np.clip(np.rint(ratio) + zeros, least, greatest).astype(np.int64).astype(dtype(q))
    result = ratio + zeros
    if saturate or not q.startswith("float8"):
        result = np.clip(result, least, greatest)
    return result.astype(dtype(q))


def scales(t, shape):
    return numbers(t, shape, 1, 3 if t == "int32" or t == E8M0 else 2, seed=1)


def quantize_linear():
    op = "QuantizeLinear"
    for opset in versions(op):
        newest = opset == versions(op)[-1]
        for q, t in itertools.product(parameter_types(op, opset, 2), types(op, "T1", opset)):
            for s in parameter_types(op, opset, 1):
                if same_parameter(op, opset, 0, 1) and s != t:
                    continue
                every = newest and (t == s == "float" or (t == s == "bfloat16" and q == "int4"))
                for granularity in granularities(opset, every):
                    yield from quantize_case(opset, q, t, s, granularity)


def quantize_case(opset, q, t, s, granularity, **attributes):
    shape, axis, block, scale_shape = granularity
    reach = 2 * min(float(limits(q)[1]), 1000)
    x, scale = numbers(t, shape, -reach, reach), scales(s, scale_shape)
    zero = numbers(q, scale_shape, -3, 3, seed=2) if not is_float(q) else np.zeros(scale_shape, dtype(q))
    precision = attributes.pop("precision", None)
    attributes |= ({"axis": axis} if opset >= 13 else {}) | ({"block_size": block} if block else {})
    attributes |= {"precision": NUMBERS[precision]} if precision else {}
    wrap = "wrap" if attributes.get("saturate", 1) == 0 else ""
    name = (q, t, s, shape, axis, block, scale_shape, precision or "", wrap)

    def oracle(x, scale, zero=None):
        return quantized(x, scale, zero, q, axis, block, attributes.get("saturate", 1), precision or s)

    yield case("QuantizeLinear", [x, scale, zero], attributes, opset=opset, name=name,
               tolerance=EXACT, oracle=oracle)  # fmt: skip
    if opset >= 21 and len(shape) == 2:
        yield case("QuantizeLinear", [x, scale], attributes | {"output_dtype": NUMBERS[q]},
                   opset=opset, name=("no_zero_point", *name), tolerance=EXACT, oracle=oracle)  # fmt: skip


def quantize_further():
    tensor, axis, blocks = ONE_OF_EACH
    for q in ("float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz"):
        for granularity in (tensor, axis):
            yield from quantize_case(28, q, "float", "float", granularity, saturate=0)
    for precision, t in itertools.product(("float", "float16", "bfloat16"), ("float", "float16")):
        for granularity in ONE_OF_EACH:
            yield from quantize_case(28, "int8", t, "float", granularity, precision=precision)
    infinite = np.array([np.inf, -np.inf, 3e38, -3e38, 0.5, 1.5, 2.5, -0.5, -1.5], dtype=np.float32)
    for q in ("int8", "uint8", "int16", "uint4", "int2", "float4e2m1", "float8e4m3fn"):
        yield case("QuantizeLinear", [infinite, np.float32(1), np.zeros((), dtype(q))],
                   name=(q, "ends_and_halves"), tolerance=EXACT,
                   oracle=lambda x, s, z, q=q: quantized(x, s, z, q, 1, 0, 1, "float"))  # fmt: skip


def dequantize_linear():
    op = "DequantizeLinear"
    for opset in versions(op):
        newest = opset == versions(op)[-1]
        scale_types = parameter_types(op, opset, 1)
        for q, s in itertools.product(types(op, "T1" if opset >= 19 else "T", opset), scale_types):
            outputs = types(op, "T3", opset) if opset >= 23 else (None,)
            for to in outputs:
                every = newest and s == to == "float"
                for granularity in granularities(opset, every):
                    yield dequantize_case(opset, q, s, to, granularity)


def dequantize_case(opset, q, s, to, granularity):
    shape, axis, block, scale_shape = granularity
    inputs = [numbers(q, shape, -1000, 1000), scales(s, scale_shape)]
    if q != "int32" and not is_float(q):
        inputs.append(numbers(q, scale_shape, -3, 3, seed=2))
    attributes = ({"axis": axis} if opset >= 13 else {}) | ({"block_size": block} if block else {})
    attributes |= {"output_dtype": NUMBERS[to]} if to else {}

    def oracle(x, scale, zero=np.int64(0)):
        x, scale, zero = (a.astype(np.float64) for a in (x, scale, zero))
        result = (x - spread(zero, shape, axis, block)) * spread(scale, shape, axis, block)
        return result.astype(dtype(to or s))

    return case("DequantizeLinear", inputs, attributes, opset=opset, oracle=oracle,
                name=(q, s, to or "", shape, axis, block, scale_shape))  # fmt: skip


def dynamic_quantize_linear():
    for shape in SHAPES:
        for low, high in ((-8, 8), (1, 8), (-8, -1), (0, 0), (3, 3)):
            yield case("DynamicQuantizeLinear", [numbers("float", shape, low, high)], outputs=3,
                       name=(shape, low, high))  # fmt: skip


PRODUCTS = [((2, 3), (3, 4)), ((3,), (3,)), ((2, 3), (3,)), ((3,), (3, 2)), ((2, 2, 3), (3, 4)),
            ((2, 1, 2, 3), (3, 3, 2)), ((2, 0), (0, 3)), ((0, 3), (3, 2)), ((1, 33), (33, 5))]  # fmt: skip


def products():
    for (a, b), (t, u) in itertools.product(PRODUCTS, itertools.product(("int8", "uint8"), repeat=2)):
        x, w = numbers(t, a, -128, 255), numbers(u, b, -128, 255, seed=1)
        x_zero, w_zero = numbers(t, (), 1, 5), numbers(u, (), 1, 5, seed=1)
        for zeros in ([], [x_zero], [x_zero, w_zero]):
            yield case("MatMulInteger", [x, w, *zeros], opset=10, name=(t, u, a, b, len(zeros)),
                       oracle=integer_product)  # fmt: skip
        for opset in versions("QLinearMatMul"):
            for q in ("int8", "uint8"):
                scale = [np.array(v, dtype=np.float32) for v in (0.05, 0.02, 1.5)]
                inputs = [x, scale[0], x_zero, w, scale[1], w_zero, scale[2], numbers(q, (), 1, 9)]
                yield case("QLinearMatMul", inputs, opset=opset, name=(t, u, q, a, b),
                           tolerance=EXACT, oracle=quantized_product)  # fmt: skip


def integer_product(x, w, x_zero=np.int32(0), w_zero=np.int32(0)):
    left, right = (a.astype(np.int64) - z.astype(np.int64) for a, z in ((x, x_zero), (w, w_zero)))
    return np.asarray(left @ right).astype(np.int32)


def quantized_product(x, x_scale, x_zero, w, w_scale, w_zero, y_scale, y_zero):
    sums = integer_product(x, w, x_zero, w_zero).astype(np.float64)
    y = np.rint(sums * (x_scale * w_scale / y_scale)) + y_zero.astype(np.float64)
    return np.clip(y, *map(float, limits(y_zero.dtype.name))).astype(y_zero.dtype)


def cases():
    yield from quantize_linear()
    yield from quantize_further()
    yield from dequantize_linear()
    yield from dynamic_quantize_linear()
    yield from products()

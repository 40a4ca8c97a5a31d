"""Cast, CastLike and BitCast: every pair of types, with values that the specification decides.

onnx.reference is no oracle here: it lacks the first opset and half of the pairs with float8e8m0,
and makes NaN of infinities that should saturate there.
"""

import itertools

import numpy as np
from case import (
    EMPTY_SHAPES, EXACT, NUMBERS, SHAPES, case, dtype, element_type, is_float, limits, numbers,
    types, versions,
)  # fmt: skip
from oracles import specials

FLOAT8 = ("float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz")
E8M0 = "float8e8m0"
BITS = {"int4": 4, "uint4": 4, "float4e2m1": 4, "int2": 2, "uint2": 2}


def to_e8m0(wide, mode, saturate):
    """Biased exponents; those beyond 0 to 254 saturate or become 255, which is NaN."""
    fractions, exponents = np.frexp(wide)  # wide = fraction * 2^exponent, 0.5 <= fraction < 1
    up = {"up": fractions > 0.5, "down": False, "nearest": fractions >= 0.75}[mode]
    biased = np.where(np.isinf(wide), 255, exponents - 1 + 127 + up)
    low = (wide < 2.0**-127) if saturate else False
    biased = np.where(low, 0, np.minimum(biased, 254) if saturate else biased)
    lost = np.isnan(wide) | (wide < 2.0**-127) & (not saturate) | (biased > 254)
    return np.where(lost, 255, biased).astype(np.uint8).view(dtype(E8M0))


def text(value) -> str:
    """Shortest digits that read back the same, without an exponent from 1e-4 up to 1e16."""
    if not isinstance(value, (float, np.floating)):
        return str(value)
    if not np.isfinite(value) or value == 0 or 1e-4 <= abs(value) < 1e16:
        return np.format_float_positional(value, unique=True, trim="0")
    return np.format_float_scientific(value, unique=True, trim="-", exp_digits=2)


def to_strings(x):
    t = element_type(x)
    if is_float(t) and t not in ("double", "float", "float16"):
        x = x.astype(np.float32)
    elif not is_float(t) and t != "bool":
        x = x.astype(object)
    return np.array([text(v) for v in x.ravel()], dtype=object).reshape(x.shape)


def converted(x, u, mode="up", saturate=1):
    t = element_type(x)
    if u == t:
        return converted(x.astype(np.float32), u, mode, saturate) if u in FLOAT8 else x
    if u == "string":
        return to_strings(x)
    if t == "string":
        x = np.array([float(v) for v in x.ravel()]).reshape(x.shape)
    elif is_float(t):
        x = x.astype(np.float64)
    elif t in BITS:
        x = x.astype(np.int64)
    if u == "bool":
        return x != 0
    if u == E8M0:
        return to_e8m0(x.astype(np.float64), mode, saturate)
    if u in FLOAT8 and saturate:
        x = np.clip(x.astype(np.float64), *map(float, limits(u)))
    return x.astype(dtype(u))


def source(t, u):
    """Special values of t whose cast to u is specified."""
    if t == "string":
        return words(u)
    values = specials(t)
    if t == "bool" or u == "bool" or (not is_float(t) and u != E8M0):
        return values
    wide = values.astype(np.float64)
    if u == E8M0:
        return values[~np.signbit(wide)]
    if is_float(u) or u == "string":
        return values
    least, greatest = limits(u)  # the greatest int64 is none of the floats
    return values[(wide > float(least) - 1) & (wide < min(float(greatest) + 1, 2.0**62))]


def words(u):
    if u == "string":
        return specials(u)
    listed = ["1", "0"]
    if u == E8M0:
        listed = ["1", "2", "0.5", "1e3", "INF", "NaN"]
    elif is_float(u):
        listed += ["-1", "7", "0.5", "-3.5", "1e-1", "1E1", "+INF", "INF", "-inf", "NaN", "314.15926"]
    elif u not in ("int2", "uint2"):
        listed += ["7"] if u.startswith("u") else ["7", "-7"]
    return np.array(listed, dtype=object)


def pairs(op, opset):
    """All pairs at the newest opset; before that, each type with two others."""
    sources, targets = types(op, "T1", opset), types(op, "T2", opset)
    if opset == versions(op)[-1]:
        every = itertools.product(sources, targets)
    else:
        every = [(t, targets[(i + step) % len(targets)])
                 for i, t in enumerate(sources) for step in (1, 5)]  # fmt: skip
    return [(t, u) for t, u in every if (t, u) != ("string", "bool")]  # not described


def one(op, x, u, opset=versions("Cast")[-1], name=(), **attributes):
    def oracle(x, *like):
        return converted(x, u, attributes.get("round_mode", "up"), attributes.get("saturate", 1))

    inputs = [x] if op == "Cast" else [x, numbers(u, (2,), 1, 1)]
    if op == "Cast":
        attributes = attributes | {"to": u.upper() if opset < 6 else NUMBERS[u]}
    return case(op, inputs, attributes, opset=opset, oracle=oracle, tolerance=EXACT,
                name=(element_type(x), u, *name))  # fmt: skip


def casts(op):
    for opset in versions(op):
        for t, u in pairs(op, opset):
            yield one(op, source(t, u), u, opset)
            if opset >= 19 and u in FLOAT8:
                yield one(op, source(t, u), u, opset, ("overflowing",), saturate=0)


def rounding_to_e8m0():
    for op, mode in itertools.product(("Cast", "CastLike"), ("up", "down", "nearest")):
        for t in ("float", "float16", "bfloat16", "double", "int32"):
            for saturate in (1, 0) if mode == "nearest" else (1,):
                x = np.concatenate([source(t, E8M0), numbers(t, (20,), 1, 300)])
                yield one(op, x, E8M0, versions(op)[-1], (mode, saturate), round_mode=mode,
                          saturate=saturate)  # fmt: skip


def shapes():
    for shape in (*SHAPES, *EMPTY_SHAPES):
        for t, u in (("float", "int32"), ("int8", "float16"), ("int4", "string"), ("bool", "int2")):
            yield one("Cast", numbers(t, shape, -1, 1), u, name=(shape,))
        yield one("Cast", np.full(shape, "2.5", dtype=object), "double", name=(shape,))


def bits(t):
    return BITS.get(t, 8 * dtype(t).itemsize)


def unpacked(x):
    """Bit patterns, one to an element."""
    t = element_type(x)
    if t in ("int4", "uint4", "int2", "uint2"):
        return x.astype(np.int8).view(np.uint8) & ((1 << bits(t)) - 1)
    return x.view(f"u{x.itemsize}") if x.itemsize <= 8 else x


def bit_cast():
    def oracle(x, u):
        patterns = unpacked(x)
        if u in ("int4", "int2"):
            signed = (patterns << (8 - bits(u))).astype(np.uint8).view(np.int8) >> (8 - bits(u))
            return signed.astype(dtype(u))
        return patterns.astype(dtype(u)) if u in ("uint4", "uint2") else patterns.view(dtype(u))

    for t, u in itertools.product(types("BitCast", "T1"), types("BitCast", "T2")):
        if bits(t) != bits(u) or (u == "bool") != (t == "bool"):
            continue
        inputs = {shape: numbers(t, shape) for shape in (*SHAPES, (0, 2))}
        inputs["specials"] = specials(t)
        for label, x in inputs.items():
            yield case("BitCast", [x], {"to": NUMBERS[u]}, name=(t, u, label), tolerance=EXACT,
                       oracle=lambda x, u=u: oracle(x, u))  # fmt: skip


def cases():
    yield from casts("Cast")
    yield from casts("CastLike")
    yield from rounding_to_e8m0()
    yield from shapes()
    yield from bit_cast()

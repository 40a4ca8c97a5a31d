"""Operators of two or more inputs, element by element: types, broadcasting, special values."""

import itertools

import numpy as np
from case import BROADCASTS, case, dtype, is_float, numbers, types, versions
from oracles import exact, number, quotient, real, specials


def remainder(a: int, b: int) -> int:
    """Of the sign of b, as the floor of the quotient asks; 0 for b = 0."""
    return a % b if b else 0


def shift(left: bool, bits: int):
    def of(a, b):
        if not 0 <= b < bits:
            return -1 if a < 0 and not left else 0
        return a << b if left else a >> b

    return of


def power(a: int, b: int) -> int:
    """Integer powers; the reciprocal of a negative one truncated, of 0 being 0."""
    return a**b if b >= 0 else quotient(1, a**-b)


def prelu(x, slope):
    return np.where(x < 0, x * slope, x)


ARITHMETIC = {
    "Add": number(np.add, lambda a, b: a + b),
    "Sub": number(np.subtract, lambda a, b: a - b),
    "Mul": number(np.multiply, lambda a, b: a * b),
    "Div": number(np.divide, quotient),
    "And": np.logical_and, "Or": np.logical_or, "Xor": np.logical_xor,
    "BitwiseAnd": exact(lambda a, b: a & b),
    "BitwiseOr": exact(lambda a, b: a | b),
    "BitwiseXor": exact(lambda a, b: a ^ b),
    "Equal": real(np.equal), "Greater": real(np.greater), "Less": real(np.less),
    "GreaterOrEqual": real(np.greater_equal), "LessOrEqual": real(np.less_equal),
}  # fmt: skip


def operands(t, a, b):
    return [numbers(t, a), numbers(t, b, seed=1)]


def special_table(t, u=None):
    """Every special value against every other."""
    return [specials(t)[:, None], specials(u or t)]


def broadcasting(op, oracle, attributes=None, name=()):
    """Every pair of shapes at the newest opset, one pair at those from 7 on, and special values."""
    for opset in versions(op):
        for t in types(op, "T", opset):
            pairs = BROADCASTS if opset == versions(op)[-1] else [((2, 3), (2, 3))]
            for a, b in pairs:
                yield case(op, operands(t, a, b), attributes, name=(*name, t, a, b), opset=opset,
                           oracle=oracle)  # fmt: skip
            if opset >= 7:
                yield case(op, special_table(t), attributes, name=(*name, t, "specials"),
                           opset=opset, oracle=oracle)  # fmt: skip


def legacy(op, oracle):
    """Before opset 7: broadcast only where asked for, to the axes from `axis` on."""
    shapes = [((), None), ((1, 1), None), ((5,), None), ((4, 5), None), ((3, 4), 1), ((2,), 0),
              ((2, 3, 4, 5), 0), ((4,), -2)]  # fmt: skip
    for opset in (v for v in versions(op) if v < 7):
        for t in types(op, "T", opset):
            for b, axis in shapes:
                attributes = {"broadcast": 1} | ({} if axis is None else {"axis": axis})
                behind = 0 if axis is None else 4 - axis % 4 - len(b)

                def aligned(x, y, n=behind):
                    return oracle(x, y.reshape(y.shape + (1,) * n) if y.size > 1 else y.reshape(()))

                yield case(op, operands(t, (2, 3, 4, 5), b), attributes, opset=opset,
                           name=(t, b, "axis", axis), oracle=aligned)  # fmt: skip


def modulo():
    for opset in versions("Mod"):
        for t in types("Mod", "T", opset):
            for fmod in (0, 1) if not is_float(t) or opset >= 28 else (1,):
                by_sign_of_a = number(np.fmod, lambda a, b: a - b * quotient(a, b) if b else 0)
                oracle = by_sign_of_a if fmod else number(np.mod, remainder)
                pairs = BROADCASTS if opset == 28 else BROADCASTS[:3]
                for a, b in pairs:
                    yield case("Mod", operands(t, a, b), {"fmod": fmod}, opset=opset,
                               name=(t, a, b, fmod), oracle=oracle)  # fmt: skip
                yield case("Mod", special_table(t), {"fmod": fmod}, opset=opset,
                           name=(t, "specials", fmod), oracle=oracle)  # fmt: skip


def shifts():
    for opset, direction in itertools.product(versions("BitShift"), ("LEFT", "RIGHT")):
        for t in types("BitShift", "T", opset):
            oracle = exact(shift(direction == "LEFT", 8 * dtype(t).itemsize))
            for a, b in BROADCASTS:
                amounts = numbers(t, b, 0, 8 * dtype(t).itemsize - 1, seed=1)
                yield case("BitShift", [numbers(t, a, -100, 100), amounts],
                           {"direction": direction}, opset=opset, name=(t, a, b, direction),
                           oracle=oracle)  # fmt: skip
            yield case("BitShift", special_table(t), {"direction": direction}, opset=opset,
                       name=(t, "specials", direction), oracle=oracle)  # fmt: skip


def powers():
    for opset in versions("Pow"):
        bases = types("Pow", "T", opset)
        exponents = types("Pow", "T1", opset) if opset >= 12 else [None]
        for t, u in itertools.product(bases, exponents):
            u = u or t
            both_integers = not is_float(t) and not is_float(u)
            oracle = exact(power) if both_integers else real(np.power)
            for a, b in BROADCASTS if opset == 15 and t == u else [((2, 3), (2, 3))]:
                base = numbers(t, a, 1 if is_float(u) else -5, 5)
                yield case("Pow", [base, numbers(u, b, -3, 4, seed=1)], opset=opset,
                           name=(t, u, a, b), oracle=oracle)  # fmt: skip
            if opset >= 7 and is_float(t) and is_float(u):
                yield case("Pow", special_table(t, u), opset=opset, name=(t, u, "specials"),
                           oracle=oracle)  # fmt: skip


def slopes():
    pairs = [((), ()), ((3,), (1,)), ((2, 3), (3,)), ((2, 3, 4), (3, 1)), ((2, 3, 4), ()),
             ((2, 3, 2, 2), (3, 1, 1)), ((2, 1, 2, 1, 2), (1, 1, 2, 1, 1)), ((0, 3), (3,)),
             ((2, 1, 2, 1, 2, 3), (2, 3))]  # fmt: skip
    oracle = number(prelu, lambda x, slope: x * slope if x < 0 else x)
    for opset in versions("PRelu"):
        for t in types("PRelu", "T", opset):
            for x, slope in pairs if opset >= 9 else pairs[:3]:
                yield case("PRelu", operands(t, x, slope), opset=opset, name=(t, x, slope),
                           oracle=oracle)  # fmt: skip
            if opset < 7:  # the slope lies along the channels
                yield case("PRelu", operands(t, (2, 3, 4), (3,)), opset=opset, name=(t, "channels"),
                           oracle=lambda x, s: oracle(x, s[:, None]))  # fmt: skip
            else:
                x = np.tile(specials(t), (specials(t).size, 1))
                yield case("PRelu", [x, specials(t)[:, None]], opset=opset, name=(t, "specials"),
                           oracle=oracle)  # fmt: skip


VARIADIC = {"Max": np.maximum, "Min": np.minimum, "Sum": np.add, "Mean": np.add}


def variadic(op, function):
    def oracle(*arrays):
        total = arrays[0]
        for array in arrays[1:]:
            total = function(total, array)
        return total / len(arrays) if op == "Mean" else total

    shapes = [[(2, 3)], [(2, 3), (3,)], [(), (2, 1), (1, 3)], [(1,), (2, 1, 2), (3, 1), ()],
              [(2, 1, 2, 1, 2, 3), (1, 1)], [(0, 3), (1, 3)], [()], [(0,)]]  # fmt: skip
    for opset in versions(op):
        for t in types(op, "T", opset):
            for each in shapes if opset >= 8 else [[(2, 3)], [(2, 3)] * 2, [(2, 3)] * 4]:
                inputs = [numbers(t, shape, seed=i) for i, shape in enumerate(each)]
                yield case(op, inputs, opset=opset, name=(t, *each), oracle=real(oracle))
            if opset >= 8 and op != "Mean":  # where sums overflow on the way, it is open
                yield case(op, special_table(t), opset=opset, name=(t, "specials"),
                           oracle=real(oracle))  # fmt: skip


def where():
    shapes = [((), (), ()), ((2, 3), (2, 3), (2, 3)), ((2, 1), (1, 3), ()), ((3,), (2, 1), (2, 3)),
              ((1,), (2, 3, 4), (3, 1)), ((2, 1, 2, 1, 2, 3), (2, 3), (2, 1, 1)),
              ((0, 1), (1, 3), (3,)), ((3, 1), (0,), ())]  # fmt: skip
    for opset in versions("Where"):
        for t in types("Where", "T", opset):
            for condition, x, y in shapes:
                inputs = [numbers("bool", condition), *operands(t, x, y)]
                yield case("Where", inputs, opset=opset, name=(t, condition, x, y),
                           oracle=np.where)  # fmt: skip


def clipped(x, low=None, high=None):
    raised = x if low is None else np.maximum(x, low)
    return raised if high is None else np.minimum(raised, high)


def clip():
    for opset in versions("Clip"):
        for t in types("Clip", "T", opset):
            bounds = [(None, None), (None, 3), (2, None), (1, 4), (4, 1), (0, 0)]
            for (low, high), shape in itertools.product(bounds, [(), (2, 3), (0, 3), "specials"]):
                x = specials(t) if shape == "specials" else numbers(t, shape)
                name = (t, shape, low, high)
                if opset < 11:
                    attributes = {key: float(value) for key, value in (("min", low), ("max", high))
                                  if value is not None}  # fmt: skip
                    limit = float(np.finfo(np.float32).max)  # the bounds that are not given
                    ends = (-limit if low is None else low, limit if high is None else high)
                    yield case("Clip", [x], attributes, opset=opset, name=name,
                               oracle=real(lambda x, e=ends: clipped(x, *e)))  # fmt: skip
                    continue
                inputs = [x] + [None if v is None else np.array(v).astype(dtype(t))
                                for v in (low, high)]  # fmt: skip

                def oracle(x, *given, low=low, high=high):
                    return clipped(x, low, high).astype(x.dtype)

                yield case("Clip", inputs, opset=opset, name=name, oracle=real(oracle))


def cases():
    for op, oracle in ARITHMETIC.items():
        yield from broadcasting(op, oracle)
        yield from legacy(op, oracle)
    for op, function in VARIADIC.items():
        yield from variadic(op, function)
    for table in (modulo, shifts, powers, slopes, where, clip):
        yield from table()

"""The reductions: every type at every opset, axes in every form, nothing to reduce."""

import itertools

import numpy as np
from case import SHAPES, case, dtype, is_float, limits, numbers, types, versions
from oracles import quotient, specials


def greatest(x, axis, keepdims):
    """Of nothing it is the least value of the type."""
    least = -np.inf if x.dtype.kind == "f" else limits(x.dtype.name)[0]
    return np.max(x, axis=axis, keepdims=keepdims, initial=least)


def least(x, axis, keepdims):
    most = np.inf if x.dtype.kind == "f" else limits(x.dtype.name)[1]
    return np.min(x, axis=axis, keepdims=keepdims, initial=most)


def mean(x, **how):
    total = np.sum(x, **how)
    count = x.size // max(np.size(total), 1)
    if x.dtype == object:
        return np.frompyfunc(lambda s: quotient(s, count), 1, 1)(total)
    return total / count if count else np.full(np.shape(total), np.nan)


def log_sum_exp(x, axis, keepdims):
    top = greatest(x, axis, True)
    shift = np.where(np.isfinite(top), top, 0)
    with_axes = np.log(np.sum(np.exp(x - shift), axis=axis, keepdims=True)) + shift
    return with_axes if keepdims else np.squeeze(with_axes, axis)


# On floats as double, on integers as Python's.
REDUCTIONS = {
    "ReduceSum": lambda x, **how: np.sum(x, **how),
    "ReduceMean": mean,
    "ReduceSumSquare": lambda x, **how: np.sum(x * x, **how),
    "ReduceL1": lambda x, **how: np.sum(abs(x), **how),
    "ReduceProd": lambda x, **how: np.prod(x, **how),
}
# By way of double for every type; integers truncate.
BY_DOUBLE = {
    "ReduceL2": lambda x, **how: np.sqrt(np.sum(x * x, **how)),
    "ReduceLogSum": lambda x, **how: np.log(np.sum(x, **how)),
    "ReduceLogSumExp": log_sum_exp,
}
EXTREMES = {"ReduceMax": greatest, "ReduceMin": least}
OPERATORS = REDUCTIONS | BY_DOUBLE | EXTREMES


def oracle(op, axes, keepdims):
    def reduce(x, *_):
        t = x.dtype
        how = {"axis": axes, "keepdims": keepdims}
        if op in EXTREMES and x.dtype.kind in "iub":
            return np.asarray(OPERATORS[op](x, **how)).astype(t)
        wide = x.astype(np.float64 if op in BY_DOUBLE or x.dtype.kind not in "iu" else object)
        result = np.asarray(OPERATORS[op](wide, **how))
        if result.dtype == object:
            mask = (1 << 8 * t.itemsize) - 1
            wrap = np.frompyfunc(lambda v: int(v) & mask, 1, 1)
            return np.asarray(wrap(result), dtype=np.uint64).astype(t)
        return result.astype(t)

    return reduce


def one(op, x, axes, opset, name, keepdims=1, noop=0, form="input"):
    """`axes` is a list, [] or None; `form` says how an input of axes comes."""
    as_input = opset >= (13 if op == "ReduceSum" else 18)
    attributes = {"keepdims": keepdims}
    inputs = [x]
    constants = ()
    if noop and as_input:
        attributes["noop_with_empty_axes"] = 1
    if axes is not None and as_input:
        inputs.append(np.array(axes, dtype=np.int64))
        constants = (1,) if form == "constant" else ()
    elif axes:
        attributes["axes"] = axes
    numpy_axes = tuple(axes) if axes else None if not (noop and as_input) else ()
    return case(op, inputs, attributes, opset=opset, name=(*name, axes, keepdims, noop, form),
                constants=constants, oracle=oracle(op, numpy_axes, bool(keepdims)))  # fmt: skip


def values(op, t, shape):
    """Numbers at which the result fits: roots and logarithms of integers are of positive ones."""
    logarithm = op in ("ReduceLogSum", "ReduceLogSumExp")
    low, high = (1, 3) if op == "ReduceProd" else (1, 8) if logarithm else (-8, 8)
    return numbers(t, shape, low, high)


def defined(op, t, shape):
    """Has a reduction of nothing a value in this type?"""
    return 0 not in shape or is_float(t) or op not in ("ReduceMean", "ReduceLogSum", "ReduceLogSumExp")


def axes_of(rank):
    yield None
    yield from ([axis] for axis in range(-rank, rank))
    yield from map(list, itertools.combinations(range(rank), 2))
    if rank > 2:
        yield [-1, 0, 1]
        yield list(range(rank))


def newest(op):
    opset = versions(op)[-1]
    for t in types(op, "T", opset):
        for shape in SHAPES:
            # All axes for float; for other types all together, the first, and the last.
            rank = len(shape)
            few = [(None, 1), *([([0], 0), ([-1], 1)] if rank else [])]
            choices = itertools.product(axes_of(rank), (0, 1)) if t == "float" else few
            for axes, keepdims in choices:
                yield one(op, values(op, t, shape), axes, opset, (t, shape), keepdims)
        for shape, axes in (((0,), [0]), ((2, 0), [1]), ((2, 0, 3), [1]), ((2, 0, 3), [0]),
                            ((0, 3), None), ((0, 2), [-1])):  # fmt: skip
            if defined(op, t, shape):
                yield one(op, values(op, t, shape), axes, opset, (t, shape))
        for noop, axes in itertools.product((0, 1), (None, [])):
            yield one(op, values(op, t, (2, 3)), axes, opset, (t, "empty_axes"), noop=noop)
        if is_float(t):
            for value in (np.inf, -np.inf, np.nan):
                x = values(op, t, (2, 3)).astype(np.float64)
                x[1, 1] = value
                yield one(op, x.astype(dtype(t)), [1], opset, (t, "has", value))
        elif op in REDUCTIONS and op != "ReduceMean" or op in EXTREMES:
            yield one(op, specials(t), [0], opset, (t, "specials"))
    yield one(op, values(op, "float", (2, 3, 4)), [-1, 0], opset, ("float",), form="constant")


def cases():
    for op in OPERATORS:
        yield from newest(op)
        for opset in versions(op)[:-1]:
            for t in types(op, "T", opset):
                for axes in (None, [0], [1, 2], [-1] if opset >= 11 else [2]):
                    yield one(op, values(op, t, (2, 3, 2)), axes, opset, (t,))

"""ArgMax, ArgMin, CumSum, CumProd and the kinds of softmax: along each axis, in each type."""

import itertools

import numpy as np
from case import SHAPES, array, case, dtype, element_type, is_float, numbers, types, versions
from oracles import real, specials


def extreme_at(op, x, axis, keepdims, last):
    find = np.argmax if op == "ArgMax" else np.argmin
    x = x.astype(np.float64) if is_float(element_type(x)) else x
    if last:
        at = x.shape[axis] - 1 - find(np.flip(x, axis), axis=axis, keepdims=keepdims)
    else:
        at = find(x, axis=axis, keepdims=keepdims)
    return np.asarray(at, dtype=np.int64)


def arg_extremes():
    for op in ("ArgMax", "ArgMin"):
        for opset in versions(op):
            for t in types(op, "T", opset):
                yield from arg_extreme(op, opset, t)


def arg_extreme(op, opset, t):
    newest = opset == versions(op)[-1]
    # Few different values, so that the first and the last differ.
    inputs = {shape: numbers(t, shape, 0, 2) for shape in (SHAPES[1:] if newest else [(2, 3)])}
    inputs["specials"] = specials(t)
    if newest:
        inputs[(2, 0, 3)] = numbers(t, (2, 0, 3))
    for label, x in inputs.items():
        axes = range(-x.ndim if opset >= 11 else 0, x.ndim)
        every = itertools.product(axes, (0, 1), (0, 1))
        few = [(0, 0, 0), (x.ndim - 1, 1, 1)]
        for axis, keepdims, last in every if t == "float" else few:
            if x.shape[axis] == 0 or (last and opset < 12):
                continue
            attributes = {"axis": axis, "keepdims": keepdims}
            attributes |= {"select_last_index": 1} if last else {}
            yield case(op, [x], attributes, opset=opset,
                       name=(t, label, "axis", axis, keepdims, last),
                       oracle=lambda x, a=axis, k=bool(keepdims), last=last:
                       extreme_at(op, x, a, k, last))  # fmt: skip


def running(op, axis, exclusive, reverse):
    """Exclusive totals are those up to the element before."""

    def oracle(x, *_):
        wide = x.astype(np.float64) if is_float(element_type(x)) else x
        if reverse:
            wide = np.flip(wide, axis)
        neutral = 0 if op == "CumSum" else 1
        with np.errstate(all="ignore"):
            function = np.cumsum if op == "CumSum" else np.cumprod
            total = function(wide, axis=axis, dtype=wide.dtype)
        if exclusive and x.shape[axis]:
            before = np.delete(total, -1, axis)
            total = np.insert(before, 0, neutral, axis)
        return (np.flip(total, axis) if reverse else total).astype(x.dtype)

    return oracle


def cumulative():
    for op in ("CumSum", "CumProd"):
        for opset in versions(op):
            for t, shape in itertools.product(types(op, "T", opset), [*SHAPES[1:], (2, 0, 3)]):
                x = numbers(t, shape, *((-8, 8) if op == "CumSum" else (1, 3)))
                rank = len(shape)
                every = itertools.product(range(-rank, rank), (0, 1), (0, 1))
                few = [(0, 0, 1), (-1, 1, 0), (0, 1, 1)]
                for axis, exclusive, reverse in every if t == "float" else few:
                    index = "int32" if (axis + reverse) % 2 else "int64"
                    yield case(op, [x, array(index, axis)],
                               {"exclusive": exclusive, "reverse": reverse}, opset=opset,
                               name=(t, shape, "axis", axis, exclusive, reverse),
                               constants=(1,) if exclusive else (),
                               oracle=running(op, axis, exclusive, reverse))  # fmt: skip


def softmax(x, axis):
    shifted = x - np.max(x, axis=axis, keepdims=True)
    e = np.exp(shifted)
    return e / np.sum(e, axis=axis, keepdims=True)


def log_softmax(x, axis):
    shifted = x - np.max(x, axis=axis, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=axis, keepdims=True))


def hardmax(x, axis):
    first = np.argmax(x, axis=axis, keepdims=True)
    places = np.arange(x.shape[axis]).reshape([-1 if i == axis % x.ndim else 1 for i in range(x.ndim)])
    return np.where(places == first, 1.0, 0.0)


def flattened(function, axis):
    """Before opset 13 the axis and all behind it were one."""

    def oracle(x):
        rows = int(np.prod(x.shape[: axis % x.ndim]))
        return function(x.reshape(rows, -1), 1).reshape(x.shape)

    return oracle


def softmaxes():
    functions = {"Softmax": softmax, "LogSoftmax": log_softmax, "Hardmax": hardmax}
    for op, function in functions.items():
        for opset in versions(op):
            for t, shape in itertools.product(types(op, "T", opset), [*SHAPES[1:], (0, 3)]):
                rank = len(shape)
                every = range(-rank if opset >= 11 else 0, rank)
                for axis in every if t == "float" else {0, rank - 1}:
                    oracle = flattened(function, axis)
                    if opset >= 13:
                        oracle = lambda x, a=axis, f=function: f(x, a)
                    if 0 in shape:
                        oracle = lambda x: x
                    yield case(op, [numbers(t, shape)], {"axis": axis}, opset=opset,
                               name=(t, shape, "axis", axis), oracle=real(oracle))  # fmt: skip
                if rank == 3:  # the axis where none is given
                    default = flattened(function, 1) if opset < 13 else lambda x, f=function: f(x, -1)
                    yield case(op, [numbers(t, shape)], opset=opset, name=(t, shape, "default"),
                               oracle=real(default))  # fmt: skip
            for t in types(op, "T", opset):
                rows = np.array([[1e4, -1e4, 0], [-np.inf, 0, 1], [5, 5, 5]]).astype(dtype(t))
                yield case(op, [rows], {"axis": 1}, opset=opset, name=(t, "extremes"),
                           oracle=real(lambda x, f=function: f(x, 1)))  # fmt: skip


def cases():
    yield from arg_extremes()
    yield from cumulative()
    yield from softmaxes()

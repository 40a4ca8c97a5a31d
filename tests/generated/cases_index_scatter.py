"""Scattering: types, index types, reductions of duplicates, axes, empties."""

import numpy as np
from case import EMPTY_SHAPES, SHAPES, array, case, history, move, numbers, types, versions


def combine(reduction, a, b):
    """One update: as integers wrap, bools "or" and "and", and floats round each time."""
    if reduction == "none":
        return b
    if a.dtype == bool:
        return a | b if reduction in ("add", "max") else a & b
    function = {"add": np.add, "mul": np.multiply, "max": np.maximum, "min": np.minimum}[reduction]
    return function(a, b).astype(a.dtype)


def scattered(x, index, updates, axis, reduction):
    x = x.copy()
    for at in np.ndindex(*index.shape):
        place = list(at)
        place[axis] = index[at]
        x[tuple(place)] = combine(reduction, x[tuple(place)], updates[at])
    return x


def scattered_nd(x, index, updates, reduction):
    x = x.copy()
    for at in np.ndindex(*index.shape[:-1]):
        place = tuple(index[at])
        x[place] = combine(reduction, np.asarray(x[place]), np.asarray(updates[at]))
    return x


def reductions(opset, t):
    """Those that the specification gives a meaning for elements of that type."""
    some = ["none"] + (["add", "mul"] if opset >= 16 and t != "string" else [])
    if opset >= 18 and t != "string" and not t.startswith("complex"):
        some += ["max", "min"]
    return some


def scatter():
    for op in ("Scatter", "ScatterElements"):
        for opset in versions(op):
            for t in types(op, opset=opset):
                for index in types(op, "Tind", opset):
                    for reduction in reductions(opset, t):
                        at = [[1, 0, 0], [1, 2, 0]] if opset < 11 else [[1, -1, 0], [1, 2, 0]]
                        attributes = {"axis": 0} | ({"reduction": reduction} if opset >= 16 else {})
                        yield case(op, [numbers(t, (3, 3)), array(index, at), numbers(t, (2, 3), seed=1)],
                                   attributes, name=(t, index, reduction), opset=opset,
                                   oracle=lambda x, i, u: scattered(x, i, u, 0, reduction))
    for shape in (*SHAPES[1:], *EMPTY_SHAPES):
        for axis in range(-len(shape), len(shape)):
            n = shape[axis]
            at = list(shape)
            at[axis] = 2 if n else 0
            for reduction in ("none", "add"):
                inputs = [numbers("float", shape), numbers("int64", at, -n, n - 1),
                          numbers("float", at, seed=1)]  # fmt: skip
                yield case("ScatterElements", inputs, {"axis": axis, "reduction": reduction},
                           name=(shape, axis, reduction),
                           oracle=lambda x, i, u: scattered(x, i, u, axis, reduction))  # fmt: skip


def scatter_nd():
    for opset, t in history("ScatterND"):
        for reduction in reductions(opset, t):
            attributes = {"reduction": reduction} if opset >= 16 else {}
            yield case("ScatterND", [numbers(t, (3, 3)), np.array([[1], [-1], [1]]), numbers(t, (3, 3), seed=1)],
                       attributes, name=(t, reduction), opset=opset,
                       oracle=lambda x, i, u: scattered_nd(x, i, u, reduction))  # fmt: skip
    for shape, index in [((4,), (2, 1)), ((4,), (0, 1)), ((3, 4), (2,)), ((3, 4), (5, 2)),
                         ((2, 3, 4), (2, 2, 1)), ((2, 3, 4), (3, 2)), ((2, 0), (2, 1)),
                         ((2, 1, 2, 1, 2, 3), (2, 4))]:  # fmt: skip
        at = np.stack([numbers("int64", index[:-1], -n, n - 1, seed=i)
                       for i, n in enumerate(shape[:index[-1]])], -1)  # fmt: skip
        updates = numbers("float", (*index[:-1], *shape[index[-1]:]), seed=1)
        for reduction in ("none", "add", "mul", "max", "min"):
            yield case("ScatterND", [numbers("float", shape), at, updates], {"reduction": reduction},
                       name=(shape, index, reduction),
                       oracle=lambda x, i, u: scattered_nd(x, i, u, reduction))  # fmt: skip


def tensor_scatter():
    def written(cache, update, starts=None, axis=-2, circular=False):
        cache, size, length = cache.copy(), cache.shape[axis], update.shape[axis]
        for b in range(cache.shape[0]):
            start = 0 if starts is None else starts[b]
            places = [(start + t) % size if circular else start + t for t in range(length)]
            rows = np.moveaxis(cache[b], axis - (axis > 0), 0)  # a view
            rows[places] = np.moveaxis(update[b], axis - (axis > 0), 0)
        return cache

    for opset, t in history("TensorScatter"):
        yield move("TensorScatter", [numbers(t, (2, 2, 4, 3)), numbers(t, (2, 2, 2, 3), seed=1),
                                     np.array([0, 2])], name=(t,), opset=opset, oracle=written)  # fmt: skip
    for shape, axis in [((2, 5), 1), ((2, 5, 1), -2), ((2, 3, 5), 2), ((2, 1, 5, 2), -2), ((2, 5, 0), 1)]:
        for length in (0, 1, 5):
            update = list(shape)
            update[axis] = length
            for mode in ("linear", "circular"):
                starts = [0, 5 - length] if mode == "linear" else [4, 2]
                for given in (starts, None):
                    inputs = [numbers("float", shape), numbers("float", update, seed=1),
                              *([] if given is None else [np.array(given)])]  # fmt: skip
                    yield move("TensorScatter", inputs, {"axis": axis, "mode": mode},
                               name=(shape, axis, length, mode, given),
                               oracle=lambda c, u, s=None: written(c, u, s, axis, mode == "circular"))


def cases():
    for table in (scatter, scatter_nd, tensor_scatter):
        yield from table()

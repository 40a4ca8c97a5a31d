"""Gathering, scattering, selecting and sorting: types, index types, axes, duplicates, empties."""

import numpy as np
from case import (EMPTY_SHAPES, EXACT, SHAPES, array, case, history, is_float, numbers, types,
                  versions)  # fmt: skip
from oracles import specials


def ints(values):
    return np.array(values, dtype=np.int64)


def move(op, inputs, attributes=None, **more):
    """A case whose elements are moved as they are."""
    return case(op, inputs, attributes, tolerance=EXACT, **more)


# ---- Gather ---------------------------------------------------------------------------------


def gather():
    for opset in versions("Gather"):
        low = 0 if opset < 11 else -4
        for t in types("Gather", opset=opset):
            for index in types("Gather", "Tind", opset):
                for axis, shape in [(0, (2, 2)), (1, ())]:
                    at = numbers(index, shape, low, 3)
                    yield move("Gather", [numbers(t, (4, 4)), at], {"axis": axis},
                               name=(t, index, axis), opset=opset,
                               oracle=lambda x, i: np.take(x, i, axis))  # fmt: skip
    for shape in SHAPES[1:]:
        for axis in range(-len(shape), len(shape)):
            n = shape[axis]
            for at in [(), (0,), (3,), (2, 2)]:
                yield move("Gather", [numbers("float", shape), numbers("int64", at, -n, n - 1)],
                           {"axis": axis}, name=(shape, axis, at),
                           oracle=lambda x, i: np.take(x, i, axis))  # fmt: skip
    for shape, axis, at in [((0, 3), 0, (0,)), ((0, 3), 1, (2,)), ((3, 0), 0, (2, 2))]:
        yield move("Gather", [numbers("float", shape), np.zeros(at, np.int64)], {"axis": axis},
                   name=("empty", shape, axis, at), oracle=lambda x, i: np.take(x, i, axis))


def gather_elements():
    def taken(axis):
        return lambda x, i: np.take_along_axis(x, np.where(i < 0, i + x.shape[axis], i), axis)

    for opset in versions("GatherElements"):
        for t in types("GatherElements", opset=opset):
            for index in types("GatherElements", "Tind", opset):
                yield move("GatherElements", [numbers(t, (3, 3)), numbers(index, (2, 3), -3, 2)],
                           {"axis": 0}, name=(t, index), opset=opset, oracle=taken(0))  # fmt: skip
    for shape in (*SHAPES[1:], *EMPTY_SHAPES):
        for axis in range(-len(shape), len(shape)):
            n = shape[axis]
            at = list(shape)
            at[axis] = 4 if n else 0
            yield move("GatherElements", [numbers("float", shape), numbers("int64", at, -n, n - 1)],
                       {"axis": axis}, name=(shape, axis), oracle=taken(axis))  # fmt: skip


def gather_nd():
    def taken(x, index, batch=0):
        lead = int(np.prod(x.shape[:batch]))
        xs = x.reshape(lead, *x.shape[batch:])
        places = index.reshape(lead, -1, index.shape[-1])
        rows = [[a[tuple(i)] for i in p] for a, p in zip(xs, places)]
        shape = (*index.shape[:-1], *x.shape[batch + index.shape[-1]:])
        flat = np.array([e for row in rows for cell in row for e in np.ravel(cell)], dtype=x.dtype)
        return flat.reshape(shape)

    for opset, t in history("GatherND"):
        yield move("GatherND", [numbers(t, (3, 4, 2)), ints([[1, -1], [0, 2]])], name=(t,),
                   opset=opset, oracle=taken)  # fmt: skip
        if opset >= 12:
            yield move("GatherND", [numbers(t, (2, 3, 4)), ints([[1], [-3]])], {"batch_dims": 1},
                       name=("batch", t), opset=opset,
                       oracle=lambda x, i: taken(x, i, 1))  # fmt: skip
    for shape, index, batch in [((3,), (2, 1), 0), ((3, 4), (1,), 0), ((3, 4), (2,), 0),
                                ((3, 4), (2, 2, 2), 0), ((2, 3, 4), (2, 5, 1), 1),
                                ((2, 3, 4), (2, 3, 1), 2), ((2, 1, 3, 2), (2, 1, 2, 2), 1),
                                ((1, 2, 1, 3, 2), (1, 2, 3), 2), ((3, 4), (0, 2), 0),
                                ((2, 1, 2, 1, 2, 3), (4, 6), 0), ((2, 1, 2, 1, 2, 3), (2, 1, 2, 2), 2)]:
        last = shape[batch:batch + index[-1]]
        at = np.stack([numbers("int64", index[:-1], -n, n - 1, seed=i) for i, n in enumerate(last)], -1)
        yield move("GatherND", [numbers("float", shape), at], {"batch_dims": batch},
                   name=(shape, index, batch), oracle=lambda x, i: taken(x, i, batch))  # fmt: skip


# ---- Scatter --------------------------------------------------------------------------------


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
            yield case("ScatterND", [numbers(t, (3, 3)), ints([[1], [-1], [1]]), numbers(t, (3, 3), seed=1)],
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
                                     ints([0, 2])], name=(t,), opset=opset, oracle=written)  # fmt: skip
    for shape, axis in [((2, 5), 1), ((2, 5, 1), -2), ((2, 3, 5), 2), ((2, 1, 5, 2), -2), ((2, 5, 0), 1)]:
        for length in (0, 1, 5):
            update = list(shape)
            update[axis] = length
            for mode in ("linear", "circular"):
                starts = [0, 5 - length] if mode == "linear" else [4, 2]
                for given in (starts, None):
                    inputs = [numbers("float", shape), numbers("float", update, seed=1),
                              *([] if given is None else [ints(given)])]  # fmt: skip
                    yield move("TensorScatter", inputs, {"axis": axis, "mode": mode},
                               name=(shape, axis, length, mode, given),
                               oracle=lambda c, u, s=None: written(c, u, s, axis, mode == "circular"))


# ---- Selecting ------------------------------------------------------------------------------


def compress():
    for opset, t in history("Compress"):
        for axis in (None, 1):
            keep = np.array([True, False, True])
            yield move("Compress", [numbers(t, (3, 4)), keep], {} if axis is None else {"axis": axis},
                       name=(t, axis), opset=opset,
                       oracle=lambda x, c: np.compress(c, x, axis))  # fmt: skip
    for shape in (*SHAPES[1:], *EMPTY_SHAPES):
        for axis in [None, *range(-len(shape) if len(shape) > 1 else 0, len(shape))]:
            n = int(np.prod(shape)) if axis is None else shape[axis]
            for keep in ([], [True], [False, True], [False] * 3):
                if len(keep) <= n:  # a shorter condition leaves out the rest
                    yield move("Compress", [numbers("float", shape), np.array(keep, bool)],
                               {} if axis is None else {"axis": axis}, name=(shape, axis, keep),
                               oracle=lambda x, c: np.compress(c, x, axis))  # fmt: skip


def non_zero():
    def found(x):
        return np.stack(np.nonzero(x)) if x.ndim else np.zeros((0, int(bool(x))), np.int64)

    for opset, t in history("NonZero"):
        x = numbers(t, (3, 4), -1, 1)
        x.reshape(-1)[::2] = "" if t == "string" else 0
        if t == "string":
            continue  # onnx does not say which strings are zero
        yield move("NonZero", [x], name=(t,), opset=opset, oracle=found)
        if is_float(t):
            yield move("NonZero", [specials(t)], name=("specials", t), opset=opset, oracle=found)
    for shape in (*SHAPES, *EMPTY_SHAPES):
        yield move("NonZero", [numbers("int32", shape, 0, 1)], name=(shape,), oracle=found)


# ---- Sorting --------------------------------------------------------------------------------


def top(x, k, axis, largest):
    """Of equals the lower index first; NaN counts as the greatest."""
    keys = x.astype(np.float64) if is_float_array(x) else x.astype(object)
    def order(lane):
        rank = [(v != v, 0 if v != v else v) for v in lane]
        sign = -1 if largest else 1
        return sorted(range(len(lane)), key=lambda i: (sign * rank[i][0], sign * rank[i][1], i))[:k]
    lanes = np.moveaxis(keys, axis, -1)
    indices = np.array([order(lane) for lane in lanes.reshape(-1, lanes.shape[-1])] or [], np.int64)
    indices = np.moveaxis(indices.reshape(*lanes.shape[:-1], k), -1, axis)
    return np.take_along_axis(x, indices, axis), indices


def is_float_array(x):
    return x.dtype.kind in "fV"


def top_k():
    for opset, t in history("TopK"):
        x = numbers(t, (3, 5), -30, 30)
        inputs, attributes = ([x], {"k": 2}) if opset == 1 else ([x, ints([2])], {})
        yield move("TopK", inputs, attributes | {"axis": 1}, outputs=2, name=(t,), opset=opset,
                   oracle=lambda x, *_: top(x, 2, 1, True))  # fmt: skip
        if opset >= 11:
            for largest in (0, 1):
                x = specials(t)
                yield move("TopK", [x, ints([len(x)])], {"largest": largest}, outputs=2,
                           name=("specials", t, largest), opset=opset,
                           oracle=lambda x, k: top(x, len(x), 0, largest))  # fmt: skip
    for shape in SHAPES[1:]:
        for axis in range(-len(shape), len(shape)):
            for k in sorted({0, 1, shape[axis]}):
                for largest in (0, 1):
                    yield move("TopK", [numbers("int8", shape, -1, 1), ints([k])],
                               {"axis": axis, "largest": largest}, outputs=2,
                               name=(shape, axis, k, largest),
                               oracle=lambda x, _: top(x, k, axis, largest))  # fmt: skip
    yield move("TopK", [numbers("float", (0, 3)), ints([2])], outputs=2, name=("empty",),
               oracle=lambda x, _: (np.zeros((0, 2), x.dtype), np.zeros((0, 2), np.int64)))


def unique_of(x, axis, ordered):
    """By Python's own comparison, which knows all types; NaN left out."""
    flat = axis is None
    slices = list(x.reshape(-1)) if flat else [np.take(x, i, axis) for i in range(x.shape[axis])]
    def key(s):
        values = np.ravel(np.asarray(s, dtype=x.dtype))
        if x.dtype.kind == "c":
            return tuple((complex(v).real, complex(v).imag) for v in values)
        return tuple(v if x.dtype == object else v.item() for v in
                     (values.astype(np.float64) if is_float_array(x) else values))  # fmt: skip
    keys = [key(s) for s in slices]
    distinct = sorted(set(keys)) if ordered else list(dict.fromkeys(keys))
    first = [keys.index(k) for k in distinct]
    inverse = [distinct.index(k) for k in keys]
    counts = [keys.count(k) for k in distinct]
    values = np.take(x.reshape(-1) if flat else x, np.array(first, np.int64), 0 if flat else axis)
    return values, ints(first), ints(inverse), ints(counts)


def unique():
    for opset, t in history("Unique"):
        for ordered in (0, 1):
            yield move("Unique", [numbers(t, (7,), 0, 3)], {"sorted": ordered}, outputs=4,
                       name=(t, ordered), opset=opset,
                       oracle=lambda x: unique_of(x, None, ordered))  # fmt: skip
            yield move("Unique", [numbers(t, (5, 2), 0, 1)], {"sorted": ordered, "axis": 0},
                       outputs=4, name=("rows", t, ordered), opset=opset,
                       oracle=lambda x: unique_of(x, 0, ordered))  # fmt: skip
    for shape in (*SHAPES, *EMPTY_SHAPES):
        for axis in [None, *range(-len(shape), len(shape))]:
            if axis is not None and shape[axis] == 0:
                continue
            yield move("Unique", [numbers("int64", shape, 0, 1)], {} if axis is None else {"axis": axis},
                       outputs=4, name=(shape, axis), oracle=lambda x: unique_of(x, axis, True))


def cases():
    for table in (gather, gather_elements, gather_nd, scatter, scatter_nd, tensor_scatter, compress,
                  non_zero, top_k, unique):  # fmt: skip
        yield from table()

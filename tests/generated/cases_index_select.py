"""Compress, NonZero, TopK and Unique: types, axes, ties, NaN, empties."""

import numpy as np
from case import EMPTY_SHAPES, SHAPES, history, ints, is_float, move, numbers
from oracles import specials


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


def is_float_array(x):
    return x.dtype.kind in "fV"


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


def top_k():
    for opset, t in history("TopK"):
        x = numbers(t, (3, 5), -30, 30)
        inputs, attributes = ([x], {"k": 2}) if opset == 1 else ([x, np.array([2])], {})
        yield move("TopK", inputs, attributes | {"axis": 1}, outputs=2, name=(t,), opset=opset,
                   oracle=lambda x, *_: top(x, 2, 1, True))  # fmt: skip
        if opset >= 11:
            for largest in (0, 1):
                x = specials(t)
                yield move("TopK", [x, np.array([len(x)])], {"largest": largest}, outputs=2,
                           name=("specials", t, largest), opset=opset,
                           oracle=lambda x, k: top(x, len(x), 0, largest))  # fmt: skip
    for shape in SHAPES[1:]:
        for axis in range(-len(shape), len(shape)):
            for k in sorted({0, 1, shape[axis]}):
                for largest in (0, 1):
                    yield move("TopK", [numbers("int8", shape, -1, 1), np.array([k])],
                               {"axis": axis, "largest": largest}, outputs=2,
                               name=(shape, axis, k, largest),
                               oracle=lambda x, _: top(x, k, axis, largest))  # fmt: skip
    yield move("TopK", [numbers("float", (0, 3)), np.array([2])], outputs=2, name=("empty",),
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
    return values, ints(*first), ints(*inverse), ints(*counts)


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
    for table in (compress, non_zero, top_k, unique):
        yield from table()

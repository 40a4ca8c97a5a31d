"""Gather, GatherElements, GatherND: types, index types, axes, batches, empties."""

import numpy as np
from case import EMPTY_SHAPES, SHAPES, history, move, numbers, types, versions


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
        yield move("GatherND", [numbers(t, (3, 4, 2)), np.array([[1, -1], [0, 2]])], name=(t,),
                   opset=opset, oracle=taken)  # fmt: skip
        if opset >= 12:
            yield move("GatherND", [numbers(t, (2, 3, 4)), np.array([[1], [-3]])], {"batch_dims": 1},
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


def cases():
    for table in (gather, gather_elements, gather_nd):
        yield from table()

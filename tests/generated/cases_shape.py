"""Views, transposes, and what repeats or joins: each type at each opset, shapes, axes."""

import numpy as np
from case import EMPTY_SHAPES, SHAPES, array, history, ints, move, numbers, types, versions

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1


def identity():
    for opset in versions("Identity"):
        for t in types("Identity", "V" if opset >= 14 else "T", opset):
            yield move("Identity", [numbers(t, (2, 3))], name=(t,), opset=opset, oracle=np.copy)
    for shape in (*SHAPES, *EMPTY_SHAPES):
        yield move("Identity", [numbers("float", shape)], name=("shape", shape), oracle=np.copy)


def reshape():
    def reshaped(shape, to, t="float", name=(), opset=25, **attributes):
        inputs = [numbers(t, shape), ints(*to)] if opset >= 5 else [numbers(t, shape)]
        if opset < 5:
            attributes["shape"] = to
        dims = [shape[i] if d == 0 and not attributes.get("allowzero") else d
                for i, d in enumerate(to)]  # fmt: skip
        return move("Reshape", inputs, attributes, name=(*name, t, shape, to), opset=opset,
                    oracle=lambda x, *_: x.reshape(dims))  # fmt: skip

    for opset, t in history("Reshape"):
        yield reshaped((2, 3, 4), (0, -1), t, opset=opset)
    for shape, to in [((), (1, 1)), ((1,), ()), ((6,), (3, -1)), ((2, 3), (-1,)), ((2, 3), (0, 3)),
                      ((2, 3, 4), (4, -1, 2)), ((2, 0), (0, -1, 1)), ((0, 3), (0, 3)),
                      ((2, 1, 2, 1, 2, 3), (3, 2, -1)), ((24,), (1, 2, 1, 3, 1, 4))]:  # fmt: skip
        yield reshaped(shape, to)
    for shape, to in [((0,), (0, 5)), ((3, 0), (0, 3)), ((0, 4), (2, 0, 2))]:
        yield reshaped(shape, to, name=("allowzero",), allowzero=1)


def squeeze_cases(op, function):
    """Squeeze and Unsqueeze differ only in what NumPy calls them."""
    for opset, t in history(op):
        axes, x = [1], numbers(t, (2, 1, 3))
        inputs, attributes = ([x, ints(*axes)], {}) if opset >= 13 else ([x], {"axes": axes})
        yield move(op, inputs, attributes, name=(t,), opset=opset,
                   oracle=lambda x, *_: function(x, (1,)))  # fmt: skip


def squeeze():
    yield from squeeze_cases("Squeeze", np.squeeze)
    for shape, axes in [((1,), [0]), ((1, 1), [0, 1]), ((1, 3, 1), [-1]), ((1, 3, 1), [-1, 0]),
                        ((2, 1, 3, 1, 2), [1, -2]), ((1, 0, 1), [0, 2]), ((3, 4), []),
                        ((1, 2, 1, 2, 1, 1), [0, 2, -1])]:  # fmt: skip
        yield move("Squeeze", [numbers("float", shape), ints(*axes)], name=(shape, axes),
                   oracle=lambda x, axes: np.squeeze(x, tuple(axes)))  # fmt: skip
    for shape in ((), (1,), (1, 3, 1), (2, 3), (1, 0)):
        yield move("Squeeze", [numbers("float", shape)], name=("all", shape), oracle=np.squeeze)


def unsqueeze():
    yield from squeeze_cases("Unsqueeze", np.expand_dims)
    for shape, axes in [((), [0]), ((), [0, 1]), ((3,), [-1]), ((3,), [2, 0]), ((2, 3), [-1, 1]),
                        ((2, 0), [0, -1]), ((2, 3, 4), [0, 1, 2]), ((2,), [5, -2, 0, 1, 2])]:
        yield move("Unsqueeze", [numbers("float", shape), ints(*axes)], name=(shape, axes),
                   oracle=lambda x, axes: np.expand_dims(x, tuple(axes)))  # fmt: skip


def flatten():
    def flat(shape, axis):
        return lambda x: x.reshape(int(np.prod(shape[:axis])), int(np.prod(shape[axis:])))

    for opset, t in history("Flatten"):
        yield move("Flatten", [numbers(t, (2, 3, 4))], {"axis": 2}, name=(t,), opset=opset,
                   oracle=flat((2, 3, 4), 2))  # fmt: skip
    for shape in (*SHAPES[1:], *EMPTY_SHAPES):
        for axis in range(-len(shape), len(shape) + 1):
            yield move("Flatten", [numbers("float", shape)], {"axis": axis}, name=(shape, axis),
                       oracle=flat(shape, axis))  # fmt: skip


def transpose():
    for opset, t in history("Transpose"):
        yield move("Transpose", [numbers(t, (2, 3, 4))], {"perm": [1, 2, 0]}, name=(t,),
                   opset=opset, oracle=lambda x: x.transpose(1, 2, 0))  # fmt: skip
    for t in ("int8", "float16", "float", "double", "complex128", "string"):
        for shape in (*SHAPES, *EMPTY_SHAPES):
            reverse = list(range(len(shape)))[::-1]
            for perm in ([], sorted(reverse), reverse[1:] + reverse[:1])[:len(shape) or 1]:
                yield move("Transpose", [numbers(t, shape)], {"perm": perm} if perm else {},
                           name=(t, shape, perm), oracle=lambda x: x.transpose(perm or None))


def shape_and_size():
    for opset, t in history("Shape"):
        yield move("Shape", [numbers(t, (2, 3))], name=(t,), opset=opset,
                   oracle=lambda x: ints(*x.shape))  # fmt: skip
    for opset, t in history("Size"):
        yield move("Size", [numbers(t, (2, 3))], name=(t,), opset=opset,
                   oracle=lambda x: np.array(x.size))  # fmt: skip
    for shape in (*SHAPES, *EMPTY_SHAPES):
        yield move("Size", [numbers("float", shape)], name=(shape,),
                   oracle=lambda x: np.array(x.size))  # fmt: skip
        for start, end in [(None, None), (1, None), (0, -1), (-2, None), (2, 1), (-100, 100),
                           (INT64_MIN, INT64_MAX)]:  # fmt: skip
            attributes = {k: v for k, v in (("start", start), ("end", end)) if v is not None}
            yield move("Shape", [numbers("float", shape)], attributes, name=(shape, start, end),
                       oracle=lambda x: ints(*x.shape[start:end]))  # fmt: skip


def expand():
    def expanded(x, shape):
        return np.broadcast_to(x, np.broadcast_shapes(x.shape, tuple(shape)))

    for opset, t in history("Expand"):
        yield move("Expand", [numbers(t, (3, 1)), ints(2, 1, 4)], name=(t,), opset=opset,
                   oracle=expanded)  # fmt: skip
    for shape, to in [((), ()), ((), (2, 3)), ((1,), (5,)), ((3,), ()), ((3,), (1,)),
                      ((3, 1), (1, 4)), ((3, 1), (2, 1, 6)), ((2, 3), (1, 1, 1)), ((0,), (1,)),
                      ((1,), (0,)), ((2, 1), (2, 0)), ((1, 1, 3), (2, 2, 1)),
                      ((2, 1, 2, 1, 2, 1), (1, 3, 1, 2, 1, 2)), ((1, 1), (2, 1, 2, 1, 2, 3))]:
        yield move("Expand", [numbers("float", shape), ints(*to)], name=(shape, to),
                   oracle=expanded)  # fmt: skip


def tile():
    for opset, t in history("Tile"):
        x = numbers(t, (2, 3))
        inputs = [x, array(t, 2), array(t, 1)] if opset == 1 else [x, ints(1, 2)]
        yield move("Tile", inputs, name=(t,), opset=opset, oracle=lambda x, *_: np.tile(x, (1, 2)))
    for shape, repeats in [((3,), (1,)), ((3,), (4,)), ((3,), (0,)), ((2, 3), (2, 1)),
                           ((2, 3), (3, 2)), ((2, 3), (0, 2)), ((0, 3), (2, 2)), ((2, 1, 3), (1, 4, 2)),
                           ((1, 2, 1, 2), (2, 1, 2, 1)), ((2, 1, 2, 1, 2, 1), (1, 2, 1, 2, 1, 3))]:
        yield move("Tile", [numbers("float", shape), ints(*repeats)], name=(shape, repeats),
                   oracle=np.tile)  # fmt: skip


def concat():
    for opset, t in history("Concat"):
        yield move("Concat", [numbers(t, (2, 3)), numbers(t, (2, 1), seed=1)], {"axis": 1},
                   name=(t,), opset=opset, oracle=lambda *xs: np.concatenate(xs, 1))  # fmt: skip
    for shape in (*SHAPES[1:], *EMPTY_SHAPES):
        for axis in range(-len(shape), len(shape)):
            for lengths in ((2,), (1, 0, 3)):
                parts = []
                for seed, n in enumerate(lengths):
                    part = list(shape)
                    part[axis] = n
                    parts.append(numbers("float", part, seed=seed))
                yield move("Concat", parts, {"axis": axis}, name=(shape, axis, lengths),
                           oracle=lambda *xs: np.concatenate(xs, axis))  # fmt: skip


def split():
    for opset, t in history("Split"):
        x, sizes = numbers(t, (5, 2)), [2, 3]
        inputs, attributes = ([x, ints(*sizes)], {}) if opset >= 13 else ([x], {"split": sizes})
        yield move("Split", inputs, attributes | {"axis": 0}, outputs=2, name=(t,), opset=opset,
                   oracle=lambda x, *_: (x[:2], x[2:]))  # fmt: skip
    for shape, axis, sizes in [((4,), 0, [1, 3]), ((4,), -1, [0, 4]), ((2, 6), 1, [1, 2, 3]),
                               ((2, 6), -2, [2]), ((0, 3), 0, [0, 0]), ((2, 0), 0, [1, 1]),
                               ((2, 3, 4), -1, [4]), ((1, 2, 1, 3, 2, 4), 5, [1, 1, 2])]:
        yield move("Split", [numbers("float", shape), ints(*sizes)], {"axis": axis},
                   outputs=len(sizes), name=(shape, axis, sizes),
                   oracle=lambda x, s: tuple(np.split(x, np.cumsum(s)[:-1], axis)))  # fmt: skip
    for size in (1, 4, 5, 7):  # the last chunk is smaller, or empty
        for count in (1, 2, 3):
            chunk = -(-size // count)
            if chunk * (count - 1) > size:
                continue
            yield move("Split", [numbers("float", (size, 2))], {"num_outputs": count},
                       outputs=count, name=("into", size, count),
                       oracle=lambda x: tuple(x[i * chunk:(i + 1) * chunk] for i in range(count)))


def cases():
    for table in (identity, reshape, squeeze, unsqueeze, flatten, transpose, shape_and_size,
                  expand, tile, concat, split):  # fmt: skip
        yield from table()

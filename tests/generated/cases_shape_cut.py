"""Slice, Pad and CenterCropPad: types, steps and bounds at their ends, modes, negative pads."""

import numpy as np
from case import SHAPES, array, history, ints, move, numbers, types, versions
from oracles import zero

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1


def span(size, start, end, step):
    """Indices that Slice takes of an axis: bounds clamp, which for a start before the axis and a
    negative step is not as NumPy has it."""
    start, end = (b + size if b < 0 else b for b in (start, end))
    last = size if step > 0 else size - 1
    start, end = min(max(start, 0), last), min(max(end, 0 if step > 0 else -1), last)
    return list(range(start, end, step))


def slice_():
    for opset in versions("Slice"):
        for t in types("Slice", opset=opset):
            x, bounds = numbers(t, (4, 5)), ([1, -4], [3, INT32_MAX], [0, 1])
            if opset == 1:
                yield move("Slice", [x], dict(zip(("starts", "ends", "axes"), bounds)), name=(t,),
                           opset=opset, oracle=lambda x: x[1:3, -4:])  # fmt: skip
                continue
            for index in types("Slice", "Tind", opset):
                yield move("Slice", [x, *(array(index, b) for b in bounds)], name=(t, index),
                           opset=opset, oracle=lambda x, *_: x[1:3, -4:])  # fmt: skip
    for size in (0, 1, 5):
        for start in (INT64_MIN, -6, -5, -1, 0, 2, 5, INT64_MAX):
            for end in (INT64_MIN, -6, -1, 0, 4, 5, INT64_MAX):
                for step in (1, -1, 2, -3, INT64_MAX, INT64_MIN):
                    if size != 5 and (step not in (1, -1, INT64_MIN) or start == -5):
                        continue
                    yield move("Slice", [numbers("float", (2, size)), ints(start), ints(end),
                                         ints(-1), ints(step)], name=(size, start, end, step),
                               oracle=lambda x, *_: x[:, span(size, start, end, step)])  # fmt: skip
    for shape in SHAPES[2:]:
        rank = len(shape)
        yield move("Slice", [numbers("float", shape), ints(*[0] * rank), ints(*[1] * rank)],
                   name=("corner", shape), oracle=lambda x, *_: x[(slice(0, 1),) * rank])  # fmt: skip
        yield move("Slice", [numbers("float", shape), ints(*[-1] * rank), ints(*[INT64_MIN] * rank),
                             ints(*range(-rank, 0)), ints(*[-1] * rank)], name=("reverse", shape),
                   oracle=lambda x, *_: np.flip(x))  # fmt: skip


def padded(x, pads, mode, value):
    """Pads of all axes, the starts before the ends; what negative ones cut goes first."""
    before, after = pads[:x.ndim], pads[x.ndim:]
    cut = [slice(max(-p, 0), n - max(-q, 0)) for p, q, n in zip(before, after, x.shape)]
    x = x[tuple(cut)]
    widths = [(max(p, 0), max(q, 0)) for p, q in zip(before, after)]
    if mode == "constant":
        grown = np.full([n + sum(w) for n, w in zip(x.shape, widths)], value, dtype=x.dtype)
        grown[tuple(slice(w[0], w[0] + n) for n, w in zip(x.shape, widths))] = x
        return grown
    for axis, width in enumerate(widths):
        x = x.take(np.pad(np.arange(x.shape[axis]), width, mode), axis)
    return x


def pad():
    for opset, t in history("Pad"):
        modes = ["constant", "reflect", "edge"] + ["wrap"] * (opset >= 19)
        for mode in modes:
            x, pads, value = numbers(t, (3, 3)), [1, 2, 1, 0], numbers(t, (), seed=1)
            if opset < 11:
                value = array(t, 1.5)
                inputs, names = [x], {1: "paddings", 2: "pads"}
                attributes = {"mode": mode, names[opset]: pads, "value": 1.5}
            else:
                inputs, attributes = [x, ints(*pads), value], {"mode": mode}
            yield move("Pad", inputs, attributes, name=(t, mode), opset=opset,
                       oracle=lambda x, *_: padded(x, pads, mode, value))  # fmt: skip
            if opset >= 18 and mode == "constant":
                for index in types("Pad", "Tind", opset):
                    if t == "float8e8m0":
                        continue  # which has no zero to pad with
                    yield move("Pad", [x, ints(1, 2), None, array(index, [-1])], {"mode": mode},
                               name=("axes", t, index), opset=opset,
                               oracle=lambda x, *_: padded(x, [0, 1, 0, 2], mode, zero(x)))
    for shape, pads in [((), []), ((3,), [0, 0]), ((3,), [2, 2]), ((3,), [5, 7]), ((1,), [2, 3]),
                        ((3,), [-1, 1]), ((4,), [-2, -1]), ((2, 3), [0, 2, 1, 0]),
                        ((2, 3), [-1, 1, 1, -1]), ((2, 3, 2), [1, 0, 1, 0, 2, 0]),
                        ((2, 1, 2, 1, 2, 3), [0, 1, 0, 0, 1, 0, 1, 0, 0, 0, 0, 2])]:  # fmt: skip
        for mode in ("constant", "reflect", "edge", "wrap"):
            if mode == "reflect" and any(abs(p) >= n for p, n in zip(pads, shape * 2)):
                continue  # more than the axis holds: not specified
            yield move("Pad", [numbers("float", shape), ints(*pads)], {"mode": mode},
                       name=(shape, pads, mode),
                       oracle=lambda x, *_: padded(x, pads, mode, 0))  # fmt: skip
    for shape, pads in [((0,), [1, 2]), ((2, 0), [1, 0, 0, 0]), ((0, 3), [0, 1, 2, -1])]:
        yield move("Pad", [numbers("float", shape), ints(*pads), array("float", 7)],
                   name=("empty", shape, pads), oracle=lambda x, *_: padded(x, pads, "constant", 7))


def center_crop_pad():
    def centred(x, shape, axes):
        for axis, to in zip(axes, shape):
            size = x.shape[axis]
            take = min(size, to)
            x = x.take(range((size - take) // 2, (size - take) // 2 + take), axis)
            pads = [0] * (2 * x.ndim)
            pads[axis], pads[x.ndim + axis % x.ndim] = 0, 0
            before = (to - take) // 2
            pads[axis % x.ndim], pads[x.ndim + axis % x.ndim] = before, to - take - before
            x = padded(x, pads, "constant", zero(x))
        return x

    for opset, t in history("CenterCropPad"):
        for index in types("CenterCropPad", "Tind", opset):
            yield move("CenterCropPad", [numbers(t, (3, 5)), array(index, [5, 2])],
                       name=(t, index), opset=opset,
                       oracle=lambda x, s: centred(x, s, range(2)))  # fmt: skip
    for shape, to, axes in [((4,), [4], None), ((4,), [1], [-1]), ((4,), [7], [0]), ((5,), [2], [0]),
                            ((0,), [3], [0]), ((3, 4), [0, 4], None), ((3, 4), [6], [-1]),
                            ((2, 3, 5), [4, 2], [0, 2]), ((2, 3, 5), [7, 1], [-1, -2]),
                            ((1, 2, 1, 3, 2), [2, 5], [3, 1])]:  # fmt: skip
        attributes = {} if axes is None else {"axes": axes}
        yield move("CenterCropPad", [numbers("float", shape), ints(*to)], attributes,
                   name=(shape, to, axes),
                   oracle=lambda x, s: centred(x, s, axes or range(x.ndim)))  # fmt: skip


def cases():
    for table in (slice_, pad, center_crop_pad):
        yield from table()

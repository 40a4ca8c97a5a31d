"""Operators that move elements or describe shapes: each type at each opset, shapes, axes, limits."""

import numpy as np
from case import (EMPTY_SHAPES, EXACT, NUMBERS, SHAPES, array, case, dtype, history, numbers,
                  types, versions)  # fmt: skip
from onnx import numpy_helper

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1


def ints(*values):
    return np.array(values, dtype=np.int64)


def move(op, inputs, attributes=None, **more):
    """A case whose elements are moved as they are."""
    return case(op, inputs, attributes, tolerance=EXACT, **more)


def zero(x):
    """What fills a place without an element: 0, False or ""."""
    return "" if x.dtype == object else x.dtype.type(0)


# ---- One input in another shape -------------------------------------------------------------


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


# ---- Repeating and joining ------------------------------------------------------------------


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


# ---- Cutting out ----------------------------------------------------------------------------


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


# ---- Blocks ---------------------------------------------------------------------------------


def depth_to_space(x, b, mode):
    n, c, h, w = x.shape
    if mode == "DCR":
        x = x.reshape(n, b, b, c // b**2, h, w).transpose(0, 3, 4, 1, 5, 2)
    else:
        x = x.reshape(n, c // b**2, b, b, h, w).transpose(0, 1, 4, 2, 5, 3)
    return x.reshape(n, c // b**2, h * b, w * b)


def space_to_depth(x, b, mode):
    n, c, h, w = x.shape
    x = x.reshape(n, c, h // b, b, w // b, b)
    x = x.transpose(0, 3, 5, 1, 2, 4) if mode == "DCR" else x.transpose(0, 1, 3, 5, 2, 4)
    return x.reshape(n, c * b**2, h // b, w // b)


def blocks():
    for op, shape, function in [("DepthToSpace", (1, 8, 2, 3), depth_to_space),
                                ("SpaceToDepth", (1, 2, 4, 6), space_to_depth)]:  # fmt: skip
        modes = {"DepthToSpace": 11, "SpaceToDepth": 28}
        for opset, t in history(op):
            for mode in ("DCR", "CRD") if opset >= modes[op] else (None,):
                attributes = {"blocksize": 2} | ({"mode": mode} if mode else {})
                yield move(op, [numbers(t, shape)], attributes, name=(t, mode or ""), opset=opset,
                           oracle=lambda x: function(x, 2, mode or "DCR"))  # fmt: skip
        for b in (1, 2, 3):
            for n in (0, 1, 2):
                big = (n, 2 * b**2, 2, 3) if op == "DepthToSpace" else (n, 2, 2 * b, 3 * b)
                for mode in ("DCR", "CRD"):
                    yield move(op, [numbers("float", big)], {"blocksize": b, "mode": mode},
                               name=(big, b, mode), oracle=lambda x: function(x, b, mode))


def col2im():
    def image(x, size, block, strides=(1, 1), dilations=(1, 1), pads=(0, 0, 0, 0)):
        kind = x.dtype
        wide = x.astype(np.float64) if kind.kind in "fV" else x
        rank = len(size)
        taps = int(np.prod(block))
        full = [s + pads[i] + pads[rank + i] for i, s in enumerate(size)]
        counts = [(f - d * (b - 1) - 1) // s + 1
                  for f, b, s, d in zip(full, block, strides, dilations)]  # fmt: skip
        n, c = x.shape[0], x.shape[1] // taps
        columns = wide.reshape(n, c, *block, *counts)
        result = np.zeros((n, c, *full), wide.dtype)
        for tap in np.ndindex(*block):
            for at in np.ndindex(*counts):
                place = tuple(a * s + t * d for a, s, t, d in zip(at, strides, tap, dilations))
                result[(..., *place)] += columns[(slice(None), slice(None), *tap, *at)]
        return result[(..., *(slice(pads[i], pads[i] + s) for i, s in enumerate(size)))].astype(kind)

    for opset, t in history("Col2Im"):
        if t != "string":  # which cannot be added up
            yield case("Col2Im", [numbers(t, (1, 4, 16), 0, 3), ints(5, 5), ints(2, 2)], name=(t,),
                       opset=opset, oracle=image)  # fmt: skip
    for size, block, attributes in [
        ((5,), (3,), {}), ((6,), (2,), {"strides": [2]}), ((6,), (2,), {"dilations": [3]}),
        ((5, 4), (1, 2), {"pads": [0, 1, 0, 1]}), ((5, 5), (3, 3), {"strides": [2, 1]}),
        ((5, 5), (2, 2), {"strides": [3, 2], "dilations": [2, 1], "pads": [1, 0, 2, 1]}),
        ((3, 4, 5), (2, 1, 3), {"strides": [1, 2, 1]}),
    ]:  # fmt: skip
        rank = len(size)
        set_up = {"strides": [1] * rank, "dilations": [1] * rank, "pads": [0] * 2 * rank} | attributes
        positions = 1
        for i in range(rank):
            room = size[i] + set_up["pads"][i] + set_up["pads"][rank + i]
            positions *= (room - set_up["dilations"][i] * (block[i] - 1) - 1) // set_up["strides"][i] + 1
        x = numbers("float", (2, 3 * int(np.prod(block)), positions))
        yield case("Col2Im", [x, ints(*size), ints(*block)], attributes,
                   name=(size, block, *attributes),
                   oracle=lambda x, s, b: image(x, s, b, **set_up))  # fmt: skip


# ---- Constants, masks and turns -------------------------------------------------------------


def constants():
    for opset, t in history("Constant"):
        value = numbers(t, (2, 2))
        yield move("Constant", [], {"value": numpy_helper.from_array(value)}, name=(t,), opset=opset,
                   oracle=lambda: value)  # fmt: skip
    for shape in (*SHAPES, *EMPTY_SHAPES):
        value = numbers("float", shape)
        yield move("Constant", [], {"value": numpy_helper.from_array(value)}, name=("shape", shape),
                   oracle=lambda: value)  # fmt: skip
        yield move("ConstantOfShape", [ints(*shape)], name=("shape", shape),
                   oracle=lambda s: np.zeros(s, np.float32))  # fmt: skip
    for name, given, value in [
        ("value_int", -7, np.array(-7)), ("value_ints", [1, -2], ints(1, -2)),
        ("value_float", 1.5, np.float32(1.5)), ("value_floats", [0.5], np.array([0.5], np.float32)),
        ("value_string", "ä", np.array("ä", object)),
        ("value_strings", ["", "b"], np.array(["", "b"], object)),
    ]:  # fmt: skip
        for opset in (12, 13, 25):
            yield move("Constant", [], {name: given}, name=(name,), opset=opset,
                       oracle=lambda: np.asarray(value))  # fmt: skip
    for opset, t in history("ConstantOfShape", "T2"):
        value = numbers(t, (1,))
        yield move("ConstantOfShape", [ints(2, 3)], {"value": numpy_helper.from_array(value)}, name=(t,),
                   opset=opset, oracle=lambda s: np.full(s, value[0]))  # fmt: skip


def eye_like():
    for opset, t in history("EyeLike", "T1"):
        for to in (None, *types("EyeLike", "T2", opset)):
            attributes = {"k": 1} | ({"dtype": NUMBERS[to]} if to else {})
            yield move("EyeLike", [numbers(t, (3, 4))], attributes, name=(t, to), opset=opset,
                       oracle=lambda x: np.eye(3, 4, 1).astype(dtype(to) if to else x.dtype))
    for shape in [(1, 1), (3, 3), (2, 5), (5, 2), (0, 3), (3, 0)]:
        for k in (0, 1, -2, 7, -7, INT64_MAX, INT64_MIN):
            yield move("EyeLike", [numbers("float", shape)], {"k": k}, name=(shape, k),
                       oracle=lambda x: np.eye(*shape, k=max(min(k, 99), -99), dtype=x.dtype))


def range_():
    for opset, t in history("Range"):
        for bounds in [(1, 9, 2), (9, -2, -3), (3, 3, 1), (3, 1, 1), (0, 1, 100)]:
            yield move("Range", [array(t, b) for b in bounds], name=(t, *bounds), opset=opset,
                       oracle=lambda *_: np.arange(*bounds).astype(dtype(t)))  # fmt: skip
    for bounds in [(0, 1, 0.25), (1, -1, -0.75), (0.5, 3.25, 1), (-0.5, 0.5, 0.3)]:
        for t in ("float", "double"):
            yield case("Range", [array(t, b) for b in bounds], name=(t, *bounds),
                       oracle=lambda a, b, s: (a + np.arange(np.ceil((b - a) / s)) * s))
    for t, bounds in [("int64", (INT64_MAX - 3, INT64_MAX, 2)), ("int32", (INT32_MIN, INT32_MAX, INT32_MAX)),
                      ("int64", (INT64_MIN, INT64_MAX, INT64_MAX)), ("int16", (32767, -32768, -30000))]:
        yield move("Range", [array(t, b) for b in bounds], name=("ends", t, bounds),
                   oracle=lambda *_: array(t, list(range(*bounds))))  # fmt: skip


def trilu():
    def triangle(x, k, upper):
        rows, columns = np.indices(x.shape[-2:])
        keep = columns - rows >= k if upper else columns - rows <= k
        return np.where(keep, x, zero(x)).astype(x.dtype)

    for opset, t in history("Trilu"):
        yield move("Trilu", [numbers(t, (2, 3, 4)), np.array(1)], name=(t,), opset=opset,
                   oracle=lambda x, k: triangle(x, 1, True))  # fmt: skip
    for shape in [(3, 3), (2, 5), (5, 2), (0, 3), (3, 0), (0, 2, 2), (2, 1, 2, 3), (1, 2, 1, 1, 3, 3)]:
        for k in (None, 0, 1, -2, 9, -9, INT64_MAX, INT64_MIN):
            for upper in (0, 1):
                inputs = [numbers("float", shape)] + ([] if k is None else [np.array(k)])
                yield move("Trilu", inputs, {"upper": upper}, name=(shape, k, upper),
                           oracle=lambda x, *_: triangle(x, k or 0, upper))  # fmt: skip


def one_hot_of(indices, depth, values, axis):
    depth, kind = int(depth.reshape(-1)[0]), values.dtype
    index = indices.astype(np.float64)
    hot = np.expand_dims(np.where(index < 0, index + depth, index), axis)
    axis = axis % hot.ndim
    place = np.arange(depth).reshape([-1 if i == axis else 1 for i in range(hot.ndim)])
    return np.where(hot == place, values[1], values[0]).astype(kind)


def one_hot():
    for opset in versions("OneHot"):
        for parameter, others in [("T1", ("int64", "float")), ("T2", ("int64", "float")),
                                  ("T3", ("int64", "int64"))]:  # fmt: skip
            for t in types("OneHot", parameter, opset):
                index, depth, value = {"T1": (t, *others), "T2": (others[0], t, others[1]),
                                       "T3": (*others, t)}[parameter]  # fmt: skip
                inputs = [array(index, [[0, 2], [1, 3]]), array(depth, 3), numbers(value, (2,))]
                yield move("OneHot", inputs, {"axis": 1}, name=(parameter, t), opset=opset,
                           oracle=lambda i, d, v: one_hot_of(i, d, v, 1))  # fmt: skip
    for shape in [(3,), (2, 3), (0,), (2, 0), (2, 1, 3), (1, 2, 1, 2, 1)]:
        for axis in range(-len(shape) - 1, len(shape) + 1):
            inputs = [numbers("int64", shape, -6, 5), np.array(4), array("float", [-1, 2])]
            yield move("OneHot", inputs, {"axis": axis}, name=(shape, axis),
                       oracle=lambda i, d, v: one_hot_of(i, d, v, axis))  # fmt: skip
    for depth in (1, 5, 0):
        inputs = [ints(INT64_MIN, -5, -1, 0, 4, INT64_MAX), np.array(depth), array("float", [0, 1])]
        yield move("OneHot", inputs, name=("depth", depth),
                   oracle=lambda i, d, v: one_hot_of(i, d, v, -1))  # fmt: skip


def reverse_sequence():
    def reversed_(x, lengths, time, batch):
        result = x.copy()
        for b, n in enumerate(lengths):
            at = [slice(None)] * x.ndim
            at[batch], at[time] = b, slice(0, n)
            back = list(at)
            back[time] = slice(n - 1, None, -1) if n == x.shape[time] else slice(0, n)
            result[tuple(at)] = np.flip(x[tuple(at)], time - (batch < time))
        return result

    for opset, t in history("ReverseSequence"):
        yield move("ReverseSequence", [numbers(t, (4, 3, 2)), ints(1, 3, 4)], name=(t,), opset=opset,
                   oracle=lambda x, s: reversed_(x, s, 0, 1))  # fmt: skip
    for time in (0, 1):
        for shape in [(3, 3), (3, 3, 2), (3, 3, 1, 2, 2)]:
            yield move("ReverseSequence", [numbers("float", shape), ints(0, 1, 3)],
                       {"time_axis": time, "batch_axis": 1 - time}, name=(shape, time),
                       oracle=lambda x, s: reversed_(x, s, time, 1 - time))  # fmt: skip


def cases():
    for table in (identity, reshape, squeeze, unsqueeze, flatten, transpose, shape_and_size, expand,
                  tile, concat, split, slice_, pad, center_crop_pad, blocks, col2im, constants,
                  eye_like, range_, trilu, one_hot, reverse_sequence):  # fmt: skip
        yield from table()

"""Tensors made of a few numbers, masks and turns: types, ranks, extremes."""

import numpy as np
from case import (EMPTY_SHAPES, NUMBERS, SHAPES, array, case, dtype, history, ints, move,
                  numbers, types, versions)  # fmt: skip
from onnx import numpy_helper
from oracles import zero

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
INT32_MIN, INT32_MAX = -(2**31), 2**31 - 1


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
    for table in (constants, eye_like, range_, trilu, one_hot, reverse_sequence):
        yield from table()

"""Pooling: element types at each opset, ranks 1 to 3, padding, ceil_mode, dilations, NaN."""

import numpy as np
import onnx
from case import EXACT, array, case, history, numbers, versions
from oracles import real
from windows import Windows

WINDOW = ("strides", "dilations", "pads", "auto_pad")


def pooled(reduce, x, kernel_shape, ceil_mode=0, **attributes):
    """reduce(windows, starts, elements) of each window, the elements on the last axis."""
    windows = Windows(x.shape[2:], kernel_shape, ceil=bool(ceil_mode),
                      **{k: v for k, v in attributes.items() if k in WINDOW})  # fmt: skip
    y = np.zeros((*x.shape[:2], *windows.counts), x.dtype)
    for at, starts, taps in windows:
        elements = np.stack([x[(..., *place)] for _, place in taps], -1)
        y[(..., *at)] = reduce(windows, starts, elements)
    return y


def average(x, count_include_pad=0, **attributes):
    def mean(windows, starts, elements):
        count = windows.in_padding(starts) if count_include_pad else elements.shape[-1]
        return elements.sum(-1) / count

    return pooled(mean, x, **attributes)


def lp(x, p=2, **attributes):
    return pooled(lambda _, __, e: (np.abs(e) ** p).sum(-1) ** (1 / p), x, **attributes)


def greatest(x, storage_order=0, **attributes):
    """Values, and their first places in the flattened input."""
    values = pooled(lambda _, __, e: e.max(-1), x, **attributes)
    order = "F" if storage_order else "C"
    plane = np.arange(int(np.prod(x.shape[2:]))).reshape(x.shape[2:], order=order)
    offsets = np.arange(x.shape[0] * x.shape[1]).reshape(x.shape[:2]) * plane.size
    places = offsets.reshape(*x.shape[:2], *[1] * plane.ndim) + plane
    # Pools of a pair: among equal values the place that comes first.
    pairs = np.empty(x.shape, object)
    for i in np.ndindex(*x.shape):
        pairs[i] = (float(x[i]), places[i])
    def first(_, __, elements):
        best = np.empty(elements.shape[:-1], object)
        for i in np.ndindex(*best.shape):
            best[i] = max(elements[i], key=lambda pair: pair[0])[1]
        return best
    return values, pooled(first, pairs, **attributes).astype(np.int64)


# Kinds of attributes, for each rank.
SETTINGS = {
    "plain": lambda rank: {"kernel_shape": [3] * rank},
    "one": lambda rank: {"kernel_shape": [1] * rank, "strides": [2] * rank},
    "padded": lambda rank: {"kernel_shape": [3] * rank, "pads": [1] * rank + [2] * rank},
    "strided": lambda rank: {"kernel_shape": [3, 2, 3][:rank], "strides": [2] * rank,
                             "pads": [1] * rank + [0] * rank},
    "upper": lambda rank: {"kernel_shape": [3] * rank, "auto_pad": "SAME_UPPER", "strides": [2] * rank},
    "lower": lambda rank: {"kernel_shape": [2] * rank, "auto_pad": "SAME_LOWER"},
    "valid": lambda rank: {"kernel_shape": [4] * rank, "auto_pad": "VALID", "strides": [2] * rank},
    "ceil": lambda rank: {"kernel_shape": [3] * rank, "strides": [2] * rank, "ceil_mode": 1},
    "ceil padded": lambda rank: {"kernel_shape": [2] * rank, "strides": [3] * rank, "ceil_mode": 1,
                                 "pads": [1] * 2 * rank},
    "dilated": lambda rank: {"kernel_shape": [2] * rank, "dilations": [3, 2, 3][:rank]},
    "whole": lambda rank: {"kernel_shape": [6] * rank},
}  # fmt: skip
MORE = {
    "AveragePool": {"counted": lambda rank: SETTINGS["padded"](rank) | {"count_include_pad": 1},
                    "counted ceil": lambda rank: SETTINGS["ceil padded"](rank) | {"count_include_pad": 1}},
    "LpPool": {"p": lambda rank: SETTINGS["padded"](rank) | {"p": 3},
               "p 1": lambda rank: SETTINGS["strided"](rank) | {"p": 1}},
    "MaxPool": {"columns": lambda rank: SETTINGS["strided"](rank) | {"storage_order": 1}},
}  # fmt: skip
POOLS = {"AveragePool": average, "LpPool": lp, "MaxPool": greatest}


def oracle(function, attributes, outputs):
    if function is greatest:  # which moves elements
        return lambda x: greatest(x, **attributes)[:outputs]
    return real(lambda x: function(x, **attributes))


def pools():
    for op, function in POOLS.items():
        newest = versions(op)[-1]
        for opset, t in history(op):
            known = onnx.defs.get_schema(op, opset, "").attributes
            for rank in (1, 2, 3):
                for name, make in (SETTINGS | MORE[op]).items():
                    attributes = make(rank)
                    some = opset == newest or name in ("padded", "strided")
                    if not some or not set(attributes) <= set(known):
                        continue
                    given = dict(attributes)
                    if op == "LpPool" and opset == 1:
                        given["p"] = float(given.get("p", 2))
                    for outputs in (1, 2) if op == "MaxPool" and opset >= 8 else (1,):
                        yield case(op, [numbers(t, (2, 2) + (6,) * rank)], given, outputs=outputs,
                                   name=(t, rank, name, "places" if outputs == 2 else ""),
                                   opset=opset, oracle=oracle(function, attributes, outputs))
        for shape in [(0, 2, 4), (2, 0, 4, 4), (1, 1, 3, 3, 3)]:
            attributes = {"kernel_shape": [2] * (len(shape) - 2)}
            yield case(op, [numbers("float", shape)], attributes, name=(shape,),
                       oracle=oracle(function, attributes, 1))  # fmt: skip
    x = array("float", [[[1, -np.inf, -np.inf, -np.inf, np.inf, 2]]])
    yield case("MaxPool", [x], {"kernel_shape": [2], "strides": [2]}, name=("infinities",),
               oracle=lambda x: array("float", [[[1, -np.inf, np.inf]]]))  # fmt: skip


def global_pools():
    for op, function in [("GlobalAveragePool", lambda x, axes: x.mean(axes, keepdims=True)),
                         ("GlobalMaxPool", lambda x, axes: x.max(axes, keepdims=True)),
                         ("GlobalLpPool", None)]:  # fmt: skip
        for opset, t in history(op):
            for shape in [(2, 3, 5), (2, 3, 4, 5), (1, 2, 3, 2, 2), (1, 1, 1), (0, 3, 2), (2, 0, 3, 3)]:
                axes = tuple(range(2, len(shape)))
                for p in (1, 2, 3) if op == "GlobalLpPool" else (None,):
                    attributes = {} if p is None else {"p": float(p) if opset == 1 else p}
                    norm = lambda x, axes: (np.abs(x) ** p).sum(axes, keepdims=True) ** (1 / p)
                    yield case(op, [numbers(t, shape)], attributes, name=(t, shape, p or ""), opset=opset,
                               oracle=real(lambda x: (function or norm)(x, axes)))  # fmt: skip


def max_unpool():
    def unpooled(x, index, shape):
        y = np.zeros(int(np.prod(shape)), x.dtype)
        y[index.reshape(-1)] = x.reshape(-1)
        return y.reshape(shape)

    for opset, t in history("MaxUnpool", "T1"):
        x = numbers(t, (1, 1, 2, 2))
        index = np.array([0, 7, 8, 15]).reshape(1, 1, 2, 2)
        given = {"kernel_shape": [2, 2], "strides": [2, 2]}
        yield case("MaxUnpool", [x, index], given, name=(t,), opset=opset, tolerance=EXACT,
                   oracle=lambda x, i: unpooled(x, i, (1, 1, 4, 4)))  # fmt: skip
        more = ((0, 0), (0, 0), (0, 1), (0, 1))  # to what the indices refer to
        yield case("MaxUnpool", [x, index, np.array([1, 1, 5, 5])], given, name=(t, "larger"),
                   opset=opset, tolerance=EXACT,
                   oracle=lambda x, i, _: np.pad(unpooled(x, i, (1, 1, 4, 4)), more))  # fmt: skip
    for rank in (1, 2, 3):
        for channels in (1, 2):
            shape = (2, channels) + (2,) * rank
            whole = (2, channels) + (4,) * rank
            index = np.random.default_rng(rank).permutation(int(np.prod(whole)))
            x = numbers("float", shape)
            yield case("MaxUnpool", [x, index[:x.size].reshape(shape)],
                       {"kernel_shape": [2] * rank, "strides": [2] * rank}, name=(shape,),
                       tolerance=EXACT, oracle=lambda x, i: unpooled(x, i, whole))  # fmt: skip


def cases():
    for table in (pools, global_pools, max_unpool):
        yield from table()

"""Normalizations: float types at each opset, mixed types, ranks, axes, stash types, epsilon."""

import itertools

import numpy as np
from case import NUMBERS, SHAPES, array, case, dtype, history, numbers, types, versions
from oracles import real


def per_channel(x, values):
    return values.reshape(-1, *[1] * (x.ndim - 2))


def normalized(x, axes, epsilon=1e-5):
    mean = x.mean(axes, keepdims=True)
    return (x - mean) / np.sqrt(((x - mean) ** 2).mean(axes, keepdims=True) + epsilon)


def wide(function):
    """Inputs widened to double; each output of the type that `kinds` gives it."""

    def oracle(kinds, *arrays):
        outputs = function(*[a.astype(np.float64) for a in arrays])
        outputs = outputs if isinstance(outputs, tuple) else (outputs,)
        return tuple(o.astype(dtype(k)) for o, k in zip(outputs, kinds))

    return oracle


def batch_normalization():
    def inference(x, scale, bias, mean, variance, epsilon=1e-5):
        x = x - per_channel(x, mean)
        return x / np.sqrt(per_channel(x, variance) + epsilon) * per_channel(x, scale) + per_channel(x, bias)

    def training(x, scale, bias, mean, variance, epsilon=1e-5, momentum=np.float32(0.9)):
        axes = (0, *range(2, x.ndim))
        y = normalized(x, axes, epsilon) * per_channel(x, scale) + per_channel(x, bias)
        now = x.mean(axes), ((x - x.mean(axes, keepdims=True)) ** 2).mean(axes)
        return (y, *(old * momentum + new * (1 - momentum) for old, new in zip((mean, variance), now)))

    old = {1: {"consumed_inputs": [0, 0, 0, 1, 1], "is_test": 1}, 6: {"is_test": 1}}
    for opset in versions("BatchNormalization"):
        for t in types("BatchNormalization", opset=opset):
            scales = types("BatchNormalization", "T1", opset) if opset >= 15 else [t]
            means = types("BatchNormalization", {14: "U", 15: "T2"}[opset], opset) if opset >= 14 else [t]
            for scale, mean in itertools.product(scales, means):
                parameters = [numbers(scale, (3,), seed=1), numbers(scale, (3,), seed=2),
                              numbers(mean, (3,), seed=3), numbers(mean, (3,), 0.5, 2)]  # fmt: skip
                yield case("BatchNormalization", [numbers(t, (2, 3, 4, 2)), *parameters],
                           old.get(opset, {}), name=(t, scale, mean), opset=opset,
                           oracle=lambda *a: wide(inference)([t], *a))  # fmt: skip
                if opset >= 14:
                    yield case("BatchNormalization", [numbers(t, (2, 3, 4, 2)), *parameters],
                               {"training_mode": 1}, outputs=3, name=("training", t, scale, mean),
                               opset=opset, oracle=lambda *a: wide(training)([t, mean, mean], *a))
    for shape in [(2, 3), (1, 3), (2, 3, 5), (1, 3, 1, 1), (2, 3, 2, 1, 4), (0, 3, 2), (2, 3, 0)]:
        for epsilon in (1e-5, 0.0, 2.5):
            parameters = [numbers("float", (3,), 0.5, 2, seed=i) for i in range(4)]
            yield case("BatchNormalization", [numbers("float", shape), *parameters], {"epsilon": epsilon},
                       name=(shape, epsilon),
                       oracle=real(lambda *a: inference(*a, epsilon=np.float32(epsilon))))  # fmt: skip
        for momentum in (0.0, 0.75, 1.0):
            if 0 not in shape:
                yield case("BatchNormalization", [numbers("float", shape), *parameters], outputs=3,
                           attributes={"training_mode": 1, "momentum": momentum},
                           name=("training", shape, momentum),
                           oracle=lambda *a: wide(lambda *b: training(*b, momentum=momentum))(
                               ["float"] * 3, *a))  # fmt: skip


def instance_normalization():
    def instance(x, scale, bias, epsilon=1e-5):
        y = normalized(x, tuple(range(2, x.ndim)), epsilon)
        return y * per_channel(x, scale) + per_channel(x, bias)

    for opset, t in history("InstanceNormalization"):
        for shape in [(2, 3, 4), (2, 3, 4, 2), (1, 3, 2, 2, 2)]:
            attributes = {"consumed_inputs": [0, 0, 0]} if opset == 1 else {}
            yield case("InstanceNormalization",
                       [numbers(t, shape), numbers(t, (3,), seed=1), numbers(t, (3,), seed=2)],
                       attributes, name=(t, shape), opset=opset, oracle=real(instance))  # fmt: skip
    for shape, epsilon in [((1, 1, 1), 1e-5), ((2, 3, 1), 0.5), ((0, 3, 2), 1e-5), ((2, 3, 4), 0.0)]:
        n = shape[1]
        yield case("InstanceNormalization", [numbers("float", shape), numbers("float", (n,), seed=1),
                                             numbers("float", (n,), seed=2)], {"epsilon": epsilon},
                   name=(shape, epsilon), oracle=real(lambda *a: instance(*a, epsilon)))  # fmt: skip


def group_normalization():
    def grouped(x, scale, bias, groups, epsilon=1e-5):
        parts = x.reshape(x.shape[0], groups, -1) if x.size else x
        y = normalized(parts, (2,), epsilon).reshape(x.shape) if x.size else x
        if scale.size == groups and opset == 18:  # one for each group
            scale, bias = (np.repeat(v, x.shape[1] // groups) for v in (scale, bias))
        return y * per_channel(x, scale) + per_channel(x, bias)

    for opset, t in history("GroupNormalization"):
        for groups in (1, 2, 4):
            n = groups if opset == 18 else 4
            for stash in (None, 1, 10, 11, 16) if opset > 18 else (None,):
                yield case("GroupNormalization",
                           [numbers(t, (2, 4, 3, 2)), numbers(t, (n,), seed=1), numbers(t, (n,), seed=2)],
                           {"num_groups": groups} | ({} if stash is None else {"stash_type": stash}),
                           name=(t, groups, stash), opset=opset,
                           tolerance=(2e-2, 5e-2) if stash in (10, 16) else None,
                           oracle=real(lambda *a: grouped(*a, groups)))  # fmt: skip
    opset = 21
    for shape, groups in [((1, 2, 1), 2), ((2, 6, 5), 3), ((2, 4, 2, 2, 2), 2), ((0, 4, 2), 2)]:
        n = shape[1]
        yield case("GroupNormalization",
                   [numbers("float", shape), numbers("float", (n,), seed=1), numbers("float", (n,), seed=2)],
                   {"num_groups": groups, "epsilon": 0.25}, name=(shape, groups), opset=opset,
                   oracle=real(lambda *a: grouped(*a, groups, 0.25)))  # fmt: skip


def layer_normalization():
    def layer(x, scale, bias=0.0, axis=-1, epsilon=1e-5):
        axes = tuple(range(axis % x.ndim, x.ndim))
        mean = x.mean(axes, keepdims=True)
        inverse = 1 / np.sqrt(((x - mean) ** 2).mean(axes, keepdims=True) + epsilon)
        return (x - mean) * inverse * scale + bias, mean, inverse

    for t in types("LayerNormalization"):
        for stash in ("float", "bfloat16"):
            kinds = [t, stash, stash]
            yield case("LayerNormalization", [numbers(t, (2, 3, 4)), numbers(t, (3, 4), seed=1)],
                       {"axis": 1, "stash_type": NUMBERS[stash]}, outputs=3, name=(t, stash),
                       tolerance=(2e-2, 5e-2) if stash == "bfloat16" else None,
                       oracle=lambda *a: wide(lambda *b: layer(*b, axis=1))(kinds, *a))  # fmt: skip
        yield case("LayerNormalization",
                   [numbers(t, (2, 5)), numbers(t, (5,), seed=1), numbers(t, (5,), seed=2)],
                   name=(t, "bias"), oracle=real(lambda *a: layer(*a)[0]))  # fmt: skip
    for shape in SHAPES[1:]:
        for axis in range(-len(shape), len(shape)):
            for outputs in (1, 2, 3):
                tail = shape[axis % len(shape):]
                yield case("LayerNormalization", [numbers("float", shape), numbers("float", tail, seed=1)],
                           {"axis": axis}, outputs=outputs, name=(shape, axis, outputs),
                           oracle=lambda *a: wide(lambda *b: layer(*b, axis=axis))(
                               ["float"] * outputs, *a))  # fmt: skip
    for scale, bias in [((), ()), ((1,), (4,)), ((3, 1), (4,)), ((1, 1, 4), (3, 4)), ((2, 3, 4), (1,))]:
        yield case("LayerNormalization", [numbers("float", (2, 3, 4)), numbers("float", scale, seed=1),
                                          numbers("float", bias, seed=2)], {"axis": 1},
                   name=("broadcast", scale, bias), oracle=real(lambda *a: layer(*a, axis=1)[0]))


def rms_normalization():
    def rms(x, scale, axis=-1, epsilon=1e-5):
        axes = tuple(range(axis % x.ndim, x.ndim))
        return x / np.sqrt((x * x).mean(axes, keepdims=True) + epsilon) * scale

    for t in types("RMSNormalization"):
        for scale in types("RMSNormalization", "V"):
            yield case("RMSNormalization", [numbers(t, (2, 3, 4)), numbers(scale, (4,), seed=1)],
                       name=(t, scale), kinds=(scale,), oracle=lambda *a: wide(rms)([scale], *a))
        for stash in (1, 10, 11, 16):
            yield case("RMSNormalization", [numbers(t, (2, 3)), numbers(t, (3,), seed=1)],
                       {"stash_type": stash}, name=(t, "stash", stash), oracle=real(rms),
                       tolerance=(2e-2, 5e-2) if stash in (10, 16) else None)  # fmt: skip
    for shape in SHAPES[1:]:
        for axis in range(-len(shape), len(shape)):
            tail = shape[axis % len(shape):]
            yield case("RMSNormalization", [numbers("float", shape), numbers("float", tail, seed=1)],
                       {"axis": axis}, name=(shape, axis), oracle=real(lambda *a: rms(*a, axis)))


def others():
    def lrn(x, size=3, alpha=1e-4, beta=0.75, bias=1.0):
        low = (size - 1) // 2
        squares = [(x[:, max(c - low, 0):c - low + size] ** 2).sum(1) for c in range(x.shape[1])]
        return x / (bias + alpha / size * np.stack(squares, 1)) ** beta

    def lp(x, p=2, axis=-1):
        norm = np.abs(x).sum(axis, keepdims=True) if p == 1 else np.sqrt((x * x).sum(axis, keepdims=True))
        return x / np.where(norm == 0, 1, norm)  # zeros stay zeros

    def mvn(x, axes=(0, 2, 3)):
        mean = x.mean(tuple(axes), keepdims=True)
        return (x - mean) / (np.sqrt(((x - mean) ** 2).mean(tuple(axes), keepdims=True)) + 1e-9)

    for opset, t in history("LRN"):
        yield case("LRN", [numbers(t, (2, 5, 3, 2))], {"size": 3}, name=(t,), opset=opset, oracle=real(lrn))
    for shape in [(1, 1), (2, 6), (2, 5, 4), (2, 3, 1, 2, 2), (0, 3, 2, 2)]:
        for attributes in [{"size": 1}, {"size": 4, "alpha": 0.5}, {"size": 9, "beta": 0.25, "bias": 2.0}]:
            yield case("LRN", [numbers("float", shape)], attributes, name=(shape, *attributes.values()),
                       oracle=real(lambda x: lrn(x, **attributes)))  # fmt: skip
    for opset, t in history("LpNormalization"):
        for p in (1, 2):
            yield case("LpNormalization", [numbers(t, (2, 3, 4))], {"p": p, "axis": 1}, name=(t, p),
                       opset=opset, oracle=real(lambda x: lp(x, p, 1)))  # fmt: skip
    for shape in SHAPES[1:]:
        for axis in range(-len(shape), len(shape)):
            for p in (1, 2):
                yield case("LpNormalization", [numbers("float", shape)], {"p": p, "axis": axis},
                           name=(shape, axis, p), oracle=real(lambda x: lp(x, p, axis)))  # fmt: skip
    yield case("LpNormalization", [array("float", [[0, 0], [3, 4]])], name=("zeros",), oracle=real(lp))
    for opset, t in history("MeanVarianceNormalization"):
        yield case("MeanVarianceNormalization", [numbers(t, (2, 3, 4, 2))], name=(t,), opset=opset,
                   kinds=(t,), oracle=real(mvn))  # fmt: skip
    for shape, axes in [((4,), [0]), ((2, 3), [1]), ((2, 3), [-1, 0]), ((2, 3, 4, 2, 2), [0, 2, 4])]:
        yield case("MeanVarianceNormalization", [numbers("float", shape)], {"axes": axes},
                   name=(shape, axes), kinds=("float",), oracle=real(lambda x: mvn(x, axes)))  # fmt: skip


def cases():
    for table in (batch_normalization, instance_normalization, group_normalization,
                  layer_normalization, rms_normalization, others):  # fmt: skip
        yield from table()

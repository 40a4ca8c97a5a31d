"""com.microsoft's layer normalizations of sums: residuals, embeddings; and its forerunner of RMS."""

import itertools

from case import numbers
from contrib import contrib, reals


def residuals():
    for shape, epsilon in [((1, 1, 8), 1e-5), ((2, 3, 5), 0.1), ((2, 7, 64), 1e-12), ((3, 33), 1e-5)]:
        x, scale = reals(shape), reals(shape[-1:], 1)
        shift, bias = reals(shape[-1:], 2), reals(shape[-1:], 3)
        skips = [shape] + ([(1, *shape[1:]), shape[1:]] if len(shape) == 3 else [])
        for skip, outputs in itertools.product(dict.fromkeys(skips), ((0,), (0, 3))):
            pair = [x, reals(skip, 4), scale]
            for op, rest, name in [
                ("SkipLayerNormalization", [shift], ""),
                ("SkipLayerNormalization", [shift, bias], "bias"),
                ("SkipLayerNormalization", [None, bias], "nobeta"),
                ("SkipSimplifiedLayerNormalization", [], ""),
                ("SkipSimplifiedLayerNormalization", [bias], "bias"),
            ]:
                yield contrib(op, pair + rest, {"epsilon": epsilon}, outputs=outputs,
                              name=(name, shape, skip, epsilon, len(outputs)))  # fmt: skip


def simplified():
    def one(inputs, attributes, outputs=(0,), **more):
        return contrib("SimplifiedLayerNormalization", inputs, attributes, domain="", outputs=outputs,
                       kinds=("float",) * len(outputs), **more)  # fmt: skip

    for shape, outputs in itertools.product([(1, 1, 8), (2, 3, 5), (2, 7, 64), (3, 33)], ((0,), (0, 1))):
        yield one([reals(shape), reals(shape[-1:], 1)], {}, outputs, name=(shape, len(outputs)))
    for axis in (0, 1, 2, -1, -2):
        x = reals((2, 3, 4))
        yield one([x, reals(x.shape[axis:], 1)], {"axis": axis, "epsilon": 0.1}, name=("axis", axis))


def embeddings():
    for length, hidden in [(1, 4), (5, 16), (9, 31)]:
        index = lambda high, shape, seed: numbers("int32", shape, low=0, high=high, seed=seed)
        ids, segments = index(9, (2, length), 1), index(1, (2, length), 2)
        tables = [reals((10, hidden)), reals((12, hidden), 4), reals((2, hidden), 5)]
        ends = [reals((hidden,), 6), reals((hidden,), 7)]
        places = [None, index(11, (2, length), 8), index(11, (1, length), 9)]
        for positions, with_segments, with_mask in itertools.product(places, (0, 1), (0, 1)):
            inputs = [ids, segments if with_segments else None, *tables[:2],
                      tables[2] if with_segments else None, *ends,
                      index(1, (2, length), 3) if with_mask else None, positions]  # fmt: skip
            outputs = (0, 1, 2) if with_mask else (0, 1)
            label = "default" if positions is None else positions.shape
            constants = [i for i in range(2, 7) if inputs[i] is not None]
            yield contrib("EmbedLayerNormalization", inputs, {"epsilon": 1e-6}, outputs=outputs,
                          constants=constants, name=(length, hidden, with_segments, with_mask, label))  # fmt: skip


def cases():
    yield from residuals()
    yield from simplified()
    yield from embeddings()

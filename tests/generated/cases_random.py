"""Random operators where chance has no choice: no spread, certain outcomes, no training."""

import numpy as np
from case import EMPTY_SHAPES, EXACT, NUMBERS, SHAPES, array, case, dtype, numbers, types, versions

ALL_SHAPES = [*SHAPES, *EMPTY_SHAPES]


def constant(op, value):
    """Attributes with which every element is `value`."""
    if "Normal" in op:
        return {"mean": value, "scale": 0.0}
    return {"low": value, "high": value}


def generators():
    for op in ("RandomNormal", "RandomUniform"):
        for opset in versions(op):
            for t in types(op, "T", opset):
                for shape in ALL_SHAPES if t == "float" else [(2, 3)]:
                    attributes = {"shape": list(shape), "dtype": NUMBERS[t], **constant(op, 2.5)}
                    yield case(op, [], attributes, opset=opset, name=(t, shape), tolerance=EXACT,
                               oracle=lambda shape=shape, t=t: np.full(shape, 2.5).astype(dtype(t)))  # fmt: skip


def likes():
    for op in ("RandomNormalLike", "RandomUniformLike"):
        for opset in versions(op):
            for t in types(op, "T1", opset):
                for u in types(op, "T2", opset):
                    shapes = ALL_SHAPES if t == u == "float" else [(2, 3)]
                    for shape in shapes:
                        attributes = {"dtype": NUMBERS[u], "seed": 1.0, **constant(op, -1.0)}
                        yield case(op, [numbers(t, shape)], attributes, opset=opset,
                                   name=(t, u, shape), tolerance=EXACT,
                                   oracle=lambda x, u=u: np.full(x.shape, -1.0).astype(dtype(u)))  # fmt: skip
            for t in types(op, "T2", opset):
                yield case(op, [numbers(t, (2, 3))], constant(op, 4.0), opset=opset,
                           name=(t, "own type"), tolerance=EXACT,
                           oracle=lambda x: np.full_like(x, 4.0))  # fmt: skip


def certain():
    for opset in versions("Bernoulli"):
        for t in types("Bernoulli", "T1", opset):
            for u in (None, *types("Bernoulli", "T2", opset)):
                for shape in ALL_SHAPES if t == "float" and u is None else [(2, 3)]:
                    yield case("Bernoulli", [numbers("bool", shape).astype(dtype(t))],
                               {"dtype": NUMBERS[u]} if u else {}, opset=opset,
                               name=(t, u or "own type", shape), tolerance=EXACT,
                               oracle=lambda p, u=u: p.astype(dtype(u)) if u else p)  # fmt: skip
    for opset in versions("Multinomial"):
        for t in types("Multinomial", "T1", opset):
            for u in types("Multinomial", "T2", opset):
                rows = array(t, [[-np.inf, 0.5, -np.inf], [-np.inf, -np.inf, -3]])
                yield case("Multinomial", [rows], {"dtype": NUMBERS[u], "sample_size": 5},
                           opset=opset, name=(t, u), tolerance=EXACT,
                           oracle=lambda x, u=u: np.array([[1] * 5, [2] * 5], dtype=dtype(u)))  # fmt: skip


def dropout():
    op = "Dropout"
    for opset in versions(op):
        for t in types(op, "T", opset):
            mask_type = bool if opset >= 10 else dtype(t)
            for shape in ALL_SHAPES if t == "float" else [(2, 3)]:
                attributes = {"is_test": 1} if opset < 7 else {}
                yield case(op, [numbers(t, shape)], attributes, opset=opset, name=(t, shape),
                           tolerance=EXACT, oracle=lambda x: x)  # fmt: skip
            if opset >= 7:
                yield case(op, [numbers(t, (2, 3))], opset=opset, name=(t, "mask"), outputs=2,
                           oracle=lambda x, m=mask_type: (x, np.ones(x.shape, m)), tolerance=EXACT)  # fmt: skip
            for r in types(op, "T1", opset) if opset >= 12 else ():
                inputs = [numbers(t, (2, 3)), array(r, 0.75), np.array(False)]
                yield case(op, inputs, opset=opset, name=(t, r, "not training"), outputs=2,
                           tolerance=EXACT,
                           oracle=lambda x, *_: (x, np.ones(x.shape, bool)))  # fmt: skip
                inputs = [numbers(t, (2, 3)), array(r, 0), np.array(True)]
                yield case(op, inputs, opset=opset, name=(t, r, "nothing dropped"), outputs=2,
                           tolerance=EXACT,
                           oracle=lambda x, *_: (x, np.ones(x.shape, bool)))  # fmt: skip


def cases():
    yield from generators()
    yield from likes()
    yield from certain()
    yield from dropout()

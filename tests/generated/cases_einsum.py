"""Einsum with equations of every kind, and Det."""

import numpy as np
from case import case, numbers, types, versions
from oracles import real

EQUATIONS = [
    ("i->i", [(3,)]), ("i->", [(3,)]), ("->", [()]), (",->", [(), ()]), ("i,->i", [(3,), ()]),
    ("ij->ji", [(2, 3)]), ("ii->i", [(3, 3)]), ("ii", [(3, 3)]), ("iij->ij", [(2, 2, 3)]),
    ("iji->j", [(2, 3, 2)]), ("iii->", [(2, 2, 2)]), ("i,i->i", [(3,), (3,)]),
    ("i,i", [(3,), (3,)]), ("i,j->ij", [(2,), (3,)]), ("i,j", [(2,), (3,)]),
    ("ij,jk->ik", [(2, 3), (3, 4)]), ("ij,jk", [(2, 3), (3, 4)]), ("ij,kj->ki", [(2, 3), (4, 3)]),
    ("ba,bc", [(2, 3), (2, 4)]), ("bij,bjk->bik", [(2, 3, 2), (2, 2, 4)]),
    ("bhid,bhjd->bhij", [(2, 2, 3, 2), (2, 2, 4, 2)]), ("ij,ij->", [(2, 3), (2, 3)]),
    ("ij,k->ikj", [(2, 3), (2,)]), ("ij,jk,kl->il", [(2, 3), (3, 2), (2, 4)]),
    ("i,j,k->kji", [(2,), (3,), (2,)]), ("ii,jj->ij", [(2, 2), (3, 3)]),
    ("a b , b c -> a c", [(2, 3), (3, 4)]), ("Ab,bA->A", [(2, 3), (3, 2)]),
    ("...->...", [(2, 3)]), ("...i->...", [(2, 3)]), ("i...->...i", [(2, 3, 4)]),
    ("...ij,...jk->...ik", [(5, 2, 3), (1, 3, 4)]),
    ("...ij,...jk->...ik", [(5, 1, 2, 3), (1, 2, 3, 4)]),
    ("...ij,...jk", [(2, 2, 3), (2, 3, 2)]), ("i...,i...->...", [(2, 3), (2, 3)]),
    ("...ii->...i", [(2, 3, 3)]), ("...,...->...", [(2, 1), (1, 3)]),
    ("ij,jk->ik", [(2, 0), (0, 3)]), ("i->", [(0,)]), ("ij->ji", [(0, 3)]),
    ("abcdef->fedcba", [(1, 2, 1, 3, 1, 2)]),
]  # fmt: skip


def einsum():
    for opset in versions("Einsum"):
        for t in types("Einsum", "T", opset):
            for i, (equation, shapes) in enumerate(EQUATIONS):
                inputs = [numbers(t, shape, seed=k) for k, shape in enumerate(shapes)]
                # The sum wraps in the type of the integers; in int64 it does not.
                oracle = real(lambda *x, e=equation: np.einsum(e, *map(widest, x)).astype(
                    x[0].dtype))  # fmt: skip
                yield case("Einsum", inputs, {"equation": equation}, opset=opset,
                           name=(t, i, *shapes), oracle=oracle)  # fmt: skip


def widest(x):
    return x if x.dtype == np.float64 else x.astype(np.int64 if x.dtype.kind == "i" else np.uint64)


def determinants():
    shapes = [(1, 1), (2, 2), (3, 3), (5, 5), (2, 3, 3), (2, 1, 2, 2), (0, 0), (2, 0, 0), (0, 3, 3),
              (1, 2, 1, 2, 3, 3)]  # fmt: skip
    for opset in versions("Det"):
        for t in types("Det", "T", opset):
            for shape in shapes:
                yield case("Det", [numbers(t, shape, -2, 2)], opset=opset, name=(t, shape),
                           oracle=real(np.linalg.det))  # fmt: skip
            for x, kind in ((np.ones((3, 3)), "singular"), (np.eye(4)[[1, 0, 3, 2]], "permuted"),
                            (np.diag([0.0, 1, 2]), "zero")):  # fmt: skip
                yield case("Det", [x.astype(numbers(t).dtype)], opset=opset, name=(t, kind),
                           oracle=real(np.linalg.det))  # fmt: skip


def cases():
    yield from einsum()
    yield from determinants()

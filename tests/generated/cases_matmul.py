"""MatMul and Gemm: element types at each opset, batches that broadcast, transposes, scales."""

import numpy as np
from case import case, eighths, history
from oracles import real


def gemm_of(a, b, c=0.0, alpha=1.0, beta=1.0, transA=0, transB=0):
    a, b = a.T if transA else a, b.T if transB else b
    return alpha * (a @ b) + beta * c


def any_number(function):
    """`function` on floats widened to double, on integers as they are."""

    def oracle(*arrays):
        if arrays[0].dtype.kind in "iu":
            return np.asarray(function(*arrays)).astype(arrays[0].dtype)
        return real(function)(*arrays)

    return oracle


def matmul():
    shapes = [((4,), (4,)), ((3, 4), (4,)), ((4,), (2, 4, 3)), ((3, 4), (4, 5)), ((2, 3, 4), (4, 5)),
              ((2, 1, 3, 4), (3, 4, 2)), ((1, 1, 1, 2, 3, 4), (4, 2))]  # fmt: skip
    for opset, t in history("MatMul"):
        for a, b in shapes:
            yield case("MatMul", [eighths(t, a), eighths(t, b, seed=1)], name=(t, a, b), opset=opset,
                       oracle=any_number(np.matmul))  # fmt: skip
    for a, b in [((1, 1), (1, 1)), ((1, 7), (7, 1)), ((7, 1), (1, 7)), ((5, 4), (4, 0)), ((0, 4), (4, 3)),
                 ((3, 0), (0, 2)), ((0,), (0,)), ((2, 0, 3), (3, 2)), ((0, 2, 3), (3, 2)),
                 ((2, 1, 2, 3), (3, 3, 2)), ((1, 2, 1, 3), (2, 1, 3, 4)), ((3, 2, 1, 1, 2, 2), (1, 4, 1, 2, 3)),
                 ((33, 65), (65, 17)), ((2, 17, 31), (2, 31, 3)), ((1, 64), (64, 130)), ((70, 3), (3, 1))]:
        for t in ("float", "double", "float16", "int32"):
            for constants in ((), (1,)):
                yield case("MatMul", [eighths(t, a), eighths(t, b, seed=1)], constants=constants,
                           name=(t, a, b, *constants), oracle=any_number(np.matmul))  # fmt: skip


def gemm():
    for opset, t in history("Gemm"):
        old = {"broadcast": 1} if opset < 7 else {}
        for c, attributes in [((3, 5), {}), ((5,), old | {"transA": 1, "transB": 1}),
                              ((3, 1), old | {"transB": 1, "alpha": 2.0, "beta": 3.0}),
                              ((1,), old | {"transA": 1, "alpha": 3.0, "beta": 0.0})]:  # fmt: skip
            a = (4, 3) if attributes.get("transA") else (3, 4)
            b = (5, 4) if attributes.get("transB") else (4, 5)
            given = {k: v for k, v in attributes.items() if k != "broadcast"}
            yield case("Gemm", [eighths(t, a), eighths(t, b, seed=1), eighths(t, c, seed=2)], attributes,
                       name=(t, c, *given.values()), opset=opset,
                       oracle=any_number(lambda a, b, c: gemm_of(a, b, c, **given)))  # fmt: skip
        if opset >= 11:
            yield case("Gemm", [eighths(t, (3, 4)), eighths(t, (4, 5), seed=1)], name=(t, "no bias"),
                       opset=opset, oracle=any_number(gemm_of))  # fmt: skip
    for m, k, n in [(1, 1, 1), (0, 3, 2), (2, 3, 0), (2, 0, 3), (1, 40, 70), (65, 33, 17)]:
        for bias in dict.fromkeys([(), (1,), (n,), (1, n), (m, 1), (m, n), None]):
            for alpha, beta in [(1.0, 1.0), (0.5, -2.0), (0.0, 1.0)]:
                inputs = [eighths("float", (m, k)), eighths("float", (k, n), seed=1)]
                inputs += [] if bias is None else [eighths("float", bias, seed=2)]
                yield case("Gemm", inputs, {"alpha": alpha, "beta": beta},
                           name=(m, k, n, "none" if bias is None else bias, alpha, beta),
                           oracle=any_number(lambda *a: gemm_of(*a, alpha=alpha, beta=beta)))  # fmt: skip


def cases():
    yield from matmul()
    yield from gemm()

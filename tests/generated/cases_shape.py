"""Operators that move elements or describe shapes."""

from case import EXACT, SHAPES, case, numbers, types


def transpose():
    for t in types("Transpose"):
        for shape in SHAPES:
            reverse = list(range(len(shape)))[::-1]
            for perm in (None, reverse[1:] + reverse[:1]):
                attributes = {} if perm is None else {"perm": perm}
                yield case("Transpose", [numbers(t, shape)], attributes, tolerance=EXACT,
                           name=(t, shape, "perm" if attributes else "default"))  # fmt: skip


def cases():
    yield from transpose()

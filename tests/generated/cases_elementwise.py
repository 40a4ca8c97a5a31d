"""Element by element: types and broadcasting of every operator that broadcasts two inputs."""

import numpy as np
from case import BROADCASTS, case, numbers, types

BINARY = {"Add": np.add, "Sub": np.subtract, "Mul": np.multiply}


def cases():
    for op, function in BINARY.items():
        for t in types(op):
            for a, b in BROADCASTS:
                yield case(op, [numbers(t, a), numbers(t, b, seed=1)], name=(t, a, b),
                           oracle=function)  # fmt: skip

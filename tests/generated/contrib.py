"""What the tables of com.microsoft's operators share.

The operators are ONNX Runtime's own, so what it computes is what is expected.
"""

import numpy as np
from case import OnnxRuntime, array, case, numbers

STEP = (0.0, 1.0)  # the tolerance where a result may lie between two steps of its scale


def contrib(op, inputs, attributes=None, *, domain="com.microsoft", outputs=(0,),
            tolerance=(1e-4, 1e-5), **more):  # fmt: skip
    """A case of one node; `outputs` are the positions of those that are wanted.

    Inputs at the end that are None are left off.
    """
    while inputs[-1] is None:
        inputs = inputs[:-1]
    made = case(op, inputs, attributes, domain=domain, outputs=max(outputs) + 1,
                opset={"": 17, "com.microsoft": 1}, oracle=OnnxRuntime(), tolerance=tolerance,
                **more)  # fmt: skip
    for i in set(range(max(outputs))) - set(outputs):
        made.nodes[0].output[i] = ""
        made.outputs.remove(f"y{i}")
    return made


def reals(shape, seed=0, low=-2, high=2):
    return numbers("float", shape, low=low, high=high, seed=seed)


def ints(shape, values):
    return np.array(values, np.int32).reshape(shape)


def scale(value):
    return np.array(value, np.float32)


def linear(kind, value, zero):
    """A scale, and a zero point of that type."""
    return [scale(value), array(kind, zero)]


def whole(kind, shape=(), seed=0):
    """Bytes from all of their range."""
    return numbers(kind, shape, low=-128, high=255, seed=seed)

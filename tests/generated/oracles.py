"""NumPy functions made into oracles: each kind of number computed so widely that errors vanish."""

import numpy as np
import onnx
from case import NUMBERS, Reference, dtype, element_type, is_float, limits


def real(function):
    """`function` on floats widened to double, its result rounded to the first input's type."""

    def oracle(*arrays):
        wide = [a.astype(np.float64) if is_float(element_type(a)) else a for a in arrays]
        result = np.asarray(function(*wide))
        return result.astype(arrays[0].dtype) if result.dtype == np.float64 else result

    return oracle


class WideReference(Reference):
    """ONNX's evaluator on a model whose floats are all widened to double."""

    def __call__(self, model: onnx.ModelProto, inputs: dict) -> list:
        wide = onnx.ModelProto()
        wide.CopyFrom(model)
        values = {}
        for port in wide.graph.input:
            value = inputs[port.name]
            if value.dtype.kind in "fV" and is_float(element_type(value)):
                value = value.astype(np.float64)
                port.type.tensor_type.elem_type = NUMBERS["double"]
            values[port.name] = value
        return super().__call__(wide, values)


def exact(function):
    """`function` on each element as a Python integer; results wrap in the first input's type."""

    def oracle(*arrays):
        kind = arrays[0].dtype
        mask = (1 << 8 * kind.itemsize) - 1
        wrapped = np.frompyfunc(lambda *x: int(function(*x)) & mask, len(arrays), 1)
        results = wrapped(*[a.astype(object) for a in arrays])
        return np.asarray(results, dtype=np.uint64).astype(kind)

    return oracle


def number(on_reals, on_integers):
    """The one or the other, by the type of the first input."""

    def oracle(*arrays):
        chosen = real(on_reals) if is_float(element_type(arrays[0])) else exact(on_integers)
        return chosen(*arrays)

    return oracle


def quotient(a: int, b: int) -> int:
    """a / b truncated towards zero, as the specification's integer division; 0 for b = 0."""
    whole = abs(a) // abs(b) if b else 0
    return whole if (a < 0) == (b < 0) else -whole


def zero(x: np.ndarray):
    """What fills a place without an element of that type: 0, False or ""."""
    return "" if x.dtype == object else x.dtype.type(0)


def specials(name: str) -> np.ndarray:
    """Elements at which functions are apt to fail: zeros, ends, halves, infinities, NaN."""
    if name == "bool":
        return np.array([False, True])
    if name == "string":
        return np.array(["", "a", "A", "ab", "ä", "1"], dtype=object)
    if name.startswith("complex"):
        parts = specials("float" if name == "complex64" else "double")
        return (parts + 1j * parts[::-1]).astype(dtype(name))
    least, greatest = (float(x) if is_float(name) else int(x) for x in limits(name))
    if not is_float(name):
        values = [0, 1, 2, 3, 7, -1, -2, -7, least, least + 1, greatest, greatest - 1]
        return np.array([v for v in values if least <= v <= greatest], dtype=dtype(name))
    values = [0.0, -0.0, 0.5, -0.5, 1.0, -1.0, 1.5, -1.5, 2.5, 3.0, -3.0, 0.1, -0.1, 20.0, -20.0,
              100.0, -100.0, np.inf, -np.inf, np.nan, least, greatest]  # fmt: skip
    tiny = [np.nextafter(dtype(name).type(0), dtype(name).type(1))]
    return np.concatenate([np.array(values).astype(dtype(name)), np.array(tiny)])

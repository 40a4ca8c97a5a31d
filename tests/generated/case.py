"""What tables of cases are made of; see generate.py for how they are used.

Element types go by ONNX's names ("float", "int4"), operators by their schemas in onnx.defs: a table
asks `types()` for what the specification allows, so that no type is forgotten.
"""

import dataclasses
import functools
import zlib

import ml_dtypes
import numpy as np
import onnx
from onnx import helper

NEWEST = onnx.defs.onnx_opset_version()

# One shape of each rank from 0 to 6, and shapes without elements.
SHAPES = [(), (3,), (2, 3), (2, 3, 4), (2, 1, 3, 2), (1, 2, 1, 3, 2), (2, 1, 2, 1, 2, 3)]
EMPTY_SHAPES = [(0,), (2, 0), (0, 3, 2)]
# Pairs of shapes that broadcast to a third.
BROADCASTS = [
    ((), (3,)), ((3,), ()), ((1,), (2, 3)), ((2, 3), (3,)), ((2, 1), (1, 3)), ((2, 3, 4), (3, 1)),
    ((4,), (2, 3, 4)), ((2, 1, 3, 1), (5, 1, 2)), ((1, 2, 1, 3, 2), (2, 1, 2, 1, 1)),
    ((2, 1, 2, 1, 2, 3), (2, 3)), ((0,), (1,)), ((2, 0), (1, 1)), ((1, 3, 1), (0, 1, 2)),
]  # fmt: skip

EXACT = (0.0, 0.0)
# (rtol, atol) of a case by the types of its outputs; all others are exact.
TOLERANCES = {
    "double": (1e-9, 1e-12), "float": (1e-5, 1e-6), "float16": (2e-3, 1e-4),
    "bfloat16": (1.6e-2, 1e-3), "complex64": (1e-5, 1e-6), "complex128": (1e-9, 1e-12),
}  # fmt: skip


class Reference:
    """Oracle: ONNX's own evaluator, onnx.reference."""

    def __call__(self, model: onnx.ModelProto, inputs: dict) -> list:
        from onnx.reference import ReferenceEvaluator

        return ReferenceEvaluator(model).run(None, inputs)


class OnnxRuntime:
    """Oracle: onnxruntime on the CPU, its graph optimisations off."""

    def __call__(self, model: onnx.ModelProto, inputs: dict) -> list:
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_DISABLE_ALL
        options.intra_op_num_threads = 1
        options.log_severity_level = 4
        session = onnxruntime.InferenceSession(
            model.SerializeToString(), options, providers=["CPUExecutionProvider"]
        )
        fed = {port.name: inputs[port.name] for port in model.graph.input}  # not the constants
        return session.run(None, fed)


class NumPy:
    """Oracle: a function from the inputs, in order, to an output or a tuple of them."""

    def __init__(self, function):
        self.function = function

    def __call__(self, model: onnx.ModelProto, inputs: dict) -> list:
        outputs = self.function(*inputs.values())
        return list(outputs) if isinstance(outputs, tuple) else [outputs]


@dataclasses.dataclass
class Case:
    """Nodes with their inputs by name: arrays, lists of them for sequences, dicts for maps."""

    name: str
    nodes: list
    inputs: dict
    outputs: list
    opsets: dict
    oracle: object = dataclasses.field(default_factory=Reference)
    tolerance: tuple | None = None  # (rtol, atol); None: TOLERANCES
    constants: tuple = ()  # names of inputs that are initializers of the model
    dynamic: bool | None = None  # does the model hide its inputs' sizes? None: one in three does
    skip: str = ""  # why the case is left out
    kinds: tuple = ()  # the outputs' element types, where none or a wrong one is inferred


def label(*parts) -> str:
    """A name from parts; a shape is 2x3, or "scalar"."""

    def text(part) -> str:
        if isinstance(part, (tuple, list)):
            return "x".join(map(text, part)) if part else "scalar"
        return str(part).replace("-", "m").replace("/", "_").replace(" ", "_")

    return "_".join(text(part) for part in parts if part != "")


def _attribute(op: str, opset: int, domain: str, name: str, value) -> onnx.AttributeProto:
    """Of the type that the schema gives it: an empty list's, or 0's, does not show."""
    kind = None
    if onnx.defs.has(op, domain):
        declared = onnx.defs.get_schema(op, opset, domain).attributes
        kind = declared[name].type.value if name in declared else None
    return helper.make_attribute(name, value, attr_type=kind)


def case(op, inputs, attributes=None, *, name=(), opset=NEWEST, domain="", outputs=1,
         oracle=None, tolerance=None, constants=(), dynamic=None, skip="",
         kinds=()) -> Case:  # fmt: skip
    """A case of one node.

    `inputs` is a list, with None for one that is left out; `constants` are positions in it. An
    `oracle` that is a plain function is NumPy's; None is Reference. `name` holds the parts of the
    label that tell the case from others of this operator and opset. `opset` is a number, or a dict
    by domain.
    """
    names = ["" if value is None else f"x{i}" for i, value in enumerate(inputs)]
    results = [f"y{i}" for i in range(outputs)]
    opsets = dict(opset) if isinstance(opset, dict) else {domain: opset}
    node = helper.make_node(op, names, results, domain=domain)
    node.attribute.extend(_attribute(op, opsets[domain], domain, key, value)
                          for key, value in (attributes or {}).items())  # fmt: skip
    if oracle is not None and not isinstance(oracle, (Reference, OnnxRuntime, NumPy)):
        oracle = NumPy(oracle)
    return Case(
        name=label(op, *name, opsets[domain]),
        nodes=[node],
        inputs={n: value for n, value in zip(names, inputs) if n},
        outputs=results,
        opsets=opsets,
        oracle=oracle or Reference(),
        tolerance=tolerance,
        constants=tuple(f"x{i}" for i in constants),
        dynamic=dynamic,
        skip=skip,
        kinds=tuple(kinds),
    )


def move(op, inputs, attributes=None, **more) -> Case:
    """A case of one node whose elements are moved as they are."""
    return case(op, inputs, attributes, tolerance=EXACT, **more)


NUMBERS = {name.lower(): number for name, number in onnx.TensorProto.DataType.items()}
NAMES = {number: name for name, number in NUMBERS.items()}


def element_type(array: np.ndarray) -> str:
    """ONNX's name for the type of an array's elements."""
    return NAMES[helper.np_dtype_to_tensor_dtype(array.dtype)]


def dtype(name: str) -> np.dtype:
    """NumPy's type for ONNX's."""
    return np.dtype(helper.tensor_dtype_to_np_dtype(NUMBERS[name]))


def is_float(name: str) -> bool:
    """Is it a real floating-point type, of any width?"""
    return "float" in name or name == "double"


@functools.lru_cache(maxsize=None)
def types(op: str, parameter: str = "T", opset: int = NEWEST, domain: str = "") -> tuple:
    """Element types of tensors that the specification allows for a type parameter of `op`."""
    schema = onnx.defs.get_schema(op, opset, domain)
    (constraint,) = [c for c in schema.type_constraints if c.type_param_str == parameter]
    allowed = sorted(constraint.allowed_type_strs)
    return tuple(text[7:-1] for text in allowed if text.startswith("tensor("))


@functools.lru_cache(maxsize=None)
def versions(op: str, domain: str = "") -> tuple:
    """Opsets at which `op` appeared or changed, without those that only deprecate it."""
    schemas = onnx.defs.get_all_schemas_with_history()
    return tuple(
        sorted(s.since_version for s in schemas
               if (s.name, s.domain, s.deprecated) == (op, domain, False))
    )  # fmt: skip


def history(op: str, parameter: str = "T", domain: str = ""):
    """Each opset at which `op` appeared or changed, with each type allowed there: (opset, type)."""
    for opset in versions(op, domain):
        for name in types(op, parameter, opset, domain):
            yield opset, name


def limits(name: str) -> tuple:
    """Least and greatest finite number of a type."""
    if name == "bool":
        return (0, 1)
    kind = dtype(name)
    info = (ml_dtypes.finfo if is_float(name) else ml_dtypes.iinfo)(kind)
    return (info.min, info.max)


def numbers(name: str, shape=(), low=-8, high=8, seed=0) -> np.ndarray:
    """Random elements from low to high, both included, as far as the type has them.

    The same arguments always give the same numbers; for a second input of a case give another seed.
    """
    rng = np.random.default_rng(zlib.crc32(repr((name, tuple(shape), seed)).encode()))
    if name == "string":
        words = np.array(["", "a", "B", "onnx", "grün", "x y", "12", "-3.5"], dtype=object)
        return rng.choice(words, size=shape) if shape else np.array(rng.choice(words), dtype=object)
    if name == "bool":
        return np.asarray(rng.integers(0, 2, shape).astype(bool))
    if name.startswith("complex"):
        parts = rng.uniform(low, high, (2, *shape))
        return np.asarray(parts[0] + 1j * parts[1]).astype(dtype(name))
    least, greatest = limits(name)
    low, high = max(low, least), min(high, greatest)
    if is_float(name):
        return np.asarray(rng.uniform(float(low), float(high), shape)).astype(dtype(name))
    return np.asarray(rng.integers(int(low), int(high), shape, endpoint=True)).astype(dtype(name))


def eighths(name: str, shape=(), low=-8, high=8, seed=0) -> np.ndarray:
    """`numbers` in steps of 1/8: sums of some thousand products are exact in float, in any order."""
    if not is_float(name):
        return numbers(name, shape, low, high, seed)
    return array(name, np.round(numbers("double", shape, low, high, seed) * 8) / 8)


def array(name: str, values) -> np.ndarray:
    """Given elements, cast to a type."""
    return np.asarray(values).astype(dtype(name))


def ints(*values) -> np.ndarray:
    """A list as shapes and axes are given."""
    return np.array(values, dtype=np.int64)

"""What the tables of the robustness suite are made of; see generate.py for how they are used."""

import dataclasses
from typing import Callable

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 21
FLOAT, INT64, BOOL = TensorProto.FLOAT, TensorProto.INT64, TensorProto.BOOL
INT_MIN, INT_MAX = -(2**63), 2**63 - 1
HUGE = 2**40
NAN, INF = np.float32("nan"), np.float32("inf")


@dataclasses.dataclass
class Case:
    """One file and what may become of it: "error", an "answer", or "either" of them. What would
    rightly go on for long, or hold much, is `limited`: it is run with limits of time and memory."""

    name: str
    content: object  # bytes, or a model
    expect: str = "error"
    file: str = "model.onnx"
    limited: bool = False
    setup: Callable | None = None  # called with the case's folder, for what lies beside the file

    def bytes(self) -> bytes:
        return self.content if isinstance(self.content, bytes) else self.content.SerializeToString()


def real(*shape, fill=1.0):
    return np.full(shape, fill, np.float32)


def ints(*values):
    return np.array(values, np.int64)


def scalar(value):
    return np.array(value, np.int64)


def tensor(name, element, dims, **fields) -> TensorProto:
    """A TensorProto with just these fields, whatever they say."""
    proto = TensorProto(name=name, data_type=element, dims=dims)
    for field, value in fields.items():
        if isinstance(value, (list, tuple)):
            getattr(proto, field).extend(value)
        else:
            setattr(proto, field, value)
    return proto


def float_input(name="x", shape=(2, 3)):
    return helper.make_tensor_value_info(name, FLOAT, shape)


def node(op, inputs, outputs, name="", domain="", overload="", **attributes):
    full = {key: value for key, value in attributes.items() if value != []}
    made = helper.make_node(op, inputs, outputs, name=name, domain=domain, **full)
    for key in sorted(attributes.keys() - full.keys()):
        made.attribute.add(name=key, type=onnx.AttributeProto.INTS)
    made.overload = overload
    return made


def model(nodes, inputs=(), outputs=("y",), constants=(), functions=(), opset=OPSET, domains=()):
    """A model that nothing has checked. Outputs are names, or value infos with types."""
    ports = [onnx.ValueInfoProto(name=o) if isinstance(o, str) else o for o in outputs]
    graph = helper.make_graph(list(nodes), "g", list(inputs), ports, list(constants))
    imports = [helper.make_opsetid("", opset)] + [helper.make_opsetid(d, 1) for d in domains]
    return helper.make_model(graph, ir_version=10, opset_imports=imports, functions=list(functions))


def call(op, *inputs, outputs=1, opset=OPSET, domain="", changeable=False, **attributes):
    """A model of one node. An input is an array, or None where it is left out; `changeable` makes
    the arrays defaults of inputs, so that no constant can be folded."""
    names = ["" if value is None else f"i{k}" for k, value in enumerate(inputs)]
    constants = [numpy_helper.from_array(np.asarray(v), n) for v, n in zip(inputs, names) if n]
    ports = [helper.make_tensor_value_info(c.name, c.data_type, list(c.dims)) for c in constants]
    results = [f"y{k}" for k in range(outputs)]
    made = node(op, names, results, name="n", domain=domain, **attributes)
    return model([made], ports if changeable else [], results, constants, opset=opset,
                 domains=[domain] if domain else [])  # fmt: skip


def both(name, *arguments, expect="error", **attributes):
    """The call with constants, which loading computes, and with inputs, which the run does."""
    for kind in (False, True):
        yield Case(f"{name}-{'run' if kind else 'folded'}",
                   call(*arguments, changeable=kind, **attributes), expect)  # fmt: skip

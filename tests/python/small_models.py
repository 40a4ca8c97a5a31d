"""Models of one node, or a few, as bytes."""

import onnx
from onnx import TensorProto, helper


def model(nodes: list, inputs: list, outputs: list, initializers=(), **extras) -> bytes:
    graph = helper.make_graph(nodes, "small", inputs, outputs, list(initializers))
    made = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", 21), helper.make_opsetid("ai.onnx.ml", 3)],
        ir_version=10, **extras,
    )  # fmt: skip
    return made.SerializeToString()


def tensor(name: str, element_type: int = TensorProto.FLOAT, shape=("N",)):
    return helper.make_tensor_value_info(name, element_type, shape)


def identity(element_type: int, shape=("N",)) -> bytes:
    return of_one("Identity", [tensor("x", element_type, shape)], [tensor("y", element_type, shape)])


def of_one(op: str, inputs: list, outputs: list, **attributes) -> bytes:
    names = [[value.name for value in values] for values in (inputs, outputs)]
    return model([helper.make_node(op, *names, **attributes)], inputs, outputs)


def sequence(name: str) -> onnx.ValueInfoProto:
    return helper.make_tensor_sequence_value_info(name, TensorProto.FLOAT, None)


def endless() -> bytes:
    """Adds one to x, more often than anyone waits for."""
    body = helper.make_graph(
        [
            helper.make_node("Identity", ["go"], ["on"]),
            helper.make_node("Add", ["v", "one"], ["next"]),
        ],
        "body",
        [tensor("i", TensorProto.INT64, []), tensor("go", TensorProto.BOOL, []), tensor("v")],
        [tensor("on", TensorProto.BOOL, []), tensor("next")],
    )
    return model(
        [helper.make_node("Loop", ["times", "", "x"], ["y"], body=body)],
        [tensor("x")], [tensor("y")],
        [helper.make_tensor("times", TensorProto.INT64, [], [1 << 60]),
         helper.make_tensor("one", TensorProto.FLOAT, [1], [1])],
    )  # fmt: skip

"""Files that the wire format forbids, or that abuse it."""

from case import Case, call, float_input, ints, model, node, real, tensor
from wire import BYTES, END_GROUP, FIXED32, FIXED64, GROUP, VARINT, field, nested, number, tag, varint

DEPTH = 100_000
COUNT = 10_000_000

# Fields of the messages, by the numbers that ONNX gives them.
IR_VERSION, GRAPH, OPSETS = 1, 7, 8
OPSET = field(OPSETS, number(2, 21))
HEAD = number(IR_VERSION, 10)


def relu():
    return model([node("Relu", ["x"], ["y"])], [float_input()])


def conv():
    return call("Conv", real(1, 1, 3, 3), real(1, 1, 2, 2), pads=[1, 0, 0, 1], strides=[2, 1])


def around(graph: bytes) -> bytes:
    """A model that is whole but for what its graph holds."""
    return HEAD + field(GRAPH, graph) + OPSET


def graph() -> bytes:
    return relu().graph.SerializeToString()


def prefixes():
    for name, whole in (("relu", relu()), ("conv", conv())):
        content = whole.SerializeToString()
        for end in range(len(content)):
            yield Case(f"{name}-{end}", content[:end])


def varint_lies():
    lies = {
        "endless-tag": b"\xff" * 100,
        "eleven-bytes": tag(IR_VERSION, VARINT) + b"\x80" * 10 + b"\x01",
        "unfinished": HEAD + tag(IR_VERSION, VARINT) + b"\x80",
        "field-0": HEAD + tag(0, VARINT) + b"\x01",
        "field-too-large": HEAD + tag(2**29, VARINT) + b"\x01",
        "field-of-64-bits": HEAD + varint(2**64 - 8),
        "version-of-64-bits": number(IR_VERSION, 2**64 - 1) + field(GRAPH, graph()) + OPSET,
        "opset-of-63-bits": HEAD + field(GRAPH, graph()) + field(OPSETS, number(2, 2**63)),
        "element-type-of-40-bits": around(graph() + field(5, number(2, 2**40) + field(8, b"w"))),
        "negative-element-type": around(graph() + field(5, number(2, -1) + field(8, b"w"))),
    }
    for name, content in lies.items():
        yield Case(name, content)
    padded = tag(IR_VERSION, VARINT) + b"\x8a\x80\x80\x00"  # 10, in more bytes than it needs
    yield Case("padded", padded + field(GRAPH, graph()) + OPSET, "either")


def length_lies():
    inner = graph()
    lengths = {"one-more": len(inner) + 1, "one-less": len(inner) - 1, "zero": 0, "2^31": 2**31,
               "2^32": 2**32 + len(inner), "2^63": 2**63, "2^64-1": 2**64 - 1}  # fmt: skip
    for name, length in lengths.items():
        yield Case(f"graph-{name}", HEAD + field(GRAPH, inner, length) + OPSET)
        yield Case(f"graph-last-{name}", HEAD + OPSET + field(GRAPH, inner, length))
    one = relu().graph.node[0].SerializeToString()
    for name, length in {"more": len(one) + 1, "less": len(one) - 1, "all": 2**40}.items():
        yield Case(f"node-{name}", around(field(1, one, length)))
    weights = tensor("w", 1, [2]).SerializeToString()
    for length in (7, 9, 2**20, 2**62):
        yield Case(f"raw-data-{length}", around(inner + field(5, weights + field(9, b"\0" * 8, length))))
    yield Case("packed-dims", around(inner + field(5, field(1, b"\x80\x80", 3) + number(2, 1))))
    yield Case("packed-floats", around(inner + field(5, number(2, 1) + field(4, b"\0" * 7) + field(8, b"w"))))


def nested_groups():
    opened, closed = tag(50, GROUP), tag(50, END_GROUP)
    place = {"model": lambda b: HEAD + b + field(GRAPH, graph()) + OPSET, "graph": lambda b: around(graph() + b),
             "node": lambda b: around(field(1, b)), "tensor": lambda b: around(graph() + field(5, b))}  # fmt: skip
    for name, put in place.items():
        yield Case(f"open-in-{name}", put(opened * DEPTH))
        yield Case(f"closed-in-{name}", put(opened * DEPTH + closed * DEPTH))
        yield Case(f"only-end-in-{name}", put(closed))


def nested_messages():
    # TypeProto holds a sequence (4), an optional (9) or a map (5), and each of these a type.
    for name, path in {"sequence": [1, 4], "optional": [1, 9], "map": [2, 5]}.items():
        of = nested(path, DEPTH)
        yield Case(f"type-{name}", around(graph() + field(11, field(1, b"z") + field(2, of))))
        attribute = field(1, b"a") + field(14, of) + number(20, 13)
        yield Case(f"attribute-{name}", around(field(1, field(2, b"y") + field(4, b"Relu") + field(5, attribute))))
    yield Case("unknown-fields", around(graph() + nested([50], DEPTH)), "either")


def nested_subgraphs():
    # A graph's node (1) holds an attribute (5), and that a graph (6) or several (11).
    for name, path in {"graph": [6, 5, 1], "graphs": [11, 5, 1]}.items():
        yield Case(name, around(nested(path, DEPTH)))
        yield Case(f"{name}-64", around(nested(path, 64)))
        yield Case(f"{name}-65", around(nested(path, 65)))
    yield Case("in-function", around(graph()) + field(25, nested([6, 5, 7], 1, nested([6, 5, 1], DEPTH))))


def empty_elements():
    def many(at):
        return (tag(at, BYTES) + b"\0") * COUNT

    places = {
        "nodes": around(many(1)),
        "initializers": around(graph() + many(5)),
        "sparse-initializers": around(graph() + many(15)),
        "inputs": around(graph() + many(11)),
        "value-infos": around(graph() + many(13)),
        "annotations": around(graph() + many(14)),
        "inputs-of-node": around(field(1, many(1) + field(4, b"Relu"))),
        "outputs-of-node": around(field(1, field(4, b"Relu") + many(2))),
        "attributes": around(field(1, field(4, b"Relu") + many(5))),
        "attribute-strings": around(field(1, field(4, b"Relu") + field(5, field(1, b"a") + many(9)))),
        "attribute-tensors": around(field(1, field(4, b"Relu") + field(5, field(1, b"a") + many(10)))),
        "dimensions": around(graph() + field(11, field(1, b"z") + field(2, field(1, number(1, 1) + field(2, many(1)))))),
        "strings": around(graph() + field(5, number(2, 8) + field(8, b"w") + many(6))),
        "metadata": around(graph()) + many(14),
        "opsets": around(graph()) + many(8),
        "functions": around(graph()) + many(25),
        "training": around(graph()) + many(20),
        "unknown": around(graph()) + many(50),
    }  # fmt: skip
    for name, content in places.items():
        yield Case(name, content, "either" if name in ("training", "unknown") else "error")


def wire_types():
    """Every known field of some messages in every wire type that it does not have."""
    contents = {VARINT: b"\x01", FIXED64: b"\0" * 8, BYTES: b"\x01\x01", FIXED32: b"\0" * 4,
                GROUP: tag(50, END_GROUP)}  # fmt: skip
    places = {
        "model": (lambda b: around(graph()) + b, {1: VARINT, 7: BYTES, 8: BYTES, 25: BYTES}),
        "graph": (lambda b: around(graph() + b), {1: BYTES, 5: BYTES, 11: BYTES, 12: BYTES}),
        "node": (lambda b: around(graph() + field(1, b)), {1: BYTES, 2: BYTES, 4: BYTES, 5: BYTES}),
        "tensor": (lambda b: around(graph() + field(5, b)), {2: VARINT, 4: BYTES, 8: BYTES, 9: BYTES}),
    }  # fmt: skip
    for place, (put, fields) in places.items():
        for at, right in fields.items():
            for kind, content in contents.items():
                if kind != right:
                    end = tag(at, END_GROUP) if kind == GROUP else b""
                    yield Case(f"{place}-{at}-as-{kind}", put(tag(at, kind) + content[:0 if kind == GROUP else None] + end), "either")


def names():
    spellings = {"nul": b"a\0b", "only-nul": b"\0", "latin": b"\xe9", "overlong": b"\xc0\x80",
                 "surrogate": b"\xed\xa0\x80", "cut": b"\xe2\x82", "beyond": b"\xf4\x90\x80\x80",
                 "escape": b"\x1b[31m\r\n", "megabyte": b"n" * 2**20}  # fmt: skip
    for spelling, name in spellings.items():
        value = field(1, field(1, b"x") + field(2, name) + field(4, b"Relu"))
        x = field(11, float_input().SerializeToString())
        yield Case(f"value-{spelling}", around(value + x + field(12, field(1, name))), "either")
        yield Case(f"undefined-{spelling}", around(value + x + field(12, field(1, name + b"!"))))
        yield Case(f"operator-{spelling}", around(field(1, field(1, b"x") + field(2, b"y") + field(4, name)) + x + field(12, field(1, b"y"))))
        yield Case(f"attribute-{spelling}", around(field(1, field(1, b"x") + field(2, b"y") + field(4, b"Relu") + field(5, field(1, name) + number(3, 1))) + x + field(12, field(1, b"y"))))
        yield Case(f"domain-{spelling}", HEAD + field(GRAPH, graph()) + OPSET + field(OPSETS, field(1, name) + number(2, 1)), "either")


def rank_of_a_million():
    ones = b"\x01" * 1_000_000
    for name, dims in {"ones": ones, "zeros": b"\0" * 1_000_000, "unpacked": None}.items():
        body = field(1, dims) if dims else number(1, 1) * 1_000_000
        yield Case(f"initializer-{name}", around(graph() + field(5, body + number(2, 1) + field(8, b"w") + field(9, b"\0" * 4))))
    dim = field(1, number(1, 1))
    yield Case("input", around(graph() + field(11, field(1, b"z") + field(2, field(1, number(1, 1) + field(2, dim * 1_000_000))))))
    shape = ints(*[1] * 1_000_000)
    yield Case("reshape", call("Reshape", real(1), shape))
    yield Case("reshape-run", call("Reshape", real(1), shape, changeable=True))
    yield Case("expand", call("Expand", real(1), shape))
    yield Case("constant-of-shape", call("ConstantOfShape", shape))
    yield Case("constant-of-shape-run", call("ConstantOfShape", shape, changeable=True))
    yield Case("unsqueeze", call("Unsqueeze", real(1), ints(*range(1_000_000))))
    yield Case("transpose", call("Transpose", real(1), perm=[0] * 1_000_000))


CLASSES = {
    "prefixes": prefixes, "varint-lies": varint_lies, "length-lies": length_lies,
    "nested-groups": nested_groups, "nested-messages": nested_messages,
    "nested-subgraphs": nested_subgraphs, "empty-elements": empty_elements,
    "wire-types": wire_types, "names": names, "rank-of-a-million": rank_of_a_million,
}  # fmt: skip

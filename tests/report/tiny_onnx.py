"""ONNX models without weights, written field by field as onnx.proto numbers them."""


def varint(number: int) -> bytes:
    rest, low = number >> 7, number & 127
    return bytes([low | 128]) + varint(rest) if rest else bytes([low])


def field(number: int, value: int | str | bytes) -> bytes:
    if isinstance(value, int):
        return varint(number << 3) + varint(value)
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data


def port(name: str, dims: list[int]) -> bytes:
    shape = b"".join(field(1, field(1, dim)) for dim in dims)
    return field(1, name) + field(2, field(1, field(1, 1) + field(2, shape)))


def model(nodes: list[tuple[str, str, list[str], str]], inputs: list[str], outputs: list[str],
          dims: list[int]) -> bytes:  # fmt: skip
    """Nodes are (operator, name, inputs, output); all values are floats of one shape."""
    graph = field(2, "tiny")
    for operator, name, sources, output in nodes:
        graph += field(1, b"".join(field(1, source) for source in sources) + field(2, output) +
                       field(3, name) + field(4, operator))  # fmt: skip
    graph += b"".join(field(11, port(name, dims)) for name in inputs)
    graph += b"".join(field(12, port(name, dims)) for name in outputs)
    return field(1, 8) + field(7, graph) + field(8, field(2, 17))

"""Messages of the wire format, byte by byte (protobuf.dev/programming-guides/encoding)."""

VARINT, FIXED64, BYTES, GROUP, END_GROUP, FIXED32 = range(6)


def varint(value: int) -> bytes:
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes(out + bytes([value]))


def tag(number: int, kind: int) -> bytes:
    return varint(number << 3 | kind)


def field(number: int, content: bytes, length: int | None = None) -> bytes:
    """A string, or a message, in a field; `length` is what it says to be."""
    return tag(number, BYTES) + varint(len(content) if length is None else length) + content


def number(number: int, value: int) -> bytes:
    return tag(number, VARINT) + varint(value % 2**64)


def nested(path: list[int], levels: int, innermost: bytes = b"") -> bytes:
    """`innermost` in `levels` rounds of the fields `path`, the last of them outermost; their
    headers are made from the inside, as lengths follow from what is within."""
    headers = []
    size = len(innermost)
    for _ in range(levels):
        for at in path:
            header = tag(at, BYTES) + varint(size)
            headers.append(header)
            size += len(header)
    return b"".join(reversed(headers)) + innermost

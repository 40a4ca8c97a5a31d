"""DepthToSpace, SpaceToDepth and Col2Im: types, modes, strides, dilations, pads."""

import numpy as np
from case import case, history, ints, move, numbers


def depth_to_space(x, b, mode):
    n, c, h, w = x.shape
    if mode == "DCR":
        x = x.reshape(n, b, b, c // b**2, h, w).transpose(0, 3, 4, 1, 5, 2)
    else:
        x = x.reshape(n, c // b**2, b, b, h, w).transpose(0, 1, 4, 2, 5, 3)
    return x.reshape(n, c // b**2, h * b, w * b)


def space_to_depth(x, b, mode):
    n, c, h, w = x.shape
    x = x.reshape(n, c, h // b, b, w // b, b)
    x = x.transpose(0, 3, 5, 1, 2, 4) if mode == "DCR" else x.transpose(0, 1, 3, 5, 2, 4)
    return x.reshape(n, c * b**2, h // b, w // b)


def blocks():
    for op, shape, function in [("DepthToSpace", (1, 8, 2, 3), depth_to_space),
                                ("SpaceToDepth", (1, 2, 4, 6), space_to_depth)]:  # fmt: skip
        modes = {"DepthToSpace": 11, "SpaceToDepth": 28}
        for opset, t in history(op):
            for mode in ("DCR", "CRD") if opset >= modes[op] else (None,):
                attributes = {"blocksize": 2} | ({"mode": mode} if mode else {})
                yield move(op, [numbers(t, shape)], attributes, name=(t, mode or ""), opset=opset,
                           oracle=lambda x: function(x, 2, mode or "DCR"))  # fmt: skip
        for b in (1, 2, 3):
            for n in (0, 1, 2):
                big = (n, 2 * b**2, 2, 3) if op == "DepthToSpace" else (n, 2, 2 * b, 3 * b)
                for mode in ("DCR", "CRD"):
                    yield move(op, [numbers("float", big)], {"blocksize": b, "mode": mode},
                               name=(big, b, mode), oracle=lambda x: function(x, b, mode))


def col2im():
    def image(x, size, block, strides=(1, 1), dilations=(1, 1), pads=(0, 0, 0, 0)):
        kind = x.dtype
        wide = x.astype(np.float64) if kind.kind in "fV" else x
        rank = len(size)
        taps = int(np.prod(block))
        full = [s + pads[i] + pads[rank + i] for i, s in enumerate(size)]
        counts = [(f - d * (b - 1) - 1) // s + 1
                  for f, b, s, d in zip(full, block, strides, dilations)]  # fmt: skip
        n, c = x.shape[0], x.shape[1] // taps
        columns = wide.reshape(n, c, *block, *counts)
        result = np.zeros((n, c, *full), wide.dtype)
        for tap in np.ndindex(*block):
            for at in np.ndindex(*counts):
                place = tuple(a * s + t * d for a, s, t, d in zip(at, strides, tap, dilations))
                result[(..., *place)] += columns[(slice(None), slice(None), *tap, *at)]
        return result[(..., *(slice(pads[i], pads[i] + s) for i, s in enumerate(size)))].astype(kind)

    for opset, t in history("Col2Im"):
        if t != "string":  # which cannot be added up
            yield case("Col2Im", [numbers(t, (1, 4, 16), 0, 3), ints(5, 5), ints(2, 2)], name=(t,),
                       opset=opset, oracle=image)  # fmt: skip
    for size, block, attributes in [
        ((5,), (3,), {}), ((6,), (2,), {"strides": [2]}), ((6,), (2,), {"dilations": [3]}),
        ((5, 4), (1, 2), {"pads": [0, 1, 0, 1]}), ((5, 5), (3, 3), {"strides": [2, 1]}),
        ((5, 5), (2, 2), {"strides": [3, 2], "dilations": [2, 1], "pads": [1, 0, 2, 1]}),
        ((3, 4, 5), (2, 1, 3), {"strides": [1, 2, 1]}),
    ]:  # fmt: skip
        rank = len(size)
        set_up = {"strides": [1] * rank, "dilations": [1] * rank, "pads": [0] * 2 * rank} | attributes
        positions = 1
        for i in range(rank):
            room = size[i] + set_up["pads"][i] + set_up["pads"][rank + i]
            positions *= (room - set_up["dilations"][i] * (block[i] - 1) - 1) // set_up["strides"][i] + 1
        x = numbers("float", (2, 3 * int(np.prod(block)), positions))
        yield case("Col2Im", [x, ints(*size), ints(*block)], attributes,
                   name=(size, block, *attributes),
                   oracle=lambda x, s, b: image(x, s, b, **set_up))  # fmt: skip


def cases():
    for table in (blocks, col2im):
        yield from table()

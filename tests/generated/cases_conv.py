"""Conv, ConvTranspose and DeformConv: float types at each opset, ranks 1 to 3, attributes."""

import numpy as np
from case import case, eighths, history, numbers
from grids import interpolated, linear
from oracles import real
from windows import Windows


def convolved(x, w, b=None, group=1, **attributes):
    attributes.pop("kernel_shape", None)
    windows = Windows(x.shape[2:], w.shape[2:], **attributes)
    y = np.zeros((x.shape[0], w.shape[0], *windows.counts))
    xs = x.reshape(x.shape[0], group, x.shape[1] // group, *x.shape[2:])
    ws = w.reshape(group, -1, *w.shape[1:])
    for at, _, taps in windows:
        for tap, place in taps:
            part = np.einsum("ngc,goc->ngo", xs[(..., *place)], ws[(..., *tap)])
            y[(..., *at)] += part.reshape(x.shape[0], w.shape[0])
    return y if b is None else y + b.reshape(-1, *[1] * (x.ndim - 2))


def conv():
    for opset, t in history("Conv"):
        for rank in (1, 2, 3):
            x, w, b = (eighths(t, (2, 4) + (5,) * rank, -2, 2),
                       eighths(t, (6, 2) + (3,) * rank, -2, 2), eighths(t, (6,), -2, 2))  # fmt: skip
            attributes = {"group": 2, "pads": [1, 0, 1][:rank] + [0, 1, 2][:rank], "strides": [2] * rank}
            yield case("Conv", [x, w, b], attributes, name=(t, rank), opset=opset,
                       oracle=real(lambda x, w, b: convolved(x, w, b, **attributes)))  # fmt: skip
    for size, kernel, channels, attributes in [
        ((1,), (1,), (1, 1), {}), ((7,), (7,), (2, 3), {}), ((7,), (3,), (2, 3), {"dilations": [3]}),
        ((4,), (3,), (1, 2), {"pads": [3, 0], "strides": [3]}), ((9,), (2,), (3, 3), {"group": 3}),
        ((1, 1), (1, 1), (3, 4), {}), ((5, 6), (1, 1), (4, 2), {"strides": [2, 3]}),
        ((5, 6), (3, 1), (2, 2), {"pads": [1, 0, 1, 0]}), ((5, 6), (1, 3), (2, 2), {"pads": [0, 1, 0, 1]}),
        ((6, 6), (3, 3), (4, 4), {"pads": [1, 1, 1, 1]}), ((6, 6), (3, 3), (4, 4), {"group": 4}),
        ((6, 6), (3, 3), (4, 8), {"group": 4, "pads": [1, 1, 1, 1]}),
        ((7, 7), (3, 3), (2, 2), {"dilations": [2, 3], "pads": [2, 3, 1, 0]}),
        ((8, 8), (5, 5), (2, 3), {"strides": [2, 2], "pads": [2, 2, 2, 2]}),
        ((3, 3), (3, 3), (2, 3), {"strides": [9, 9]}), ((2, 2), (4, 4), (1, 1), {"pads": [2, 2, 2, 2]}),
        ((4, 4, 4), (2, 2, 2), (2, 2), {"strides": [1, 2, 3]}),
        ((3, 4, 5), (1, 3, 1), (2, 2), {"dilations": [1, 1, 1], "pads": [0, 1, 0, 0, 1, 0]}),
        ((3, 2, 3, 2), (2, 2, 1, 2), (1, 2), {"pads": [1, 0, 0, 1, 0, 0, 1, 0]}),
    ]:  # fmt: skip
        for batch in (0, 1, 3):
            for auto in ("NOTSET", "VALID", "SAME_UPPER", "SAME_LOWER"):
                given = {k: v for k, v in attributes.items() if auto == "NOTSET" or k != "pads"}
                if auto != "NOTSET":
                    given["auto_pad"] = auto
                if auto == "VALID" and any(k > n for k, n in zip(kernel, size)):
                    continue
                groups = given.get("group", 1)
                x = eighths("float", (batch, channels[0], *size), -2, 2)
                w = eighths("float", (channels[1], channels[0] // groups, *kernel), -2, 2)
                yield case("Conv", [x, w], given, name=(size, kernel, channels, batch, auto, *given.values()),
                           constants=(1,), oracle=real(lambda x, w: convolved(x, w, **given)))


def conv_transpose_of(x, w, b=None, group=1, strides=None, dilations=None, pads=None,
                      output_padding=None, output_shape=None, auto_pad="NOTSET"):  # fmt: skip
    rank = x.ndim - 2
    strides, dilations = strides or [1] * rank, dilations or [1] * rank
    extra = output_padding or [0] * rank
    whole = [(n - 1) * s + (k - 1) * d + 1
             for n, s, k, d in zip(x.shape[2:], strides, w.shape[2:], dilations)]  # fmt: skip
    if auto_pad.startswith("SAME") and output_shape is None:
        output_shape = [n * s for n, s in zip(x.shape[2:], strides)]
    if output_shape is not None:
        total = [a + e - o for a, e, o in zip(whole, extra, output_shape)]
        half = [max(t, 0) // 2 for t in total]
        rest = [max(t, 0) - h for t, h in zip(total, half)]
        pads = half + rest if auto_pad == "SAME_UPPER" else rest + half
        extra = [o - (a - p - q) for o, a, p, q in zip(output_shape, whole, pads, pads[rank:])]
    pads = pads or [0] * 2 * rank
    n, o = x.shape[0], w.shape[1]
    full = np.zeros((n, group, o, *[a + max(e, 0) for a, e in zip(whole, extra)]))
    xs = x.reshape(n, group, x.shape[1] // group, *x.shape[2:])
    ws = w.reshape(group, -1, *w.shape[1:])
    for at in np.ndindex(*x.shape[2:]):
        for tap in np.ndindex(*w.shape[2:]):
            place = tuple(a * s + t * d for a, s, t, d in zip(at, strides, tap, dilations))
            full[(..., *place)] += np.einsum("ngc,gco->ngo", xs[(..., *at)], ws[(..., *tap)])
    ends = [a + e - q for a, e, q in zip(whole, extra, pads[rank:])]
    y = full.reshape(n, group * o, *full.shape[3:])[(..., *map(slice, pads[:rank], ends))]
    return y if b is None else y + b.reshape(-1, *[1] * rank)


def conv_transpose():
    for opset, t in history("ConvTranspose"):
        for rank in (1, 2, 3):
            x, w, b = (eighths(t, (2, 4) + (3,) * rank, -2, 2),
                       eighths(t, (4, 2) + (3,) * rank, -2, 2), eighths(t, (4,), -2, 2))  # fmt: skip
            attributes = {"group": 2, "pads": [1] * 2 * rank, "strides": [2] * rank,
                          "output_padding": [1] * rank}  # fmt: skip
            yield case("ConvTranspose", [x, w, b], attributes, name=(t, rank), opset=opset,
                       oracle=real(lambda x, w, b: conv_transpose_of(x, w, b, **attributes)))
    for size, kernel, attributes in [
        ((1,), (1,), {}), ((5,), (3,), {"strides": [3]}), ((5,), (3,), {"dilations": [2]}),
        ((4,), (2,), {"pads": [1, 0]}), ((3, 4), (2, 3), {}), ((3, 4), (2, 3), {"strides": [2, 3]}),
        ((3, 3), (3, 3), {"pads": [1, 2, 0, 1], "strides": [2, 2]}),
        ((3, 3), (3, 3), {"output_shape": [8, 9], "strides": [3, 3]}),
        ((3, 3), (2, 2), {"dilations": [3, 2], "output_padding": [1, 1], "strides": [2, 2]}),
        ((3, 3), (3, 3), {"auto_pad": "SAME_UPPER", "strides": [2, 2]}),
        ((3, 3), (3, 3), {"auto_pad": "SAME_LOWER", "strides": [2, 2]}),
        ((2, 3, 2), (2, 1, 2), {"strides": [2, 1, 3]}),
    ]:  # fmt: skip
        for group, batch in [(1, 1), (2, 2), (4, 1), (1, 0)]:
            given = attributes | {"group": group}
            x = eighths("float", (batch, 4, *size), -2, 2)
            w = eighths("float", (4, 2, *kernel), -2, 2)
            yield case("ConvTranspose", [x, w], given, constants=(1,),
                       name=(size, kernel, batch, *given.values()),
                       oracle=real(lambda x, w: conv_transpose_of(x, w, **given)))  # fmt: skip


def deformed(x, w, offsets, bias=None, mask=None, group=1, offset_group=1, strides=None, pads=None):
    n, channels, rank, kernel = *x.shape[:2], x.ndim - 2, w.shape[2:]
    strides, pads = strides or [1] * rank, pads or [0] * 2 * rank
    offsets = offsets.reshape(n, offset_group, *kernel, rank, *offsets.shape[2:])
    mask = np.ones((n, offset_group, *kernel, *offsets.shape[-rank:])) if mask is None else (
        mask.reshape(n, offset_group, *kernel, *mask.shape[2:]))
    y = np.zeros((n, w.shape[0], *offsets.shape[-rank:]))
    for i, c, o in np.ndindex(n, channels, w.shape[0]):
        inside, which = divmod(c, channels // group), c * offset_group // channels
        if inside[0] != o * group // w.shape[0]:
            continue
        for at in np.ndindex(*y.shape[2:]):
            for tap in np.ndindex(*kernel):
                moved = offsets[(i, which, *tap, slice(None), *at)]
                place = [a * s - p + t + m for a, s, p, t, m in zip(at, strides, pads, tap, moved)]
                y[(i, o, *at)] += (w[(o, inside[1], *tap)] * mask[(i, which, *tap, *at)]
                                   * interpolated(x[i, c], place, linear))  # fmt: skip
    return y if bias is None else y + bias.reshape(-1, *[1] * rank)


def deform_conv():
    attributes = {"group": 2, "offset_group": 2, "strides": [2, 2], "pads": [1, 0, 0, 1]}
    for opset, t in history("DeformConv"):
        x, w = numbers(t, (1, 4, 5, 5), -1, 1), numbers(t, (4, 2, 2, 2), -1, 1)
        offsets, mask = numbers(t, (1, 16, 3, 3), -1, 1), numbers(t, (1, 8, 3, 3), 0, 1)
        for inputs in ([x, w, offsets], [x, w, offsets, numbers(t, (4,))],
                       [x, w, offsets, None, mask]):  # fmt: skip
            def oracle(x, w, offsets, *last, masked=len(inputs) == 5):
                return deformed(x, w, offsets, *([None] * masked), *last, **attributes)
            yield case("DeformConv", inputs, attributes, opset=opset, oracle=real(oracle),
                       name=(t, sum(i is not None for i in inputs), len(inputs)))  # fmt: skip


def cases():
    for table in (conv, conv_transpose, deform_conv):
        yield from table()

"""DFT, STFT, windows and mel weights: types, lengths, axes, inverses."""

import numpy as np
from case import NUMBERS, array, case, dtype, numbers, types, versions
from oracles import real


def complex_of(x):
    return x[..., 0] + (1j * x[..., 1] if x.shape[-1] == 2 else 0)


def parts(z):
    return np.stack([z.real, z.imag], -1)


def dft_of(x, length, axis, inverse=0, onesided=0):
    z = complex_of(x)
    if inverse and onesided:
        return np.fft.irfft(z, length, axis)[..., None]
    z = (np.fft.ifft if inverse else np.fft.fft)(z, length, axis)
    return parts(np.take(z, range(length // 2 + 1), axis) if onesided else z)


def dft():
    def dft_case(x, length=None, axis=None, opset=20, name=(), index="int64", **attributes):
        axis_ = (1 if opset == 17 else -2) if axis is None else axis
        places = axis_ % x.ndim
        size = x.shape[places] if length is None else length
        if length is None and attributes.get("inverse") and attributes.get("onesided"):
            size = 2 * (x.shape[places] - 1)
        given = [x] + ([None] if length is None else [array(index, length)])
        if axis is not None and opset >= 20:
            given.append(np.array(axis))
        while given[-1] is None:
            given.pop()
        old = {"axis": axis_} if opset == 17 and axis is not None else {}
        return case("DFT", given, attributes | old, opset=opset, name=name,
                    tolerance={"float16": (4e-3, 2e-2), "bfloat16": (2e-2, 2e-1)}.get(str(x.dtype)),
                    oracle=real(lambda x, *_: dft_of(x, size, places, **attributes)))  # fmt: skip

    for opset in versions("DFT"):
        for t in types("DFT", "T1", opset):
            for index in types("DFT", "T2", opset):
                for onesided in (0, 1):
                    yield dft_case(numbers(t, (2, 6, 1)), 5, 1, opset, (t, index, onesided), index,
                                   onesided=onesided)  # fmt: skip
            yield dft_case(numbers(t, (2, 6, 2)), None, 1, opset, (t, "inverse"), inverse=1)
            yield dft_case(numbers(t, (2, 6, 2)), None, None, opset, (t, "default axis"))
    for n in (1, 2, 3, 8, 15, 64, 97):
        for length in (None, 1, 4, 7, 16, 100):
            for kind in ((1,), (2,)):
                for attributes in ({}, {"inverse": 1}, {"onesided": 1}):
                    if attributes.get("onesided") and kind == (2,):
                        continue
                    yield dft_case(numbers("double", (2, n, *kind)), length, 1, 20,
                                   (n, length, kind, *attributes), **attributes)  # fmt: skip
    for shape in [(4, 1), (2, 3, 4, 2), (2, 1, 3, 2, 1), (2, 1, 2, 3, 2, 2)]:
        for axis in range(-len(shape), len(shape) - 1):
            if axis != -1:
                yield dft_case(numbers("float", shape), None, axis, 20, ("axis", shape, axis))
    for n in (2, 3, 5):
        for length in (None, 2 * n - 1):
            yield dft_case(numbers("double", (1, n, 2)), length, 1, 20, ("real", n, length), inverse=1,
                           onesided=1)  # fmt: skip


def stft():
    def frames(x, step, window, length, onesided):
        z, count = complex_of(x), (x.shape[1] - length) // step + 1
        rows = np.stack([z[:, i * step:i * step + length] * window for i in range(count)], 1)
        spectrum = np.fft.fft(rows, axis=-1)
        return parts(spectrum[..., :length // 2 + 1] if onesided else spectrum)

    tolerance = {"float16": (4e-3, 4e-2), "bfloat16": (2e-2, 4e-1)}
    for t in types("STFT", "T1"):
        for index in types("STFT", "T2"):
            for onesided in (0, 1):
                signal, window = numbers(t, (2, 12, 1)), numbers(t, (6,), seed=1)
                step, length = array(index, 3), array(index, 6)
                for name, given, used in [("both", [signal, step, window, length], window),
                                          ("window", [signal, step, window], window),
                                          ("length", [signal, step, None, length], None)]:  # fmt: skip
                    yield case("STFT", given, {"onesided": onesided}, name=(t, index, onesided, name),
                               tolerance=tolerance.get(t),
                               oracle=real(lambda x, *_: frames(
                                   x, 3, 1.0 if used is None else used.astype(float), 6, onesided)))
        yield case("STFT", [numbers(t, (1, 9, 2)), np.array(2), numbers(t, (4,), seed=1)], {"onesided": 0},
                   name=(t, "complex"), tolerance=tolerance.get(t),
                   oracle=real(lambda x, _, w: frames(x, 2, w, 4, 0)))  # fmt: skip
    for size, step, length in [(8, 1, 8), (8, 9, 3), (9, 4, 1), (16, 5, 7)]:
        yield case("STFT", [numbers("double", (1, size, 1)), np.array(step), None, np.array(length)],
                   name=(size, step, length), oracle=real(lambda x, *_: frames(x, step, 1.0, length, 1)))


def windows():
    terms = {"HannWindow": (0.5, -0.5, 0.0), "HammingWindow": (25 / 46, -21 / 46, 0.0),
             "BlackmanWindow": (0.42, -0.5, 0.08)}  # fmt: skip
    for op, (a, b, c) in terms.items():
        for to in types(op, "T2"):
            for index in types(op, "T1"):
                for periodic in (0, 1):
                    for size in (8, 9):
                        if ("int" in to) and (index != "int64" or (size % 2 == 1) == bool(periodic)):
                            continue  # a peak that is not hit exactly truncates to 0 or 1 by chance

                        def window(n):
                            x = 2 * np.pi * np.arange(n) / (n if periodic else n - 1)
                            y = np.maximum(a + b * np.cos(x) + c * np.cos(2 * x), 0)
                            return (np.float32(y) if "int" in to else y).astype(dtype(to))

                        yield case(op, [array(index, size)],
                                   {"periodic": periodic, "output_datatype": NUMBERS[to]},
                                   name=(to, index, periodic, size), kinds=(to,),
                                   oracle=lambda n: window(int(n)))  # fmt: skip
        for size in (0, 1, 2):
            yield case(op, [np.array(size)], {"periodic": 1}, name=("short", size), kinds=("float",),
                       oracle=lambda n: np.array([0.0, 1.0][:int(n)] if n == 2 and op != "HammingWindow"
                                                 else [a + b + c, a - b + c][:int(n)]).clip(0).astype(
                                                     np.float32))  # fmt: skip


def mel():
    for index in types("MelWeightMatrix", "T1"):
        for edge in types("MelWeightMatrix", "T2"):
            for to in types("MelWeightMatrix", "T3"):
                if index == "int32" and edge != "float":
                    continue
                given = [array(index, v) for v in (8, 16, 8192)] + [array(edge, v) for v in (0, 4096)]
                yield case("MelWeightMatrix", given, {"output_datatype": NUMBERS[to]},
                           name=(index, edge, to), kinds=(to,))  # fmt: skip


def cases():
    for table in (dft, stft, windows, mel):
        yield from table()

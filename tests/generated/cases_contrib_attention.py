"""com.microsoft's attention operators: masks in all forms, caches, packed heads, rotations, windows."""

import itertools

import numpy as np
from case import numbers
from contrib import contrib, ints, reals

FLAGS = (0, 1)


def masks(batch, rows, past):
    """What Attention takes as its mask, by name."""
    total = past + rows
    seen = np.ones((batch, total), np.int32)
    seen[0, total - 1 :] = 0
    seen[-1, :1] = 0
    yield "none", None
    yield "keys", seen
    yield "rows", np.stack([seen] * rows, 1) * np.tri(rows, total, past + 1, np.int32)
    yield "lengths", ints((batch,), [max(total - i, 1) for i in range(batch)])
    yield "ends", ints((2 * batch,), [total] * batch + [min(i, total - 1) for i in range(batch)])


def projected():
    for (batch, rows, hidden, heads), past, causal in itertools.product(
        [(1, 3, 8, 2), (2, 5, 12, 3), (2, 1, 8, 1)], (0, 4), FLAGS
    ):  # fmt: skip
        total = past + rows
        given = [reals((batch, rows, 6)), reals((6, 3 * hidden), 1), reals((3 * hidden,), 2)]
        state = reals((2, batch, heads, past, hidden // heads), 3) if past else None
        biases = [None, reals((batch, heads, rows, total), 4), reals((1, 1, rows, total), 5)]
        for (name, mask), scores in itertools.product(masks(batch, rows, past), biases):
            if past and scores is not None:
                continue  # not in ONNX Runtime
            yield contrib("Attention", [*given, mask, state, scores],
                          {"num_heads": heads, "unidirectional": causal}, outputs=(0, 1),
                          name=(batch, rows, heads, past, causal, name,
                                "" if scores is None else scores.shape))  # fmt: skip
    x, mask = reals((2, 4, 6)), ints((2, 4), [1, 0, 1, 1, 1, 1, 0, 0])
    for scale, filter_value in ((0.25, -10000.0), (0.0, -50.0)):
        yield contrib("Attention", [x, reals((6, 24), 1), reals((24,), 2), mask],
                      {"num_heads": 2, "scale": scale, "mask_filter_value": filter_value},
                      name=("scale", scale))  # fmt: skip
    yield contrib("Attention", [x, reals((6, 28), 1), reals((28,), 2)],
                  {"num_heads": 2, "qkv_hidden_sizes": [8, 8, 12]}, name=("sizes",))  # fmt: skip


def two_heads(inputs, attributes=None, **more):
    return contrib("MultiHeadAttention", inputs, {"num_heads": 2, **(attributes or {})}, **more)


def multi_head():
    for batch, rows, keys, size, value_size in [(1, 3, 3, 4, 4), (2, 4, 6, 8, 5), (2, 1, 5, 3, 3)]:
        q, k = reals((batch, rows, 2 * size)), reals((batch, keys, 2 * size), 1)
        v, bias = reals((batch, keys, 2 * value_size), 2), reals((4 * size + 2 * value_size,), 3)
        seen = np.ones((batch, keys), np.int32)
        seen[0, -1] = 0
        label = (batch, rows, keys)
        forms = {"none": None, "keys": seen, "lengths": ints((batch,), [keys - 1] * batch),
                 "rows": np.stack([seen] * rows, 1)}  # fmt: skip
        scores = [None, reals((batch, 2, rows, keys), 4), reals((1, 1, rows, keys), 5)]
        for (name, mask), causal, added, score in itertools.product(
                forms.items(), FLAGS if rows == keys else (0,), (None, bias), scores):  # fmt: skip
            yield two_heads([q, k, v, added, mask, score], {"unidirectional": causal},
                            name=(*label, name, causal, added is not None,
                                  "" if score is None else score.shape))  # fmt: skip
        yield two_heads([q, k, v], name=("scores", *label), outputs=(0, 3), kinds=("float", "float"))
        if size == value_size:  # keys and values of another step; packed ones ONNX Runtime has not
            cross = [reals((batch, 2, keys, size), i) for i in (8, 9)]
            yield two_heads([q, *cross], name=("cross", *label))
            yield two_heads([q, *cross, bias], name=("cross_bias", *label))
        if rows == keys or rows == 1:
            k, v = k[:, :rows], v[:, :rows]
            for past, added, masked, score, causal in itertools.product(
                    (1, 5), (None, bias), FLAGS, FLAGS, FLAGS):  # fmt: skip
                states = [reals((batch, 2, past, n), 10 + i) for i, n in enumerate((size, value_size))]
                mask = np.ones((batch, past + rows), np.int32)
                mask[0, 0] = 0
                inputs = [q, k, v, added, mask if masked else None,
                          reals((1, 1, rows, past + rows), 12) if score else None, *states]  # fmt: skip
                yield two_heads(inputs, {"unidirectional": causal}, outputs=(0, 1, 2),
                                name=("past", *label, past, added is not None, masked, score, causal))


def rotations(size, positions):
    angles = np.outer(np.arange(positions), 1.0 / 10.0 ** np.arange(size))
    return [np.cos(angles).astype(np.float32), np.sin(angles).astype(np.float32)]


def grouped():
    # Heads, heads of keys, size, rows, past, keys of each sequence or None for all.
    shapes = [
        (2, 2, 8, 1, 3, None), (4, 2, 16, 1, 5, [6, 4]), (4, 1, 16, 6, 0, None), (6, 2, 8, 5, 0, None),
        (2, 1, 16, 3, 4, None), (4, 2, 16, 1, 7, [3, 8]), (2, 2, 16, 1, 0, None),
    ]  # fmt: skip
    options = [{}, {"scale": 0.4}, {"softcap": 1.5}, {"local_window_size": 2},
               {"local_window_size": 4, "softcap": 0.7}, {"smooth_softmax": 1}]  # fmt: skip
    for shape, option, packed, rotary in itertools.product(
            shapes, options, FLAGS, ("", "halves", "interleaved")):  # fmt: skip
        heads, kv, size, rows, past, valid = shape
        if (rotary and size % 16) or (option and packed != bool(rotary)):
            continue  # ONNX Runtime turns no others; and half of the options will do
        batch = 1 if past and rows > 1 else 2
        total = past + rows
        attributes = {"num_heads": heads, "kv_num_heads": kv, **option}
        if packed:
            given = [reals((batch, rows, (heads + 2 * kv) * size)), None, None]
        else:
            given = [reals((batch, rows, n * size), i) for i, n in enumerate((heads, kv, kv))]
        states = [reals((batch, kv, past, size), i) if past else None for i in (3, 4)]
        last = ints((batch,), [n - 1 for n in (valid or [total] * batch)])
        inputs = [*given, *states, last, np.array(max(valid) if valid else total, np.int32)]
        if rotary:
            attributes |= {"do_rotary": 1, "rotary_interleaved": int(rotary == "interleaved")}
            inputs += rotations(size // 2, 16)
        yield contrib("GroupQueryAttention", inputs, attributes, outputs=(0, 1, 2),
                      name=(*shape[:5], valid or "", *itertools.chain(*option.items()), rotary, packed))


def grouped_extras():
    for extra, (rows, past) in itertools.product(
            ("bias", "positions", "sink", "longer", "bidirectional"), ((1, 4), (5, 0))):  # fmt: skip
        total, length = rows + past, 9 if extra == "longer" else past
        attributes = {"num_heads": 4, "kv_num_heads": 2}
        inputs = [reals((2, rows, 64)), reals((2, rows, 32), 1), reals((2, rows, 32), 2)]
        inputs += [reals((2, 2, length, 16), i) if length else None for i in (3, 4)]
        inputs += [ints((2,), [total - 1, total - 1]), np.array([total], np.int32)]
        if extra == "bias":
            inputs += [None, None, None, reals((1, 4, rows, total), 5)]
        if extra == "positions":
            attributes["do_rotary"] = 1
            inputs += [*rotations(8, 16), np.arange(2 * rows).reshape(2, rows) + 1]
        if extra == "sink":
            inputs += [None, None, None, None, reals((4,), 6)]
        if extra == "bidirectional":
            attributes["causal"] = 0
        yield contrib("GroupQueryAttention", inputs, attributes, name=(extra, rows, past), outputs=(0, 1, 2))
        for stage in (1, 2):
            yield contrib("GroupQueryAttention", inputs, {**attributes, "qk_output": stage},
                          name=(extra, rows, past, "qk", stage), outputs=(0, 1, 2, 3),
                          kinds=("float",) * 4)  # fmt: skip


def rotary():
    for (batch, rows, heads, size), interleaved, many in itertools.product(
            [(1, 2, 1, 4), (2, 5, 3, 8), (2, 1, 2, 16)], FLAGS, FLAGS):  # fmt: skip
        ids = numbers("int64", (batch, rows), low=0, high=11) if many else np.array([3])
        caches = rotations(size // 2, 12)
        flat, apart = reals((batch, rows, heads * size)), reals((batch, heads, rows, size))
        part = {"num_heads": heads, "rotary_embedding_dim": size // 2}
        for name, x, turned, attributes in [
            ("flat", flat, caches, {}), ("apart", apart, caches, {}), ("scale", flat, caches, {"scale": 2.0}),
            ("part", flat, [cache[:, : size // 4] for cache in caches], part),
        ]:  # fmt: skip
            yield contrib("RotaryEmbedding", [x, ids, *turned], {"interleaved": interleaved, **attributes},
                          name=(name, batch, rows, heads, size, interleaved, many))  # fmt: skip


def cases():
    yield from projected()
    yield from multi_head()
    yield from grouped()
    yield from grouped_extras()
    yield from rotary()

"""Attention and its kin: mixed types, masks, heads, windows, caches, precisions, output modes."""

import itertools

import numpy as np
from case import NUMBERS, case, dtype, history, numbers, types, versions
from oracles import WideReference, real


def softmax(x):
    greatest = x.max(-1, keepdims=True) if x.size else x
    e = np.exp(x - np.where(np.isfinite(greatest), greatest, 0))
    return e / np.where(e.sum(-1, keepdims=True) == 0, 1, e.sum(-1, keepdims=True))


def split_heads(x, heads):
    return x if x.ndim == 4 else x.reshape(*x.shape[:2], heads, -1).swapaxes(1, 2)


def attended(q, k, v, mask=None, past_k=None, past_v=None, nonpad=None, is_causal=0, scale=None, softcap=0.0,
             q_num_heads=0, kv_num_heads=0, qk_matmul_output_mode=0, softmax_precision=None,
             left_window_size=-1, right_window_size=-1):  # fmt: skip
    """All four outputs, in double but for what softmax_precision rounds."""
    flat = q.ndim == 3
    q, k, v = split_heads(q, q_num_heads), split_heads(k, kv_num_heads), split_heads(v, kv_num_heads)
    past = 0 if past_k is None else past_k.shape[2]
    if past_k is not None:
        k, v = np.concatenate([past_k, k], 2), np.concatenate([past_v, v], 2)
    groups = q.shape[1] // k.shape[1]
    wide_k, wide_v = np.repeat(k, groups, 1), np.repeat(v, groups, 1)
    scale = 1 / np.sqrt(q.shape[-1]) if scale is None else np.float32(scale)
    stages = [q @ wide_k.swapaxes(2, 3) * scale]
    stages.append(softcap * np.tanh(stages[0] / softcap) if softcap else stages[0])
    rows, total = q.shape[2], k.shape[2]
    bias = np.zeros((q.shape[0], 1, rows, total))
    if mask is not None:
        added = np.where(mask, 0.0, -np.inf) if mask.dtype == bool else mask.astype(np.float64)
        if added.ndim:
            short = [(0, 0)] * (added.ndim - 1) + [(0, total - added.shape[-1])]
            added = np.pad(added, short, constant_values=-np.inf)
        bias = bias + added
    offset = np.full(q.shape[0], past) if nonpad is None else nonpad - rows
    ahead = np.arange(total) - np.arange(rows)[:, None] - offset.reshape(-1, 1, 1, 1)
    hidden = np.zeros(ahead.shape, bool)
    if nonpad is not None:
        hidden |= np.arange(total) >= nonpad.reshape(-1, 1, 1, 1)
    hidden |= bool(is_causal) & (ahead > 0)
    hidden |= (left_window_size >= 0) & (ahead < -left_window_size)
    hidden |= (right_window_size >= 0) & (ahead > right_window_size)
    stages.append(stages[1] + np.where(hidden, -np.inf, bias))
    rounded = stages[2]
    if softmax_precision is not None:
        kind = dtype({v: k for k, v in NUMBERS.items()}[softmax_precision])
        rounded = rounded.astype(kind).astype(np.float64)
    stages.append(softmax(rounded))
    if softmax_precision is not None:
        stages[3] = stages[3].astype(kind).astype(np.float64)
    y = stages[3] @ wide_v
    if flat:
        y = y.swapaxes(1, 2).reshape(y.shape[0], rows, -1)
    return y, k, v, stages[qk_matmul_output_mode]


def attention_case(inputs, attributes, outputs=1, **more):
    kinds = [inputs[0].dtype, inputs[1].dtype, inputs[2].dtype, inputs[0].dtype]
    floats = {"float64", "float32", "float16", "bfloat16"}

    def oracle(*_):
        wide = [a.astype(np.float64) if a is not None and str(a.dtype) in floats else a for a in inputs]
        return tuple(o.astype(k) for o, k in zip(attended(*wide, **attributes), kinds[:outputs]))

    return case("Attention", inputs, attributes, outputs=outputs, oracle=oracle, **more)


def heads(t, batch=2, count=4, rows=3, size=8, seed=0):
    return numbers(t, (batch, count, rows, size), -1, 1, seed=seed)


def attention():
    for opset in versions("Attention"):
        for q, v in itertools.product(types("Attention", "T1", opset), types("Attention", "T2", opset)):
            inputs = [heads(q), heads(q, 2, 2, 5, seed=1), heads(v, 2, 2, 5, 6, seed=2)]
            yield attention_case(inputs, {}, name=(q, v), opset=opset)
            yield attention_case([*inputs, None, heads(q, 2, 2, 4, seed=3), heads(v, 2, 2, 4, 6, seed=4)],
                                 {"is_causal": 1}, 3, name=("past", q, v), opset=opset)  # fmt: skip
        for q in types("Attention", "T1", opset):
            inputs = [heads(q), heads(q, 2, 2, 5, seed=1), heads(q, 2, 2, 5, 6, seed=2)]
            for u in types("Attention", "U", opset):
                yield attention_case([*inputs, numbers(u, (3, 5), 0, 1)], {}, name=("mask", q, u),
                                     opset=opset)  # fmt: skip
            for precision in ("float", "float16", "bfloat16", "double"):
                # Rounded as the scores of other types are, some end on the other side of a tie.
                loose = (4e-2, 1e-2) if "bfloat16" in (precision, q) else (4e-3, 2e-3)
                yield attention_case(inputs, {"softmax_precision": NUMBERS[precision]}, 1,
                                     name=("precision", q, precision), opset=opset,
                                     tolerance=loose if "16" in precision + q else None)  # fmt: skip
    q, k, v = heads("float"), heads("float", 2, 2, 5, seed=1), heads("float", 2, 2, 5, 6, seed=2)
    for shape in [(), (1,), (5,), (3, 5), (3, 4), (3, 1), (1, 3, 5), (4, 3, 5), (4, 1, 5), (2, 1, 3, 5),
                  (2, 4, 3, 5), (1, 1, 1, 2)]:  # fmt: skip
        for t in ("bool", "float"):
            mask = numbers(t, shape, -2, 2)
            if shape == (3, 1) or shape == (1,):
                continue  # is it broadcast, or padded? The text says both.
            yield attention_case([q, k, v, mask], {}, name=("mask", shape, t))
            yield attention_case([q, k, v, mask], {"is_causal": 1}, name=("causal mask", shape, t))
    for attributes in [{"scale": 0.5}, {"scale": 0.0}, {"softcap": 0.5}, {"is_causal": 1},
                       {"left_window_size": 0}, {"left_window_size": 2, "right_window_size": 1},
                       {"right_window_size": 0, "is_causal": 1}, {"left_window_size": 1, "softcap": 2.0}]:
        for mode in range(4):
            yield attention_case([q, k, v], attributes | {"qk_matmul_output_mode": mode}, 4,
                                 name=(*attributes, *attributes.values(), mode))  # fmt: skip
        past = [heads("float", 2, 2, 4, seed=3), heads("float", 2, 2, 4, 6, seed=4)]
        yield attention_case([q, k, v, None, *past], attributes, 3,
                             name=("past", *attributes, *attributes.values()))  # fmt: skip
        for nonpad in ([5, 5], [0, 3], [2, 4]):
            yield attention_case([q, k, v, None, None, None, np.array(nonpad)], attributes,
                                 name=("nonpad", nonpad, *attributes, *attributes.values()))  # fmt: skip
    for count, kv in [(1, 1), (4, 4), (4, 2), (6, 1)]:
        flat = [numbers("float", (2, 3, count * 8), -1, 1), numbers("float", (2, 5, kv * 8), -1, 1, seed=1),
                numbers("float", (2, 5, kv * 6), -1, 1, seed=2)]  # fmt: skip
        yield attention_case(flat, {"q_num_heads": count, "kv_num_heads": kv}, 4, name=("flat", count, kv))
    for batch, rows, keys in [(0, 3, 5), (2, 0, 5), (1, 1, 1), (1, 9, 2), (3, 1, 17)]:
        yield attention_case([heads("float", batch, 2, rows), heads("float", batch, 2, keys, seed=1),
                              heads("float", batch, 2, keys, 3, seed=2)], {}, name=("size", batch, rows, keys))


def others():
    for opset, t in history("RotaryEmbedding"):
        for interleaved in (0, 1):
            for size, part in [(4, 0), (6, 4)]:
                caches = [numbers(t, (8, (part or size) // 2), -1, 1, seed=i) for i in (1, 2)]
                attributes = {"interleaved": interleaved, "rotary_embedding_dim": part}
                positions = np.array([[0, 1, 2], [7, 4, 5]])
                yield case("RotaryEmbedding", [numbers(t, (2, 2, 3, size)), *caches, positions], attributes,
                           name=(t, interleaved, size, part), opset=opset, oracle=WideReference())
                yield case("RotaryEmbedding", [numbers(t, (2, 3, 2 * size)), *caches, positions],
                           attributes | {"num_heads": 2}, name=("flat", t, interleaved, size, part),
                           opset=opset, oracle=WideReference())  # fmt: skip
                whole = [np.stack([c[:3], c[3:6]]) for c in caches]  # without positions
                yield case("RotaryEmbedding", [numbers(t, (2, 2, 3, size)), *whole], attributes,
                           name=("whole", t, interleaved, size, part), opset=opset,
                           oracle=WideReference())  # fmt: skip
    for opset, t in history("SwiGLU"):
        for attributes in ({}, {"alpha": 2.0}, {"alpha": -0.5}):
            for shape in [(), (3,), (2, 3), (0, 2), (2, 1, 2, 1, 2, 3)]:
                alpha = attributes.get("alpha", 1.0)
                yield case("SwiGLU", [numbers(t, shape), numbers(t, shape, seed=1)], attributes,
                           name=(t, shape, *attributes.values()), opset=opset,
                           oracle=real(lambda a, b: a / (1 + np.exp(-alpha * a)) * b))  # fmt: skip
    for opset, t in history("CausalConvWithState"):
        for activation in ("none", "silu", "swish"):
            for bias, state in itertools.product((0, 1), (0, 1)):
                inputs = [numbers(t, (2, 3, 6)), numbers(t, (3, 1, 4), seed=1),
                          numbers(t, (3,), seed=2) if bias else None,
                          numbers(t, (2, 3, 3), seed=3) if state else None]  # fmt: skip
                while inputs[-1] is None:
                    inputs.pop()
                yield case("CausalConvWithState", inputs, {"activation": activation}, outputs=2,
                           name=(t, activation, bias, state), opset=opset, oracle=WideReference(),
                           tolerance={"float16": (4e-3, 4e-3), "bfloat16": (2e-2, 2e-2)}.get(t))
    for t, s in itertools.product(types("LinearAttention", "T"), types("LinearAttention", "S")):
        for rule in ("linear", "gated", "delta", "gated_delta"):
            flat = [numbers(t, (2, 4, 6), -1, 1, seed=i) for i in range(3)]
            inputs = [*flat, numbers(s, (2, 2, 3, 3), -1, 1),
                      numbers(t, (2, 4, 6), -1, 0) if "gated" in rule else None,
                      numbers(t, (2, 4, 2), 0, 1) if "delta" in rule else None]  # fmt: skip
            while inputs[-1] is None:
                inputs.pop()
            yield case("LinearAttention", inputs, {"update_rule": rule, "q_num_heads": 2, "kv_num_heads": 2},
                       outputs=2, name=(t, s, rule), oracle=WideReference(),
                       tolerance={"float": (1e-4, 1e-4)}.get(t + s[5:], (4e-2, 4e-2)))  # fmt: skip
    for t in types("FlexAttention", "T1", 1, "ai.onnx.preview"):
        for scale in (None, 0.25):
            inputs = [heads(t), heads(t, 2, 2, 5, seed=1), heads(t, 2, 2, 5, 6, seed=2)]
            yield case("FlexAttention", inputs, {} if scale is None else {"scale": scale}, name=(t, scale),
                       domain="ai.onnx.preview", opset={"ai.onnx.preview": 1, "": 26}, kinds=(t,),
                       oracle=real(lambda q, k, v: attended(q, k, v, scale=scale)[0]))  # fmt: skip


def cases():
    yield from attention()
    yield from others()

"""RNN, GRU and LSTM: float types at each opset, directions, layouts, activations, optional inputs."""

import numpy as np
from case import case, history, numbers, versions

SIGMOID = lambda x, a, b: 1 / (1 + np.exp(-x))
ACTIVATIONS = {
    "Sigmoid": SIGMOID,
    "Tanh": lambda x, a, b: np.tanh(x),
    "Relu": lambda x, a, b: np.maximum(x, 0),
    "LeakyRelu": lambda x, a, b: np.where(x < 0, (0.01 if a is None else a) * x, x),
    "ThresholdedRelu": lambda x, a, b: np.where(x >= (1.0 if a is None else a), x, 0),
    "ScaledTanh": lambda x, a, b: a * np.tanh(b * x),
    "HardSigmoid": lambda x, a, b: np.clip((0.2 if a is None else a) * x + (0.5 if b is None else b), 0, 1),
    "Elu": lambda x, a, b: np.where(x < 0, (1.0 if a is None else a) * np.expm1(x), x),
    "Softsign": lambda x, a, b: x / (1 + np.abs(x)),
    "Softplus": lambda x, a, b: np.logaddexp(0, x),
    "Affine": lambda x, a, b: a * x + b,
}  # fmt: skip
DEFAULTS = {"RNN": ["Tanh"], "GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"]}
GATES = {"RNN": 1, "GRU": 3, "LSTM": 4}
HIDDEN = 4


class Cell:
    """One direction's step, by the formulas of the specification."""

    def __init__(self, op, w, r, b, p, functions, clip, linear_before_reset, input_forget):
        self.op, self.functions, self.clip = op, functions, clip
        self.linear_before_reset, self.input_forget = linear_before_reset, input_forget
        gates = GATES[op]
        self.w, self.r = np.split(w, gates), np.split(r, gates)
        self.wb, self.rb = np.split(b[:gates * HIDDEN], gates), np.split(b[gates * HIDDEN:], gates)
        self.p = np.split(p, 3)

    def clipped(self, x):
        return np.clip(x, -self.clip, self.clip) if self.clip else x

    def gate(self, x, h, i):
        return x @ self.w[i].T + h @ self.r[i].T + self.wb[i] + self.rb[i]

    def __call__(self, x, h, c):
        f, *rest = self.functions
        if self.op == "RNN":
            return f(self.clipped(self.gate(x, h, 0))), c
        if self.op == "GRU":
            z, reset = (f(self.clipped(self.gate(x, h, i))) for i in (0, 1))
            if self.linear_before_reset:
                new = x @ self.w[2].T + reset * (h @ self.r[2].T + self.rb[2]) + self.wb[2]
            else:
                new = x @ self.w[2].T + (reset * h) @ self.r[2].T + self.rb[2] + self.wb[2]
            return (1 - z) * rest[0](self.clipped(new)) + z * h, c
        i = f(self.clipped(self.gate(x, h, 0) + self.p[0] * c))
        forget = 1 - i if self.input_forget else f(self.clipped(self.gate(x, h, 2) + self.p[2] * c))
        c = forget * c + i * rest[0](self.clipped(self.gate(x, h, 3)))
        return f(self.clipped(self.gate(x, h, 1) + self.p[1] * c)) * rest[1](c), c


def run(op, x, w, r, b=None, lengths=None, h=None, c=None, p=None, direction="forward", layout=0, clip=0.0,
        linear_before_reset=0, input_forget=0, activations=None, activation_alpha=None,
        activation_beta=None, hidden_size=HIDDEN, output_sequence=1):  # fmt: skip
    if layout:
        x, h, c = (a if a is None else a.swapaxes(0, 1) for a in (x, h, c))
    steps, batch, _ = x.shape
    ways = {"forward": [1], "reverse": [-1], "bidirectional": [1, -1]}[direction]
    lengths = [steps] * batch if lengths is None else lengths
    names = activations or DEFAULTS[op] * len(ways)
    per = len(DEFAULTS[op])
    alpha, beta = (list(v or []) + [None] * len(names) for v in (activation_alpha, activation_beta))
    functions = [lambda v, n=n, a=a, b=b: ACTIVATIONS[n](v, a, b) for n, a, b in zip(names, alpha, beta)]
    y = np.zeros((steps, len(ways), batch, HIDDEN))
    last = np.zeros((2, len(ways), batch, HIDDEN))
    for d, way in enumerate(ways):
        cell = Cell(op, w[d], r[d], np.zeros(2 * GATES[op] * HIDDEN) if b is None else b[d],
                    np.zeros(3 * HIDDEN) if p is None else p[d], functions[d * per:(d + 1) * per], clip,
                    linear_before_reset, input_forget)  # fmt: skip
        for n in range(batch):
            state = [np.zeros(HIDDEN) if s is None else s[d, n] for s in (h, c)]
            for t in range(lengths[n])[::way]:
                state = cell(x[t, n], *state)
                y[t, d, n] = state[0]
            last[:, d, n] = state
    if layout:
        return y.transpose(2, 0, 1, 3), *last.swapaxes(1, 2)
    return y, *last


def inputs(op, t, steps=5, batch=2, size=3, directions=1, layout=0, last="b"):
    """Up to the input named `last`; those before it are all there."""
    gates = GATES[op]
    shapes = {"x": (batch, steps, size) if layout else (steps, batch, size),
              "w": (directions, gates * HIDDEN, size), "r": (directions, gates * HIDDEN, HIDDEN),
              "b": (directions, 2 * gates * HIDDEN), "lengths": None}  # fmt: skip
    state = (batch, directions, HIDDEN) if layout else (directions, batch, HIDDEN)
    shapes |= {"h": state} | ({"c": state, "p": (directions, 3 * HIDDEN)} if op == "LSTM" else {})
    result = []
    for seed, (name, shape) in enumerate(shapes.items()):
        lengths = np.array([steps, max(steps - 2, 0), 0][:batch], np.int32)
        result.append(lengths if shape is None else numbers(t, shape, -1, 1, seed=seed))
        if name == last:
            return result
    raise KeyError(last)


def recurrent(op, given, attributes, outputs=None, **more):
    outputs = outputs or (3 if op == "LSTM" else 2)
    kind = given[0].dtype

    def oracle(*arrays):
        wide = [a.astype(np.float64) if a.dtype == kind else a for a in arrays]
        return tuple(o.astype(kind) for o in run(op, *wide, **attributes)[:outputs])

    return case(op, given, {"hidden_size": HIDDEN} | attributes, outputs=outputs, oracle=oracle, **more)


def cases():
    tolerance = {"float16": (5e-3, 2e-3), "bfloat16": (4e-2, 2e-2)}
    for op in GATES:
        newest = versions(op)[-1]
        for opset, t in history(op):
            for direction, n in [("forward", 1), ("reverse", 1), ("bidirectional", 2)]:
                for layout in (0, 1) if opset >= 14 else (0,):
                    attributes = {"direction": direction} | ({"layout": layout} if opset >= 14 else {})
                    if opset == 1:
                        attributes["output_sequence"] = 1
                    for last in ("b", "p" if op == "LSTM" else "h"):
                        yield recurrent(op, inputs(op, t, directions=n, layout=layout, last=last),
                                        attributes, name=(t, direction, layout, last), opset=opset,
                                        tolerance=tolerance.get(t))  # fmt: skip
        for steps, batch, size in [(0, 2, 3), (1, 1, 1), (3, 0, 2), (7, 3, 2), (2, 1, 9)]:
            for last in ("r", "b", "lengths", "h"):
                if last == "lengths" and batch == 0:
                    continue
                yield recurrent(op, inputs(op, "float", steps, batch, size, last=last), {},
                                name=(steps, batch, size, last), opset=newest)  # fmt: skip
        per = len(DEFAULTS[op])
        for name in ACTIVATIONS:
            attributes = {"activations": [name] * per}
            if name in ("LeakyRelu", "ThresholdedRelu", "ScaledTanh", "HardSigmoid", "Elu", "Affine"):
                attributes["activation_alpha"] = [0.5] * per
            if name in ("ScaledTanh", "HardSigmoid", "Affine"):
                attributes["activation_beta"] = [0.25] * per
            yield recurrent(op, inputs(op, "float"), attributes, name=("activation", name), opset=newest)
        options = [{"clip": 0.25}] + {"GRU": [{"linear_before_reset": 1}],
                                      "LSTM": [{"input_forget": 1}]}.get(op, [])  # fmt: skip
        for attributes in options:
            for direction, n in [("forward", 1), ("bidirectional", 2)]:
                yield recurrent(op, inputs(op, "float", directions=n, last="h"),
                                attributes | {"direction": direction}, opset=newest,
                                name=(*attributes, direction))  # fmt: skip
        for outputs in (1, 2):
            yield recurrent(op, inputs(op, "float"), {}, outputs, name=("outputs", outputs), opset=newest)

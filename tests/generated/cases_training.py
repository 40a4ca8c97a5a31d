"""Losses and optimizers: types at each opset, weights, ignored classes, ranks."""

import itertools

import numpy as np
from case import case, history, numbers, types
from oracles import real

DOMAIN = "ai.onnx.preview.training"
DEFAULTS = {
    "Adagrad": {"norm_coefficient": 0.0, "decay_factor": 0.0, "epsilon": 1e-6},
    "Adam": {"alpha": 0.9, "beta": 0.999, "norm_coefficient": 0.0, "norm_coefficient_post": 0.0,
             "epsilon": 1e-6},
    "Momentum": {},
}  # fmt: skip


def loss_of(log_probability, target, weight=None, reduction="mean", ignore=None):
    picked = np.take_along_axis(log_probability, np.where(target == ignore, 0, target)[:, None], 1)[:, 0]
    w = np.ones(target.shape) if weight is None else weight[np.where(target == ignore, 0, target)]
    w = np.where(target == ignore, 0, w)
    losses = -picked * w
    if reduction == "none":
        return losses
    return losses.sum() / (w.sum() if reduction == "mean" else 1)


def losses():
    def log_softmax(x):
        x = x - x.max(1, keepdims=True)
        return x - np.log(np.exp(x).sum(1, keepdims=True))

    for op, first in [("NegativeLogLikelihoodLoss", lambda x: x), ("SoftmaxCrossEntropyLoss", log_softmax)]:
        for opset, t in history(op):
            for index, reduction, weighted, ignore in itertools.product(
                types(op, "Tind", opset), ("none", "mean", "sum"), (0, 1), (None, 1, -5)
            ):
                target = np.array([[0, 2, -5 if ignore == -5 else 1], [2, 1, 0]]).astype(index)
                inputs = [numbers(t, (2, 3, 3)), target] + [numbers(t, (3,), 0.5, 2)] * weighted
                attributes = {"reduction": reduction} | ({} if ignore is None else {"ignore_index": ignore})
                yield case(op, inputs, attributes, name=(t, index, reduction, weighted, ignore), opset=opset,
                           oracle=real(lambda x, *a: loss_of(first(x), *a, reduction=reduction,
                                                             ignore=ignore)))  # fmt: skip
        for shape in [(3, 5), (1, 1), (2, 3, 4, 2), (2, 3, 2, 1, 2, 2), (0, 3), (2, 3, 0)]:
            for reduction in ("none", "sum") + (("mean",) if 0 not in shape else ()):
                target = numbers("int64", (shape[0], *shape[2:]), 0, shape[1] - 1)
                yield case(op, [numbers("float", shape), target], {"reduction": reduction},
                           name=(shape, reduction),
                           oracle=real(lambda x, y: loss_of(first(x), y, reduction=reduction)))
    for t in types("SoftmaxCrossEntropyLoss"):
        yield case("SoftmaxCrossEntropyLoss", [numbers(t, (4, 3)), np.array([0, 2, 1, 1])], outputs=2,
                   name=("log_prob", t),
                   oracle=lambda x, y: (
                       np.asarray(loss_of(log_softmax(x.astype(float)), y)).astype(x.dtype),
                       log_softmax(x.astype(float)).astype(x.dtype)))  # fmt: skip


def optimizers():
    def adagrad(r, t, x, g, h, norm_coefficient, decay_factor, epsilon):
        rate = r / (1 + t * decay_factor)
        g = norm_coefficient * x + g
        h = h + g * g
        return x - rate * g / (np.sqrt(h) + epsilon), h

    def adam(r, t, x, g, v, h, alpha, beta, norm_coefficient, norm_coefficient_post, epsilon):
        g = norm_coefficient * x + g
        v, h = alpha * v + (1 - alpha) * g, beta * h + (1 - beta) * g * g
        rate = r * np.sqrt(1 - beta**t) / (1 - alpha**t) if t > 0 else r
        new = x - rate * v / (np.sqrt(h) + epsilon)
        return (1 - norm_coefficient_post) * new, v, h

    def momentum(r, t, x, g, v, alpha, beta, norm_coefficient, mode):
        g = norm_coefficient * x + g
        v = alpha * v + (beta if t > 0 else 1.0) * g
        return (x - r * v if mode == "standard" else x - r * (g + alpha * v)), v

    moment = {"alpha": 0.75, "beta": 0.5, "norm_coefficient": 0.25}
    for op, function, states, settings in [
        ("Adagrad", adagrad, 1, [{}, {"norm_coefficient": 0.5, "decay_factor": 0.25, "epsilon": 0.125}]),
        ("Adam", adam, 2, [{}, {"alpha": 0.5, "beta": 0.75, "norm_coefficient": 0.25, "epsilon": 0.125,
                                "norm_coefficient_post": 0.5}]),
        ("Momentum", momentum, 1, [moment | {"mode": "standard"}, moment | {"mode": "nesterov"}]),
    ]:  # fmt: skip
        for rate, t in itertools.product(types(op, "T1", 1, DOMAIN), types(op, "T3", 1, DOMAIN)):
            for attributes, step, shapes in itertools.product(
                settings, (0, 1, 7), ([(2, 3)], [()], [(2,), (3, 1)], [(0,)])
            ):
                kinds = [[numbers(t, s, 0.5 if k >= 2 else -2, 2, seed=k) for s in shapes]
                         for k in range(2 + states)]  # fmt: skip
                inputs = [numbers(rate, (), 0.0625, 0.5), np.array(step), *itertools.chain(*kinds)]
                outputs = len(shapes) * (1 + states)

                def oracle(r, step, *tensors):
                    n = len(shapes)
                    wide = [x.astype(np.float64) for x in tensors]
                    given = {k: v if k == "mode" else float(np.float32(v))
                             for k, v in (DEFAULTS[op] | attributes).items()}  # fmt: skip
                    each = [function(float(r), int(step), *wide[i::n], **given) for i in range(n)]
                    return tuple(e[k].astype(tensors[0].dtype) for k in range(1 + states) for e in each)

                yield case(op, inputs, attributes, outputs=outputs, domain=DOMAIN, opset={DOMAIN: 1, "": 21},
                           name=(rate, t, step, shapes, settings.index(attributes)),
                           kinds=(t,) * outputs, oracle=oracle)  # fmt: skip


def cases():
    yield from losses()
    yield from optimizers()

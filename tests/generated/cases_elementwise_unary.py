"""Operators of one input, element by element: each type at each opset, ranks, special values."""

import functools
import math

import numpy as np
import onnx
from case import EMPTY_SHAPES, SHAPES, case, is_float, numbers, types, versions
from onnx import helper
from oracles import exact, number, real, specials

erf = np.vectorize(math.erf, otypes=[float])
erfc = np.vectorize(math.erfc, otypes=[float])


def sigmoid(x):
    e = np.exp(-np.abs(x))
    return np.where(x < 0, e, 1) / (1 + e)


def softplus(x):
    return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0)


def gelu(x, approximate):
    if approximate == b"tanh":
        return x * sigmoid(2 * math.sqrt(2 / math.pi) * (x + 0.044715 * x * x * x))
    return 0.5 * x * erfc(-x / math.sqrt(2))


def shrink(x, lambd, bias):
    return np.where(x < -lambd, x + bias, np.where(x > lambd, x - bias, 0))


def swish(x, alpha):
    return x * sigmoid(alpha * x)


def elu(x, alpha):
    return np.where(x < 0, alpha * np.expm1(x), x)


def selu(x, alpha, gamma):
    return np.where(x > 0, gamma * x, gamma * alpha * np.expm1(x))


def celu(x, alpha):
    return np.maximum(0, x) + np.minimum(0, alpha * np.expm1(x / alpha))


def hard_sigmoid(x, alpha, beta):
    return np.clip(alpha * x + beta, 0, 1)


def leaky_relu(x, alpha):
    return np.where(x < 0, alpha * x, x)


def thresholded_relu(x, alpha):
    return np.where(x > alpha, x, 0)


def is_inf(x, detect_negative, detect_positive):
    negative, positive = (x == -np.inf) & (detect_negative == 1), (x == np.inf)
    return negative | (positive & (detect_positive == 1))


MATH = {
    "Abs": number(np.abs, abs),
    "Neg": number(np.negative, lambda x: -x),
    "Sign": number(np.sign, lambda x: (x > 0) - (x < 0)),
    "Erf": number(erf, lambda x: int(math.erf(x))),
    "Relu": number(lambda x: np.maximum(x, 0), lambda x: max(x, 0)),
    "BitwiseNot": exact(lambda x: ~x),
    "Not": np.logical_not,
    "Round": real(np.rint),
    "Reciprocal": real(lambda x: 1 / x),
    "Sigmoid": real(sigmoid),
    "Softplus": real(softplus),
    "Softsign": real(lambda x: np.where(np.isinf(x), np.sign(x), x / (1 + np.abs(x)))),
    "Mish": real(lambda x: x * np.tanh(softplus(x))),
    "HardSwish": real(lambda x: x * np.clip(x / 6 + 0.5, 0, 1)),
    "Asin": real(np.arcsin), "Acos": real(np.arccos), "Atan": real(np.arctan),
    "Asinh": real(np.arcsinh), "Acosh": real(np.arccosh), "Atanh": real(np.arctanh),
    "IsNaN": real(np.isnan),
}  # fmt: skip
for name in ("Ceil", "Cos", "Cosh", "Exp", "Floor", "Log", "Sin", "Sinh", "Sqrt", "Tan", "Tanh"):
    MATH[name] = real(getattr(np, name.lower()))

# With attributes: the function that takes them by name, and sets of them.
WITH_ATTRIBUTES = {
    "LeakyRelu": (leaky_relu, [{}, {"alpha": 0.0}, {"alpha": -2.5}]),
    "ThresholdedRelu": (thresholded_relu, [{}, {"alpha": 0.0}, {"alpha": -2.0}]),
    "Elu": (elu, [{}, {"alpha": 0.5}]),
    "Selu": (selu, [{}, {"alpha": 0.5, "gamma": 2.0}]),
    "Celu": (celu, [{}, {"alpha": 0.5}]),
    "HardSigmoid": (hard_sigmoid, [{}, {"alpha": -0.5, "beta": 0.25}]),
    "Swish": (swish, [{}, {"alpha": -1.5}]),
    "Gelu": (gelu, [{}, {"approximate": "tanh"}]),
    "Shrink": (shrink, [{}, {"lambd": 1.5, "bias": 1.0}, {"lambd": 0.0, "bias": -1.0}]),
    "IsInf": (is_inf, [{}, {"detect_negative": 0}, {"detect_positive": 0}]),
}
# Type parameters whose name is not T.
PARAMETERS = {"IsNaN": "T1", "IsInf": "T1"}




def with_attributes(op, opset, function, attributes):
    """The oracle for a function that takes every attribute, those not given by their defaults."""
    schema = onnx.defs.get_schema(op, opset, "")
    values = {
        name: helper.get_attribute_value(
            helper.make_attribute(name, attributes[name]) if name in attributes
            else attribute.default_value
        )
        for name, attribute in schema.attributes.items() if name != "consumed_inputs"
    }  # fmt: skip
    return real(lambda x: function(x, **values))


def special_inputs(op, t):
    values = specials(t)
    if op == "Shrink" and not is_float(t):  # sums that do not fit are not specified
        values = values[(values < 100) & (values > (-100 if "u" not in t else 0))]
    return values


def each_type(op, oracle_at, attributes=None, name=()):
    """Each type at each opset; shapes and all at the newest alone. `oracle_at` takes an opset."""
    for opset in versions(op):
        every_shape = opset == versions(op)[-1] and not name
        for t in types(op, PARAMETERS.get(op, "T"), opset):
            inputs = {shape: numbers(t, shape)
                      for shape in ((*SHAPES, *EMPTY_SHAPES) if every_shape else [(2, 3)])}
            inputs["specials"] = special_inputs(op, t)
            for label, x in inputs.items():
                yield case(op, [x], attributes, name=(*name, t, label), opset=opset,
                           oracle=oracle_at(opset))  # fmt: skip


def cases():
    for op, oracle in MATH.items():
        yield from each_type(op, lambda opset, o=oracle: o)
    for op, (function, variants) in WITH_ATTRIBUTES.items():
        for i, attributes in enumerate(variants):
            oracle_at = functools.partial(with_attributes, op, function=function,
                                          attributes=attributes)  # fmt: skip
            yield from each_type(op, oracle_at, attributes, (i,) if attributes else ())

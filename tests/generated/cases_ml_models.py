"""ai.onnx.ml: linear models and support vector machines, with random parameters.

Expected scores are onnxruntime's as far as it follows the specification. It does not transform the
score of a single target, nor always the pair of scores of two classes: functions on arrays, or
ONNX's reference evaluator, stand in for it there.
"""

import itertools

import numpy as np
from case import OnnxRuntime, Reference, array, case, types

TRANSFORMS = ("NONE", "SOFTMAX", "LOGISTIC", "SOFTMAX_ZERO", "PROBIT")
BATCHES = [(3,), (4, 3), (1, 3), (0, 3)]
LABELS = {"ints": lambda n: [7 * i - 3 for i in range(n)],
          "strings": lambda n: [f"class {i}" for i in range(n)]}  # fmt: skip


def model(op, t, shape, attributes, name, oracle, seed=0, **more):
    """The same input for the same seed; features from -1 to 1 or, as integers, from -3 to 3."""
    x = np.random.default_rng([seed, len(shape)]).uniform(-1, 1, shape)
    x = array(t, x * 3 if t.startswith("int") else x)
    return case(op, [x], attributes, domain="ai.onnx.ml", opset=1, name=name, oracle=oracle,
                tolerance=tolerance(oracle, attributes["post_transform"]), **more)  # fmt: skip


def tolerance(oracle, transform="NONE"):
    """onnxruntime computes in float, in which PROBIT near 0.5 is off by the root of its epsilon."""
    inexact = isinstance(oracle, OnnxRuntime) and transform == "PROBIT"
    return (2e-4, 1e-3) if inexact else (2e-5, 2e-5)


def rates(seed, *shape, low=-1.0, high=1.0):
    """Random parameters, as an attribute has them."""
    return np.random.default_rng(seed).uniform(low, high, shape).astype(np.float32).ravel().tolist()


def softmax(s, zeros=True):
    """Without `zeros`, scores that are zero stay so."""
    e = np.exp(s - s.max(axis=1, keepdims=True)) * (zeros | (s != 0))
    return e / e.sum(axis=1, keepdims=True)


def probit(p):
    """By the approximation of erf's inverse that onnxruntime and the reference evaluator use."""
    x = 2 * p - 1
    log = np.log((1 - x) * (1 + x))
    half = 2 / (np.pi * 0.147) + log / 2
    return np.sqrt(2) * np.sign(x) * np.sqrt(np.sqrt(half**2 - log / 0.147) - half)


TRANSFORM = {"NONE": lambda s: s, "SOFTMAX": softmax, "LOGISTIC": lambda s: 1 / (1 + np.exp(-s)),
             "SOFTMAX_ZERO": lambda s: softmax(s, False), "PROBIT": probit}  # fmt: skip


def probable(transform, values):
    """PROBIT wants scores between 0 and 1: so small that 0.5 and the sum of them stay there."""
    return [v / 20 for v in values] if transform == "PROBIT" else values


def linear_classifiers():
    inputs = types("LinearClassifier", "T1", 1, "ai.onnx.ml")
    for t, shape, classes, transform in itertools.product(inputs, BATCHES, (2, 3, 5), TRANSFORMS):
        kind = "strings" if classes == 3 else "ints"
        attributes = {
            "coefficients": probable(transform, rates(classes, classes, 3)),
            "intercepts": [0.5 + v for v in probable(transform, rates(9, classes))],
            f"classlabels_{kind}": LABELS[kind](classes),
            "post_transform": transform,
        }  # fmt: skip
        yield model("LinearClassifier", t, shape, attributes, (t, shape, classes, transform),
                    outputs=2, oracle=OnnxRuntime())  # fmt: skip
    for t, transform in itertools.product(inputs, TRANSFORMS[:4]):
        for kind, labels in LABELS.items():
            attributes = {"coefficients": rates(3, 3), "intercepts": [0.1],
                          f"classlabels_{kind}": labels(2),
                          "post_transform": transform}  # fmt: skip
            yield model("LinearClassifier", t, (6, 3), attributes, (t, kind, "row", transform),
                        outputs=2, oracle=Reference())  # fmt: skip


def linear_regressors():
    def regressed(x, attributes, targets):
        weights = np.array(attributes["coefficients"]).reshape(targets, -1)
        scores = np.atleast_2d(x).astype(float) @ weights.T + attributes.get("intercepts", 0)
        return TRANSFORM[attributes["post_transform"]](scores).astype(np.float32)

    inputs = types("LinearRegressor", "T", 1, "ai.onnx.ml")
    for t, shape, targets, transform in itertools.product(inputs, BATCHES, (1, 3), TRANSFORMS):
        attributes = {"coefficients": probable(transform, rates(targets, targets, 3)),
                      "targets": targets, "post_transform": transform}  # fmt: skip
        if targets > 1 or transform == "PROBIT":
            attributes["intercepts"] = [0.5 + v for v in probable(transform, rates(9, targets))]
        yield model("LinearRegressor", t, shape, attributes, (t, shape, targets, transform),
                    oracle=lambda x, a=attributes, n=targets: regressed(x, a, n))  # fmt: skip
        if t == "float" and targets > 1:
            yield model("LinearRegressor", t, shape, attributes,
                        (t, shape, targets, transform, "ort"), OnnxRuntime())  # fmt: skip


KERNELS = {"LINEAR": [0.0, 0.0, 0.0], "POLY": [0.5, 1.0, 3.0], "RBF": [0.7, 0.0, 0.0],
           "SIGMOID": [0.5, 0.25, 0.0]}  # fmt: skip


def svm_classifiers():
    inputs = types("SVMClassifier", "T1", 1, "ai.onnx.ml")
    supports = {2: [3, 2], 3: [2, 1, 3], 4: [1, 2, 1, 2]}
    for (kernel, params), classes, prob in itertools.product(KERNELS.items(), supports, (0, 1)):
        count, pairs = sum(supports[classes]), classes * (classes - 1) // 2
        for seed, transform in enumerate(TRANSFORMS):
            if transform == "PROBIT" and not prob:
                continue  # of scores that are no probabilities
            if classes == 2 and not prob and transform != "NONE":
                continue  # left untransformed by onnxruntime
            kind = "strings" if seed % 2 else "ints"
            attributes = {
                "kernel_type": kernel, "kernel_params": params, "post_transform": transform,
                "vectors_per_class": supports[classes],
                "support_vectors": rates(seed, count, 3),
                "coefficients": rates(seed + 1, classes - 1, count),
                "rho": rates(seed + 2, pairs), f"classlabels_{kind}": LABELS[kind](classes),
            }  # fmt: skip
            if prob:
                attributes["prob_a"] = rates(seed + 3, pairs, low=-3)
                attributes["prob_b"] = rates(seed + 4, pairs)
            for t, shape in itertools.product(inputs, BATCHES if transform == "NONE" else [(5, 3)]):
                yield model("SVMClassifier", t, shape, attributes,
                            (t, shape, kernel, classes, "prob" if prob else "", transform),
                            seed=seed, outputs=2, oracle=OnnxRuntime())  # fmt: skip
    for t, classes, transform in itertools.product(inputs, (2, 3), TRANSFORMS[:4]):
        attributes = {"coefficients": rates(classes, classes, 3), "rho": [0.25],
                      "classlabels_ints": LABELS["ints"](classes), "kernel_type": "LINEAR",
                      "kernel_params": KERNELS["LINEAR"], "post_transform": transform}  # fmt: skip
        if classes == 2 and t.startswith("int"):
            continue  # neither implementation: the reference evaluator's scores are integers then
        oracle = Reference() if classes == 2 else OnnxRuntime()
        yield model("SVMClassifier", t, (5, 3), attributes, (t, "linear", classes, transform),
                    outputs=2, oracle=oracle)  # fmt: skip


def svm_regressors():
    def kernel_values(kernel, params, x, vectors):
        gamma, coef0, degree = params
        products = x @ vectors.T
        return {
            "LINEAR": lambda: products,
            "POLY": lambda: (gamma * products + coef0) ** degree,
            "RBF": lambda: np.exp(-gamma * ((x[:, None] - vectors) ** 2).sum(axis=2)),
            "SIGMOID": lambda: np.tanh(gamma * products + coef0),
        }[kernel]()

    inputs = types("SVMRegressor", "T", 1, "ai.onnx.ml")
    for t, kernel, one_class in itertools.product(inputs, [*KERNELS, None], (0, 1)):
        for shape, transform in itertools.product(BATCHES, ("NONE", "LOGISTIC")):
            if one_class and transform != "NONE":
                continue
            supports = 4 if kernel else 0
            attributes = {"coefficients": rates(1, supports or 3), "rho": [0.25],
                          "n_supports": supports, "one_class": one_class,
                          "post_transform": transform}  # fmt: skip
            attributes |= {"kernel_type": kernel or "LINEAR",
                           "kernel_params": KERNELS[kernel or "LINEAR"]}  # fmt: skip
            if kernel:
                attributes["support_vectors"] = rates(2, supports, 3)

            def oracle(x, a=attributes, k=kernel):
                x = np.atleast_2d(x).astype(float)
                if k:
                    vectors = np.array(a["support_vectors"]).reshape(-1, 3)
                    x = kernel_values(k, KERNELS[k], x, vectors)
                score = x @ np.array(a["coefficients"])[:, None] + a["rho"]
                score = np.where(score > 0, 1, -1) if a["one_class"] else score
                return TRANSFORM[a["post_transform"]](score).astype(np.float32)

            plain = t == "float" and transform == "NONE"
            yield model("SVMRegressor", t, shape, attributes,
                        (t, shape, kernel or "none", transform, "one" if one_class else ""),
                        oracle=OnnxRuntime() if plain else oracle)  # fmt: skip


def cases():
    for table in (linear_classifiers, linear_regressors, svm_classifiers, svm_regressors):
        yield from table()

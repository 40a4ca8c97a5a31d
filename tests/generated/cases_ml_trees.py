"""ai.onnx.ml: random ensembles of trees in both forms, with missing values and sets of members.

The oracle is onnxruntime as far as it follows the specification, and otherwise a walk in Python:
onnxruntime takes NaN != split for true where missing values are not tracked, and does not know
members below zero; ONNX's reference evaluator ends a set at a member that is zero.
"""

import itertools

import numpy as np
from case import OnnxRuntime, array, case, dtype, types
from cases_ml_models import TRANSFORM, TRANSFORMS, tolerance
from onnx import numpy_helper

MODES = ("BRANCH_LEQ", "BRANCH_LT", "BRANCH_GTE", "BRANCH_GT", "BRANCH_EQ", "BRANCH_NEQ")
FEATURES = 4
BATCHES = [(1, FEATURES), (7, FEATURES), (40, FEATURES), (0, FEATURES)]


class Forest:
    """Random trees as nested tuples: (mode, feature, split, tracks, true, false), or a leaf's votes
    [(target, weight)]. Splits are small integers, so that features often equal them."""

    def __init__(self, seed, trees=5, depth=4, targets=1, modes=MODES[:1], sign=1, tracks=True):
        self.rng = np.random.default_rng([seed, trees, depth, targets])
        self.targets, self.modes, self.sign, self.tracks = targets, modes, sign, tracks
        self.trees = [self.grow(depth, True) for _ in range(trees)]

    def grow(self, depth, root=False):
        if not root and (depth == 0 or self.rng.random() < 0.2):
            return [(int(self.rng.integers(self.targets)), self.weight())]
        mode = self.modes[self.rng.integers(len(self.modes))]
        if mode == "BRANCH_MEMBER":
            split = [float(v) for v in self.rng.choice(9, 3, replace=False) - 4]
        else:
            split = float(self.rng.integers(-3, 4))
        tracks = int(self.tracks and self.rng.integers(2))
        feature = int(self.rng.integers(FEATURES))
        return (mode, feature, split, tracks, self.grow(depth - 1), self.grow(depth - 1))

    def weight(self):
        low = -1 if self.sign < 0 else 0
        return float(np.float32(self.rng.uniform(low, 1) / len(getattr(self, "trees", "12345"))))

    def inputs(self, t, shape):
        x = self.rng.integers(-4, 5, shape).astype(dtype(t))
        if not t.startswith("int") and x.size:
            x += self.rng.integers(0, 2, shape).astype(dtype(t)) / 2
            if self.tracks is not None:
                x.flat[:: 5] = np.nan
        return x

    def named(self, votes):
        """Attributes of the form with a name for every node."""
        names = ("treeids", "nodeids", "modes", "featureids", "values", "truenodeids",
                 "falsenodeids", "missing_value_tracks_true")  # fmt: skip
        nodes = {name: [] for name in names}
        leaves = {name: [] for name in ("treeids", "nodeids", "ids", "weights")}

        def add(tree, node, ids):
            name = next(ids)
            leaf = isinstance(node, list)
            row = ("LEAF", 0, 0.0, 0, 0, 0) if leaf else (*node[:3], 0, 0, node[3])
            for column, value in zip(names, (tree, name, *row)):
                nodes[column].append(value)
            at = len(nodes["treeids"]) - 1
            if leaf:
                for target, weight in node:
                    for column, value in zip(leaves, (tree, name, target, weight)):
                        leaves[column].append(value)
            else:
                nodes["truenodeids"][at] = add(tree, node[4], ids)
                nodes["falsenodeids"][at] = add(tree, node[5], ids)
            return name

        for i, tree in enumerate(self.trees):
            add(i, tree, itertools.count())
        return ({f"nodes_{key}": value for key, value in nodes.items()}
                | {f"{votes}_{key}": value for key, value in leaves.items()})  # fmt: skip

    def placed(self, t):
        """Attributes of the form with a position for every node."""
        nodes, leaves, members = [], [], []

        def add(node):
            if isinstance(node, list):
                leaves.append(node[0])
                return len(leaves) - 1
            at = len(nodes)
            nodes.append(None)
            member = node[0] == "BRANCH_MEMBER"
            if member:
                members.extend([*node[2], np.nan])
            children = [value for child in node[4:]
                        for value in (add(child), isinstance(child, list))]  # fmt: skip
            mode = 6 if member else MODES.index(node[0])
            nodes[at] = (mode, node[1], 0.0 if member else node[2], node[3], *map(int, children))
            return at

        roots = [add(tree) for tree in self.trees]
        modes, features, splits, tracks, true, true_leaf, false, false_leaf = zip(*nodes)
        attributes = {
            "tree_roots": roots, "nodes_modes": tensor("uint8", modes),
            "nodes_featureids": features, "nodes_splits": tensor(t, splits),
            "nodes_missing_value_tracks_true": tracks, "nodes_truenodeids": true,
            "nodes_trueleafs": true_leaf, "nodes_falsenodeids": false,
            "nodes_falseleafs": false_leaf, "n_targets": self.targets,
            "leaf_targetids": [target for target, _ in leaves],
            "leaf_weights": tensor(t, [weight for _, weight in leaves]),
        }  # fmt: skip
        return attributes | ({"membership_values": tensor(t, members)} if members else {})

    def scores(self, x, aggregate="SUM"):
        """Aggregated votes of each row, by a walk; 0 where there is none."""
        result = np.zeros((len(np.atleast_2d(x)), self.targets))
        for row, scores in zip(np.atleast_2d(x), result):
            votes = [vote for tree in self.trees for vote in walk(tree, row)]
            for target in range(self.targets):
                weights = [w for to, w in votes if to == target]
                if weights:
                    joined = {"MIN": min, "MAX": max}.get(aggregate, sum)(weights)
                    scores[target] = joined / (len(self.trees) if aggregate == "AVERAGE" else 1)
        return result


COMPARE = {"BRANCH_LEQ": np.less_equal, "BRANCH_LT": np.less, "BRANCH_GTE": np.greater_equal,
           "BRANCH_GT": np.greater, "BRANCH_EQ": np.equal, "BRANCH_NEQ": np.not_equal,
           "BRANCH_MEMBER": lambda x, members: float(x) in members}  # fmt: skip


def walk(node, row):
    while isinstance(node, tuple):
        mode, feature, split, tracks, true, false = node
        x = row[feature]
        node = true if (tracks if np.isnan(x) else COMPARE[mode](x, split)) else false
    return node


def tensor(t, values):
    return numpy_helper.from_array(array(t, values))


def tree_case(op, forest, t, shape, attributes, name, opset, oracle, transform="NONE", **more):
    within = (2e-3, 2e-3) if t == "float16" else tolerance(oracle, transform)
    return case(op, [forest.inputs(t, shape)], attributes, domain="ai.onnx.ml", opset=opset,
                name=(t, shape, *name), tolerance=within, oracle=oracle, **more)  # fmt: skip


def regressors():
    op = "TreeEnsembleRegressor"
    for opset, t in itertools.product((1, 3), types(op, "T", 1, "ai.onnx.ml")):
        for seed, (aggregate, targets) in enumerate(
                itertools.product(("SUM", "AVERAGE", "MIN", "MAX"), (1, 3))):  # fmt: skip
            for shape, mode in itertools.product(BATCHES, (*MODES, "mixed")):
                modes = MODES if mode == "mixed" else (mode,)
                forest = Forest(seed, targets=targets, modes=modes, sign=-1)
                attributes = forest.named("target") | {"n_targets": targets}
                attributes["aggregate_function"] = aggregate
                base = [0.5, -1.0, 2.0][:targets] if seed % 2 else [0.0] * targets
                if any(base):
                    attributes["base_values"] = base
                if shape != (7, FEATURES) and mode != "mixed":
                    continue

                def oracle(x, f=forest, a=aggregate, b=base):
                    return (f.scores(x, a) + b).astype(np.float32)

                yield tree_case(op, forest, t, shape, attributes, (aggregate, targets, mode),
                                opset, oracle=oracle)  # fmt: skip
    for t, targets, transform in itertools.product(("float", "double"), (2, 4), TRANSFORMS):
        forest = Forest(7, trees=20, targets=targets, modes=MODES[:2])
        attributes = forest.named("target") | {"n_targets": targets, "post_transform": transform}
        yield tree_case(op, forest, t, (40, FEATURES), attributes, (targets, transform), 3,
                        OnnxRuntime(), transform)  # fmt: skip


def classifiers():
    op = "TreeEnsembleClassifier"
    inputs = types(op, "T1", 1, "ai.onnx.ml")
    labels = {"int64s": [4, -2, 9, 1], "strings": ["a", "b", "c", "d"]}
    for opset, t, (kind, names) in itertools.product((1, 3), inputs, labels.items()):
        for transform, shape in itertools.product(TRANSFORMS, BATCHES):
            forest = Forest(11, trees=8, targets=4, modes=MODES[:2])
            attributes = forest.named("class") | {f"classlabels_{kind}": names,
                                                  "post_transform": transform}  # fmt: skip
            yield tree_case(op, forest, t, shape, attributes, (kind, transform), opset,
                            OnnxRuntime(), transform, outputs=2)  # fmt: skip
    # Two classes, all votes for the first: probabilities or margins.
    for t, sign, transform in itertools.product(inputs, (1, -1), ("NONE", "LOGISTIC")):
        if sign > 0 and transform != "NONE":
            continue  # onnxruntime's label is not that of the greater score
        for (kind, names), base in itertools.product(labels.items(), ([], [0.125])):
            forest = Forest(13, trees=6, sign=sign, modes=MODES)
            attributes = forest.named("class") | {f"classlabels_{kind}": names[:2],
                                                  "post_transform": transform}  # fmt: skip
            if base:
                attributes["base_values"] = base
            forest.tracks = None  # no NaN
            yield tree_case(op, forest, t, (40, FEATURES), attributes,
                            (kind, "two", "+" if sign > 0 else "-", transform, len(base)), 3,
                            outputs=2, oracle=OnnxRuntime())  # fmt: skip


def as_tensors():
    """Thresholds and weights in double, which only onnxruntime's double inputs take."""
    forest = Forest(17, trees=6, targets=2, modes=MODES[:4], sign=-1)
    attributes = forest.named("target") | {"n_targets": 2}
    for name in ("nodes_values", "target_weights"):
        attributes[name + "_as_tensor"] = tensor("double", attributes.pop(name))
    attributes["base_values_as_tensor"] = tensor("double", [0.1, -0.1])
    for shape in BATCHES:
        yield tree_case("TreeEnsembleRegressor", forest, "double", shape, attributes,
                        ("as_tensors",), 3, oracle=OnnxRuntime())  # fmt: skip


def ensembles():
    op = "TreeEnsemble"
    every = (*MODES, "BRANCH_MEMBER")
    for t, shape in itertools.product(types(op, "T", 5, "ai.onnx.ml"), BATCHES):
        for (number, aggregate), targets in itertools.product(
                enumerate(("AVERAGE", "SUM", "MIN", "MAX")), (1, 3)):  # fmt: skip
            for modes in ((mode,) for mode in every) if shape[0] == 7 else (every,):
                forest = Forest(number, targets=targets, modes=modes, sign=-1)
                attributes = forest.placed(t) | {"aggregate_function": number}

                def oracle(x, f=forest, a=aggregate, t=t):
                    return f.scores(x, a).astype(dtype(t))

                yield tree_case(op, forest, t, shape, attributes,
                                (aggregate, targets, modes[0] if len(modes) == 1 else "all"), 5,
                                oracle)  # fmt: skip
    for t, (number, transform) in itertools.product(("float", "double"), enumerate(TRANSFORMS)):
        forest = Forest(19, trees=9, targets=3, modes=MODES[:4])
        attributes = forest.placed(t) | {"post_transform": number}

        def oracle(x, f=forest, apply=TRANSFORM[transform], t=t):
            return apply(f.scores(x)).astype(dtype(t))

        # onnxruntime has SOFTMAX and LOGISTIC the other way round here.
        yield tree_case(op, forest, t, (40, FEATURES), attributes, (transform,), 5, oracle)


def cases():
    for table in (regressors, classifiers, as_tensors, ensembles):
        yield from table()

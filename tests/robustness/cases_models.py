"""Recurrent networks, trees, loops, sequences, quantisation and fusion given what they cannot use."""

import itertools

import numpy as np
from case import BOOL, FLOAT, HUGE, INF, INT64, INT_MAX, INT_MIN, NAN, Case, both, call, float_input, ints, model, node, real, scalar
from onnx import TensorProto, helper, numpy_helper

LESS = "BRANCH_LT"


def constant(value, name):
    return numpy_helper.from_array(np.asarray(value), name)


def lstm_weights():
    x, w, r = real(2, 1, 3), real(1, 16, 3), real(1, 16, 4)
    inputs = {"w-rows": (x, real(1, 15, 3), r), "w-columns": (x, real(1, 16, 2), r), "w-rank": (x, real(16, 3), r),
              "r-square": (x, w, real(1, 16, 3)), "r-rows": (x, w, real(1, 12, 4)), "two-directions": (x, real(2, 16, 3), r),
              "no-directions": (x, real(0, 16, 3), real(0, 16, 4)), "bias": (x, w, r, real(1, 31)),
              "initial": (x, w, r, None, None, real(1, 1, 5)), "initial-batch": (x, w, r, None, None, real(1, 2, 4)),
              "cell": (x, w, r, None, None, None, real(1, 1, 3)), "peepholes": (x, w, r, None, None, None, None, real(1, 11)),
              "x-rank": (real(2, 3), w, r), "no-steps": (real(0, 1, 3), w, r), "no-batch": (real(2, 0, 3), w, r),
              "no-features": (real(2, 1, 0), real(1, 16, 0), r)}  # fmt: skip
    for name, given in inputs.items():
        yield from both(name, "LSTM", *given, hidden_size=4, expect="either" if name[:2] == "no" else "error")
    for size in (0, -1, 3, 5, HUGE, INT_MAX, INT_MIN):
        yield from both(f"hidden-size-{size}", "LSTM", x, w, r, hidden_size=size)
        yield from both(f"gru-hidden-size-{size}", "GRU", x, real(1, 12, 3), real(1, 12, 4), hidden_size=size)
        yield from both(f"rnn-hidden-size-{size}", "RNN", x, real(1, 4, 3), real(1, 4, 4), hidden_size=size)


def sequence_lengths():
    shapes = {"LSTM": 16, "GRU": 12, "RNN": 4}
    lengths = {"long": [3], "negative": [-1], "least": [-(2**31)], "most": [2**31 - 1], "two": [1, 1], "none": []}
    for op, rows in shapes.items():
        for name, values in lengths.items():
            given = (real(2, 1, 3), real(1, rows, 3), real(1, rows, 4), None, np.array(values, np.int32))
            yield from both(f"{op}-{name}", op, *given, hidden_size=4)
        given = (real(2, 1, 3), real(1, rows, 3), real(1, rows, 4), None, np.array([0], np.int32))
        yield from both(f"{op}-zero", op, *given, hidden_size=4, expect="answer")
    for name, values in {"long": [3, 1], "negative": [-1, 1], "least": [INT_MIN, 1], "most": [INT_MAX, 1]}.items():
        yield from both(f"ReverseSequence-{name}", "ReverseSequence", real(2, 2), ints(*values))


def trees(cyclic):
    """Classifiers and regressors whose nodes are given by lists; `change` spoils one of them."""
    base = dict(nodes_treeids=[0, 0, 0], nodes_nodeids=[0, 1, 2], nodes_featureids=[0, 0, 0], nodes_values=[1.0, 0.0, 0.0],
                nodes_modes=[LESS, "LEAF", "LEAF"], nodes_truenodeids=[1, 0, 0], nodes_falsenodeids=[2, 0, 0])  # fmt: skip
    loops = {"itself": dict(nodes_truenodeids=[0, 0, 0]), "both": dict(nodes_truenodeids=[0, 0, 0], nodes_falsenodeids=[0, 0, 0]),
             "back": dict(nodes_modes=[LESS, LESS, "LEAF"], nodes_truenodeids=[1, 0, 0], nodes_falsenodeids=[2, 2, 0]),
             "shared": dict(nodes_falsenodeids=[1, 0, 0])}  # fmt: skip
    children = {"missing": dict(nodes_truenodeids=[7, 0, 0]), "negative": dict(nodes_truenodeids=[-1, 0, 0]),
                "most": dict(nodes_truenodeids=[INT_MAX, 0, 0]), "least": dict(nodes_falsenodeids=[INT_MIN, 0, 0]),
                "feature-beyond": dict(nodes_featureids=[9, 0, 0]), "feature-negative": dict(nodes_featureids=[-1, 0, 0]),
                "short": dict(nodes_values=[1.0]), "mode": dict(nodes_modes=["BRANCH_MAYBE", "LEAF", "LEAF"]),
                "no-modes": dict(nodes_modes=[]), "repeated": dict(nodes_nodeids=[0, 1, 1]),
                "other-tree": dict(nodes_treeids=[0, 1, 0])}  # fmt: skip
    for name, change in (loops if cyclic else children).items():
        expect = "either" if name in ("shared", "no-modes") else "error"
        regressor = dict(target_treeids=[0, 0], target_nodeids=[1, 2], target_ids=[0, 0], target_weights=[1.0, 2.0], n_targets=1)
        yield from both(f"regressor-{name}", "TreeEnsembleRegressor", real(1, 2), domain="ai.onnx.ml", **{**base, **regressor, **change}, expect=expect)
        classes = dict(class_treeids=[0, 0], class_nodeids=[1, 2], class_ids=[0, 1], class_weights=[1.0, 2.0], classlabels_int64s=[0, 1])
        yield from both(f"classifier-{name}", "TreeEnsembleClassifier", real(1, 2), domain="ai.onnx.ml", outputs=2, **{**base, **classes, **change}, expect=expect)


def ensemble(**change):
    """TreeEnsemble of opset 5, whose children are positions in two lists."""
    given = dict(n_targets=1, aggregate_function=1, post_transform=0, tree_roots=[0], nodes_modes=np.array([0], np.uint8),
                 nodes_featureids=[0], nodes_splits=real(1), nodes_truenodeids=[0], nodes_trueleafs=[1], nodes_falsenodeids=[1],
                 nodes_falseleafs=[1], leaf_targetids=[0, 0], leaf_weights=real(2))  # fmt: skip
    given.update(change)
    for name in ("nodes_modes", "nodes_splits", "leaf_weights"):
        given[name] = constant(given[name], name)
    made = call("TreeEnsemble", real(1, 2), domain="ai.onnx.ml", **given)
    made.opset_import[1].version = 5
    return made


def tree_cycles():
    yield from trees(cyclic=True)
    yield Case("ensemble-itself", ensemble(nodes_trueleafs=[0]))
    yield Case("ensemble-both", ensemble(nodes_trueleafs=[0], nodes_falseleafs=[0], nodes_falsenodeids=[0]))
    # Every node's children are the next: 2^30 paths through 30 nodes.
    n = 30
    down = list(range(1, n)) + [0]
    leaf = [0] * (n - 1) + [1]
    yield Case("ensemble-ladder", ensemble(nodes_modes=np.zeros(n, np.uint8), nodes_featureids=[0] * n, nodes_splits=real(n),
                                           nodes_truenodeids=down, nodes_falsenodeids=down, nodes_trueleafs=leaf, nodes_falseleafs=leaf), "either")  # fmt: skip
    n = 100_000
    down = list(range(1, n)) + [0]
    leaf, off = [0] * (n - 1) + [1], [1] * n
    yield Case("ensemble-deep", ensemble(nodes_modes=np.zeros(n, np.uint8), nodes_featureids=[0] * n, nodes_splits=real(n),
                                         nodes_truenodeids=down, nodes_falsenodeids=[0] * n, nodes_trueleafs=leaf, nodes_falseleafs=off), "either")  # fmt: skip


def tree_children():
    yield from trees(cyclic=False)
    for name, value in {"beyond": 5, "negative": -1, "most": INT_MAX, "least": INT_MIN}.items():
        for field in ("tree_roots", "nodes_truenodeids", "nodes_falsenodeids", "nodes_featureids"):
            yield Case(f"ensemble-{field}-{name}", ensemble(**{field: [value]}))
        yield Case(f"ensemble-target-{name}", ensemble(leaf_targetids=[0, value]))
        yield Case(f"ensemble-targets-{name}", ensemble(n_targets=value), "either" if value == 5 else "error")
    yield Case("ensemble-modes", ensemble(nodes_modes=np.array([200], np.uint8)))
    yield Case("ensemble-short", ensemble(nodes_splits=real(0)))
    yield Case("ensemble-no-leaves", ensemble(leaf_targetids=[], leaf_weights=real(0)))


def body(nodes, inputs, outputs, constants=()):
    return helper.make_graph(nodes, "body", inputs, [helper.make_value_info(o, helper.make_tensor_type_proto(t, None)) for o, t in outputs], list(constants))


ITERATION = helper.make_tensor_value_info("i", INT64, [])
CONDITION = helper.make_tensor_value_info("c", BOOL, [])


def loop(nodes, trips, outputs, carried=(), condition=None):
    """A Loop that goes on for ever but for its trip count; values carried are floats."""
    keep = node("Identity", ["c"], ["k"])
    ports = [ITERATION, CONDITION] + [float_input(name, None) for name, _ in carried]
    inner = body([keep, *nodes], ports, [("k", BOOL), *outputs])
    constants = [constant(v, f"{n}0") for n, v in carried]
    inputs = ["m" if trips is not None else "", "on" if condition else ""] + [c.name for c in constants]
    if trips is not None:
        constants.append(constant(scalar(trips), "m"))
    if condition:
        constants.append(constant(np.array(True), "on"))
    results = [f"y{k}" for k in range(len(outputs))]
    return [node("Loop", inputs, results, body=inner)], results, constants


def loops():
    add = node("Add", ["v", "v"], ["w"])
    for name, trips in {"most": INT_MAX, "huge": HUGE, "endless": None}.items():
        for condition in (False, True):
            nodes, results, constants = loop([add], trips, [("w", FLOAT)], [("v", real(1))], condition)
            yield Case(f"{name}-{condition}", model(nodes, [], results, constants), limited=True)
            scanned, results, constants = loop([add], trips, [("w", FLOAT), ("v", FLOAT)], [("v", real(1))], condition)
            yield Case(f"{name}-{condition}-scan", model(scanned, [], results, constants), limited=True)
            growing, results, constants = loop([node("Concat", ["v", "v"], ["w"], axis=0)], trips, [("w", FLOAT)], [("v", real(1))], condition)
            yield Case(f"{name}-{condition}-grows", model(growing, [], results, constants), limited=True)
    for name, trips in {"negative": -1, "least": INT_MIN, "zero": 0}.items():
        nodes, results, constants = loop([add], trips, [("w", FLOAT)], [("v", real(1))])
        yield Case(name, model(nodes, [], results, constants), "either")
    nodes, results, constants = loop([add], 3, [("w", FLOAT)], [("v", real(1))])
    nodes[0].input[0] = "v0"
    yield Case("float-trips", model(nodes, [], results, constants))
    nodes, results, constants = loop([add], 3, [("w", FLOAT)], [])
    yield Case("missing-carried", model(nodes, [], results, constants))
    nodes, results, constants = loop([add], 3, [], [("v", real(1))])
    yield Case("missing-output", model(nodes, [], ["y0"], constants))
    # A loop in a loop in a loop, each of a million trips.
    inner = [add]
    for level in range(3):
        nested, _, _ = loop(inner, None, [("w", FLOAT)], [("v", real(1))])
        nested[0].input[:] = ["m", "", "v"]
        nested[0].output[:] = ["w"]
        inner = nested
    outer = body([node("Identity", ["c"], ["k"]), *inner], [ITERATION, CONDITION, float_input("v", None)], [("k", BOOL), ("w", FLOAT)])
    yield Case("nested", model([node("Loop", ["m", "", "v0"], ["y"], body=outer)], [], ["y"], [constant(scalar(10**6), "m"), constant(real(1), "v0")]), limited=True)


def growing_sequences():
    sequence = helper.make_value_info("v", helper.make_sequence_type_proto(helper.make_tensor_type_proto(FLOAT, None)))
    insert = node("SequenceInsert", ["v", "x"], ["w"])
    inner = helper.make_graph([node("Identity", ["c"], ["k"]), insert], "body", [ITERATION, CONDITION, sequence],
                              [helper.make_value_info("k", helper.make_tensor_type_proto(BOOL, [])), helper.make_value_info("w", sequence.type)])  # fmt: skip
    start = node("SequenceEmpty", [], ["s"])
    for size in (0, 1, 2**18):
        for trips in (HUGE, INT_MAX):
            constants = [constant(real(size), "x"), constant(scalar(trips), "m")]
            whole = [start, node("Loop", ["m", "", "s"], ["q"], body=inner), node("SequenceLength", ["q"], ["y"])]
            yield Case(f"insert-{size}-{trips}", model(whole, [], ["y"], constants), limited=True)
    for position in (1, -2, INT_MAX, INT_MIN):
        at = [constant(real(1), "x"), constant(scalar(position), "p")]
        yield Case(f"at-{position}", model([node("SequenceConstruct", ["x"], ["s"]), node("SequenceAt", ["s", "p"], ["y"])], [], ["y"], at))
        yield Case(f"insert-at-{position}", model([node("SequenceConstruct", ["x"], ["s"]), node("SequenceInsert", ["s", "x", "p"], ["t"]),
                                                   node("SequenceLength", ["t"], ["y"])], [], ["y"], at), "either" if position == 1 else "error")  # fmt: skip
        yield Case(f"erase-{position}", model([node("SequenceConstruct", ["x"], ["s"]), node("SequenceErase", ["s", "p"], ["t"]),
                                               node("SequenceLength", ["t"], ["y"])], [], ["y"], at))  # fmt: skip
    yield Case("at-of-empty", model([start, node("SequenceAt", ["s", "p"], ["y"])], [], ["y"], [constant(scalar(0), "p")]))
    yield Case("concat-of-empty", model([start, node("ConcatFromSequence", ["s"], ["y"], axis=0)]))
    yield Case("split-most", call("SplitToSequence", real(4), scalar(INT_MAX)), "either")
    yield Case("split-zero", call("SplitToSequence", real(4), scalar(0)))
    ones = [node("SplitToSequence", ["x"], ["s"], keepdims=0), node("SequenceLength", ["s"], ["y"])]
    yield Case("split-million", model(ones, [], ["y"], [constant(real(10**6), "x")]), limited=True)


def scans():
    x = constant(real(3, 2), "x")
    inner = body([node("Add", ["a", "b"], ["s"])], [float_input("a", None), float_input("b", None)], [("s", FLOAT)])
    for count in (0, 1, 3, -1, INT_MAX, INT_MIN):  # 1: a state and one that is scanned
        yield Case(f"inputs-{count}", model([node("Scan", ["x", "x"], ["y"], body=inner, num_scan_inputs=count)], [], ["y"], [x]), "either" if count == 1 else "error")
    yield Case("one-input", model([node("Scan", ["x"], ["y"], body=inner, num_scan_inputs=1)], [], ["y"], [x]))
    other = constant(real(4, 2), "z")
    yield Case("lengths", model([node("Scan", ["x", "z"], ["y"], body=inner, num_scan_inputs=2)], [], ["y"], [x, other]))
    for name, given in {"axis": dict(scan_input_axes=[2, 0]), "axis-least": dict(scan_input_axes=[INT_MIN, 0]), "axes-short": dict(scan_input_axes=[0]),
                        "direction": dict(scan_input_directions=[2, 0]), "output-axis": dict(scan_output_axes=[5]),
                        "output-axes": dict(scan_output_axes=[0, 0]), "output-direction": dict(scan_output_directions=[-1])}.items():  # fmt: skip
        yield Case(name, model([node("Scan", ["x", "x"], ["y"], body=inner, num_scan_inputs=2, **given)], [], ["y"], [x]))
    yield Case("scalar", model([node("Scan", ["x", "x"], ["y"], body=inner, num_scan_inputs=2)], [], ["y"], [constant(np.float32(1), "x")]))
    yield Case("empty", model([node("Scan", ["x", "x"], ["y"], body=inner, num_scan_inputs=2)], [], ["y"], [constant(real(0, 2), "x")]), "either")


def nans_and_infinities():
    odd = np.array([NAN, INF, -INF, 1, NAN, -0.0], np.float32)
    yield from both("TopK", "TopK", odd, ints(3), outputs=2, expect="answer")
    for name, k in {"beyond": 7, "negative": -1, "most": INT_MAX, "least": INT_MIN}.items():
        yield from both(f"TopK-{name}", "TopK", odd, ints(k), outputs=2)
    for target in ("INT64", "INT32", "INT16", "INT8", "UINT64", "UINT32", "UINT8", "BOOL", "FLOAT16", "BFLOAT16",
                   "FLOAT8E4M3FN", "FLOAT8E5M2", "INT4", "UINT4", "FLOAT4E2M1", "STRING", "DOUBLE"):  # fmt: skip
        yield from both(f"Cast-{target}", "Cast", odd, to=getattr(TensorProto, target), expect="answer")
        yield from both(f"Cast-large-{target}", "Cast", np.array([1e300, -1e300, 2.0**63, -(2.0**63)]), to=getattr(TensorProto, target), expect="answer")
    for k, text in enumerate(("", "nan", "1e999", "0x10", "9" * 100, "1 2", "\0", "-1")):
        for target in (TensorProto.FLOAT, TensorProto.INT64):
            made = model([node("Cast", ["s"], ["y"], to=target)], [], ["y"], [helper.make_tensor("s", 8, [1], [text.encode()])])
            yield Case(f"Cast-text-{k}-{target}", made, "either")
    boxes = np.array([[[NAN, NAN, NAN, NAN], [0, 0, INF, INF], [INF, -INF, 1, 1], [0, 0, 1, 1]]], np.float32)
    scores = np.array([[[NAN, INF, -INF, 1]]], np.float32)
    for k, (most, iou, least) in enumerate(itertools.product((0, 2, INT_MAX, INT_MIN), (0.5, NAN), (NAN, -INF))):
        yield from both(f"NonMaxSuppression-{k}", "NonMaxSuppression", boxes, scores, scalar(most), np.float32(iou), np.float32(least), expect="either")
    yield from both("NonMaxSuppression-shape", "NonMaxSuppression", boxes, real(1, 1, 3), scalar(1))
    for mode in ("linear", "nearest", "cubic"):
        for padding in ("zeros", "border", "reflection"):
            grid = np.array([[[[NAN, INF], [-INF, 1e38], [-1e38, 0], [3e9, -3e9]]]], np.float32)
            yield from both(f"GridSample-{mode}-{padding}", "GridSample", real(1, 1, 2, 2), grid, mode=mode, padding_mode=padding, expect="answer")
    yield from both("GridSample-empty", "GridSample", real(1, 1, 0, 0), real(1, 1, 1, 2), expect="either")
    yield from both("Resize-nan", "Resize", real(2), None, real(1, fill=NAN))
    yield from both("Resize-roi", "Resize", real(2), np.array([NAN, INF], np.float32), real(1, fill=2.0), coordinate_transformation_mode="tf_crop_and_resize", expect="either")
    yield from both("RoiAlign", "RoiAlign", real(1, 1, 4, 4), np.array([[NAN, -INF, INF, 1e38]], np.float32), ints(0), expect="either")
    yield from both("MaxRoiPool", "MaxRoiPool", real(1, 1, 4, 4), np.array([[NAN, 0, 0, 1e38, INF]], np.float32), pooled_shape=[2, 2], expect="either")
    yield from both("DeformConv", "DeformConv", real(1, 1, 3, 3), real(1, 1, 2, 2), real(1, 8, 2, 2, fill=NAN), expect="either")
    yield from both("QuantizeLinear", "QuantizeLinear", odd, np.float32(0), np.uint8(0), expect="either")
    yield from both("QuantizeLinear-nan", "QuantizeLinear", odd, NAN, np.uint8(0), expect="either")
    yield from both("Round", "BitShift", np.array([1], np.uint64), np.array([200], np.uint64), direction="LEFT", expect="answer")


def integer_division():
    for name, kind in {"int8": np.int8, "int16": np.int16, "int32": np.int32, "int64": np.int64}.items():
        least = np.array([np.iinfo(kind).min], kind)
        for divisor in (-1, 0):
            by = np.array([divisor], kind)
            yield from both(f"Div-{name}-{divisor}", "Div", least, by, expect="either")
            yield from both(f"Mod-{name}-{divisor}", "Mod", least, by, expect="either")
            yield from both(f"Mod-fmod-{name}-{divisor}", "Mod", least, by, fmod=1, expect="either")
            yield from both(f"Pow-{name}-{divisor}", "Pow", least, by, expect="either")
        yield from both(f"Abs-{name}", "Abs", least, expect="answer")
        yield from both(f"Neg-{name}", "Neg", least, expect="answer")
        yield from both(f"Mul-{name}", "Mul", least, least, expect="either")
    for name, kind in {"uint8": np.uint8, "uint64": np.uint64}.items():
        for op in ("Div", "Mod"):
            yield from both(f"{op}-{name}", op, np.array([1], kind), np.array([0], kind), expect="either")
    yield from both("ReduceMean-empty", "ReduceMean", np.zeros((0,), np.int64), ints(0), expect="either")
    yield from both("ReduceSum-most", "ReduceSum", ints(INT_MAX, INT_MAX), ints(0), expect="answer")
    yield from both("CumSum-most", "CumSum", ints(INT_MAX, INT_MAX), scalar(0), expect="answer")


def quantization():
    x8, w8 = np.ones((1, 2, 4, 4), np.uint8), np.ones((2, 2, 3, 3), np.int8)
    one, zero, zero8 = np.float32(1), np.uint8(0), np.int8(0)
    good = [x8, one, zero, w8, one, zero8, one, zero]
    for place, name in ((1, "x-scale"), (2, "x-zero"), (4, "w-scale"), (5, "w-zero"), (6, "y-scale"), (7, "y-zero")):
        for count in (0, 2, 3, 100):
            given = list(good)
            given[place] = np.full((count,), given[place])
            right = place in (4, 5) and count == 2
            yield from both(f"QLinearConv-{name}-{count}", "QLinearConv", *given, expect="either" if right else "error")
        wrong = list(good)
        wrong[place] = np.float64(1)
        yield from both(f"QLinearConv-{name}-type", "QLinearConv", *wrong)
    yield from both("QLinearConv-bias", "QLinearConv", *good, np.ones((3,), np.int32))
    a, b = np.ones((2, 3), np.uint8), np.ones((3, 4), np.uint8)
    for count in (0, 3, 5):
        many = np.ones((count,), np.float32)
        yield from both(f"QLinearMatMul-{count}", "QLinearMatMul", a, one, zero, b, many, zero, one, zero)
        yield from both(f"MatMulInteger-{count}", "MatMulInteger", a, b, None, np.zeros((count,), np.uint8))
        yield from both(f"QuantizeLinear-{count}", "QuantizeLinear", real(2, 4), many, axis=1)
        yield from both(f"DequantizeLinear-{count}", "DequantizeLinear", b, many, axis=1)
        yield from both(f"zero-points-{count}", "DequantizeLinear", b, real(4), np.zeros((count,), np.uint8), axis=1)
        yield from both(f"blocks-{count}", "DequantizeLinear", b, real(count, 4), axis=0, block_size=2)
    yield from both("MatMulInteger-shapes", "MatMulInteger", a, a)
    yield from both("DynamicQuantizeLinear-empty", "DynamicQuantizeLinear", real(0), outputs=3, expect="either")
    yield from both("DynamicQuantizeLinear-nan", "DynamicQuantizeLinear", real(2, fill=NAN), outputs=3, expect="either")
    # Quantised products between dequantised weights, as exporters write them, with odd parameters.
    for name, (scale, zeros) in {"empty": (real(0), np.zeros((0,), np.int8)), "broadcast": (real(1), np.zeros((1,), np.int8)),
                                 "columns": (real(4), np.zeros((4,), np.int8)), "rows": (real(3), np.zeros((3,), np.int8))}.items():  # fmt: skip
        constants = [constant(np.ones((3, 4), np.int8), "w"), constant(scale, "s"), constant(zeros, "z")]
        nodes = [node("DequantizeLinear", ["w", "s", "z"], ["d"], axis=1), node("MatMul", ["x", "d"], ["y"])]
        yield Case(f"weights-{name}", model(nodes, [float_input()], ["y"], constants), "either")


CLASSES = {
    "lstm-weights": lstm_weights, "sequence-lengths": sequence_lengths, "tree-cycles": tree_cycles, "tree-children": tree_children,
    "loops": loops, "growing-sequences": growing_sequences, "scans": scans, "nans-and-infinities": nans_and_infinities,
    "integer-division": integer_division, "quantization": quantization,
}  # fmt: skip

"""Sequences, optionals, If, Loop, Scan and SequenceMap: each type at each opset, ends and empties."""

import numpy as np
from case import (EMPTY_SHAPES, EXACT, NUMBERS, SHAPES, Case, array, history, ints, label, move,
                  numbers, types, versions)  # fmt: skip
from onnx import TensorProto, helper


def tensor_info(name, t, shape=None):
    return helper.make_tensor_value_info(name, NUMBERS[t], shape)


def body(nodes, inputs, outputs, name="body"):
    """A subgraph; inputs and outputs are (name, type, shape)."""
    return helper.make_graph(nodes, name, [tensor_info(*i) for i in inputs],
                             [tensor_info(*o) for o in outputs])  # fmt: skip


def model(name, nodes, inputs, outputs, opset, oracle):
    """A case of several nodes."""
    return Case(name=label(*name, opset), nodes=nodes, inputs=inputs, outputs=outputs,
                opsets={"": opset}, oracle=lambda _, xs: list(oracle(*xs.values())),
                tolerance=EXACT)  # fmt: skip


# ---- Sequences ------------------------------------------------------------------------------


def three(t):
    return [numbers(t, shape, seed=i) for i, shape in enumerate([(2, 3), (0, 3), (1, 3)])]


def sequences():
    for opset, t in history("SequenceConstruct"):
        yield move("SequenceConstruct", three(t), name=(t,), opset=opset,
                   oracle=lambda *xs: (list(xs),))  # fmt: skip
    for opset, t in history("SequenceAt"):
        for index in types("SequenceAt", "I", opset):
            for i in (0, 2, -1, -3):
                yield move("SequenceAt", [three(t), array(index, i)], name=(t, index, i),
                           opset=opset, oracle=lambda s, i: s[int(i)])  # fmt: skip
        yield move("SequenceLength", [three(t)], name=(t,), opset=opset,
                   oracle=lambda s: np.array(len(s)))  # fmt: skip
        yield model(("SequenceEmpty", t),
                    [helper.make_node("SequenceEmpty", [], ["s"], dtype=NUMBERS[t]),
                     helper.make_node("SequenceLength", ["s"], ["n"]),
                     helper.make_node("SequenceInsert", ["s", "x"], ["y"])],
                    {"x": numbers(t, (2,))}, ["n", "y"], opset,
                    lambda x: (np.array(0), [x]))  # fmt: skip
    for opset, t in history("SequenceAt"):
        for i in (None, 0, 2, -1, -3):
            for index in types("SequenceErase", "I", opset) if i is not None else [None]:
                position = [] if i is None else [array(index, i)]
                yield move("SequenceErase", [three(t), *position], name=(t, index, i), opset=opset,
                           oracle=lambda s, i=-1: ([*s[:int(i) % 3], *s[int(i) % 3 + 1:]],))
    for opset, t in history("SequenceInsert"):
        for i in (None, 0, 1, 3, -1, -3):
            position = [] if i is None else [array("int32", i)]
            def inserted(s, x, i=len(three(t))):
                at = int(i) + (len(s) if i < 0 else 0)
                return ([*s[:at], x, *s[at:]],)
            yield move("SequenceInsert", [three(t), numbers(t, (4,)), *position], name=(t, i),
                       opset=opset, oracle=inserted)  # fmt: skip
    for shape in (*SHAPES, *EMPTY_SHAPES):
        yield move("SequenceConstruct", [numbers("float", shape)], name=("shape", shape),
                   oracle=lambda *xs: (list(xs),))  # fmt: skip


def split_and_join():
    for opset, t in history("SplitToSequence"):
        for index in types("SplitToSequence", "I", opset):
            yield move("SplitToSequence", [numbers(t, (5, 2)), array(index, 2)], name=(t, index),
                       opset=opset, oracle=lambda x, n: ([x[:2], x[2:4], x[4:]],))  # fmt: skip
            yield move("SplitToSequence", [numbers(t, (5, 2)), array(index, [1, 4])],
                       {"axis": -2}, name=("parts", t, index), opset=opset,
                       oracle=lambda x, n: ([x[:1], x[1:]],))  # fmt: skip
        for keep in (0, 1):
            yield move("SplitToSequence", [numbers(t, (2, 3))], {"axis": 1, "keepdims": keep},
                       name=("each", t, keep), opset=opset,
                       oracle=lambda x: ([x[:, i:i + 1] if keep else x[:, i] for i in range(3)],))
    for shape, axis, split in [((4,), 0, 4), ((4,), 0, 9), ((3, 4), -1, 3), ((2, 0), 0, 1),
                               ((2, 3, 4), 1, [0, 3]), ((1, 2, 1, 3, 2, 4), 5, [1, 3])]:  # fmt: skip
        def parts(x, sizes):
            if sizes.ndim == 0:
                size = x.shape[axis]
                return (np.split(x, range(int(sizes), size, int(sizes)), axis),)
            return (np.split(x, np.cumsum(sizes)[:-1], axis),)
        yield move("SplitToSequence", [numbers("float", shape), np.array(split)], {"axis": axis},
                   name=(shape, axis, split), oracle=parts)  # fmt: skip
    for opset, t in history("ConcatFromSequence"):
        for new in (0, 1):
            xs = [numbers(t, (2, 3), seed=i) for i in range(3)]
            yield move("ConcatFromSequence", [xs], {"axis": -1, "new_axis": new}, name=(t, new),
                       opset=opset,
                       oracle=lambda s: (np.stack if new else np.concatenate)(s, -1))  # fmt: skip
    for shape in SHAPES:
        for axis in range(-len(shape) - 1, len(shape) + 1):
            xs = [numbers("float", shape, seed=i) for i in range(2)]
            yield move("ConcatFromSequence", [xs], {"axis": axis, "new_axis": 1},
                       name=("stack", shape, axis), oracle=lambda s: np.stack(s, axis))  # fmt: skip


def mapped():
    """SequenceMap: y = Concat(x, more) for each x, with a tensor and with a second sequence."""
    for t in types("SequenceConstruct"):
        concat = helper.make_node("Concat", ["x", "more"], ["y"], axis=0)
        graph = body([concat], [("x", t, None), ("more", t, None)], [("y", t, None)])
        yield move("SequenceMap", [three(t), numbers(t, (1, 3))], {"body": graph},
                   name=("tensor", t),
                   oracle=lambda s, m: ([np.concatenate([x, m]) for x in s],))  # fmt: skip
        yield move("SequenceMap", [three(t), three(t)[::-1]], {"body": graph},
                   name=("sequence", t),
                   oracle=lambda s, m: ([np.concatenate(p) for p in zip(s, m)],))  # fmt: skip
        two = body([concat, helper.make_node("Shape", ["x"], ["n"])],
                   [("x", t, None), ("more", t, None)], [("y", t, None), ("n", "int64", None)])
        yield move("SequenceMap", [three(t), numbers(t, (1, 3))], {"body": two}, outputs=2,
                   name=("two", t),
                   oracle=lambda s, m: ([np.concatenate([x, m]) for x in s],
                                        [ints(*x.shape) for x in s]))  # fmt: skip


# ---- Optionals ------------------------------------------------------------------------------


def optionals():
    for opset, t in history("Optional", "V"):
        kind = helper.make_tensor_type_proto(NUMBERS[t], None)
        get = [helper.make_node("Optional", ["x"], ["o"]),
               helper.make_node("OptionalHasElement", ["o"], ["has"]),
               helper.make_node("OptionalGetElement", ["o"], ["y"])]  # fmt: skip
        opsets = {opset} | ({18, 25} if opset == 15 else set())
        for at in opsets:
            yield model(("Optional", "tensor", t), get, {"x": numbers(t, (2, 3))}, ["has", "y"],
                        at, lambda x: (np.array(True), x))  # fmt: skip
            yield model(("Optional", "sequence", t), get, {"x": three(t)}, ["has", "y"],
                        at, lambda x: (np.array(True), x))  # fmt: skip
            for name, inner in [("tensor", kind), ("sequence", helper.make_sequence_type_proto(kind))]:
                yield model(("Optional", "none", name, t),
                            [helper.make_node("Optional", [], ["o"], type=inner),
                             helper.make_node("OptionalHasElement", ["o"], ["has"])],
                            {}, ["has"], at, lambda: (np.array(False),))  # fmt: skip
    for opset in versions("OptionalHasElement")[1:]:
        for t in types("OptionalHasElement", "O", opset):
            yield move("OptionalHasElement", [numbers(t, (2,))], name=(t,), opset=opset,
                       oracle=lambda x: np.array(True))  # fmt: skip
            yield move("OptionalGetElement", [numbers(t, (2,))], name=(t,), opset=opset,
                       oracle=lambda x: x)  # fmt: skip
        yield move("OptionalHasElement", [], name=("nothing",), opset=opset,
                   oracle=lambda: np.array(False))  # fmt: skip


# ---- If, Loop -------------------------------------------------------------------------------


def conditionals():
    """Each branch takes an input of the graph around as it is, or makes a sequence of it."""

    def branches(opset, t, result, make):
        graphs = [helper.make_graph([make(name, [f"out_{name}"])], name, [], [result(f"out_{name}")])
                  for name in ("x", "z")]  # fmt: skip
        return helper.make_node("If", ["c"], ["y"], then_branch=graphs[0], else_branch=graphs[1])

    for opset, t in history("If", "V"):
        node = branches(opset, t, lambda name: tensor_info(name, t),
                        lambda x, y: helper.make_node("Identity", [x], y))  # fmt: skip
        for chosen in (True, False):
            yield model(("If", t, chosen), [node],
                        {"c": np.array(chosen), "x": numbers(t, (2, 3)), "z": numbers(t, (2, 3), seed=1)},
                        ["y"], opset, lambda c, x, z: (x if c else z,))  # fmt: skip
        if opset >= 13 and t in types("SequenceConstruct", "T", opset):
            node = branches(
                opset, t, lambda name: helper.make_tensor_sequence_value_info(name, NUMBERS[t], None),
                lambda x, y: helper.make_node("SequenceConstruct", [x, x] if x == "z" else [x], y))
            yield model(("If", "sequence", t), [node],
                        {"c": np.array([False]), "x": numbers(t, (2, 3)), "z": numbers(t, (2, 3), seed=1)},
                        ["y"], opset, lambda c, x, z: ([z, z],))  # fmt: skip


def loops():
    for opset, t in history("Loop", "V"):
        # The state becomes x; the output is the state before that.
        graph = body([helper.make_node("Identity", ["x"], ["next"]),
                      helper.make_node("Identity", ["cond"], ["go"]),
                      helper.make_node("Identity", ["state"], ["row"])],
                     [("i", "int64", []), ("cond", "bool", []), ("state", t, None)],
                     [("go", "bool", []), ("next", t, None), ("row", t, (2, 3))])  # fmt: skip

        def looped(n, c, state, x):
            rows = [state, x, x][:n]
            return x if n else state, np.array(rows, x.dtype).reshape(n, 2, 3)

        for trips in (0, 1, 3):
            yield model(("Loop", t, trips),
                        [helper.make_node("Loop", ["n", "c", "s"], ["y", "rows"], body=graph)],
                        {"n": np.array(trips), "c": np.array(True), "s": numbers(t, (2, 3)),
                         "x": numbers(t, (2, 3), seed=1)}, ["y", "rows"], opset, looped)  # fmt: skip
    for opset in versions("Loop"):
        for count, cond, expected in [(None, True, 4), (7, None, 4), (2, True, 2), (7, False, 0),
                                      (-1, True, 0), (None, False, 0)]:  # fmt: skip
            graph = body([helper.make_node("Add", ["sum", "i"], ["more"]),
                          helper.make_node("Less", ["i", "last"], ["go"]),
                          helper.make_node("Identity", ["i"], ["at"])],
                         [("i", "int64", []), ("go_in", "bool", []), ("sum", "int64", [])],
                         [("go", "bool", []), ("more", "int64", []), ("at", "int64", [])])  # fmt: skip
            inputs = {"n": np.array(count or 0), "c": np.array(bool(cond)), "sum0": np.array(10),
                      "last": np.array(3)}  # fmt: skip
            if opset < 9:
                continue  # Less takes no integers
            names = ["" if count is None else "n", "" if cond is None else "c", "sum0"]
            inputs = {k: v for k, v in inputs.items() if k in (*names, "last")}
            yield model(("Loop", "ends", count, cond),
                        [helper.make_node("Loop", names, ["y", "at"], body=graph)], inputs,
                        ["y", "at"], opset,
                        lambda *_: (np.array(10 + sum(range(expected))), np.arange(expected)))
        if opset >= 13:
            grow = helper.make_graph(
                [helper.make_node("SequenceInsert", ["s", "i"], ["more"]),
                 helper.make_node("Identity", ["c"], ["go"])], "body",
                [tensor_info("i", "int64", []), tensor_info("c", "bool", []),
                 helper.make_tensor_sequence_value_info("s", TensorProto.INT64, None)],
                [tensor_info("go", "bool", []),
                 helper.make_tensor_sequence_value_info("more", TensorProto.INT64, None)],
            )  # fmt: skip
            yield model(("Loop", "sequence"),
                        [helper.make_node("SequenceEmpty", [], ["s0"], dtype=TensorProto.INT64),
                         helper.make_node("Loop", ["n", "", "s0"], ["y"], body=grow)],
                        {"n": np.array(3)}, ["y"], opset,
                        lambda n: ([np.array(i) for i in range(3)],))  # fmt: skip


# ---- Scan -----------------------------------------------------------------------------------


def scan_body(t, shape=(2,)):
    """The state becomes the element that was scanned; the output is the state before it."""
    return body([helper.make_node("Identity", ["x"], ["next"]),
                 helper.make_node("Identity", ["state"], ["seen"])],
                [("state", t, None), ("x", t, None)],
                [("next", t, None), ("seen", t, shape)])  # fmt: skip


def scanned(state, x, backwards=False, out_backwards=False):
    xs = list(x)[::-1] if backwards else list(x)
    seen = [state, *xs[:-1]] if xs else []
    seen = seen[::-1] if out_backwards else seen
    return xs[-1] if xs else state, np.array(seen, x.dtype).reshape(len(xs), *x.shape[1:])


def scans():
    for opset, t in history("Scan", "V"):
        attributes = {"body": scan_body(t), "num_scan_inputs": 1}
        if opset == 8:
            def batched(lengths, states, xs):
                results = []
                for n, state, x in zip(lengths, states, xs):
                    last, seen = scanned(state, x[:n])
                    rest = np.zeros((len(x) - n, *seen.shape[1:]), x.dtype)
                    if t == "string":
                        rest[...] = ""
                    results.append((last, np.concatenate([seen, rest])))
                return tuple(np.stack(r) for r in zip(*results))
            yield move("Scan", [ints(3, 0, 2), numbers(t, (3, 2)), numbers(t, (3, 3, 2), seed=1)],
                       attributes, outputs=2, name=(t,), opset=opset, oracle=batched)  # fmt: skip
            for back in (0, 1):
                yield move("Scan", [None, numbers(t, (2, 2)), numbers(t, (2, 3, 2), seed=1)],
                           attributes | {"directions": [back]}, outputs=2, name=("whole", t, back),
                           opset=opset,
                           oracle=lambda s, x: tuple(np.stack(r) for r in zip(
                               *[scanned(a, b, back) for a, b in zip(s, x)])))  # fmt: skip
            continue
        for steps in (0, 1, 3):
            yield move("Scan", [numbers(t, (2,)), numbers(t, (steps, 2), seed=1)], attributes,
                       outputs=2, name=(t, steps), opset=opset, oracle=scanned)  # fmt: skip
    for axis in (0, 1, -1, -2):
        for out_axis in (0, 1, -1):
            for back in (0, 1):
                for out_back in (0, 1):
                    attributes = {"body": scan_body("float", (3,)), "num_scan_inputs": 1,
                                  "scan_input_axes": [axis], "scan_output_axes": [out_axis],
                                  "scan_input_directions": [back],
                                  "scan_output_directions": [out_back]}  # fmt: skip
                    def oracle(state, x):
                        last, seen = scanned(state, np.moveaxis(x, axis, 0), back, out_back)
                        return last, np.moveaxis(seen, 0, out_axis)
                    yield move("Scan", [numbers("float", (3,)), numbers("float", (3, 3), seed=1)],
                               attributes, outputs=2, oracle=oracle,
                               name=(axis, out_axis, back, out_back))  # fmt: skip


def cases():
    for table in (sequences, split_and_join, mapped, optionals, conditionals, loops, scans):
        yield from table()

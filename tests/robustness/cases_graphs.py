"""Graphs and functions that do not fit together, or grow without bounds."""

import itertools

from case import Case, float_input, model, node, real, tensor, BOOL, FLOAT, INT64
from onnx import AttributeProto, helper, numpy_helper

X = float_input()
CONDITION = helper.make_tensor_value_info("c", BOOL, [])


def graph(nodes, outputs, inputs=(), constants=()):
    """A subgraph; inputs and outputs by name alone."""
    port = lambda name: helper.make_value_info(name, helper.make_tensor_type_proto(FLOAT, None))
    return helper.make_graph(nodes, "body", [port(i) for i in inputs], [port(o) for o in outputs], list(constants))


def branches(body, other=None):
    return node("If", ["c"], ["y"], then_branch=body, else_branch=other or graph([node("Relu", ["x"], ["e"])], ["e"]))


def cycles():
    yield Case("itself", model([node("Relu", ["y"], ["y"])], [X]))
    yield Case("two", model([node("Add", ["x", "b"], ["a"]), node("Relu", ["a"], ["b"])], [X], ["b"]))
    for length in (3, 1000):
        names = [f"v{k}" for k in range(length)]
        ring = [node("Relu", [names[k - 1]], [names[k]]) for k in range(length)]
        yield Case(f"ring-{length}", model(ring, [X], [names[0]]))
    inner = graph([node("Add", ["z", "x"], ["z"])], ["z"])
    yield Case("in-branch", model([branches(inner)], [X, CONDITION]))
    captures_itself = graph([node("Relu", ["y"], ["z"])], ["z"])
    yield Case("captures-its-output", model([branches(captures_itself)], [X, CONDITION]))
    unused = [node("Relu", ["x"], ["y"]), node("Relu", ["b"], ["a"]), node("Relu", ["a"], ["b"])]
    yield Case("unused", model(unused, [X]))


def duplicate_names():
    relu, neg = node("Relu", ["x"], ["y"]), node("Neg", ["x"], ["y"])
    weights = tensor("w", FLOAT, [1], float_data=[1.0])
    yield Case("two-nodes", model([relu, neg], [X]))
    yield Case("one-node", model([node("MaxPool", ["x"], ["y", "y"], kernel_shape=[1])], [float_input("x", [1, 1, 3])]))
    yield Case("input-computed", model([node("Relu", ["x"], ["x"])], [X], ["x"]))
    yield Case("initializer-computed", model([node("Relu", ["x"], ["w"])], [X], ["w"], [weights]))
    yield Case("two-inputs", model([relu], [X, X]))
    yield Case("two-initializers", model([node("Relu", ["w"], ["y"])], [], ["y"], [weights, weights]))
    yield Case("two-outputs", model([relu], [X], ["y", "y"]), "either")
    same = [node("Relu", ["x"], ["a"], name="n"), node("Relu", ["a"], ["y"], name="n")]
    yield Case("node-names", model(same, [X]), "either")
    attribute = node("LeakyRelu", ["x"], ["y"], alpha=0.5)
    attribute.attribute.append(attribute.attribute[0])
    yield Case("attributes", model([attribute], [X]))
    yield Case("opsets", model([relu], [X], domains=["", ""]))
    twice = helper.make_function("my", "F", ["a"], ["b"], [node("Relu", ["a"], ["b"])], [helper.make_opsetid("", 21)])
    yield Case("functions", model([node("F", ["x"], ["y"], domain="my")], [X], functions=[twice, twice], domains=["my"]))


def shadowing():
    again = graph([node("Relu", ["x"], ["m"]), node("Neg", ["m"], ["z"])], ["z"])
    yield Case("computed-in-branch", model([node("Neg", ["x"], ["m"]), branches(again)], [X, CONDITION]), "either")
    later = graph([node("Relu", ["m"], ["z"]), node("Neg", ["x"], ["m"])], ["z"])
    yield Case("read-before-computed", model([node("Neg", ["x"], ["m"]), branches(later)], [X, CONDITION]))
    initializer = graph([node("Relu", ["x"], ["z"])], ["z"], constants=[tensor("x", FLOAT, [1], float_data=[1.0])])
    yield Case("initializer-in-branch", model([branches(initializer)], [X, CONDITION]), "either")
    output = graph([node("Relu", ["x"], ["y"])], ["y"])
    yield Case("output-in-branch", model([branches(output)], [X, CONDITION]), "either")
    scan = node("Scan", ["x"], ["y"], body=graph([node("Relu", ["x"], ["z"])], ["z"], ["x"]), num_scan_inputs=1)
    yield Case("input-of-scan", model([scan], [X]), "either")
    of_branch = graph([node("Relu", ["x"], ["z"])], ["z"], ["x"])
    yield Case("input-of-branch", model([branches(of_branch)], [X, CONDITION]))


def undefined_inputs():
    yield Case("of-node", model([node("Relu", ["q"], ["y"])], [X]))
    yield Case("of-second", model([node("Add", ["x", "q"], ["y"])], [X]))
    yield Case("left-out", model([node("Relu", [""], ["y"])], [X]))
    yield Case("none", model([node("Relu", [], ["y"])], [X]))
    yield Case("too-many", model([node("Relu", ["x", "x"], ["y"])], [X]))
    yield Case("output", model([node("Relu", ["x"], ["y"])], [X], ["q"]))
    yield Case("no-outputs", model([node("Relu", ["x"], ["y"])], [X], []))
    yield Case("no-nodes", model([], [X], ["y"]))
    yield Case("handed-through", model([], [X], ["x"]), "answer")
    yield Case("in-branch", model([branches(graph([node("Relu", ["q"], ["z"])], ["z"]))], [X, CONDITION]))
    yield Case("output-of-branch", model([branches(graph([], ["q"]))], [X, CONDITION]))
    yield Case("out-of-branch", model([branches(graph([node("Relu", ["x"], ["z"])], ["z"])), node("Relu", ["z"], ["w"])], [X, CONDITION], ["w"]))
    of = helper.make_function("my", "F", ["a"], ["b"], [node("Add", ["a", "x"], ["b"])], [helper.make_opsetid("", 21)])
    yield Case("in-function", model([node("F", ["x"], ["y"], domain="my")], [X], functions=[of], domains=["my"]))
    lacking = helper.make_function("my", "F", ["a"], ["b"], [node("Relu", ["a"], ["q"])], [helper.make_opsetid("", 21)])
    yield Case("output-of-function", model([node("F", ["x"], ["y"], domain="my")], [X], functions=[lacking], domains=["my"]))


IMPORTS = [helper.make_opsetid("", 21), helper.make_opsetid("my", 1)]


def function(name, nodes, inputs=("a",), outputs=("b",), attributes=()):
    return helper.make_function("my", name, inputs, outputs, nodes, IMPORTS, attributes)


def calling(functions, first="F0"):
    return model([node(first, ["x"], ["y"], domain="my")], [X], functions=functions, domains=["my"])


def recursive_functions():
    for length in (1, 2, 3, 100):
        ring = [function(f"F{k}", [node(f"F{(k + 1) % length}", ["a"], ["b"], domain="my")]) for k in range(length)]
        yield Case(f"ring-{length}", calling(ring))
    body = graph([node("F0", ["a"], ["z"], domain="my")], ["z"])
    condition = node("Constant", [], ["c"], value=numpy_helper.from_array(real(1) > 0))
    in_branch = node("If", ["c"], ["b"], then_branch=body, else_branch=body)
    yield Case("through-if", calling([function("F0", [condition, in_branch])]))
    loop = node("Scan", ["a"], ["b"], num_scan_inputs=1, body=graph([node("F0", ["i"], ["z"], domain="my")], ["z"], ["i"]))
    yield Case("through-scan", calling([function("F0", [loop])]))
    yield Case("unused", model([node("Relu", ["x"], ["y"])], [X], functions=[function("F0", [node("F0", ["a"], ["b"], domain="my")])], domains=["my"]), "either")
    # A graph attribute that the function hands to itself by reference.
    reference = node("F0", ["a"], ["b"], domain="my")
    reference.attribute.append(AttributeProto(name="g", type=AttributeProto.GRAPH, ref_attr_name="g"))
    caller = node("F0", ["x"], ["y"], domain="my", g=graph([node("F0", ["x"], ["z"], domain="my")], ["z"]))
    yield Case("through-attribute", model([caller], [X], functions=[function("F0", [reference], attributes=["g"])], domains=["my"]))


def function_expansion():
    for levels, calls in ((30, 2), (10, 8), (60, 2), (5, 64)):
        chain = []
        for k in range(levels):
            last = k + 1 == levels
            steps = [node("Relu" if last else f"F{k + 1}", [f"v{j}"], [f"v{j + 1}"], domain="" if last else "my")
                     for j in range(calls)]  # fmt: skip
            chain.append(function(f"F{k}", steps, ["v0"], [f"v{calls}"]))
        yield Case(f"{calls}^{levels}", calling(chain))
    # Each level holds two branches that call the next.
    chain = []
    for k in range(30):
        inner = node("Relu" if k == 29 else f"F{k + 1}", ["a"], ["z"], domain="" if k == 29 else "my")
        split = node("If", ["c"], ["b"], then_branch=graph([inner], ["z"]), else_branch=graph([inner], ["z"]))
        chain.append(function(f"F{k}", [split], ["a", "c"]))
        if k < 29:
            inner.input.append("c")
    first = node("F0", ["x", "c"], ["y"], domain="my")
    yield Case("branches", model([first], [X, CONDITION], functions=chain, domains=["my"]))
    deep = [function(f"F{k}", [node(f"F{k + 1}", ["a"], ["b"], domain="my")]) for k in range(20_000)]
    yield Case("chain-20000", calling(deep + [function("F20000", [node("Relu", ["a"], ["b"])])]))
    empty = [function(f"F{k}", [node(f"F{k + 1}", [], [], domain="my")] * 2, [], []) for k in range(30)]
    yield Case("without-nodes", model([node("F0", [], [], domain="my"), node("Relu", ["x"], ["y"])], [X],
                                      functions=empty + [function("F30", [], [], [])], domains=["my"]))  # fmt: skip
    # Names that grow with every level, and many values.
    long = [function(f"F{k}", [node(f"F{k + 1}", ["a"], ["b"], domain="my", name="n" * 100_000)]) for k in range(60)]
    yield Case("long-names", calling(long + [function("F60", [node("Relu", ["a"], ["b"])])]), "either")


def doubling():
    """Small graphs whose values double with every node."""
    def chain(step, start, count=40):
        nodes = [step(f"v{k}", f"v{k + 1}") for k in range(count)]
        start.name = "v0"
        folded = model(nodes, [], [f"v{count}"], [start])
        port = helper.make_tensor_value_info("v0", start.data_type, list(start.dims))
        return folded, model(nodes, [port], [f"v{count}"], [start])

    number = numpy_helper.from_array(real(2))
    text = helper.make_tensor("v0", 8, [1], [b"ab"])
    steps = {
        "concat": (lambda a, b: node("Concat", [a, a], [b], axis=0), number),
        "concat-strings": (lambda a, b: node("StringConcat", [a, a], [b]), text),
        "outer-product": (lambda a, b: node("Einsum", [a, a], [b], equation="i,j->ij"), number),
        "stack": (lambda a, b: node("Concat", [a, a, a, a, a, a, a, a], [b], axis=0), number),
    }  # fmt: skip
    for name, (step, start) in steps.items():
        for kind, made in zip(("folded", "run"), chain(step, start)):
            yield Case(f"{name}-{kind}", made, limited=True)
    # Shapes that grow: Shape of a Concat of itself, used as a shape again.
    nodes = list(itertools.chain.from_iterable(
        (node("Concat", [f"s{k}", f"s{k}"], [f"s{k + 1}"], axis=0),) for k in range(30)))  # fmt: skip
    nodes.append(node("ConstantOfShape", ["s30"], ["y"]))
    yield Case("shape", model(nodes, [], ["y"], [tensor("s0", INT64, [1], int64_data=[1])]), limited=True)


CLASSES = {
    "cycles": cycles, "duplicate-names": duplicate_names, "shadowing": shadowing,
    "undefined-inputs": undefined_inputs, "recursive-functions": recursive_functions,
    "function-expansion": function_expansion, "doubling": doubling,
}  # fmt: skip

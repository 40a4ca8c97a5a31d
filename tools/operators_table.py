#!/usr/bin/env python3
"""Writes docs/operators.md after ./dev build: tools/operators_table.py [--check].

It also holds `sardonyx ops` against the specification, onnx.defs: every operator there, at every
opset at which it changed, has to be here. With --check nothing is written: exit status 1 when an
operator or a version is missing, or when the page is not as it would be written now.
"""

import sys

import python_environment

python_environment.enter()

import collections
import json
import subprocess

import onnx

ROOT = python_environment.ROOT
PROGRAM = ROOT / "build" / "release" / "bin" / "sardonyx"
OFFICIAL = ROOT / "build" / "conformance"
EXPECTED_FAILURES = ROOT / "tests" / "conformance" / "expected_failures.txt"
PAGE = ROOT / "docs" / "operators.md"

# What is still missing, by operator or by whole domain, and why.
GAPS = {}

# Opsets at which an operator is taken although ONNX does not have it yet: ONNX Runtime's optimiser
# writes it into models of any opset.
EARLIER = {("ai.onnx", "LayerNormalization"): {1}}

# Words for groups of element types, as they stand in the table's cells.
GROUPS = {
    "float": ("float16", "bfloat16", "float", "double"),
    "int": ("int8", "int16", "int32", "int64"),
    "uint": ("uint8", "uint16", "uint32", "uint64"),
    "complex": ("complex64", "complex128"),
    "float8": ("float8e4m3fn", "float8e4m3fnuz", "float8e5m2", "float8e5m2fnuz"),
    "4-bit": ("int4", "uint4", "float4e2m1"),
    "2-bit": ("int2", "uint2"),
    "float6": ("float6e2m3", "float6e3m2"),
}

HEAD = """# Operators
Made by `tools/operators_table.py` from what the program says of itself and from ONNX's
specification; `./dev test` fails where it is out of date or an operator of ONNX is missing:

```sh
python3 tools/operators_table.py --check
```

*Opsets* are those at which the operator appeared or changed. *Element types* are those of its
newest opset, by type parameter: every one is taken. *Kernels* stand by backend, in the order in
which they are tried; the reference kernel takes what no other does. *Official cases* are those of
ONNX's node tests whose model has the operator, passed of all, without the expanded ones.

"""


def domain_name(domain: str) -> str:
    return domain or "ai.onnx"


def specification() -> dict:
    """Schemas by (domain, operator), oldest first."""
    schemas = collections.defaultdict(list)
    for schema in onnx.defs.get_all_schemas_with_history():
        schemas[domain_name(schema.domain), schema.name].append(schema)
    for history in schemas.values():
        history.sort(key=lambda schema: schema.since_version)
    return schemas


def implemented() -> dict:
    """What `sardonyx ops` says, by (domain, operator)."""
    result = subprocess.run([PROGRAM, "ops", "--json", "-"], check=True, capture_output=True)
    return {(op["domain"], op["name"]): op for op in json.loads(result.stdout)["operators"]}


def faults_of(op: dict, history: list):
    """Where an operator differs from its schemas."""
    known = {schema.since_version for schema in history}
    needed = {schema.since_version for schema in history if not schema.deprecated}
    known |= EARLIER.get((op["domain"], op["name"]), set())
    missing, unknown = needed - set(op["versions"]), set(op["versions"]) - known
    if missing:
        yield f"lacks opset {', '.join(map(str, sorted(missing)))}"
    if unknown:
        yield f"did not change at opset {', '.join(map(str, sorted(unknown)))}"
    # What is deprecated may go on.
    if op["last_opset"] and op["last_opset"] + 1 not in known:
        yield f"ends at opset {op['last_opset']}, unlike the specification"


def audit(schemas: dict, ops: dict) -> list:
    """One line for each gap that is not listed, and each listed one that is none."""
    found, unused = [], dict(GAPS)
    for (domain, name), history in sorted(schemas.items()):
        if (domain, name) in ops:
            found += [f"{domain}.{name} {fault}" for fault in faults_of(ops[domain, name], history)]
        elif f"{domain}.{name}" in GAPS or domain in GAPS:
            unused.pop(f"{domain}.{name}", None)
            unused.pop(domain, None)
        else:
            found.append(f"{domain}.{name} is missing")
    return found + [f"{gap} is listed as missing, but is not" for gap in unused]


def official_cases() -> dict:
    """(passed, all) of ONNX's node cases that have an operator."""
    subprocess.run([sys.executable, ROOT / "tools" / "fetch_conformance.py", OFFICIAL], check=True)
    lines = EXPECTED_FAILURES.read_text().splitlines()
    failing = {line.split(":")[0].strip() for line in lines if not line.startswith("#")}
    counts = collections.Counter()
    for file in (OFFICIAL / "node").glob("*/model.onnx"):
        name = f"node/{file.parent.name}"
        if "_expanded" in name:
            continue
        model = onnx.load(file, load_external_data=False)
        for key in {(domain_name(node.domain), node.op_type) for node in every_node(model.graph)}:
            counts[key, "all"] += 1
            counts[key, "passed"] += name not in failing
    return counts


def every_node(graph):
    for node in graph.node:
        yield node
        for attribute in node.attribute:
            for body in [attribute.g, *attribute.graphs]:
                yield from every_node(body)


def words(allowed: list) -> str:
    """Types of one parameter, groups of them by their words."""
    tensors = {text[7:-1] for text in allowed if text.startswith("tensor(")}
    kinds = {text.split("(")[0].replace("seq", "sequence") for text in allowed}
    listed = []
    for word, members in GROUPS.items():
        if tensors.issuperset(members):
            listed.append(word)
            tensors.difference_update(members)
    return ", ".join(listed + sorted(tensors) + sorted(kinds - {"tensor"}))


def element_types(history: list) -> str:
    newest = [schema for schema in history if not schema.deprecated][-1:]
    parameters = collections.defaultdict(list)  # that allow the same types
    for constraint in (c for schema in newest for c in schema.type_constraints):
        parameters[words(constraint.allowed_type_strs)].append(constraint.type_param_str)
    return "; ".join(f"{', '.join(names)}: {types}" for types, names in parameters.items())


def kernels(op: dict) -> str:
    by_backend = collections.defaultdict(list)
    for kernel in op["kernels"]:
        by_backend[kernel["backend"]].append(kernel["name"])
    return "; ".join(f"{backend}: {', '.join(names)}" for backend, names in by_backend.items())


def page(schemas: dict, ops: dict) -> str:
    cases = official_cases()
    legend = [f"* **{word}**: {', '.join(members)}\n" for word, members in GROUPS.items()]
    text = HEAD + "".join(legend)
    domain = None
    for key, op in sorted(ops.items()):
        if key[0] != domain:
            domain = key[0]
            text += (f"\n## {domain}\n| operator | opsets | element types | kernels "
                     "| official cases |\n|---|---|---|---|---|\n")  # fmt: skip
        opsets = " ".join(map(str, op["versions"]))
        if op["last_opset"]:
            opsets += f", until {op['last_opset']}"
        count = f"{cases[key, 'passed']} of {cases[key, 'all']}" if cases[key, "all"] else ""
        types = element_types(schemas.get(key, []))
        text += f"| {key[1]} | {opsets} | {types} | {kernels(op)} | {count} |\n"
    return text


def main() -> int:
    if sys.argv[1:] not in ([], ["--check"]):
        sys.exit(__doc__)
    schemas, ops = specification(), implemented()
    faults = audit(schemas, ops)
    text = page(schemas, ops)
    if not sys.argv[1:]:
        PAGE.write_text(text)
    elif not PAGE.exists() or PAGE.read_text() != text:
        faults.append("docs/operators.md is out of date: run python3 tools/operators_table.py")
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())

#!/usr/bin/env python3
"""Writes the generated cases: python3 tests/generated/generate.py OUT [--only REGEX].

Every module cases_<family>.py beside this file has a function cases() that yields cases; the words
for that are in case.py. A table is a product of element types, shapes and attributes:

    from case import SHAPES, case, numbers, types

    def cases():
        for t in types("Abs", "T"):
            for shape in SHAPES:
                yield case("Abs", [numbers(t, shape)], name=(t, shape))

Each becomes OUT/<family>/<name>, an ONNX test-data directory: model.onnx, inputs, what the case's
oracle gives for them, and data.json with the tolerance. The oracle is onnx.reference unless the
case names another: a function on NumPy arrays, or OnnxRuntime(). Its outputs are cast to the
types that ONNX infers for the node. A case that is not a valid model is an error of its table; one
whose oracle fails is skipped, and all that were skipped are listed with the reason.
"""

import pathlib
import sys

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parents[1] / "tools"))
import python_environment

python_environment.enter()

import argparse
import collections
import importlib
import json
import multiprocessing
import re
import shutil
import traceback
import warnings

import numpy as np
import onnx
from case import NUMBERS, TOLERANCES, Case, element_type
from onnx import helper, numpy_helper


class Skipped(Exception):
    """Why a case cannot be used."""


def map_arrays(value: dict) -> tuple:
    """The keys of a map as an array, and its values as scalars. Python's floats are float."""
    kinds = {str: object, int: np.int64, float: np.float32}
    scalars = [np.asarray(v, dtype=kinds.get(type(v))) for v in value.values()]
    return np.array(list(value), dtype=kinds[type(next(iter(value)))]), scalars


def type_of(value, dynamic=False) -> onnx.TypeProto:
    if isinstance(value, list):
        if isinstance(value[0], dict):
            return helper.make_sequence_type_proto(type_of(value[0]))
        return helper.make_sequence_type_proto(
            helper.make_tensor_type_proto(helper.np_dtype_to_tensor_dtype(value[0].dtype), None))
    if isinstance(value, dict):
        keys, values = map_arrays(value)
        return helper.make_map_type_proto(helper.np_dtype_to_tensor_dtype(keys.dtype),
                                          type_of(values[0]))  # fmt: skip
    shape = [None] * value.ndim if dynamic else value.shape
    return helper.make_tensor_type_proto(helper.np_dtype_to_tensor_dtype(value.dtype), shape)


def make_model(case: Case, output_types: list) -> onnx.ModelProto:
    """The case as a model; outputs whose types are None are left without."""
    inputs = [helper.make_value_info(name, type_of(value, case.dynamic))
              for name, value in case.inputs.items() if name not in case.constants]  # fmt: skip
    constants = [numpy_helper.from_array(case.inputs[name], name) for name in case.constants]
    outputs = [helper.make_value_info(name, kind or onnx.TypeProto())
               for name, kind in zip(case.outputs, output_types)]  # fmt: skip
    graph = helper.make_graph(case.nodes, "case", inputs, outputs, constants)
    opsets = [helper.make_opsetid(domain, version) for domain, version in case.opsets.items()]
    ir_version = helper.find_min_ir_version_for(opsets, ignore_unknown=True)
    return helper.make_model(graph, opset_imports=opsets, ir_version=max(ir_version, 4))


def inferred_elements(case: Case, model: onnx.ModelProto) -> list:
    """Element types of the outputs as ONNX infers them, 0 where it does not; checks the model."""
    if case.kinds:
        return [NUMBERS[kind] for kind in case.kinds]
    inferred = onnx.shape_inference.infer_shapes(model, check_type=True, strict_mode=True)
    return [output.type.tensor_type.elem_type for output in inferred.graph.output]


def expected(case: Case, model: onnx.ModelProto) -> list:
    """What the oracle says, each tensor of the type that the node gives it."""
    elements = inferred_elements(case, model)
    try:
        outputs = case.oracle(model, dict(case.inputs))
        for i, (value, element) in enumerate(zip(outputs, elements)):
            if value is None:
                raise Skipped(f"the oracle gives no output {i}")
            if isinstance(value, (list, dict)):
                continue
            kind = helper.tensor_dtype_to_np_dtype(element) if element else None
            outputs[i] = np.asarray(value, dtype=kind if kind == object else None)
            if element and outputs[i].dtype != kind:
                outputs[i] = outputs[i].astype(kind)
        return outputs
    except Skipped:
        raise
    except Exception as error:  # whatever the oracle throws is its failure, not the table's
        raise Skipped(f"the oracle failed: {type(error).__name__}: {first_line(error)}") from error


def first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [""])[0][:150]


def map_proto(value: dict) -> onnx.MapProto:
    keys, values = map_arrays(value)
    proto = onnx.MapProto(key_type=helper.np_dtype_to_tensor_dtype(keys.dtype))
    if keys.dtype == object:
        proto.string_keys.extend(key.encode() for key in keys)
    else:
        proto.keys.extend(keys.tolist())
    proto.values.CopyFrom(numpy_helper.from_list(values))
    return proto


def value_proto(value):
    if isinstance(value, dict):
        return map_proto(value)
    if isinstance(value, list) and value and isinstance(value[0], dict):
        return onnx.SequenceProto(elem_type=onnx.SequenceProto.MAP,
                                  map_values=map(map_proto, value))  # fmt: skip
    return (numpy_helper.from_list if isinstance(value, list) else numpy_helper.from_array)(value)


def tensors(value) -> list:
    """The arrays that a value is made of."""
    if isinstance(value, dict):
        return map_arrays(value)[1]
    return [t for part in value for t in tensors(part)] if isinstance(value, list) else [value]


def tolerance(case: Case, outputs: list) -> tuple:
    if case.tolerance is not None:
        return case.tolerance
    each = [TOLERANCES.get(element_type(t), (0, 0)) for value in outputs for t in tensors(value)]
    return max(each, default=(0, 0))


def write_case(case: Case, folder: pathlib.Path) -> None:
    if case.skip:
        raise Skipped(case.skip)
    kinds = case.kinds or [None] * len(case.outputs)
    declared = [kind and helper.make_tensor_type_proto(NUMBERS[kind], None) for kind in kinds]
    outputs = expected(case, make_model(case, declared))
    model = make_model(case, [type_of(value) if not isinstance(value, list) or value else None
                              for value in outputs])  # fmt: skip
    data = folder / "test_data_set_0"
    data.mkdir(parents=True)
    (folder / "model.onnx").write_bytes(model.SerializeToString())
    inputs = [value for name, value in case.inputs.items() if name not in case.constants]
    for kind, values in (("input", inputs), ("output", outputs)):
        for i, value in enumerate(values):
            (data / f"{kind}_{i}.pb").write_bytes(value_proto(value).SerializeToString())
    rtol, atol = tolerance(case, outputs)
    (folder / "data.json").write_text(json.dumps({"rtol": rtol, "atol": atol}))


def families() -> list:
    return sorted(path.stem.removeprefix("cases_") for path in HERE.glob("cases_*.py"))


def every_case(family: str, errors: set):
    """The family's cases, each with family/name; a table that fails ends there, with an error."""
    seen = set()
    try:
        for case in importlib.import_module(f"cases_{family}").cases():
            name = f"{family}/{case.name}"
            if name in seen:
                errors.add(f"{name}: a second case of this name")
            else:
                seen.add(name)
                yield name, case
    except Exception:
        errors.add(f"cases_{family}.py: {traceback.format_exc()}")


def write_family(arguments) -> tuple:
    """Writes a family's cases: (their number by family, [(skipped name, reason)], errors)."""
    warnings.simplefilter("ignore")  # of overflow and the like, which many cases are about
    np.seterr(all="ignore")
    out, only, family = arguments
    written, skipped, errors = collections.Counter(), [], set()
    for number, (name, case) in enumerate(every_case(family, errors)):
        if not re.search(only, name):
            continue
        if case.dynamic is None:
            case.dynamic = number % 3 == 0
        try:
            write_case(case, out / name)
            written[family] += 1
        except Skipped as reason:
            skipped.append((name, str(reason)))
        except Exception as error:
            errors.add(f"{name}: {type(error).__name__}: {first_line(error)}")
    return written, skipped, errors


def report(parts: list) -> int:
    """Prints what write_family returned for all of them; the exit status."""
    written, reasons, errors = collections.Counter(), collections.defaultdict(list), set()
    for part_written, part_skipped, part_errors in parts:
        written += part_written
        errors.update(part_errors)
        for name, reason in part_skipped:
            reasons[reason].append(name)
    for reason, names in sorted(reasons.items()):
        print(f"skipped {len(names)}, such as {names[0]}: {reason}")
    for error in sorted(errors)[:20]:
        print(f"FAILED {error}")
    if len(errors) > 20:
        print(f"FAILED and {len(errors) - 20} more")
    each = ", ".join(f"{family} {count}" for family, count in sorted(written.items()))
    print(f"{written.total()} cases ({each}), {sum(map(len, reasons.values()))} skipped")
    return 1 if errors else 0


def main() -> int:
    parser = argparse.ArgumentParser(description="Writes the generated cases.")
    parser.add_argument("out", type=pathlib.Path, help="folder for them; emptied first")
    parser.add_argument("--only", default="", help="those whose family/name matches this")
    options = parser.parse_args()
    shutil.rmtree(options.out, ignore_errors=True)
    options.out.mkdir(parents=True)
    work = [(options.out, options.only, family) for family in families()]
    with multiprocessing.Pool() as pool:
        return report(pool.map(write_family, work, chunksize=1))


if __name__ == "__main__":
    sys.exit(main())

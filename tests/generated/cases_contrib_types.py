"""com.microsoft's operators in float16 and double: a few cases of each from their tables, cast."""

import dataclasses
import itertools

import cases_contrib_attention
import cases_contrib_fused
import cases_contrib_norm
import cases_contrib_products
import numpy as np
from case import dtype

TABLES = [cases_contrib_attention, cases_contrib_fused, cases_contrib_norm, cases_contrib_products]
# What ONNX Runtime has; float16 it has of all but these.
IN_DOUBLE = {"FastGelu", "FusedMatMul", "Inverse", "QuickGelu", "SimplifiedLayerNormalization"}
NOT_IN_HALF = {"DynamicQuantizeLSTM", "DynamicQuantizeMatMul", "QGemm"}
OF_EACH = 6


def cast(made, kind, **more):
    inputs = {name: value.astype(dtype(kind)) if value.dtype == np.float32 else value
              for name, value in made.inputs.items()}  # fmt: skip
    kinds = tuple(kind if name == "float" else name for name in made.kinds)
    return dataclasses.replace(made, name=f"{made.name}_{kind}", inputs=inputs, kinds=kinds, **more)


def cases():
    floats = [made for table in TABLES for made in table.cases()
              if len(made.kinds) < 2 and not any(value.dtype == np.float64 for value in made.inputs.values())]  # fmt: skip
    floats.sort(key=lambda made: made.nodes[0].op_type)
    for op, group in itertools.groupby(floats, key=lambda made: made.nodes[0].op_type):
        group = list(group)
        for made in group[:: -(-len(group) // OF_EACH)]:
            if op not in NOT_IN_HALF:
                yield cast(made, "float16", tolerance=(4e-3, 4e-3))
            if op in IN_DOUBLE:
                yield cast(made, "double")

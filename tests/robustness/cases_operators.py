"""Attributes, indices and sizes that an operator cannot work with."""

import numpy as np
from case import HUGE, INT_MAX, INT_MIN, Case, both, call, float_input, ints, model, node, real, scalar
from onnx import helper, numpy_helper

IMAGE = real(1, 2, 4, 4)
KERNEL = real(2, 2, 3, 3)
EXTREMES = {"least": INT_MIN, "most": INT_MAX, "negative": -3, "beyond": 2, "huge": HUGE}


def wrong_attributes():
    attributes = {
        "kernel-shape-float": dict(kernel_shape=[3.0, 3.0]), "kernel-shape-text": dict(kernel_shape="3x3"),
        "kernel-shape-one": dict(kernel_shape=[3]), "kernel-shape-three": dict(kernel_shape=[3, 3, 3]),
        "kernel-shape-other": dict(kernel_shape=[5, 5]), "kernel-shape-negative": dict(kernel_shape=[-3, 3]),
        "kernel-shape-int": dict(kernel_shape=3), "auto-pad": dict(auto_pad="SIDEWAYS"), "auto-pad-int": dict(auto_pad=1),
        "pads-short": dict(pads=[1, 1]), "pads-odd": dict(pads=[1, 1, 1]), "pads-negative": dict(pads=[-9, 0, 0, 0]),
        "pads-most": dict(pads=[INT_MAX] * 4), "pads-least": dict(pads=[INT_MIN] * 4), "strides-short": dict(strides=[1]),
        "strides-negative": dict(strides=[-1, -1]), "strides-float": dict(strides=[1.0, 1.0]),
        "dilations-negative": dict(dilations=[-1, 1]), "dilations-most": dict(dilations=[INT_MAX, INT_MAX]),
        "group-three": dict(group=3), "group-negative": dict(group=-1), "group-most": dict(group=INT_MAX),
        "group-float": dict(group=1.0), "unknown": dict(flavour="sweet"),
    }  # fmt: skip
    for name, given in attributes.items():
        expect = "either" if name == "pads-negative" else "error"
        yield Case(f"conv-{name}", call("Conv", IMAGE, KERNEL, **given), expect)
    others = {
        "concat-axis": ("Concat", [real(2), real(2)], dict(axis="x")),
        "cast-to-nothing": ("Cast", [real(2)], dict(to=0)), "cast-to-99": ("Cast", [real(2)], dict(to=99)),
        "cast-to-least": ("Cast", [real(2)], dict(to=INT_MIN)), "perm-short": ("Transpose", [real(2, 3)], dict(perm=[0])),
        "hidden-size": ("LSTM", [real(1, 1, 1), real(1, 4, 1), real(1, 4, 1)], dict(hidden_size=-1)),
        "direction": ("LSTM", [real(1, 1, 1), real(1, 4, 1), real(1, 4, 1)], dict(hidden_size=1, direction="up")),
        "activations": ("RNN", [real(1, 1, 1), real(1, 1, 1), real(1, 1, 1)], dict(hidden_size=1, activations=["Fire"])),
        "constant-of-two": ("ConstantOfShape", [ints(2)], dict(value=numpy_helper.from_array(real(2)))),
        "constant-of-none": ("ConstantOfShape", [ints(2)], dict(value=numpy_helper.from_array(real(0)))),
        "mode": ("Resize", [IMAGE, None, real(4)], dict(mode="magic")), "pad-mode": ("Pad", [real(2), ints(1, 1)], dict(mode="magic")),
        "reduction": ("ScatterElements", [real(2), ints(0), real(1)], dict(reduction="avg")),
        "split-outputs": ("Split", [real(4)], dict(num_outputs=-1)), "split-zero": ("Split", [real(4)], dict(num_outputs=0)),
        "split-most": ("Split", [real(4)], dict(num_outputs=INT_MAX)), "block-size": ("SpaceToDepth", [IMAGE], dict(blocksize=-2)),
        "batch-dims": ("GatherND", [real(2), ints(0)], dict(batch_dims=-1)), "num-groups": ("GroupNormalization", [IMAGE, real(2), real(2)], dict(num_groups=-2)),
        "select-last": ("ArgMax", [real(0)], dict(axis=0)), "float-for-int": ("Softmax", [real(2)], dict(axis=1.5)),
        "tensor-for-int": ("Softmax", [real(2)], dict(axis=numpy_helper.from_array(ints(0)))),
        "ints-for-int": ("Softmax", [real(2)], dict(axis=[0])), "type-for-int": ("Softmax", [real(2)], dict(axis=helper.make_tensor_type_proto(1, []))),
    }  # fmt: skip
    for name, (op, inputs, given) in others.items():
        yield Case(name, call(op, *inputs, **given))


def missing_attributes():
    needed = {"Concat": [real(2), real(2)], "Cast": [real(2)], "DepthToSpace": [IMAGE], "SpaceToDepth": [IMAGE],
              "MaxPool": [IMAGE], "AveragePool": [IMAGE], "LpPool": [IMAGE], "MaxRoiPool": [IMAGE, real(1, 5)],
              "GroupNormalization": [IMAGE, real(2), real(2)], "Einsum": [real(2), real(2)], "If": [np.array(True)],
              "Loop": [scalar(1), np.array(True)], "Scan": [real(2)], "SequenceMap": [real(2)], "Multinomial": None,
              "TfIdfVectorizer": [ints(1)], "Constant": [], "RandomNormal": [], "RandomUniform": []}  # fmt: skip
    for op, inputs in needed.items():
        if inputs is not None:
            yield Case(op, call(op, *inputs))
    for op, inputs in {"TreeEnsemble": [real(1, 2)], "LabelEncoder": [real(1)], "OneHotEncoder": [real(1)],
                       "ArrayFeatureExtractor": [real(1)], "LinearRegressor": [real(1, 2)], "SVMRegressor": [real(1, 2)],
                       "Scaler": [real(1, 2)], "Imputer": [real(1, 2)], "CategoryMapper": [ints(1)],
                       "DictVectorizer": [real(1)], "ZipMap": [real(1, 2)]}.items():  # fmt: skip
        yield Case(op, call(op, *inputs, domain="ai.onnx.ml"), "either")
    untyped = node("Softmax", ["x"], ["y"], axis=0)
    untyped.attribute[0].ClearField("i")
    yield Case("without-value", model([untyped], [float_input()]), "either")
    untyped.attribute[0].ClearField("type")
    yield Case("without-type", model([untyped], [float_input()]))


def kernel_larger():
    for size in (5, 1000, 2**31, HUGE, INT_MAX):
        for op in ("MaxPool", "AveragePool", "LpPool"):
            yield from both(f"{op}-{size}", op, IMAGE, kernel_shape=[size, size])
        yield from both(f"ConvTranspose-{size}", "ConvTranspose", IMAGE, KERNEL, kernel_shape=[size, size])
    yield from both("Conv-5", "Conv", IMAGE, real(2, 2, 5, 5))
    yield from both("Conv-dilated", "Conv", IMAGE, KERNEL, dilations=[2**40, 1])
    yield from both("ConvInteger", "ConvInteger", np.ones((1, 1, 2, 2), np.uint8), np.ones((1, 1, 3, 3), np.uint8))
    yield from both("DeformConv", "DeformConv", real(1, 1, 2, 2), real(1, 1, 3, 3), real(1, 18, 0, 0), expect="either")
    yield from both("empty-image", "Conv", real(1, 2, 0, 0), KERNEL, expect="either")
    yield from both("empty-kernel", "Conv", IMAGE, real(2, 2, 0, 0), expect="either")
    yield from both("no-channels", "Conv", real(1, 0, 4, 4), real(2, 0, 3, 3), expect="either")
    yield from both("Col2Im", "Col2Im", real(1, 4, 1), ints(1, 1), ints(2, 2))
    yield from both("STFT", "STFT", real(1, 4, 1), scalar(1), None, scalar(8))


def zero_windows():
    for field in ("strides", "dilations", "kernel_shape"):
        for zero in ([0, 0], [1, 0]):
            name = f"{field}-{zero[0]}"
            yield from both(f"Conv-{name}", "Conv", IMAGE, KERNEL, **{field: zero})
            for op in ("MaxPool", "AveragePool", "LpPool"):
                given = {"kernel_shape": [2, 2], field: zero}
                yield from both(f"{op}-{name}", op, IMAGE, **given)
            yield from both(f"ConvTranspose-{name}", "ConvTranspose", IMAGE, KERNEL, **{field: zero})
    yield from both("Conv-group", "Conv", IMAGE, KERNEL, group=0)
    yield from both("ConvTranspose-group", "ConvTranspose", IMAGE, KERNEL, group=0)
    for op in ("SpaceToDepth", "DepthToSpace"):
        yield from both(op, op, IMAGE, blocksize=0)
    yield from both("Col2Im", "Col2Im", real(1, 4, 4), ints(4, 4), ints(2, 2), strides=[0, 0])
    yield from both("Col2Im-block", "Col2Im", real(1, 4, 4), ints(4, 4), ints(0, 0))
    yield from both("STFT", "STFT", real(1, 8, 1), scalar(0), None, scalar(4))
    yield from both("quantize-block", "QuantizeLinear", real(4), real(4), block_size=-1, axis=0)
    yield from both("shuffle-group", "GroupNormalization", IMAGE, real(2), real(2), num_groups=0)


def huge_results():
    """2^40 elements and more, asked for in a few bytes."""
    for size in (HUGE, 2**48, INT_MAX, INT_MIN):
        yield from both(f"ConstantOfShape-{size}", "ConstantOfShape", ints(size))
        yield from both(f"Expand-{size}", "Expand", real(1), ints(size))
        yield from both(f"Tile-{size}", "Tile", real(1), ints(size))
        yield from both(f"OneHot-{size}", "OneHot", ints(0), scalar(size), real(2))
        yield from both(f"Resize-{size}", "Resize", real(2), None, None, ints(size))
        yield from both(f"EyeLike-{size}", "EyeLike", real(1, 1), k=size, expect="either")
    yield from both("ConstantOfShape-square", "ConstantOfShape", ints(2**20, 2**20))
    yield from both("Expand-square", "Expand", real(1), ints(2**20, 2**20))
    yield from both("Tile-square", "Tile", real(1, 1), ints(2**20, 2**20))
    yield from both("Resize-scales", "Resize", real(2), None, real(1, fill=2.0**40))
    yield from both("Range", "Range", scalar(0), scalar(HUGE), scalar(1))
    yield from both("Range-down", "Range", scalar(INT_MAX), scalar(INT_MIN), scalar(-1))
    yield from both("Range-all", "Range", scalar(INT_MIN), scalar(INT_MAX), scalar(1))
    yield from both("Range-float", "Range", np.float32(0), np.float32(1e30), np.float32(1))
    yield from both("Range-double", "Range", np.float64(-1e308), np.float64(1e308), np.float64(1e-308))
    for pad in (HUGE, INT_MAX):
        yield from both(f"Pad-{pad}", "Pad", real(2), ints(0, pad))
        yield from both(f"Pad-both-{pad}", "Pad", real(2), ints(pad, pad))
        yield from both(f"ConvTranspose-{pad}", "ConvTranspose", IMAGE, KERNEL, strides=[pad, pad])
        yield from both(f"ConvTranspose-padding-{pad}", "ConvTranspose", IMAGE, KERNEL, output_padding=[pad, pad])
        yield from both(f"ConvTranspose-shape-{pad}", "ConvTranspose", IMAGE, KERNEL, output_shape=[pad, pad])
        yield from both(f"Conv-pads-{pad}", "Conv", IMAGE, KERNEL, pads=[pad, pad, pad, pad])
        yield from both(f"MaxPool-pads-{pad}", "MaxPool", IMAGE, kernel_shape=[2, 2], pads=[pad, pad, pad, pad])
        yield from both(f"HannWindow-{pad}", "HannWindow", scalar(pad))
        yield from both(f"RandomNormal-{pad}", "RandomNormal", shape=[pad])
        yield from both(f"DFT-{pad}", "DFT", real(1, 4, 1), scalar(pad), scalar(1))
        yield from both(f"MelWeightMatrix-{pad}", "MelWeightMatrix", scalar(pad), scalar(pad), scalar(8000), np.float32(0), np.float32(4000))
        yield from both(f"Col2Im-{pad}", "Col2Im", real(1, 4, 1), ints(pad, pad), ints(2, 2))
        yield from both(f"AffineGrid-{pad}", "AffineGrid", real(1, 2, 3), ints(1, 1, pad, pad))
        yield from both(f"MaxUnpool-{pad}", "MaxUnpool", IMAGE, np.zeros((1, 2, 4, 4), np.int64), ints(1, 2, pad, pad), kernel_shape=[2, 2])
        yield from both(f"CenterCropPad-{pad}", "CenterCropPad", real(2), ints(pad))
        yield from both(f"ImageDecoder-{pad}", "Multinomial", real(1, 2), sample_size=pad)
    cross = [real(2**16), real(2**16), real(2**16)]
    yield from both("Einsum", "Einsum", *cross, equation="i,j,k->ijk")
    yield from both("broadcast", "Add", real(2**20, 1), real(1, 2**20))
    yield from both("MatMul", "MatMul", real(2**20, 1), real(1, 2**20))
    yield from both("GatherElements", "Gather", real(2**20), np.zeros((2**10, 2**10, 0), np.int64), expect="either")
    yield from both("Gather", "Gather", real(2, 2**20), np.zeros((2**20,), np.int64))


def range_steps():
    kinds = {"int64": np.int64, "int32": np.int32, "int16": np.int16, "float": np.float32, "double": np.float64}
    for name, kind in kinds.items():
        yield from both(f"{name}-zero", "Range", kind(0), kind(5), kind(0))
        yield from both(f"{name}-away", "Range", kind(0), kind(5), kind(-1), expect="answer")
        if "int" not in name:
            for k, bad in enumerate((np.nan, np.inf, -np.inf, -0.0, 5e-324)):
                expect = "error" if k in (0, 3, 4) else "either"
                yield from both(f"{name}-step-{k}", "Range", kind(0), kind(5), kind(bad), expect=expect)
                yield from both(f"{name}-limit-{k}", "Range", kind(0), kind(bad), kind(1), expect="either")
        else:
            least, most = np.iinfo(kind).min, np.iinfo(kind).max
            yield from both(f"{name}-least-step", "Range", kind(most), kind(least), kind(least), expect="answer")


def slice_extremes():
    for name, (starts, ends, steps) in {
        "zero-step": (0, 2, 0), "least-step": (INT_MAX, INT_MIN, INT_MIN), "most-step": (INT_MIN, INT_MAX, INT_MAX),
        "all": (INT_MIN, INT_MAX, 1), "back": (INT_MAX, INT_MIN, -1), "nothing": (INT_MAX, INT_MIN, 1),
        "crossed": (3, 1, 1), "beyond": (HUGE, INT_MAX, 1)}.items():  # fmt: skip
        expect = "error" if name == "zero-step" else "answer"
        yield from both(name, "Slice", real(4), ints(starts), ints(ends), ints(0), ints(steps), expect=expect)
    for axis in (1, -2, INT_MIN, INT_MAX):
        yield from both(f"axis-{axis}", "Slice", real(4), ints(0), ints(1), ints(axis))
    yield from both("axis-twice", "Slice", real(4), ints(0, 1), ints(1, 2), ints(0, 0), expect="either")
    yield from both("lengths", "Slice", real(4), ints(0, 1), ints(1))
    yield from both("too-many", "Slice", real(4), ints(0, 0), ints(1, 1))
    yield from both("scalar", "Slice", np.float32(1), ints(0), ints(1))
    yield from both("empty", "Slice", real(0), ints(INT_MIN), ints(INT_MAX), ints(0), ints(-1), expect="answer")


def reshapes():
    for name, shape in {"two-unknown": [-1, -1], "below": [-2], "least": [INT_MIN], "product": [2**32, 2**32],
                        "wraps": [2**63 - 1, 2], "unknown-of-none": [0, -1], "too-large": [HUGE], "zero": [0],
                        "not-divisible": [5, -1], "beyond-copy": [1, 1, 0]}.items():  # fmt: skip
        yield from both(name, "Reshape", real(2, 3), ints(*shape), expect="either" if name in ("zero", "unknown-of-none") else "error")
        yield from both(f"{name}-allowzero", "Reshape", real(2, 3), ints(*shape), allowzero=1)
        yield from both(f"{name}-of-empty", "Reshape", real(0, 3), ints(*shape), expect="either")
    yield from both("matrix", "Reshape", real(4), np.array([[2, 2]], np.int64))
    yield from both("scalar-shape", "Reshape", real(4), scalar(4), expect="either")
    yield from both("squeeze", "Squeeze", real(2, 3), ints(0))
    yield from both("unsqueeze-twice", "Unsqueeze", real(2, 3), ints(0, 0))
    yield from both("flatten", "Flatten", real(2, 3), axis=INT_MAX)


def gathers():
    data = real(3, 2)
    for name, index in {"at-end": 3, "below": -4, "least": INT_MIN, "most": INT_MAX, "wraps": 2**32}.items():
        at = ints(index)
        yield from both(f"Gather-{name}", "Gather", data, at)
        yield from both(f"GatherElements-{name}", "GatherElements", data, at.reshape(1, 1))
        yield from both(f"GatherND-{name}", "GatherND", data, at)
        yield from both(f"ScatterElements-{name}", "ScatterElements", data, at.reshape(1, 1), real(1, 1))
        yield from both(f"ScatterND-{name}", "ScatterND", data, at.reshape(1, 1), real(1, 2))
        yield from both(f"TensorScatter-{name}", "TensorScatter", real(1, 3, 2), real(1, 1, 2), at, axis=1, opset=24)
        yield from both(f"ArrayFeatureExtractor-{name}", "ArrayFeatureExtractor", data, at, domain="ai.onnx.ml")
        yield from both(f"SequenceAt-{name}", "MaxUnpool", real(1, 1, 2, 2), np.full((1, 1, 2, 2), index, np.int64), kernel_shape=[2, 2], expect="either")
        yield from both(f"RoiAlign-{name}", "RoiAlign", IMAGE, real(1, 4), at)
        yield from both(f"loss-{name}", "NegativeLogLikelihoodLoss", real(1, 3), at)
    for op, inputs in {"Gather": (real(0), ints(0)), "GatherElements": (real(0), ints(0)), "GatherND": (real(0), ints(0)),
                       "ScatterElements": (real(0), ints(0), real(1)), "ScatterND": (real(0), np.zeros((1, 1), np.int64), real(1))}.items():
        yield from both(f"{op}-of-empty", op, *inputs)
    yield from both("Gather-nothing", "Gather", real(0, 3), np.zeros((0,), np.int64), expect="answer")
    yield from both("Gather-scalar", "Gather", np.float32(1), ints(0))
    yield from both("GatherND-deep", "GatherND", real(2), ints(0, 0))
    yield from both("GatherND-none", "GatherND", real(2), np.zeros((1, 0), np.int64), expect="either")
    yield from both("ScatterND-shape", "ScatterND", data, np.zeros((1, 1), np.int64), real(2, 2))
    yield from both("Compress", "Compress", real(2), np.array([False, False, True]), axis=0)


def extreme_axes():
    for name, axis in EXTREMES.items():
        for op in ("Softmax", "Concat", "Split", "ArgMax", "Hardmax", "LogSoftmax", "LpNormalization", "Flatten"):
            inputs = [real(2, 2), real(2, 2)] if op == "Concat" else [real(2, 2)]
            expect = "either" if op == "Flatten" else "error"
            yield from both(f"{op}-{name}", op, *inputs, axis=axis, expect=expect)
        for op in ("ReduceSum", "ReduceMax", "ReduceMean", "Squeeze"):
            yield from both(f"{op}-{name}", op, real(1, 1), ints(axis))
        yield from both(f"Unsqueeze-{name}", "Unsqueeze", real(1, 1), ints(axis), expect="either")
        yield from both(f"Gather-{name}", "Gather", real(2, 2), ints(0), axis=axis)
        yield from both(f"TopK-{name}", "TopK", real(2, 2), ints(1), axis=axis, outputs=2)
        yield from both(f"CumSum-{name}", "CumSum", real(2, 2), scalar(axis))
        yield from both(f"LayerNormalization-{name}", "LayerNormalization", real(2, 2), real(2), axis=axis)
        yield from both(f"OneHot-{name}", "OneHot", ints(0), scalar(2), real(2), axis=axis, expect="either")
        yield from both(f"ReverseSequence-{name}", "ReverseSequence", real(2, 2), ints(1, 1), batch_axis=axis, time_axis=0)
    yield from both("reduce-twice", "ReduceSum", real(2, 2), ints(0, 0), expect="either")
    yield from both("reduce-both", "ReduceSum", real(2, 2), ints(0, -2), expect="either")


def permutations():
    for name, perm in {"repeated": [0, 0, 1], "beyond": [0, 1, 3], "negative": [0, 1, -4], "short": [0, 1], "long": [0, 1, 2, 3],
                       "least": [INT_MIN, 0, 1], "most": [0, 1, INT_MAX], "all-zero": [0, 0, 0]}.items():  # fmt: skip
        yield from both(name, "Transpose", real(2, 3, 4), perm=perm)
    yield from both("none", "Transpose", real(2, 3, 4), perm=[], expect="either")
    yield from both("of-empty", "Transpose", real(0, 3), perm=[0, 0])


def einsum_equations():
    equations = ["", "->", ",", "ij", "ij,jk", "ij,jk->", "ij,jk->il", "ij,jk->iik", "ij,jk->ikk", "i j, jk->ik", "ij,j->kk",
                 "ij->ij->ij", "ij,jk,kl->il", "ij,j k", "...", "...ij,...jk", "..ij,jk->ik", "....ij,jk->ik", "i...j...,jk->ik",
                 "Ω,jk->ik", "ij;jk->ik", "1j,jk->1k", "ij,jk-->ik", "ij,jk>ik", "i" * 1000 + ",jk->ik", "ij,jk->" + "i" * 100_000,
                 "," * 100_000, "...->..." * 1000, "\0j,jk->k", "ij,jk->ik..."]  # fmt: skip
    for k, equation in enumerate(equations):
        yield from both(f"equation-{k}", "Einsum", real(2, 2), real(2, 2), equation=equation, expect="either")
    yield from both("unequal", "Einsum", real(2, 3), real(4, 5), equation="ij,jk->ik")
    yield from both("one-input", "Einsum", real(2, 2), equation="ij,jk->ik")
    yield from both("diagonal", "Einsum", real(2, 3), equation="ii->i")
    yield from both("rank", "Einsum", real(2), real(2), equation="ij,jk->ik")
    yield from both("repeated-output", "Einsum", real(2, 2), equation="ij->ii")
    yield from both("unknown-output", "Einsum", real(2, 2), equation="ij->k")


CLASSES = {
    "wrong-attributes": wrong_attributes, "missing-attributes": missing_attributes, "kernel-larger": kernel_larger,
    "zero-windows": zero_windows, "huge-results": huge_results, "range-steps": range_steps, "slice-extremes": slice_extremes,
    "reshapes": reshapes, "gathers": gathers, "extreme-axes": extreme_axes, "permutations": permutations,
    "einsum-equations": einsum_equations,
}  # fmt: skip

"""Resampling and regions: every type, modes, coordinate rules, boxes that are empty or overlap."""

import itertools

import numpy as np
from case import EXACT, array, case, element_type, history, is_float, limits, numbers, types, versions
from grids import affine, border, cubic, linear, nearest, reflection, sampled, zeros
from oracles import real
from onnx import helper
from onnx.reference import ReferenceEvaluator


def evaluate(op, inputs, attributes):
    """Output 0 of ONNX's evaluator for the newest form of an operator, attributes as doubles."""
    names = ["" if value is None else f"x{i}" for i, value in enumerate(inputs)]
    evaluator = ReferenceEvaluator(helper.make_node(op, names, ["y"], **attributes))
    node = evaluator.rt_nodes_[0]
    # NumPy computes in float as soon as one of its scalars is float.
    vars(node).update({k: float(v) for k, v in vars(node).items() if isinstance(v, np.float32)})
    return evaluator.run(None, {name: value for name, value in zip(names, inputs) if name})[0]


def weighable(t, shape):
    """Floats of size 1 at most, for which absolute tolerances are meant, as weighted sums cancel."""
    small = is_float(t) or t.startswith("complex")
    return numbers(t, shape, -1, 1) if small else numbers(t, shape)


def on_doubles(x, run, moved, whole):
    """`run` on x as doubles, back in x's type.

    Elements that are only `moved` are run by their numbers, 0 standing for none; complex ones by
    their parts. What becomes of a fraction in an integer type, `whole` says.
    """
    if moved:
        places = run(np.arange(1.0, x.size + 1).reshape(x.shape)).astype(np.int64)
        none = np.array([""], object) if x.dtype == object else np.zeros(1, x.dtype)
        return np.concatenate([none, x.reshape(-1)])[places]
    if x.dtype.kind == "c":
        return (run(x.real.astype(np.float64)) + 1j * run(x.imag.astype(np.float64))).astype(x.dtype)
    y = run(x.astype(np.float64))
    if x.dtype.kind in "iu":
        y = np.clip(whole(y), *limits(x.dtype.name))
    return (whole(y) if x.dtype == bool else y).astype(x.dtype)


# ---- Resize, Upsample -----------------------------------------------------------------------


def resize_case(x, attributes, scales=None, sizes=None, roi=None, opset=19, name=()):
    """By scales or by sizes; what the opset does not have is left to its defaults."""
    scales = None if scales is None else np.array(scales, np.float32)
    sizes = None if sizes is None else np.array(sizes, np.int64)
    roi = None if roi is None else np.array(roi, np.float32)
    moved = attributes.get("mode", "nearest") == "nearest" and roi is None
    rule = attributes | {"axes": [a % x.ndim for a in attributes.get("axes", range(x.ndim))]}
    if attributes.get("coordinate_transformation_mode") == "pytorch_half_pixel" and sizes[-1] == 1:
        rule["coordinate_transformation_mode"] = "asymmetric"  # place 0; onnx.reference takes -0.5
    if opset == 10:
        inputs = [x, scales]
        rule |= {"coordinate_transformation_mode": "asymmetric", "nearest_mode": "floor"}
    elif opset == 11:
        empty = np.zeros(0, np.float32)
        inputs = [x, empty if roi is None else roi, empty if scales is None else scales, sizes]
    else:
        inputs = [x, roi, scales, sizes]
    while inputs[-1] is None:
        inputs.pop()

    # As float, onnx.reference would divide coordinates by them in float.
    wide = None if scales is None else scales.astype(np.float64)

    def resized(x, *_):
        return on_doubles(x, lambda d: evaluate("Resize", [d, roi, wide, sizes], rule), moved,
                          np.rint)  # fmt: skip

    # Sizes whose number is unknown too are more than ONNX's inference takes.
    kinds = () if sizes is None else (element_type(x),)
    return case("Resize", inputs, attributes, name=name, opset=opset, oracle=resized, kinds=kinds)


def resize():
    for opset in versions("Resize"):
        for t in types("Resize", "T" if opset == 10 else "T1", opset):
            for mode in ("nearest", "linear", "cubic") if opset > 10 else ("nearest", "linear"):
                if t == "string" and mode != "nearest":
                    continue
                for scales in ((1, 1, 2, 1.5), (1, 1, 1, 3)):
                    yield resize_case(weighable(t, (1, 2, 3, 4)), {"mode": mode}, scales, opset=opset,
                                      name=(t, mode, scales))  # fmt: skip
        if opset >= 11:
            for t in types("Resize", "T2", opset):
                yield case("Resize", [numbers("float", (2, 3)), array(t, [0, 0, 1, 1]),
                                      array("float", [2, 1])], name=("roi", t), opset=opset,
                           oracle=lambda x, *_: np.repeat(x, 2, 0))  # fmt: skip
    coordinates = ["half_pixel", "half_pixel_symmetric", "pytorch_half_pixel", "align_corners", "asymmetric"]
    for mode in coordinates:
        for to in (1, 2, 3, 5, 7, 12):
            for nearest in ("round_prefer_floor", "round_prefer_ceil", "floor", "ceil"):
                yield resize_case(weighable("float", (1, 5)), {"coordinate_transformation_mode": mode,
                                                             "nearest_mode": nearest},
                                  sizes=(1, to), name=(mode, nearest, to))  # fmt: skip
            for kind, more in [("linear", {}), ("cubic", {}), ("cubic", {"cubic_coeff_a": -0.5}),
                               ("linear", {"exclude_outside": 1}), ("cubic", {"exclude_outside": 1}),
                               ("linear", {"antialias": 1}), ("cubic", {"antialias": 1})]:  # fmt: skip
                yield resize_case(weighable("float", (2, 5)),
                                  {"mode": kind, "coordinate_transformation_mode": mode} | more,
                                  sizes=(2, to), name=(mode, kind, *more, *more.values(), to))  # fmt: skip
    for mode in ("nearest", "linear", "cubic"):
        for roi in ([0, 0.25, 1, 0.75], [0, -0.5, 1, 1.5], [0, 1, 1, 0]):
            yield resize_case(weighable("float", (1, 6)),
                              {"mode": mode, "coordinate_transformation_mode": "tf_crop_and_resize",
                               "extrapolation_value": 9.0}, sizes=(1, 4), roi=roi,
                              name=("crop", mode, roi))  # fmt: skip
        for shape in [(4,), (2, 3), (1, 2, 3, 2, 2), (2, 1, 2, 1, 2, 3)]:
            for scale in (0.6, 1, 2):
                yield resize_case(weighable("float", shape), {"mode": mode}, [scale] * len(shape),
                                  name=("rank", mode, shape, scale))  # fmt: skip
        for policy in ("stretch", "not_larger", "not_smaller"):
            yield resize_case(weighable("float", (1, 2, 3, 5)),
                              {"mode": mode, "keep_aspect_ratio_policy": policy, "axes": [2, 3]},
                              sizes=(7, 8), name=(policy, mode))  # fmt: skip
            yield resize_case(weighable("float", (1, 2, 3, 5)),
                              {"mode": mode, "keep_aspect_ratio_policy": policy, "axes": [-2, -1]},
                              sizes=(7, 8), name=(policy, mode, "negative axes"))  # fmt: skip
    for shape, sizes in [((0, 3), (0, 6)), ((2, 3), (2, 0)), ((1, 1), (5, 5))]:
        yield case("Resize", [numbers("float", shape), None, None, np.array(sizes)], kinds=("float",),
                   name=("ends", shape, sizes),
                   oracle=lambda x, s: np.full(sizes, x.reshape(-1)[0] if x.size == 1 else 0, x.dtype))


def upsample():
    for opset in versions("Upsample"):
        for t in types("Upsample", opset=opset):
            for mode in ("nearest", "linear"):
                if t == "string" and mode != "nearest":
                    continue
                scales = array("float", [1, 1, 2, 1.5])
                x = weighable(t, (1, 2, 3, 4))
                attributes = {"mode": "bilinear" if opset == 1 and mode == "linear" else mode}
                attributes |= {1: {"height_scale": 2.0, "width_scale": 1.5},
                               7: {"scales": [1.0, 1.0, 2.0, 1.5]}}.get(opset, {})  # fmt: skip
                rule = {"mode": mode, "coordinate_transformation_mode": "asymmetric",
                        "nearest_mode": "floor"}  # fmt: skip
                yield case("Upsample", [x, scales] if opset == 9 else [x], attributes, name=(t, mode),
                           opset=opset,
                           oracle=lambda x, *_: on_doubles(
                               x, lambda d: evaluate("Resize", [d, None, scales.astype(np.float64)], rule),
                               mode == "nearest", np.rint))  # fmt: skip


# ---- Grids ----------------------------------------------------------------------------------


MODES = {"nearest": nearest, "linear": linear, "cubic": cubic}
PADDINGS = {"zeros": zeros, "border": border, "reflection": reflection}


def grid_sample():
    names = {"linear": "bilinear", "cubic": "bicubic"}  # before opset 20
    for opset in versions("GridSample"):
        for t in types("GridSample", "T1", opset):
            for index in types("GridSample", "T2", opset):
                for mode in MODES:
                    if (t == "string" and mode != "nearest") or (index != "float" and t not in
                                                                 ("float", "uint8", "complex64")):
                        continue
                    attributes = {"mode": names.get(mode, mode) if opset < 20 else mode}
                    grid = numbers(index, (1, 3, 3, 2), -1.25, 1.25)
                    whole = np.asarray if t == "bool" else np.trunc  # true is what is not zero
                    yield case("GridSample", [weighable(t, (1, 2, 4, 4)), grid], attributes,
                               name=(t, index, mode), opset=opset,
                               oracle=lambda x, g: on_doubles(
                                   x, lambda d: sampled(d, g.astype(np.float64), MODES[mode]),
                                   mode == "nearest", whole))  # fmt: skip
    for mode, padding, corners in itertools.product(MODES, PADDINGS, (0, 1)):
        for x, out in [((2, 1, 3, 4), (2, 2)), ((1, 2, 1, 1), (2, 3)), ((1, 1, 2, 3, 3), (2, 1, 2)),
                       ((1, 1, 5, 2), (1, 6))]:  # fmt: skip
            grid = numbers("float", (x[0], *out, len(x) - 2), -1.75, 1.75)
            attributes = {"mode": mode, "padding_mode": padding, "align_corners": corners}
            yield case("GridSample", [weighable("float", x), grid], attributes,
                       name=(mode, padding, corners, x),
                       oracle=real(lambda x, g: sampled(x, g, MODES[mode], PADDINGS[padding],
                                                        bool(corners))))  # fmt: skip


def affine_grid():
    for t in types("AffineGrid", "T1"):
        for size in [(2, 3, 4, 5), (1, 1, 1, 1), (2, 1, 1, 3), (2, 3, 4, 5, 2), (1, 1, 2, 1, 3)]:
            for corners in (0, 1):
                rank = len(size) - 2
                yield case("AffineGrid", [numbers(t, (size[0], rank, rank + 1), -2, 2), np.array(size)],
                           {"align_corners": corners}, name=(t, size, corners),
                           oracle=real(lambda theta, s: affine(theta, s, bool(corners))))  # fmt: skip


# ---- Regions --------------------------------------------------------------------------------


def roi_align():
    for opset, t in history("RoiAlign", "T1"):
        for mode in ("avg", "max"):
            x = numbers(t, (2, 2, 7, 8))
            boxes = array(t, [[0, 0, 6, 6], [1.5, 2, 5.25, 7], [-3, -2, 12, 9], [4, 4, 3, 3]])
            half = {} if opset < 16 else {"coordinate_transformation_mode": "half_pixel"}
            old = {"coordinate_transformation_mode": "output_half_pixel"}
            for attributes in [half, {"spatial_scale": 0.5}] + [old] * (opset >= 16):
                for ratio in (0, 2):
                    given = {"mode": mode, "output_height": 2, "output_width": 3,
                             "sampling_ratio": ratio} | attributes  # fmt: skip
                    rule = (old if opset < 16 else {}) | given
                    yield case("RoiAlign", [x, boxes, np.array([0, 1, 1, 0])], given, opset=opset,
                               name=(t, mode, ratio, *attributes.values()),
                               oracle=real(lambda x, b, i: evaluate("RoiAlign", [x, b, i], rule)))


def max_roi_pool():
    def pooled(x, rois, height, width, scale):
        y = np.zeros((len(rois), x.shape[1], height, width))
        for r, (batch, *box) in enumerate(rois):
            left, top, right, bottom = (int(np.floor(v * scale + 0.5)) for v in box)
            bins = [(top, max(bottom - top + 1, 1) / height, x.shape[2]),
                    (left, max(right - left + 1, 1) / width, x.shape[3])]  # fmt: skip
            for at in np.ndindex(height, width):
                cut = tuple(slice(min(max(int(np.floor(i * size)) + start, 0), limit),
                                  min(max(int(np.ceil((i + 1) * size)) + start, 0), limit))
                            for i, (start, size, limit) in zip(at, bins))  # fmt: skip
                part = x[int(batch)][(slice(None), *cut)]
                y[(r, slice(None), *at)] = part.max((1, 2)) if part.size else 0
        return y

    for opset, t in history("MaxRoiPool"):
        rois = array(t, [[0, 0, 0, 6, 6], [1, 1, 2, 5, 7], [0, 3, 3, 3, 3], [1, -4, -4, 20, 20]])
        for shape in ([2, 2], [1, 3], [5, 5]):
            for scale in (1.0, 0.5):
                yield case("MaxRoiPool", [numbers(t, (2, 2, 8, 8)), rois],
                           {"pooled_shape": shape, "spatial_scale": scale}, name=(t, shape, scale),
                           opset=opset, oracle=real(lambda x, r: pooled(x, r, *shape, scale)))


def non_max_suppression():
    def corners(box, centred):
        if centred:
            x, y, w, h = box
            return y - h / 2, x - w / 2, y + h / 2, x + w / 2
        y1, x1, y2, x2 = box
        return min(y1, y2), min(x1, x2), max(y1, y2), max(x1, x2)

    def overlap(a, b):
        height = max(min(a[2], b[2]) - max(a[0], b[0]), 0)
        width = max(min(a[3], b[3]) - max(a[1], b[1]), 0)
        both = height * width
        union = (a[2] - a[0]) * (a[3] - a[1]) + (b[2] - b[0]) * (b[3] - b[1]) - both
        return both / union if union > 0 else 0.0

    def selected(boxes, scores, most=0, iou=0.0, least=None, centred=0):
        rows = []
        for n, c in np.ndindex(*scores.shape[:2]):
            order = sorted((i for i, s in enumerate(scores[n, c]) if least is None or s > least),
                           key=lambda i: (-scores[n, c, i], i))  # fmt: skip
            kept = []
            for i in order:
                if len(kept) < most and all(
                    overlap(corners(boxes[n, i], centred), corners(boxes[n, k], centred)) <= iou
                    for k in kept):  # fmt: skip
                    kept.append(i)
            rows += [[n, c, i] for i in kept]
        return np.array(rows, np.int64).reshape(-1, 3)

    for opset in versions("NonMaxSuppression"):
        for batches, classes, count in [(1, 1, 1), (2, 1, 6), (1, 3, 8), (2, 2, 5), (1, 1, 0)]:
            low, size = (numbers("double", (batches, count, 2), 0, 4, seed=i) for i in range(2))
            for centred in (0, 1):
                boxes = array("float", np.concatenate([low, size if centred else low + size], -1))
                scores = numbers("float", (batches, classes, count), 0, 1)
                for most, iou, least in [(None,) * 3, (0, 0.5, 0.0), (3, 0.5, None), (2, 0.0, 0.4),
                                         (100, 1.0, 0.9), (1, 0.25, -1.0)]:  # fmt: skip
                    inputs = [boxes, scores]
                    if most is not None:
                        inputs += [np.array([most]), array("float", [iou])]
                    if least is not None:
                        inputs += [array("float", [least])]
                    yield case("NonMaxSuppression", inputs, {"center_point_box": centred}, opset=opset,
                               name=(batches, classes, count, centred, most, iou, least),
                               tolerance=EXACT,
                               oracle=lambda b, s, *_: selected(b.astype(float), s, most or 0, iou or 0,
                                                                least, centred))  # fmt: skip


def cases():
    for table in (resize, upsample, grid_sample, affine_grid, roi_align, max_roi_pool,
                  non_max_suppression):  # fmt: skip
        yield from table()

"""ai.onnx.ml: features, encoders and maps."""

import itertools

import numpy as np
from case import OnnxRuntime, array, case, dtype, is_float, numbers, types
from onnx import numpy_helper
from oracles import specials

FEATURES = [(4,), (3, 4), (1, 4), (0, 4)]  # a vector, and batches
WORDS = ["", "a", "B", "onnx", "grün"]


def ml(op, inputs, attributes=None, opset=1, **more):
    return case(op, inputs, attributes, domain="ai.onnx.ml", opset=opset, **more)


def ml_types(op, parameter="T", opset=1):
    return types(op, parameter, opset, "ai.onnx.ml")


def tensor(t, values):
    return numpy_helper.from_array(array(t, values))


def extractors():
    shapes = [(5,), (2, 5), (3, 2, 5), (1, 2, 3, 5), (0, 5)]
    choices = [[0], [4, 0, 4], [[3, 1]], [[0, 1], [2, 3]], 2, list(range(5)) * 3]
    for t, shape in itertools.product(ml_types("ArrayFeatureExtractor"), shapes):
        for i, indices in enumerate(choices):
            yield ml("ArrayFeatureExtractor", [numbers(t, shape), array("int64", indices)],
                     name=(t, shape, i))  # fmt: skip


def vectorizers():
    def side_by_side(*parts, widths=None):
        parts = [np.atleast_2d(part) for part in parts]
        result = []
        for part, width in zip(parts, widths or [part.shape[1] for part in parts]):
            result.append(np.pad(part, ((0, 0), (0, width)))[:, :width])
        return np.concatenate(result, axis=1).astype(np.float32)

    sets = [[(4,)], [(2, 3)], [(2, 3), (2, 1)], [(3,), (1, 2), (4,)], [(2, 0), (2, 2)], [(0, 3)]]
    for t, shapes in itertools.product(ml_types("FeatureVectorizer", "T1"), sets):
        inputs = [numbers(t, shape, seed=i) for i, shape in enumerate(shapes)]
        for change in (None, 0, -1, 2):
            widths = None if change is None else [max(s[-1] + change, 0) for s in shapes]
            yield ml("FeatureVectorizer", inputs, {"inputdimensions": widths} if widths else {},
                     name=(t, *shapes, change), constants=(),
                     oracle=lambda *x, w=widths: side_by_side(*x, widths=w))  # fmt: skip


def binarizers():
    for t, threshold in itertools.product(ml_types("Binarizer"), (0.0, 1.5, -3.0)):
        for shape in [(), (3,), (2, 3), (2, 3, 2), (0, 2)]:
            yield ml("Binarizer", [numbers(t, shape, -4, 4)], {"threshold": threshold},
                     name=(t, shape, threshold))  # fmt: skip
        yield ml("Binarizer", [specials(t)], {"threshold": threshold},
                 name=(t, "specials", threshold))  # fmt: skip


def imputers():
    def imputed(x, old, new):
        missing = np.isnan(x) if old != old else x == old
        return np.where(missing, np.broadcast_to(np.array(new).astype(x.dtype), x.shape), x)

    for t in ml_types("Imputer"):
        kind, plural = ("float", "floats") if is_float(t) else ("int64", "int64s")
        for old in (0.0, 2.0, float("nan")) if is_float(t) else (0, 2, -1):
            for shape, new in itertools.product([*FEATURES, (2, 3, 4)], ([9], [5, 6, 7, 8])):
                new = [float(v) for v in new] if is_float(t) else new
                x = numbers(t, shape, -2, 2).round().astype(dtype(t))
                if is_float(t) and x.size:
                    x.flat[::3] = np.nan
                yield ml("Imputer", [x], {f"imputed_value_{plural}": new,
                                          f"replaced_value_{kind}": old},
                         name=(t, shape, old, len(new)),
                         oracle=lambda x, o=old, n=new: imputed(x, o, n))  # fmt: skip


def normalizers():
    for t, norm in itertools.product(ml_types("Normalizer"), ("MAX", "L1", "L2")):
        for shape in FEATURES:
            yield ml("Normalizer", [numbers(t, shape, -9, 9)], {"norm": norm},
                     name=(t, shape, norm), oracle=OnnxRuntime())  # fmt: skip
        zeros = array(t, [[0, 0], [3, 0], [-2, 0], [-1, -2], [4, 3]])
        yield ml("Normalizer", [zeros], {"norm": norm}, name=(t, "zeros", norm),
                 oracle=OnnxRuntime())  # fmt: skip


def scalers():
    lists = {"one": ([1.5], [0.5]), "each": ([1.0, 2.0, 3.0, -4.0], [0.5, 2.0, -1.0, 0.0])}
    for t, shape in itertools.product(ml_types("Scaler"), FEATURES):
        for name, (offset, scale) in lists.items():
            yield ml("Scaler", [numbers(t, shape)], {"offset": offset, "scale": scale},
                     name=(t, shape, name), oracle=OnnxRuntime())  # fmt: skip


def category_mappers():
    attributes = {"cats_int64s": [4, -1, 7], "cats_strings": ["a", "B", "onnx"],
                  "default_int64": -9, "default_string": "none"}  # fmt: skip
    for shape in [(), (6,), (2, 3), (2, 2, 2), (0,)]:
        for t, used in (("string", attributes), ("int64", attributes), ("int64", None)):
            if used is None:
                used = {key: attributes[key] for key in ("cats_int64s", "cats_strings")}
            yield ml("CategoryMapper", [numbers(t, shape)], used,
                     name=(t, shape, len(used)), oracle=OnnxRuntime())  # fmt: skip


# Lists of keys or values, by type, with the attribute that holds them before tensors could.
LISTS = {
    "string": (["a", "onnx", "", "12"], "strings"),
    "int64": ([1, -2, 0, 2**40], "int64s"),
    "float": ([1.5, -2.0, 0.0, 8.25], "floats"),
    "int32": ([1, -2, 0, 5], None),
    "int16": ([1, -2, 0, 5], None),
    "double": ([1.5, -2.0, 0.0, 1e200], None),
}
DEFAULTS = {"string": "_Unused", "float": -0.0, "double": -0.0}


def encoded(keys, values, default, to):
    pairs = {k: v for k, v in zip(keys, values)}

    def oracle(x):
        flat = [pairs.get(key, default) for key in x.reshape(-1).tolist()]
        return np.array(flat, dtype=dtype(to)).reshape(x.shape)

    return oracle


def label_encoders():
    for t, shape in itertools.product(("string", "int64"), [(), (5,), (2, 3), (0,)]):
        yield ml("LabelEncoder", [numbers(t, shape, -1, 4)], {"classes_strings": WORDS[1:]},
                 name=(t, shape), oracle=OnnxRuntime())  # fmt: skip
    for opset, shape in itertools.product((2, 4), [(), (7,), (2, 2, 2), (0, 3)]):
        for t, u in itertools.product(ml_types("LabelEncoder", "T1", opset),
                                      ml_types("LabelEncoder", "T2", opset)):  # fmt: skip
            x = np.resize(array(t, LISTS[t][0] + (["x"] if t == "string" else [9])), shape)
            for tensors in (False, True):
                if tensors and opset < 4 or not tensors and None in (LISTS[t][1], LISTS[u][1]):
                    continue
                attributes = {}
                for kind, name in (("keys", t), ("values", u)):
                    values, plural = LISTS[name]
                    if tensors:
                        attributes[f"{kind}_tensor"] = tensor(name, values)
                    else:
                        attributes[f"{kind}_{plural}"] = values
                default = DEFAULTS.get(u, -1)
                if tensors and shape == (7,):
                    default = LISTS[u][0][1]
                    attributes["default_tensor"] = tensor(u, [default])
                yield ml("LabelEncoder", [x], attributes, opset=opset,
                         name=(t, u, shape, "tensors" if tensors else ""),
                         oracle=encoded(LISTS[t][0], LISTS[u][0], default, u))  # fmt: skip


def one_hot_encoders():
    def one_hot(categories):
        def oracle(x):
            cast = x if x.dtype == object else np.trunc(x).astype(np.int64)
            return np.stack([cast == c for c in categories], axis=-1).astype(np.float32)

        return oracle

    for t, shape in itertools.product(ml_types("OneHotEncoder"), [(), (4,), (3, 2), (2, 2, 2),
                                                                  (0, 2)]):  # fmt: skip
        name, categories = (("cats_strings", WORDS) if t == "string"
                            else ("cats_int64s", [3, -1, 0, 7]))  # fmt: skip
        yield ml("OneHotEncoder", [numbers(t, shape)], {name: categories}, name=(t, shape),
                 oracle=one_hot(categories))  # fmt: skip


def maps():
    reals = {2: 1.5, 0: -2.25, 5: 1e6}
    texts = {3: "12", 1: "-7"}
    parse = {"FLOAT": np.float32, "INT64": np.int64, "STRING": lambda text: text}
    for (to, kind), form in itertools.product(
            (("FLOAT", "float"), ("INT64", "int64"), ("STRING", "string")), ("DENSE", "SPARSE")):
        attributes = {"cast_to": "TO_" + to, "map_form": form, "max_map": 7}
        for name, value in (("reals", reals), ("one", {0: 2.0})):
            yield ml("CastMap", [value], attributes, name=(name, to, form), oracle=OnnxRuntime())
        # From Python onnxruntime takes no strings.
        gap = "0.f" if to == "STRING" else 0
        dense = [parse[to](texts[key]) for key in sorted(texts)]
        sparse = [parse[to](texts[key]) if key in texts else gap for key in range(7)]
        row = array(kind, [dense if form == "DENSE" else sparse])
        yield ml("CastMap", [texts], attributes, name=("texts", to, form),
                 oracle=lambda x, row=row: row)  # fmt: skip
    vocabularies = {"int64": [5, 3, 0], "string": ["c", "a", "x"]}
    for (key, vocabulary), t in itertools.product(vocabularies.items(),
                                                  ("float", "double", "int64", "string")):
        if (key, t) in (("string", "string"), ("int64", "int64")):
            continue  # not among the types of the specification
        keys = [0, 5] if key == "int64" else ["a", "c"]
        values = numbers(t, (2,))
        missing = "" if t == "string" else 0
        result = [dict(zip(keys, values)).get(word, missing) for word in vocabulary]
        yield ml("DictVectorizer", [dict(zip(keys, values))], {f"{key}_vocabulary": vocabulary},
                 name=(key, t), oracle=lambda x, r=result, t=t: array(t, r))  # fmt: skip
    for shape, (name, keys) in itertools.product([(2,), (3, 2), (1, 2)], [
            ("classlabels_int64s", [9, -4]), ("classlabels_strings", ["a", "b"])]):  # fmt: skip
        yield ml("ZipMap", [numbers("float", shape)], {name: keys}, name=(shape, name),
                 oracle=OnnxRuntime())  # fmt: skip


def cases():
    for table in (extractors, vectorizers, binarizers, imputers, normalizers, scalers,
                  category_mappers, label_encoders, one_hot_encoders, maps):  # fmt: skip
        yield from table()

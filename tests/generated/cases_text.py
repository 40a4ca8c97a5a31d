"""Strings: concatenation, splitting, normalizing, matching, n-grams; Unicode and empties."""

import itertools
import re

import numpy as np
from case import BROADCASTS, EMPTY_SHAPES, SHAPES, case, numbers, types


def strings(*values):
    return np.array(values, dtype=object)


def concat():
    for a, b in BROADCASTS:
        yield case("StringConcat", [numbers("string", a), numbers("string", b, seed=1)], name=(a, b),
                   oracle=lambda x, y: np.asarray(x + y, dtype=object))  # fmt: skip


def split():
    texts = ["", " ", "a", " a b ", "a  b", "\ta\nb c", ",", "a,b", ",a,,b,", "aXXbX", "grün ß", "a,b,c,d"]

    def parts(x, delimiter, most):
        def one(s):
            if not delimiter:
                return s.split(None, -1 if most is None else most)
            return s.split(delimiter, -1 if most is None else most)
        rows = [one(s) for s in x.reshape(-1)]
        width = max(map(len, rows), default=0)
        padded = [r + [""] * (width - len(r)) for r in rows]
        return (np.array(padded, object).reshape(*x.shape, width),
                np.array([len(r) for r in rows], np.int64).reshape(x.shape))  # fmt: skip

    for delimiter in (None, "", " ", ",", "XX", "ü"):
        for most in (None, 0, 1, 2, 100):
            attributes = {k: v for k, v in (("delimiter", delimiter), ("maxsplit", most)) if v is not None}
            yield case("StringSplit", [strings(*texts)], attributes, outputs=2,
                       name=("default" if delimiter is None else texts.index(delimiter) if delimiter in texts
                             else delimiter.replace("ü", "ue"), most),
                       oracle=lambda x: parts(x, delimiter, most))  # fmt: skip
    for shape in (*SHAPES[1:], *EMPTY_SHAPES):
        yield case("StringSplit", [numbers("string", shape)], outputs=2, name=(shape,),
                   oracle=lambda x: parts(x, None, None))  # fmt: skip


def match():
    texts = strings("", "a", "abc", "ABC", "a1", "grün", "a\nb", "2024-01-31", "aaa")
    for name, pattern in [("empty", ""), ("any", ".*"), ("letters", "[a-z]+"), ("dots", "..."),
                          ("date", r"\d{4}-\d\d-\d\d"), ("or", "a|abc"), ("unicode", "gr.n")]:
        yield case("RegexFullMatch", [texts], {"pattern": pattern}, name=(name,),
                   oracle=lambda x: np.array([bool(re.fullmatch(pattern, s)) for s in x]))
    for shape in (*SHAPES, *EMPTY_SHAPES):
        yield case("RegexFullMatch", [numbers("string", shape)], {"pattern": "[a-z]*"}, name=(shape,),
                   oracle=lambda x: np.vectorize(lambda s: bool(re.fullmatch("[a-z]*", s)), [bool])(x))


def normalize():
    texts = strings("Monday", "tuesday", "MONDAY", "", "Grün", "x")

    def normal(x, action, sensitive, stopwords):
        fold = (lambda s: s) if sensitive else str.lower
        stop = {fold(s) for s in stopwords}
        kept = [s for s in x.reshape(-1) if fold(s) not in stop]
        change = {"UPPER": str.upper, "LOWER": str.lower, "NONE": str}[action]
        kept = [change(s) for s in kept] or [""]
        return np.array(kept, object).reshape(-1) if x.ndim == 1 else np.array([kept], object)

    for action, sensitive, stop in itertools.product(
        ("UPPER", "LOWER", "NONE"), (0, 1), ([], ["monday"], ["Monday", "x"], list(texts))
    ):
        for two in (False, True):
            x = texts.reshape(1, -1) if two else texts
            yield case("StringNormalizer", [x], {"case_change_action": action, "is_case_sensitive": sensitive,
                                                 **({"stopwords": stop} if stop else {})},
                       name=(action, sensitive, len(stop), two),
                       kinds=("string",),  # ONNX infers none where the sizes are hidden
                       oracle=lambda x: normal(x, action, sensitive, stop))  # fmt: skip


def tf_idf():
    def counted(x, pool, counts, columns, weights, mode, low, high, skips, width):
        grams, at = [], 0
        for n, (begin, end) in enumerate(zip(counts, [*counts[1:], len(pool)]), 1):
            for i in range(begin, end, n):
                grams.append((tuple(pool[i:i + n]), at))
                at += 1
        def row(values):
            y = np.zeros(width)
            seen = {}
            for n in range(low, high + 1):
                for gap in range(skips + 1 if n > 1 else 1):
                    for start in range(len(values)):
                        last = start + (n - 1) * (gap + 1)
                        if last < len(values):
                            gram = tuple(values[start:last + 1:gap + 1])
                            seen[gram] = seen.get(gram, 0) + 1
            for gram, place in grams:
                if low <= len(gram) <= high and gram in seen:
                    weight = weights[place] if weights else 1.0
                    y[columns[place]] = {"TF": seen[gram], "IDF": weight, "TFIDF": seen[gram] * weight}[mode]
            return y
        rows = [row(list(values)) for values in (x if x.ndim == 2 else [x])]
        return (np.array(rows) if x.ndim == 2 else rows[0]).astype(np.float32)

    pool, counts, columns = [2, 3, 5, 4, 5, 4, 6, 2, 2], [0, 3], [0, 1, 2, 3, 4, 5]
    for t in types("TfIdfVectorizer"):
        as_text = t == "string"
        sequence = np.array([1, 2, 2, 3, 5, 4, 2, 2, 6, 4, 2, 5])
        for mode, (low, high), skips, weighted, rows in itertools.product(
            ("TF", "IDF", "TFIDF"), ((1, 1), (1, 2), (2, 2)), (0, 1, 5), (False, True), (None, 1, 3)
        ):
            x = sequence if rows is None else sequence.reshape(rows, -1)
            x = np.vectorize(str, [object])(x) if as_text else x.astype(t)
            own = [str(v) for v in pool] if as_text else pool
            weights = [2.0, 0.5, 1.0, 3.0, 4.0, 0.25] if weighted else []
            attributes = {"mode": mode, "min_gram_length": low, "max_gram_length": high,
                          "max_skip_count": skips, "ngram_counts": counts, "ngram_indexes": columns,
                          "pool_strings" if as_text else "pool_int64s": own}  # fmt: skip
            if weighted:
                attributes["weights"] = weights
            yield case("TfIdfVectorizer", [x], attributes, name=(t, mode, low, high, skips, weighted, rows),
                       oracle=lambda x: counted(x, own, counts, columns, weights, mode, low, high, skips, 6))


def cases():
    for table in (concat, split, match, normalize, tf_idf):
        yield from table()

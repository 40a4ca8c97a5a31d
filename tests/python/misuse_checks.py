"""What is wrong raises, with words that say what, and never more than that."""

import gc

import numpy as np
import sardonyx
from checks import Checks, expect
from sessions import IMAGE, LENET, lenet, load, raises


def misuse(checks: Checks) -> None:
    session = lenet()
    errors = sardonyx.errors

    def run(feeds, names=None):
        return lambda: session.run(names, feeds)

    x = IMAGE
    cases = [
        ("no file", errors.NoSuchFile, "/nope", lambda: sardonyx.InferenceSession("/nope")),
        ("no model", errors.InvalidProtobuf, "cut short", lambda: load(b"abc")),
        ("nothing", errors.InvalidProtobuf, "empty", lambda: load(b"")),
        ("a number for a model", TypeError, "not int", lambda: sardonyx.InferenceSession(3)),
        ("options that are none", AttributeError, "", lambda: sardonyx.InferenceSession(LENET, 3)),
        ("providers that are none", ValueError, "", lambda: sardonyx.InferenceSession(LENET, providers=3)),
        ("no input", ValueError, "is missing", run({})),
        ("None", ValueError, "is missing", run({"image": None})),
        ("another input", ValueError, "no input 'y'", run({"image": x, "y": x})),
        ("another output", errors.InvalidArgument, "no output", run({"image": x}, ["nope"])),
        ("names that are a str", TypeError, "list", run({"image": x}, "logits")),
        ("a name that is none", TypeError, "not a str", run({"image": x}, [3])),
        ("a key that is none", TypeError, "not a str", run({3: x})),
        ("a zero in a name", ValueError, "zero", run({"im\0age": x})),
        ("feeds that are a list", AttributeError, "", run([x])),
        ("another dtype", errors.InvalidArgument, "double", run({"image": x.astype(np.float64)})),
        ("another rank", errors.InvalidArgument, "[1,28,28]", run({"image": x[0]})),
        ("another size", errors.InvalidArgument, "", run({"image": x[:, :, :9]})),
        ("dates", TypeError, "datetime64", run({"image": np.zeros(3, "M8[D]")})),
        ("structures", TypeError, "dtype", run({"image": np.zeros(3, "f4,i4")})),
        ("an object", TypeError, "", run({"image": object()})),
        ("text", ValueError, "", run({"image": "text"})),
        ("text in an array", errors.InvalidArgument, "string", run({"image": np.array(["a"])})),
        ("objects in an array", TypeError, "neither", run({"image": np.array([object()])})),
        ("a list for a sequence", errors.InvalidArgument, "", run({"image": [x, x]})),
        ("a device that is none", RuntimeError, "cuda",
         lambda: sardonyx.OrtValue.ortvalue_from_numpy(x, "cuda", 0)),
        ("no such element type", ValueError, "element type",
         lambda: sardonyx.OrtValue.ortvalue_from_shape_and_type([2], 99)),
        ("a negative size", ValueError, "negative",
         lambda: sardonyx.OrtValue.ortvalue_from_shape_and_type([-2], np.float32)),
        ("more than there is", sardonyx.Error, "",
         lambda: sardonyx.OrtValue.ortvalue_from_shape_and_type([1 << 60], np.float64)),
        ("a null address", ValueError, "null",
         lambda: session.io_binding().bind_input("image", "cpu", 0, np.float32, x.shape, 0)),
        ("a value made of nothing", TypeError, "", lambda: sardonyx.OrtValue.ortvalue_from_numpy(None)),
        ("the core's own classes", TypeError, "", lambda: sardonyx._core.Value()),
        ("a handle that is no run", AttributeError, "", lambda: session.run(None, {"image": x}, 3)),
    ]  # fmt: skip
    for name, kind, words, action in cases:
        checks.run(f"misuse: {name}", lambda: raises(kind, words, action))


def changed_while_it_is_read() -> None:
    class Trap:
        """Empties the dictionary that it is in while it is made an array."""

        def __array__(self, *args, **how):
            feeds.clear()
            gc.collect()
            return IMAGE

    feeds = {"image": Trap()}
    (result,) = lenet().run(None, feeds)
    expect(result.shape == (1, 10), "no result")

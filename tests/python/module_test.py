#!/usr/bin/env python3
"""The Python module, installed from this tree: tests/python/module_test.py [--installed].

With --installed, what is installed already in build/python-module is tested.
"""

import sys

import environment

environment.enter()
if "--installed" not in sys.argv:
    environment.install(environment.ROOT)

import gc
import json
import os
import pathlib
import threading
import time

import ml_dtypes
import numpy as np
import onnxruntime
import sardonyx
import small_models
from checks import Checks, expect, output_of
from onnx import TensorProto, helper, numpy_helper

LENET = environment.ROOT / "models" / "lenet" / "model.onnx"
PUBLISHED = environment.ROOT.parent / "shared" / "models"
IMAGE = np.random.default_rng(7).random((1, 1, 28, 28), np.float32)
LARGE = 100 << 20


def raises(kind: type, words: str, action) -> None:
    try:
        action()
    except kind as error:
        expect(words in str(error), f"says {error}, expected {words!r}")
        return
    expect(False, f"no {kind.__name__}")


def lenet(options=None) -> sardonyx.InferenceSession:
    return sardonyx.InferenceSession(LENET, options)


def load(model: bytes) -> sardonyx.InferenceSession:
    return sardonyx.InferenceSession(model)


# ---- The same as onnxruntime ------------------------------------------------------------------


def described(port) -> tuple:
    return port.name, port.type, port.shape


def same_description(path: pathlib.Path) -> None:
    mine, theirs = sardonyx.InferenceSession(path), onnxruntime.InferenceSession(path)
    for method in ("get_inputs", "get_outputs", "get_overridable_initializers"):
        a, b = ([described(port) for port in getattr(s, method)()] for s in (mine, theirs))
        expect(a == b, f"{method} is {a}, onnxruntime's {b}")
    for field in ("producer_name", "graph_name", "domain", "description", "custom_metadata_map"):
        a, b = (getattr(s.get_modelmeta(), field) for s in (mine, theirs))
        expect(a == b, f"{field} is {a!r}, onnxruntime's {b!r}")


def same_answers() -> None:
    (mine,) = lenet().run(None, {"image": IMAGE})
    (theirs,) = onnxruntime.InferenceSession(LENET).run(["logits"], {"image": IMAGE})
    np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-4)


def same_names() -> None:
    for name in sardonyx.__all__:
        expect(name == "Error" or hasattr(onnxruntime, name), f"onnxruntime has no {name}")
    for name in ("InferenceSession", "SessionOptions", "RunOptions", "OrtValue", "IOBinding"):
        mine, theirs = getattr(sardonyx, name), getattr(onnxruntime, name)
        common = {m for m in dir(theirs) if not m.startswith("_")} & set(dir(mine))
        expect(len(common) >= 4, f"of {name} only {common} is there")


def example() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, 28 * 28, np.uint8)
    picture = environment.FOLDER / "picture.raw"
    pixels.tofile(picture)
    script = environment.ROOT / "examples" / "embedding" / "classify.py"
    said = output_of(sys.executable, script, LENET, picture).strip()
    image = pixels.reshape(1, 1, 28, 28).astype(np.float32) / 255
    (scores,) = onnxruntime.InferenceSession(LENET).run(None, {"image": image})
    expect(said == f"class {scores.argmax()}", f"says {said}, expected class {scores.argmax()}")


# ---- Values -----------------------------------------------------------------------------------


def every_element_type() -> None:
    for number in sorted(set(TensorProto.DataType.values()) - {0}):
        dtype = helper.tensor_dtype_to_np_dtype(number)
        if number == TensorProto.STRING:
            array = np.array(["a", "", "λ"], object)
        else:
            array = np.array([1, 2, 1]).astype(dtype)  # float8e8m0 has no zero
        (result,) = load(small_models.identity(number)).run(None, {"x": array})
        expect(result.dtype == array.dtype, f"{array.dtype} became {result.dtype}")
        expect(np.array_equal(result, array), f"{array.dtype}: {result}")


def negative_int4() -> None:
    array = np.array([-8, -1, 7], ml_dtypes.int4)
    model = small_models.of_one("Cast", [small_models.tensor("x", TensorProto.INT4)],
                                [small_models.tensor("y")], to=TensorProto.FLOAT)  # fmt: skip
    (result,) = load(model).run(None, {"x": array})
    expect(result.tolist() == [-8, -1, 7], f"{result}")


def bits_that_are_no_text() -> None:
    array = np.array([b"\xff\0x", "é"], object)
    (result,) = load(small_models.identity(TensorProto.STRING)).run(None, {"x": array})
    expect(result[0].encode("utf-8", "surrogateescape") == b"\xff\0x", f"{result!r}")
    (again,) = load(small_models.identity(TensorProto.STRING)).run(None, {"x": result})
    expect(again.tolist() == result.tolist(), "changed on the second way")


def strided_swapped_and_nested() -> None:
    session = load(small_models.identity(TensorProto.FLOAT, [2, 2]))
    wide = np.arange(8, dtype=np.float32).reshape(2, 4)
    for given in (wide[:, ::2], wide[:, ::2].astype(">f4"), [[0, 2], [4, 6]]):
        (result,) = session.run(None, {"x": given})
        expect(result.tolist() == [[0, 2], [4, 6]], f"{result}")


def no_elements() -> None:
    session = load(small_models.identity(TensorProto.FLOAT, ["A", "B"]))
    (result,) = session.run(None, {"x": np.zeros((0, 3), np.float32)})
    expect(result.shape == (0, 3), f"{result.shape}")
    (result,) = load(small_models.identity(TensorProto.FLOAT, [])).run(None, {"x": np.float32(4)})
    expect(result.shape == () and result == 4, f"{result!r}")


def sequences() -> None:
    inputs = [small_models.sequence("x"), small_models.tensor("i", TensorProto.INT64, [])]
    session = load(small_models.of_one("SequenceErase", inputs, [small_models.sequence("y")]))
    expect(session.get_inputs()[0].type == "seq(tensor(float))", "type")
    arrays = [np.full(n, n, np.float32) for n in range(4)]
    (result,) = session.run(None, {"x": arrays, "i": np.array(1)})
    expect([len(a) for a in result] == [0, 2, 3], f"{result}")
    arrays[2][:] = 9
    expect(result[1].tolist() == [2, 2], "the result shows what was given")
    raises(TypeError, "expected a list", lambda: session.run(None, {"x": 3, "i": np.array(1)}))


def maps() -> None:
    kinds = helper.make_map_type_proto(TensorProto.INT64,
                                       helper.make_tensor_type_proto(TensorProto.FLOAT, []))  # fmt: skip
    output = helper.make_value_info("z", helper.make_sequence_type_proto(kinds))
    zip_map = helper.make_node("ZipMap", ["x"], ["z"], domain="ai.onnx.ml", classlabels_int64s=[5, 7])
    model = small_models.model([zip_map], [small_models.tensor("x", shape=["N", 2])], [output])
    session = load(model)
    expect(session.get_outputs()[0].type == "seq(map(int64,tensor(float)))", "type")
    (result,) = session.run(None, {"x": np.array([[1, 2], [3, 4]], np.float32)})
    expect(result == [{5: 1.0, 7: 2.0}, {5: 3.0, 7: 4.0}], f"{result}")

    words = helper.make_map_type_proto(TensorProto.STRING,
                                       helper.make_tensor_type_proto(TensorProto.FLOAT, []))  # fmt: skip
    vectorize = helper.make_node("DictVectorizer", ["x"], ["y"], domain="ai.onnx.ml",
                                 string_vocabulary=["b", "a"])  # fmt: skip
    session = load(small_models.model([vectorize], [helper.make_value_info("x", words)],
                                      [small_models.tensor("y", shape=None)]))  # fmt: skip
    (result,) = session.run(None, {"x": {"a": 1.5, "b": 2.5}})
    expect(result.ravel().tolist() == [2.5, 1.5], f"{result}")
    raises(TypeError, "expected a dict", lambda: session.run(None, {"x": [1.5]}))


def optionals() -> None:
    kind = helper.make_optional_type_proto(helper.make_tensor_type_proto(TensorProto.FLOAT, ["N"]))
    has = helper.make_node("OptionalHasElement", ["x"], ["y"])
    session = load(small_models.model([has], [helper.make_value_info("x", kind)],
                                      [small_models.tensor("y", TensorProto.BOOL, [])]))  # fmt: skip
    expect(session.get_inputs()[0].type == "optional(tensor(float))", "type")
    for given, expected in ((np.ones(2, np.float32), True), (None, False)):
        (result,) = session.run(None, {"x": given})
        expect(bool(result) == expected, f"{given}: {result}")
    (result,) = session.run(None, {})
    expect(not result, "what is left out is there")


def defaults() -> None:
    one = numpy_helper.from_array(np.ones(1, np.float32), "b")
    add = helper.make_node("Add", ["a", "b"], ["y"])
    inputs = [small_models.tensor("a"), small_models.tensor("b", shape=[1])]
    session = load(small_models.model([add], inputs, [small_models.tensor("y")], [one]))
    expect([port.name for port in session.get_inputs()] == ["a"], "inputs")
    expect([port.name for port in session.get_overridable_initializers()] == ["b"], "initializers")
    x = np.zeros(2, np.float32)
    expect(session.run(None, {"a": x})[0].tolist() == [1, 1], "the default")
    expect(session.run(None, {"a": x, "b": x[:1]})[0].tolist() == [0, 0], "another value")


# ---- Memory -----------------------------------------------------------------------------------


def large_tensors_are_not_copied() -> None:
    array = np.zeros(LARGE // 4, np.float32)
    value = sardonyx.OrtValue.ortvalue_from_numpy(array)
    expect(value.data_ptr() == array.ctypes.data, "an OrtValue of an array is a copy")
    expect(value.numpy().ctypes.data == array.ctypes.data, "an array of an OrtValue is a copy")
    expect(np.from_dlpack(value).ctypes.data == array.ctypes.data, "DLPack out is a copy")
    expect(sardonyx.OrtValue.from_dlpack(array).data_ptr() == array.ctypes.data, "DLPack in")

    session = load(small_models.of_one("Neg", [small_models.tensor("x")], [small_models.tensor("y")]))
    (result,) = session.run(None, {"x": array})
    expect(not result.flags.owndata and result.flags.writeable, "an output is a copy")
    place = sardonyx.OrtValue.ortvalue_from_shape_and_type([array.size], np.float32)
    binding = session.io_binding()
    binding.bind_ortvalue_input("x", value)
    binding.bind_ortvalue_output("y", place)
    array[:] = 3
    session.run_with_iobinding(binding)
    expect(place.numpy()[-1] == -3, "the binding does not show the array")
    expect(binding.get_outputs()[0].data_ptr() == place.data_ptr(), "another memory")


def memory_lives_as_long_as_it_is_seen() -> None:
    session = lenet()
    (result,) = session.run(None, {"image": IMAGE})
    kept = result.copy()
    view = sardonyx.OrtValue.ortvalue_from_numpy(np.full(1000, 5.0)).numpy()
    del session
    gc.collect()
    filler = [np.full(1000, 7.0) for _ in range(100)]
    expect(np.array_equal(result, kept) and (view == 5).all() and len(filler) == 100, "it changed")


def references_are_given_back() -> None:
    session, array = lenet(), IMAGE.copy()
    before = sys.getrefcount(array)
    for _ in range(100):
        session.run(None, {"image": array})
        sardonyx.OrtValue.ortvalue_from_numpy(array).numpy()
    expect(sys.getrefcount(array) == before, f"{sys.getrefcount(array) - before} more references")


def read_only_memory_stays_so() -> None:
    array = np.zeros((1, 10), np.float32)
    array.flags.writeable = False
    value = sardonyx.OrtValue.ortvalue_from_numpy(array)
    expect(not value.numpy().flags.writeable, "an array of it may be written")
    raises(ValueError, "read-only", lambda: value.update_inplace(array + 1))
    session = lenet()
    binding = session.io_binding()
    binding.bind_cpu_input("image", IMAGE)
    binding.bind_ortvalue_output("logits", value)
    raises(ValueError, "read-only", lambda: session.run_with_iobinding(binding))


def bindings() -> None:
    session = lenet()
    binding = session.io_binding()
    binding.bind_input("image", "cpu", 0, np.float32, IMAGE.shape, IMAGE.ctypes.data)
    place = np.zeros((1, 10), np.float32)
    binding.bind_output("logits", "cpu", 0, np.float32, place.shape, place.ctypes.data)
    session.run_with_iobinding(binding)
    (expected,) = session.run(None, {"image": IMAGE})
    expect(np.array_equal(place, expected), "not written into the place")
    binding.bind_output("logits")
    session.run_with_iobinding(binding)
    expect(np.array_equal(binding.copy_outputs_to_cpu()[0], expected), "new output")
    raises(sardonyx.Error, "nope", lambda: binding.bind_output("nope"))
    raises(ValueError, "another session", lambda: lenet().run_with_iobinding(binding))
    binding.bind_ortvalue_output("logits", sardonyx.OrtValue.ortvalue_from_shape_and_type([3], np.float32))
    raises(sardonyx.Error, "float[3]", lambda: session.run_with_iobinding(binding))


# ---- Options, threads, classes ----------------------------------------------------------------


def options() -> None:
    made = sardonyx.SessionOptions()
    made.intra_op_num_threads = 1
    made.graph_optimization_level = sardonyx.GraphOptimizationLevel.ORT_DISABLE_ALL
    made.add_session_config_entry("sardonyx.backend", "reference")
    made.add_free_dimension_override_by_name("N", 1)
    session = lenet(made)
    expect(session.get_session_options() is made, "other options")
    expect(session.run(None, {"image": IMAGE})[0].shape == (1, 10), "a run")
    raises(AttributeError, "zzz", lambda: setattr(made, "zzz", 1))
    raises(TypeError, "expected int", lambda: setattr(made, "intra_op_num_threads", "many"))
    raises(ValueError, "did you mean 'backend'",
           lambda: made.add_session_config_entry("sardonyx.bakend", "x"))  # fmt: skip
    made.intra_op_num_threads = -1
    raises(ValueError, "threads", lambda: lenet(made))


def profiles() -> None:
    made = sardonyx.SessionOptions()
    made.enable_profiling = True
    made.profile_file_prefix = str(environment.FOLDER / "profile")
    session = lenet(made)
    for _ in range(3):
        session.run(None, {"image": IMAGE})
    path = pathlib.Path(session.end_profiling())
    events = json.loads(path.read_text())
    path.unlink()
    convs = [event for event in events if event["args"]["op_name"] == "Conv"]
    expect(len(convs) == 6 and all(event["dur"] > 0 for event in convs), f"{convs}")
    expect(lenet().end_profiling() == "", "a profile of a session without")


def terminate_from_another_thread() -> None:
    session, run = load(small_models.endless()), sardonyx.RunOptions()
    timer = threading.Timer(0.2, lambda: setattr(run, "terminate", True))
    timer.start()
    raises(sardonyx.errors.Fail, "cancelled",
           lambda: session.run(None, {"x": np.zeros(1, np.float32)}, run))  # fmt: skip
    expect(run.terminate, "terminate")


def time_limit() -> None:
    run = sardonyx.RunOptions()
    run.time_limit = 0.1
    raises(sardonyx.errors.DeadlineExceeded, "",
           lambda: load(small_models.endless()).run(None, {"x": np.zeros(1, np.float32)}, run))  # fmt: skip


def others_go_on_during_a_run() -> None:
    session, run = load(small_models.endless()), sardonyx.RunOptions()
    run.time_limit = 0.5
    ended = []

    def work() -> None:
        try:
            session.run(None, {"x": np.zeros(1, np.float32)}, run)
        except sardonyx.Error:
            ended.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    steps = 0
    while thread.is_alive() and steps < 20:
        time.sleep(0.001)
        steps += 1
    thread.join()
    expect(steps == 20 and ended == [True], f"{steps} steps during the run")


def one_session_in_many_threads() -> None:
    session = lenet()
    (expected,) = session.run(None, {"image": IMAGE})
    wrong = []

    def work() -> None:
        for _ in range(50):
            (result,) = session.run(None, {"image": IMAGE.copy()})
            if not np.array_equal(result, expected):
                wrong.append(result)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect(not wrong, f"{len(wrong)} wrong answers")


def asynchronous_runs() -> None:
    got, done = [], threading.Event()

    def callback(results, user, error) -> None:
        got.append((results, user, error))
        done.set()

    session = lenet()
    session.run_async(None, {"image": IMAGE}, callback, "mine")
    expect(done.wait(30), "no callback")
    expect(got[0][0][0].shape == (1, 10) and got[0][1:] == ("mine", ""), f"{got}")
    done.clear()
    session.run_async(None, {}, callback, None)
    expect(done.wait(30) and "missing" in got[1][2], f"{got}")


def exit_during_a_run() -> None:
    endless = environment.FOLDER / "endless.onnx"
    endless.write_bytes(small_models.endless())
    for way in ("pass", "import os; os._exit(os.fork() and os.wait()[1])"):
        said = output_of(sys.executable, "-c", f"""
import threading, time
import numpy as np, sardonyx
session = sardonyx.InferenceSession({str(endless)!r})
feeds = {{"x": np.zeros(1, np.float32)}}
threading.Thread(target=session.run, args=(None, feeds), daemon=True).start()
time.sleep(0.2)
print("ends", flush=True)
{way}""")  # fmt: skip
        expect(said.strip() == "ends", said)


def fork_between_runs() -> None:
    session = lenet()
    (expected,) = session.run(None, {"image": IMAGE})
    child = os.fork()
    if child == 0:
        (result,) = session.run(None, {"image": IMAGE})
        os._exit(0 if np.array_equal(result, expected) else 1)
    expect(os.waitpid(child, 0)[1] == 0, "another answer in the child")


def types_for_checkers() -> None:
    folder = pathlib.Path(sardonyx.__file__).parent
    expect((folder / "py.typed").exists(), "no py.typed")
    expect("def run(" in (folder / "_core.pyi").read_text(), "no _core.pyi")


def subclasses() -> None:
    class Doubled(sardonyx.InferenceSession):
        def run(self, names, feeds, options=None):
            return [2 * output for output in super().run(names, feeds, options)]

    (doubled,) = Doubled(LENET).run(None, {"image": IMAGE})
    expect(np.array_equal(doubled, 2 * lenet().run(None, {"image": IMAGE})[0]), "not doubled")


# ---- Misuse -----------------------------------------------------------------------------------


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
        ("an output twice", errors.InvalidArgument, "twice", run({"image": x}, ["logits", "logits"])),
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


def main() -> int:
    onnxruntime.set_default_logger_severity(3)  # not to warn of every model
    checks = Checks()
    models = [LENET, environment.ROOT / "models" / "resnet18" / "model.onnx"]
    if PUBLISHED.exists():
        models += sorted(PUBLISHED.glob("*/model.onnx"))
    else:
        print(f"no {PUBLISHED} here: LeNet and ResNet-18 alone are described")
    for path in models:
        checks.run(f"{path.parent.name} is described", lambda: same_description(path))
    for check in (
        same_answers, same_names, example, every_element_type, negative_int4, bits_that_are_no_text,
        strided_swapped_and_nested, no_elements, sequences, maps, optionals, defaults,
        large_tensors_are_not_copied, memory_lives_as_long_as_it_is_seen,
        references_are_given_back, read_only_memory_stays_so, bindings, options,
        profiles, terminate_from_another_thread, time_limit, others_go_on_during_a_run,
        one_session_in_many_threads, asynchronous_runs, exit_during_a_run, fork_between_runs,
        types_for_checkers, subclasses, changed_while_it_is_read,
    ):  # fmt: skip
        checks.run(check.__name__.replace("_", " "), check)
    misuse(checks)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())

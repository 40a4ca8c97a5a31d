"""Values: every type, and whose memory they show."""

import gc
import sys

import ml_dtypes
import numpy as np
import sardonyx
import small_models
from checks import expect
from onnx import TensorProto, helper, numpy_helper
from sessions import IMAGE, lenet, load, raises

LARGE = 100 << 20


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


# ---- Memory ------------------------------------------------------------------------------------


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


ALL = (
    every_element_type,
    negative_int4,
    bits_that_are_no_text,
    strided_swapped_and_nested,
    no_elements,
    sequences,
    maps,
    optionals,
    defaults,
    large_tensors_are_not_copied,
    memory_lives_as_long_as_it_is_seen,
    references_are_given_back,
    read_only_memory_stays_so,
    bindings,
)

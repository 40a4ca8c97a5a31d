"""onnxruntime and OpenVINO by way of their C interfaces, with ctypes.

A runtime is a class; made with a model's path, a number of threads and inputs by name (NumPy
arrays, which must stay), it holds the model ready to run. `call` is the C function that runs it and
that function's arguments; `outputs()` copies what the last run gave.
"""

import ctypes
import importlib.util
import pathlib
from ctypes import POINTER, byref, c_char_p, c_int, c_int64, c_size_t, c_void_p

import numpy


class Failure(Exception):
    pass


def library(package, pattern):
    """The shared library of that name in a Python package, which is not imported."""
    folder = pathlib.Path(importlib.util.find_spec(package).origin).parent
    found = sorted(folder.glob(pattern))
    if not found:
        raise Failure(f"no {pattern} in {folder}")
    return ctypes.CDLL(str(found[0]))


def c_array(kind, items):
    return (kind * len(items))(*items)


class OnnxRuntime:
    """Functions are found by their places in the table that OrtGetApiBase leads to."""

    API = 24
    GET_ERROR_MESSAGE, CREATE_ENV, CREATE_SESSION, RUN, CREATE_OPTIONS = 2, 3, 7, 9, 10
    SET_INTRA_THREADS, SET_INTER_THREADS, OUTPUT_COUNT, OUTPUT_NAME = 24, 25, 31, 37
    CREATE_TENSOR, TENSOR_DATA, GET_DIMENSIONS_COUNT, GET_DIMENSIONS = 49, 51, 61, 62
    GET_TYPE_AND_SHAPE, CPU_MEMORY_INFO, DEFAULT_ALLOCATOR = 65, 69, 78
    ELEMENT = {"float32": 1, "uint8": 2, "int8": 3, "int32": 6, "int64": 7, "float64": 11}

    def __init__(self, threads):
        self.threads = threads
        base = library("onnxruntime", "capi/libonnxruntime.so*").OrtGetApiBase
        base.restype = POINTER(c_void_p)
        api = ctypes.CFUNCTYPE(c_void_p, ctypes.c_uint32)(base()[0])(self.API)
        self.table = ctypes.cast(api, POINTER(c_void_p))

    def function(self, slot, *types):
        return ctypes.CFUNCTYPE(c_void_p, *types)(self.table[slot])

    def do(self, slot, *arguments):
        """Calls a function that gives null or an error."""
        types = [type(a) if isinstance(a, (c_int, c_size_t)) else c_void_p for a in arguments]
        status = self.function(slot, *types)(*arguments)
        if status:
            message = ctypes.CFUNCTYPE(c_char_p, c_void_p)(self.table[self.GET_ERROR_MESSAGE])
            raise Failure(f"onnxruntime: {message(status).decode()}")

    def make(self, slot, *arguments):
        """What a function leaves where its last argument points."""
        result = c_void_p()
        self.do(slot, *arguments, byref(result))
        return result

    def load(self, model, inputs):
        warning = c_int(2)
        self.env = self.make(self.CREATE_ENV, warning, c_char_p(b"peers"))
        options = self.make(self.CREATE_OPTIONS)
        self.do(self.SET_INTRA_THREADS, options, c_int(self.threads))
        self.do(self.SET_INTER_THREADS, options, c_int(1))
        session = self.make(self.CREATE_SESSION, self.env, c_char_p(model.encode()), options)
        memory = self.make(self.CPU_MEMORY_INFO, c_int(0), c_int(0))
        values = []
        for array in inputs.values():
            shape = c_array(c_int64, array.shape)
            element = c_int(self.ELEMENT[array.dtype.name])
            tensor = (memory, c_void_p(array.ctypes.data), c_size_t(array.nbytes), shape)
            values.append(self.make(self.CREATE_TENSOR, *tensor, c_size_t(array.ndim), element))
        allocator = self.make(self.DEFAULT_ALLOCATOR)
        count = self.make(self.OUTPUT_COUNT, session).value
        names = [
            self.make(self.OUTPUT_NAME, session, c_size_t(i), allocator) for i in range(count)
        ]
        # The first run makes the outputs, later ones write to them again.
        self.results = (c_void_p * count)()
        given = c_array(c_char_p, [name.encode() for name in inputs])
        self.kept = [given, c_array(c_void_p, values), c_array(c_void_p, names)]
        addresses = [ctypes.addressof(kept) for kept in self.kept]
        results = ctypes.addressof(self.results)
        arguments = [session.value, 0, *addresses[:2], len(inputs), addresses[2], count, results]
        self.call = (self.table[self.RUN], arguments)

    def outputs(self):
        arrays = []
        for value in self.results:
            shape = self.make(self.GET_TYPE_AND_SHAPE, c_void_p(value))
            rank = self.make(self.GET_DIMENSIONS_COUNT, shape).value or 0
            dims = (c_int64 * rank)()
            self.do(self.GET_DIMENSIONS, shape, dims, c_size_t(rank))
            data = self.make(self.TENSOR_DATA, c_void_p(value))
            arrays.append(copy_of(data, list(dims)))
        return arrays


class OpenVino:
    FLOAT = 4

    class Shape(ctypes.Structure):
        _fields_ = [("rank", c_int64), ("dims", POINTER(c_int64))]

    class PartialShape(ctypes.Structure):
        _fields_ = [("rank", c_int64 * 2), ("dims", c_void_p)]

    def __init__(self, threads):
        self.threads = threads
        self.c = library("openvino", "libs/libopenvino_c.so*")

    def do(self, function, *arguments):
        if getattr(self.c, function)(*arguments) != 0:
            self.c.ov_get_last_err_msg.restype = c_char_p
            raise Failure(f"OpenVINO: {function}: {self.c.ov_get_last_err_msg().decode()}")

    def make(self, function, *arguments):
        result = c_void_p()
        self.do(function, *arguments, byref(result))
        return result

    def load(self, model, inputs):
        core = self.make("ov_core_create")
        network = self.make("ov_core_read_model", core, c_char_p(model.encode()), None)
        for name, array in inputs.items():
            shape = self.PartialShape()
            dims = c_array(c_int64, array.shape)
            self.do("ov_partial_shape_create_static", c_int64(array.ndim), dims, byref(shape))
            self.do("ov_model_reshape_input_by_name", network, c_char_p(name.encode()), shape)
        properties = {
            "INFERENCE_NUM_THREADS": str(self.threads),
            "INFERENCE_PRECISION_HINT": "f32",
            "PERFORMANCE_HINT": "LATENCY",
            "NUM_STREAMS": "1",
        }
        words = [c_char_p(word.encode()) for pair in properties.items() for word in pair]
        compiled = c_void_p()
        ready = (core, network, c_char_p(b"CPU"), c_size_t(len(words)), byref(compiled))
        self.do("ov_core_compile_model", *ready, *words)
        self.request = self.make("ov_compiled_model_create_infer_request", compiled)
        for name, array in inputs.items():
            if array.dtype != numpy.float32:
                raise Failure(f"OpenVINO: input {name} is {array.dtype}, not float32")
            shape = self.Shape(array.ndim, c_array(c_int64, array.shape))
            data = (c_int(self.FLOAT), shape, c_void_p(array.ctypes.data))
            tensor = self.make("ov_tensor_create_from_host_ptr", *data)
            self.do("ov_infer_request_set_tensor", self.request, c_char_p(name.encode()), tensor)
        count = c_size_t()
        self.do("ov_compiled_model_outputs_size", compiled, byref(count))
        self.count = count.value
        run = ctypes.cast(self.c.ov_infer_request_infer, c_void_p).value
        self.call = (run, [self.request.value] + [0] * 7)

    def outputs(self):
        arrays = []
        for i in range(self.count):
            get = "ov_infer_request_get_output_tensor_by_index"
            tensor = self.make(get, self.request, c_size_t(i))
            shape = self.Shape()
            self.do("ov_tensor_get_shape", tensor, byref(shape))
            data = self.make("ov_tensor_data", tensor)
            arrays.append(copy_of(data, [shape.dims[k] for k in range(shape.rank)]))
        return arrays


def copy_of(data, dims):
    """float32 elements at an address."""
    count = int(numpy.prod(dims))
    elements = ctypes.cast(data, POINTER(ctypes.c_float))
    return numpy.ctypeslib.as_array(elements, (count,)).reshape(dims).copy()


RUNTIMES = {"onnxruntime": OnnxRuntime, "openvino": OpenVino}

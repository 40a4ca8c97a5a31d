from .onnxruntime_pybind11_state import *

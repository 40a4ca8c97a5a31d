"""Sardonyx runs ONNX models on CPUs. What has a counterpart in onnxruntime has its name and is used
in the same way:

    session = sardonyx.InferenceSession("model.onnx")
    (scores,) = session.run(None, {"image": array})
"""

from . import _core
from .errors import Error
from .options import (
    ExecutionMode,
    ExecutionOrder,
    GraphOptimizationLevel,
    RunOptions,
    SessionOptions,
)
from .session import InferenceSession, ModelMetadata, NodeArg, get_available_providers
from .values import IOBinding, OrtDevice, OrtValue

__version__ = _core.library_version()

__all__ = [
    "Error",
    "ExecutionMode",
    "ExecutionOrder",
    "GraphOptimizationLevel",
    "IOBinding",
    "InferenceSession",
    "ModelMetadata",
    "NodeArg",
    "OrtDevice",
    "OrtValue",
    "RunOptions",
    "SessionOptions",
    "get_available_providers",
    "get_device",
]


def get_device() -> str:
    return "CPU"

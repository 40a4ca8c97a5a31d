"""ONNX's backend interface (onnx.backend.base) over Sardonyx; needs the package onnx."""

from __future__ import annotations

import typing
from collections.abc import Sequence

import numpy as np
import onnx
import onnx.backend.base
from onnx import helper

from .options import SessionOptions
from .session import InferenceSession

__all__ = [
    "SardonyxBackend",
    "SardonyxBackendRep",
    "is_compatible",
    "prepare",
    "run_model",
    "run_node",
    "supports_device",
]


class SardonyxBackendRep(onnx.backend.base.BackendRep):
    """A model that is ready to run."""

    def __init__(self, session: InferenceSession):
        self._session = session
        self._outputs = [output.name for output in session.get_outputs()]

    def run(self, inputs: typing.Any, **kwargs) -> tuple:
        """Inputs in the model's order, or by name; the outputs in its order, and by name."""
        if not isinstance(inputs, dict):
            given = inputs if isinstance(inputs, (list, tuple)) else [inputs]
            names = [port.name for port in self._session._all_inputs]
            if len(given) > len(names):
                raise ValueError(f"the model has {len(names)} inputs, {len(given)} were given")
            inputs = dict(zip(names, given))
        made = onnx.backend.base.namedtupledict("Outputs", self._outputs)
        return made(*self._session.run(None, inputs))


class SardonyxBackend(onnx.backend.base.Backend):
    @classmethod
    def is_compatible(cls, model: onnx.ModelProto, device: str = "CPU", **kwargs) -> bool:
        return cls.supports_device(device)

    @classmethod
    def prepare(
        cls, model: onnx.ModelProto | bytes | str, device: str = "CPU", **kwargs
    ) -> SardonyxBackendRep:
        """Loads a model, its bytes or its file; further arguments are set in SessionOptions."""
        if not cls.supports_device(device):
            raise ValueError(f"there is no device {device!r}, only CPU")
        options = SessionOptions()
        for name, value in kwargs.items():
            setattr(options, name, value)
        given = model.SerializeToString() if isinstance(model, onnx.ModelProto) else model
        return SardonyxBackendRep(InferenceSession(given, options))

    @classmethod
    def run_node(
        cls,
        node: onnx.NodeProto,
        inputs: typing.Any,
        device: str = "CPU",
        outputs_info: Sequence[tuple[np.dtype, tuple[int, ...]]] | None = None,
        **kwargs,
    ) -> tuple:
        """Runs one node of ONNX's own operators, of `opset_version` or the newest, on arrays."""
        opset = kwargs.pop("opset_version", onnx.defs.onnx_opset_version())
        arrays = [np.asarray(array) for array in inputs]
        names = [name for name in node.input if name]
        graph = helper.make_graph(
            [node],
            "node",
            [
                helper.make_tensor_value_info(
                    name, helper.np_dtype_to_tensor_dtype(array.dtype), array.shape
                )
                for name, array in zip(names, arrays)
            ],
            [onnx.ValueInfoProto(name=name) for name in node.output if name],
        )
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid(node.domain, opset)])
        return cls.run_model(model, arrays, device, **kwargs)

    @classmethod
    def supports_device(cls, device: str) -> bool:
        return device.split(":")[0] == "CPU"


is_compatible = SardonyxBackend.is_compatible
prepare = SardonyxBackend.prepare
run_model = SardonyxBackend.run_model
run_node = SardonyxBackend.run_node
supports_device = SardonyxBackend.supports_device

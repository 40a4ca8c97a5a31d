"""Values beside NumPy's arrays, and bindings of them to a session's inputs and outputs."""

from __future__ import annotations

import typing
from collections.abc import Sequence

import numpy as np

from . import _core

if typing.TYPE_CHECKING:
    from .session import InferenceSession

_KIND_NONE, _KIND_TENSOR, _KIND_SEQUENCE = 0, 1, 2
_DLPACK_CPU = (1, 0)


def _check_device(device_type: str) -> None:
    if device_type.lower() != "cpu":
        raise RuntimeError(f"there is no device {device_type!r}, only cpu")


def _element_type(element_type) -> int:
    """ONNX's number of what may be that number, or a dtype, or NumPy's class or name for one."""
    if isinstance(element_type, int):
        return element_type
    return _core.element_type_of_dtype(element_type)


class OrtDevice:
    """Where values are: the CPU."""

    def __init__(self, device_type: str = "cpu", device_id: int = 0):
        _check_device(device_type)
        self._id = device_id

    @staticmethod
    def make(ort_device_name: str, device_id: int, vendor_id: int = -1) -> OrtDevice:
        return OrtDevice(ort_device_name, device_id)

    def device_type(self) -> str:
        return "cpu"

    def device_id(self) -> int:
        return self._id


class OrtValue:
    """A tensor, sequence or map that runs take and give. Tensors share their memory with the arrays
    that they were made of and that numpy() makes of them."""

    __slots__ = ("_value", "__weakref__")

    def __init__(self, value: _core.Value):
        self._value = value

    @staticmethod
    def ortvalue_from_numpy(
        numpy_obj: np.ndarray, /, device_type: str = "cpu", device_id: int = 0, vendor_id: int = -1
    ) -> OrtValue:
        """Shows the array's memory if it lies in one piece, otherwise a copy."""
        _check_device(device_type)
        return OrtValue(_core.Value.of(numpy_obj))

    @staticmethod
    def ortvalue_from_numpy_with_onnx_type(data: np.ndarray, /, onnx_element_type: int) -> OrtValue:
        """The bits of `data` as elements of that type, of the same size."""
        dtype = _core.Value.zeros(onnx_element_type, []).to_python().dtype
        if not isinstance(data, np.ndarray) or dtype.itemsize != data.dtype.itemsize:
            raise ValueError(f"elements of type {onnx_element_type} take {dtype.itemsize} bytes")
        return OrtValue(_core.Value.of(data.view(dtype)))

    @staticmethod
    def ortvalue_from_shape_and_type(
        shape: Sequence[int], element_type, device_type: str = "cpu", device_id: int = 0,
        vendor_id: int = -1, memory_info=None,
    ) -> OrtValue:  # fmt: skip
        """Zeros. The element type: a dtype, or ONNX's number of it."""
        _check_device(device_type)
        return OrtValue(_core.Value.zeros(_element_type(element_type), list(shape)))

    @staticmethod
    def ort_value_from_sequence(elements: Sequence[OrtValue]) -> OrtValue:
        """A sequence that shares its elements. Sardonyx's own."""
        return OrtValue(_core.Value.sequence([element._value for element in elements]))

    @staticmethod
    def from_dlpack(data, /) -> OrtValue:
        """Shows the memory of another library's tensor."""
        return OrtValue(_core.Value.of(np.from_dlpack(data)))

    def __dlpack__(self, **how):
        return self.numpy().__dlpack__(**how)

    def __dlpack_device__(self) -> tuple[int, int]:
        return _DLPACK_CPU

    def numpy(self):
        """The tensor as an array that shows its memory; a sequence as a list, a map as a dict."""
        return self._value.to_python()

    def update_inplace(self, data) -> None:
        """Copies an array, or another value, of the same type and shape over the tensor."""
        source = data.numpy() if isinstance(data, OrtValue) else data
        mine = self._tensor()
        if source.shape != mine.shape or source.dtype != mine.dtype:
            raise ValueError(
                f"the value is {mine.dtype}{list(mine.shape)}, "
                f"not {source.dtype}{list(source.shape)}"
            )
        np.copyto(mine, source)

    def shape(self) -> list[int]:
        return self._described()[2]

    def element_type(self) -> int:
        """ONNX's number of a tensor's element type."""
        return self._described()[1]

    def data_type(self) -> str:
        """Such as 'tensor(float)'."""
        return self._value.type_name()

    def data_ptr(self) -> int:
        return self._value.address()

    def tensor_size_in_bytes(self) -> int:
        return self._tensor().nbytes

    def device_name(self) -> str:
        return "cpu"

    def has_value(self) -> bool:
        return self._value.describe()[0] != _KIND_NONE

    def is_tensor(self) -> bool:
        return self._value.describe()[0] == _KIND_TENSOR

    def is_tensor_sequence(self) -> bool:
        return self._value.describe()[0] == _KIND_SEQUENCE

    def is_sparse_tensor(self) -> bool:
        return False

    def _described(self) -> tuple[int, int, list[int]]:
        described = self._value.describe()
        if described[0] != _KIND_TENSOR:
            raise RuntimeError(f"the value is {self.data_type()}, not a tensor")
        return described

    def _tensor(self) -> np.ndarray:
        self._described()
        return self.numpy()


class IOBinding:
    """Values for a session's inputs and outputs, for run_with_iobinding to use again and again."""

    def __init__(self, session: InferenceSession):
        self._session = session
        self._inputs: dict[str, _core.Value] = {}
        self._outputs: dict[str, _core.Value | None] = {}
        self._results: list[OrtValue] = []

    def bind_cpu_input(self, name: str, arr_on_cpu: np.ndarray) -> None:
        self._bind_input(name, _core.Value.of(arr_on_cpu))

    def bind_input(self, name: str, device_type: str, device_id: int, element_type,
                   shape: Sequence[int], buffer_ptr: int) -> None:  # fmt: skip
        """The elements at an address, which the caller keeps there."""
        _check_device(device_type)
        self._bind_input(name, _at_address(element_type, shape, buffer_ptr))

    def bind_ortvalue_input(self, name: str, ortvalue: OrtValue) -> None:
        self._bind_input(name, ortvalue._value)

    def bind_output(self, name: str, device_type: str = "cpu", device_id: int = 0,
                    element_type=None, shape: Sequence[int] | None = None,
                    buffer_ptr: int | None = None) -> None:  # fmt: skip
        """Where the output is to be written: an address, otherwise new memory for each run."""
        _check_device(device_type)
        place = None
        if buffer_ptr is not None:
            place = _at_address(element_type, shape, buffer_ptr)
        self._bind_output(name, place)

    def bind_ortvalue_output(self, name: str, ortvalue: OrtValue) -> None:
        self._bind_output(name, ortvalue._value)

    def get_outputs(self) -> list[OrtValue]:
        """What the last run has given, in the order in which outputs were bound."""
        return list(self._results)

    def copy_outputs_to_cpu(self) -> list:
        return [result.numpy() for result in self._results]

    def clear_binding_inputs(self) -> None:
        self._inputs.clear()

    def clear_binding_outputs(self) -> None:
        self._outputs.clear()
        self._results = []

    def synchronize_inputs(self) -> None:
        pass

    def synchronize_outputs(self) -> None:
        pass

    def _bind_input(self, name: str, value: _core.Value) -> None:
        self._session._check_name(name, self._session._all_inputs)
        self._inputs[name] = value

    def _bind_output(self, name: str, place: _core.Value | None) -> None:
        self._session._check_name(name, self._session._outputs)
        self._outputs[name] = place


def _at_address(element_type, shape: Sequence[int] | None, address: int) -> _core.Value:
    if element_type is None or shape is None:
        raise ValueError("an address needs an element type and a shape")
    number = _element_type(element_type)
    itemsize = _core.Value.zeros(number, [0]).to_python().itemsize
    return _core.Value.at(number, list(shape), address, int(np.prod(shape)) * itemsize)

"""Loading a model and running it."""

from __future__ import annotations

import os
import threading
import typing
import warnings
from collections.abc import Callable, Mapping, Sequence

from . import _core, errors
from .options import RunOptions, SessionOptions
from .values import IOBinding, OrtValue

_PROVIDER = "CPUExecutionProvider"
# onnxruntime's name for the folder in which a model given as bytes has its external data.
_EXTERNAL_DATA_FOLDER = "session.model_external_initializers_file_folder_path"


class NodeArg(typing.NamedTuple):
    """An input or output: its name, its type such as 'tensor(float)', and its shape, each dimension
    a size, a name or None."""

    name: str
    type: str
    shape: list


class ModelMetadata(typing.NamedTuple):
    """What a model says of itself."""

    producer_name: str
    graph_name: str
    domain: str
    description: str
    version: int
    custom_metadata_map: dict
    graph_description: str = ""


def get_available_providers() -> list[str]:
    return [_PROVIDER]


class InferenceSession:
    """A loaded model. Runs may be called from any number of threads at once."""

    def __init__(
        self,
        path_or_bytes: str | bytes | os.PathLike,
        sess_options: SessionOptions | None = None,
        providers: Sequence[str | tuple[str, dict]] | None = None,
        provider_options: Sequence[dict] | None = None,
        **kwargs,
    ) -> None:
        if sess_options is None:
            sess_options = SessionOptions()
        _check_providers(providers, provider_options)
        self._sess_options = sess_options
        options = sess_options._make()
        if isinstance(path_or_bytes, (str, os.PathLike)):
            self._core = _core.Session(os.fspath(path_or_bytes), None, options)
        elif isinstance(path_or_bytes, (bytes, bytearray, memoryview)):
            folder = sess_options._entries.get(_EXTERNAL_DATA_FOLDER, "")
            self._core = _core.Session(folder, bytes(path_or_bytes), options)
        else:
            raise TypeError(f"a model is a path or bytes, not {type(path_or_bytes).__name__}")
        described = self._core.inputs()
        self._all_inputs = [NodeArg(*port[:3]) for port in described]
        self._has_default = [port[3] for port in described]
        self._outputs = [NodeArg(*port[:3]) for port in self._core.outputs()]

    def run(
        self,
        output_names: Sequence[str] | None,
        input_feed: Mapping[str, typing.Any],
        run_options: RunOptions | None = None,
    ) -> list:
        """The named outputs, all where None: arrays, lists for sequences, dicts for maps."""
        return self._core.run(output_names, input_feed, _handle(run_options))

    def run_with_ort_values(
        self,
        output_names: Sequence[str] | None,
        input_dict_ort_values: Mapping[str, OrtValue],
        run_options: RunOptions | None = None,
    ) -> list[OrtValue]:
        names = output_names or [output.name for output in self._outputs]
        return self._run_values(dict.fromkeys(names), input_dict_ort_values, run_options)

    def run_async(
        self,
        output_names: Sequence[str] | None,
        input_feed: Mapping[str, typing.Any],
        callback: Callable[[list, typing.Any, str], None],
        user_data,
        run_options: RunOptions | None = None,
    ) -> None:
        """Runs in a thread of its own, which then calls callback(results, user_data, error)."""

        def work() -> None:
            try:
                results, error = self.run(output_names, input_feed, run_options), ""
            except Exception as raised:
                results, error = [], str(raised)
            callback(results, user_data, error)

        threading.Thread(target=work, daemon=True).start()

    def io_binding(self) -> IOBinding:
        return IOBinding(self)

    def run_with_iobinding(
        self, iobinding: IOBinding, run_options: RunOptions | None = None
    ) -> None:
        if iobinding._session is not self:
            raise ValueError("the binding is of another session")
        iobinding._results = self._run_values(iobinding._outputs, iobinding._inputs, run_options)

    def get_inputs(self) -> list[NodeArg]:
        """The inputs that have no default."""
        return [i for i, default in zip(self._all_inputs, self._has_default) if not default]

    def get_outputs(self) -> list[NodeArg]:
        return list(self._outputs)

    def get_overridable_initializers(self) -> list[NodeArg]:
        """The inputs that have a default."""
        return [i for i, default in zip(self._all_inputs, self._has_default) if default]

    def get_modelmeta(self) -> ModelMetadata:
        return ModelMetadata(**self._core.metadata())

    def get_session_options(self) -> SessionOptions:
        return self._sess_options

    def get_providers(self) -> list[str]:
        return get_available_providers()

    def get_provider_options(self) -> dict[str, dict]:
        return {_PROVIDER: {}}

    def set_providers(self, providers=None, provider_options=None) -> None:
        """Changes nothing: there is one provider."""
        _check_providers(providers, provider_options)

    def end_profiling(self) -> str:
        """Writes what SessionOptions.enable_profiling has asked for, events that browsers draw; the
        file's name, '' for none."""
        return self._core.end_profiling()

    def disable_fallback(self) -> None:
        """Changes nothing: there is no other provider to fall back to."""

    def enable_fallback(self) -> None:
        """Changes nothing: there is no other provider to fall back to."""

    def _run_values(self, outputs: dict, feeds: Mapping, options: RunOptions | None) -> list:
        values = self._core.run_values(outputs, feeds, _handle(options))
        return [OrtValue(value) for value in values]

    def _check_name(self, name: str, ports: list[NodeArg]) -> None:
        if not any(port.name == name for port in ports):
            names = ", ".join(port.name for port in ports)
            raise errors.InvalidArgument(f"there is no {name!r} among {names}")


def _handle(options: RunOptions | None) -> _core.Run | None:
    return None if options is None else options._run


def _check_providers(providers, options) -> None:
    if providers is None:
        return
    if isinstance(providers, str) or not isinstance(providers, Sequence):
        raise ValueError("providers are a sequence of names, or of (name, options)")
    if options is not None and len(options) != len(providers):
        raise ValueError("there are not as many provider_options as providers")
    for provider in providers:
        name = provider[0] if isinstance(provider, tuple) and len(provider) == 2 else provider
        if not isinstance(name, str):
            raise ValueError(f"a provider is {provider!r}, expected a name or (name, options)")
        if name != _PROVIDER:
            warnings.warn(f"there is no provider {name!r}, only {_PROVIDER}", stacklevel=3)

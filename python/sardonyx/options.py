"""How models are loaded and run."""

from __future__ import annotations

import enum
import typing

from . import _core, errors


class GraphOptimizationLevel(enum.IntEnum):
    ORT_DISABLE_ALL = 0
    ORT_ENABLE_BASIC = 1
    ORT_ENABLE_EXTENDED = 2
    ORT_ENABLE_LAYOUT = 3
    ORT_ENABLE_ALL = 99


class ExecutionMode(enum.IntEnum):
    ORT_SEQUENTIAL = 0
    ORT_PARALLEL = 1


class ExecutionOrder(enum.IntEnum):
    DEFAULT = 0
    PRIORITY_BASED = 1
    MEMORY_EFFICIENT = 2


_T = typing.TypeVar("_T")


class _Setting(typing.Generic[_T]):
    """An attribute that takes values of one type."""

    def __init__(self, default: _T):
        self.default = default
        self.kinds = (int, float) if isinstance(default, float) else type(default)

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    def __get__(self, owner, kind=None) -> _T:
        if owner is None:
            return self  # type: ignore[return-value]
        return owner._values.get(self.name, self.default)

    def __set__(self, owner, value: _T) -> None:
        if not isinstance(value, self.kinds):
            raise TypeError(f"{self.name} is {value!r}, expected {type(self.default).__name__}")
        owner._values[self.name] = value


class SessionOptions:
    """How a model is loaded. An entry 'sardonyx.NAME' (add_session_config_entry) is the option NAME
    of docs/embedding.md. Settings that have no meaning here are kept, and change nothing."""

    __slots__ = ("_values", "_entries", "_options", "__weakref__")

    intra_op_num_threads = _Setting(0)  # 0: as many as the process may use
    graph_optimization_level = _Setting(GraphOptimizationLevel.ORT_ENABLE_ALL)
    enable_profiling = _Setting(False)
    profile_file_prefix = _Setting("onnxruntime_profile_")
    log_severity_level = _Setting(-1)
    log_verbosity_level = _Setting(0)
    logid = _Setting("")
    # There is one pool of threads, one arena and one order of execution.
    inter_op_num_threads = _Setting(0)
    execution_mode = _Setting(ExecutionMode.ORT_SEQUENTIAL)
    execution_order = _Setting(ExecutionOrder.DEFAULT)
    enable_cpu_mem_arena = _Setting(True)
    enable_mem_pattern = _Setting(True)
    enable_mem_reuse = _Setting(True)
    use_deterministic_compute = _Setting(False)
    use_per_session_threads = _Setting(True)
    optimized_model_filepath = _Setting("")

    def __init__(self) -> None:
        self._values: dict = {}
        self._entries: dict[str, str] = {}
        self._options: list[tuple[str, str]] = []

    def add_session_config_entry(self, key: str, value: str) -> None:
        own = key.startswith("sardonyx.")
        if own:
            self._add_option(key[len("sardonyx.") :], value)
        self._entries[key] = value

    def get_session_config_entry(self, key: str) -> str:
        if key not in self._entries:
            raise RuntimeError(f"there is no configuration entry {key!r}")
        return self._entries[key]

    def add_free_dimension_override_by_name(self, name: str, size: int) -> None:
        self._add_option(f"dimension.{name}", str(size))

    def register_custom_ops_library(self, path: str) -> None:
        """A library of operators for Sardonyx, as docs/custom-operators.md describes them."""
        self._add_option("custom_ops", str(path))

    def add_provider(self, name: str, options: dict) -> None:
        if name not in ("CPU", "CPUExecutionProvider"):
            raise errors.InvalidArgument(f"there is no provider {name!r}, only the CPU's")

    def has_providers(self) -> bool:
        return False

    def add_initializer(self, name: str, value) -> None:
        raise errors.NotImplemented("initializers come from the model's file only")

    add_external_initializers = add_initializer
    add_external_initializers_from_files_in_memory = add_initializer

    def _add_option(self, name: str, value: str) -> None:
        _core.Options().set(name, value)  # what is wrong shows here
        self._options.append((name, value))

    def _make(self) -> _core.Options:
        if self.optimized_model_filepath:
            raise errors.NotImplemented("models are written by the program: sardonyx optimize")
        options = _core.Options()
        options.set("threads", str(self.intra_op_num_threads))
        if self.graph_optimization_level == GraphOptimizationLevel.ORT_DISABLE_ALL:
            options.set("optimize", "false")
        if self.enable_profiling:
            options.set("profile", self.profile_file_prefix)
        for name, value in self._options:
            options.set(name, value)
        return options


class RunOptions:
    """How a model is run. May be used by several runs at once; only `terminate` may be set while
    they go on."""

    __slots__ = ("_values", "_entries", "_run", "__weakref__")

    log_severity_level = _Setting(-1)
    log_verbosity_level = _Setting(0)
    logid = _Setting("")
    only_execute_path_to_fetches = _Setting(False)

    def __init__(self) -> None:
        self._values: dict = {"terminate": False, "time_limit": 0.0}
        self._entries: dict[str, str] = {}
        self._run = _core.Run()

    @property
    def terminate(self) -> bool:
        """Ends the runs under way, and later ones until it is False again. From any thread."""
        return self._values["terminate"]

    @terminate.setter
    def terminate(self, value: bool) -> None:
        self._run.cancel(value)
        self._values["terminate"] = value

    @property
    def time_limit(self) -> float:
        """How many seconds each run may take; 0: as many as it takes. Sardonyx's own."""
        return self._values["time_limit"]

    @time_limit.setter
    def time_limit(self, seconds: float) -> None:
        self._run.set_time_limit(seconds)
        self._values["time_limit"] = seconds

    def set_seed(self, seed: int) -> None:
        """For random operators without a seed of their own. Sardonyx's own."""
        self._run.set_seed(seed)

    def add_run_config_entry(self, key: str, value: str) -> None:
        self._entries[key] = value

    def get_run_config_entry(self, key: str) -> str:
        if key not in self._entries:
            raise RuntimeError(f"there is no configuration entry {key!r}")
        return self._entries[key]

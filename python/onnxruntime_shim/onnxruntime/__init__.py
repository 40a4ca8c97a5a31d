"""onnxruntime's Python API, answered by Sardonyx, for programs that import it by that name."""

import sardonyx
from sardonyx import *

__version__ = "1.31.0"  # of the interface


def get_version_string() -> str:
    return __version__


def get_build_info() -> str:
    return f"Sardonyx {sardonyx.__version__}"


def get_all_providers() -> list:
    return sardonyx.get_available_providers()


# There are no logs and no telemetry, and threads belong to sessions.


def set_default_logger_severity(severity: int) -> None:
    pass


def set_default_logger_verbosity(verbosity: int) -> None:
    pass


def enable_telemetry_events() -> None:
    pass


def disable_telemetry_events() -> None:
    pass

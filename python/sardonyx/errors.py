"""What goes wrong, by the names that onnxruntime's Python API has for it."""


class Error(Exception):
    """Whatever the library reports: what was found, and what was expected."""


class Fail(Error):
    """Something else than below."""


class Cancelled(Fail):
    """RunOptions.terminate was set."""


class DeadlineExceeded(Fail):
    """The run took longer than RunOptions.time_limit."""


class ResourceExhausted(Fail):
    """More memory was needed than there is, or than a limit allows."""


class InvalidArgument(Error, ValueError):
    """A wrong name, type, shape, option or model."""


class NoSuchFile(Error):
    """There is no such file."""


class InvalidProtobuf(Error):
    """The bytes are no model."""


class NotImplemented(Error):  # the name that programs catch
    """Sardonyx does not have it."""


class RuntimeException(Error):
    """Never raised, as the following: for programs that catch them."""


class NoModel(Error):
    pass


class EngineError(Error):
    pass


class ModelLoaded(Error):
    pass


class InvalidGraph(Error):
    pass


class EPFail(Error):
    pass


class NotFound(Error):
    pass


class ModelLoadCanceled(Error):
    pass


class ModelRequiresCompilation(Error):
    pass


# By the codes of include/sardonyx/c_api.h.
_BY_CODE = {
    1: Cancelled,
    3: InvalidArgument,
    4: DeadlineExceeded,
    5: NoSuchFile,
    8: ResourceExhausted,
    9: InvalidArgument,
    12: NotImplemented,
    15: InvalidProtobuf,
}


def of(code: int, message: str) -> Error:
    """The exception for a code of the library's."""
    return _BY_CODE.get(code, Fail)(message)

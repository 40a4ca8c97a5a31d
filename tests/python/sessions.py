"""What the checks of the module begin with: LeNet, a picture for it, sessions, expected errors."""

import environment
import numpy as np
import sardonyx
from checks import expect

LENET = environment.ROOT / "models" / "lenet" / "model.onnx"
IMAGE = np.random.default_rng(7).random((1, 1, 28, 28), np.float32)


def raises(kind: type, words: str, action) -> None:
    try:
        action()
    except kind as error:
        expect(words in str(error), f"says {error}, expected {words!r}")
        return
    expect(False, f"no {kind.__name__}")


def lenet(options=None) -> sardonyx.InferenceSession:
    return sardonyx.InferenceSession(LENET, options)


def load(model: bytes) -> sardonyx.InferenceSession:
    return sardonyx.InferenceSession(model)

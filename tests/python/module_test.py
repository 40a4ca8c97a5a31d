#!/usr/bin/env python3
"""The Python module, installed from this tree: tests/python/module_test.py [--installed].

With --installed, what is installed already in build/python-module is tested.
"""

import sys

import environment

environment.enter()
if "--installed" not in sys.argv:
    environment.install(environment.ROOT)

import json
import os
import pathlib
import threading
import time

import numpy as np
import onnxruntime
import sardonyx
import small_models
import value_checks
from checks import Checks, expect, output_of
from misuse_checks import changed_while_it_is_read, misuse
from sessions import IMAGE, LENET, lenet, load, raises

PUBLISHED = environment.ROOT.parent / "shared" / "models"


# ---- The same as onnxruntime ------------------------------------------------------------------


def described(port) -> tuple:
    return port.name, port.type, port.shape


def same_description(path: pathlib.Path) -> None:
    mine, theirs = sardonyx.InferenceSession(path), onnxruntime.InferenceSession(path)
    for method in ("get_inputs", "get_outputs", "get_overridable_initializers"):
        a, b = ([described(port) for port in getattr(s, method)()] for s in (mine, theirs))
        expect(a == b, f"{method} is {a}, onnxruntime's {b}")
    for field in ("producer_name", "graph_name", "domain", "description", "custom_metadata_map"):
        a, b = (getattr(s.get_modelmeta(), field) for s in (mine, theirs))
        expect(a == b, f"{field} is {a!r}, onnxruntime's {b!r}")


def same_answers() -> None:
    (mine,) = lenet().run(None, {"image": IMAGE})
    (theirs,) = onnxruntime.InferenceSession(LENET).run(["logits"], {"image": IMAGE})
    np.testing.assert_allclose(mine, theirs, rtol=1e-4, atol=1e-4)


def an_output_twice() -> None:
    first, second = lenet().run(["logits", "logits"], {"image": IMAGE})
    expect(np.array_equal(first, second), f"{first}, then {second}")


def same_names() -> None:
    for name in sardonyx.__all__:
        expect(name == "Error" or hasattr(onnxruntime, name), f"onnxruntime has no {name}")
    for name in ("InferenceSession", "SessionOptions", "RunOptions", "OrtValue", "IOBinding"):
        mine, theirs = getattr(sardonyx, name), getattr(onnxruntime, name)
        common = {m for m in dir(theirs) if not m.startswith("_")} & set(dir(mine))
        expect(len(common) >= 4, f"of {name} only {common} is there")


def example() -> None:
    pixels = np.random.default_rng(3).integers(0, 256, 28 * 28, np.uint8)
    picture = environment.FOLDER / "picture.raw"
    pixels.tofile(picture)
    script = environment.ROOT / "examples" / "embedding" / "classify.py"
    said = output_of(sys.executable, script, LENET, picture).strip()
    image = pixels.reshape(1, 1, 28, 28).astype(np.float32) / 255
    (scores,) = onnxruntime.InferenceSession(LENET).run(None, {"image": image})
    expect(said == f"class {scores.argmax()}", f"says {said}, expected class {scores.argmax()}")


# ---- Options, threads, classes ----------------------------------------------------------------


def options() -> None:
    made = sardonyx.SessionOptions()
    made.intra_op_num_threads = 1
    made.graph_optimization_level = sardonyx.GraphOptimizationLevel.ORT_DISABLE_ALL
    made.add_session_config_entry("sardonyx.backend", "reference")
    made.add_free_dimension_override_by_name("N", 1)
    session = lenet(made)
    expect(session.get_session_options() is made, "other options")
    expect(session.run(None, {"image": IMAGE})[0].shape == (1, 10), "a run")
    raises(AttributeError, "zzz", lambda: setattr(made, "zzz", 1))
    raises(TypeError, "expected int", lambda: setattr(made, "intra_op_num_threads", "many"))
    raises(ValueError, "did you mean 'backend'",
           lambda: made.add_session_config_entry("sardonyx.bakend", "x"))  # fmt: skip
    made.intra_op_num_threads = -1
    raises(ValueError, "threads", lambda: lenet(made))


def profiles() -> None:
    made = sardonyx.SessionOptions()
    made.enable_profiling = True
    made.profile_file_prefix = str(environment.FOLDER / "profile")
    session = lenet(made)
    for _ in range(3):
        session.run(None, {"image": IMAGE})
    path = pathlib.Path(session.end_profiling())
    events = json.loads(path.read_text())
    path.unlink()
    convs = [event for event in events if event["args"]["op_name"] == "Conv"]
    expect(len(convs) == 6 and all(event["dur"] > 0 for event in convs), f"{convs}")
    expect(lenet().end_profiling() == "", "a profile of a session without")


def terminate_from_another_thread() -> None:
    session, run = load(small_models.endless()), sardonyx.RunOptions()
    timer = threading.Timer(0.2, lambda: setattr(run, "terminate", True))
    timer.start()
    raises(sardonyx.errors.Fail, "cancelled",
           lambda: session.run(None, {"x": np.zeros(1, np.float32)}, run))  # fmt: skip
    expect(run.terminate, "terminate")


def time_limit() -> None:
    run = sardonyx.RunOptions()
    run.time_limit = 0.1
    raises(sardonyx.errors.DeadlineExceeded, "",
           lambda: load(small_models.endless()).run(None, {"x": np.zeros(1, np.float32)}, run))  # fmt: skip


def others_go_on_during_a_run() -> None:
    session, run = load(small_models.endless()), sardonyx.RunOptions()
    run.time_limit = 0.5
    ended = []

    def work() -> None:
        try:
            session.run(None, {"x": np.zeros(1, np.float32)}, run)
        except sardonyx.Error:
            ended.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    steps = 0
    while thread.is_alive() and steps < 20:
        time.sleep(0.001)
        steps += 1
    thread.join()
    expect(steps == 20 and ended == [True], f"{steps} steps during the run")


def one_session_in_many_threads() -> None:
    session = lenet()
    (expected,) = session.run(None, {"image": IMAGE})
    wrong = []

    def work() -> None:
        for _ in range(50):
            (result,) = session.run(None, {"image": IMAGE.copy()})
            if not np.array_equal(result, expected):
                wrong.append(result)

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    expect(not wrong, f"{len(wrong)} wrong answers")


def asynchronous_runs() -> None:
    got, done = [], threading.Event()

    def callback(results, user, error) -> None:
        got.append((results, user, error))
        done.set()

    session = lenet()
    session.run_async(None, {"image": IMAGE}, callback, "mine")
    expect(done.wait(30), "no callback")
    expect(got[0][0][0].shape == (1, 10) and got[0][1:] == ("mine", ""), f"{got}")
    done.clear()
    session.run_async(None, {}, callback, None)
    expect(done.wait(30) and "missing" in got[1][2], f"{got}")


def exit_during_a_run() -> None:
    endless = environment.FOLDER / "endless.onnx"
    endless.write_bytes(small_models.endless())
    for way in ("pass", "import os; os._exit(os.fork() and os.wait()[1])"):
        said = output_of(sys.executable, "-c", f"""
import threading, time
import numpy as np, sardonyx
session = sardonyx.InferenceSession({str(endless)!r})
feeds = {{"x": np.zeros(1, np.float32)}}
threading.Thread(target=session.run, args=(None, feeds), daemon=True).start()
time.sleep(0.2)
print("ends", flush=True)
{way}""")  # fmt: skip
        expect(said.strip() == "ends", said)


def fork_between_runs() -> None:
    session = lenet()
    (expected,) = session.run(None, {"image": IMAGE})
    child = os.fork()
    if child == 0:
        (result,) = session.run(None, {"image": IMAGE})
        os._exit(0 if np.array_equal(result, expected) else 1)
    expect(os.waitpid(child, 0)[1] == 0, "another answer in the child")


def types_for_checkers() -> None:
    folder = pathlib.Path(sardonyx.__file__).parent
    expect((folder / "py.typed").exists(), "no py.typed")
    expect("def run(" in (folder / "_core.pyi").read_text(), "no _core.pyi")


def subclasses() -> None:
    class Doubled(sardonyx.InferenceSession):
        def run(self, names, feeds, options=None):
            return [2 * output for output in super().run(names, feeds, options)]

    (doubled,) = Doubled(LENET).run(None, {"image": IMAGE})
    expect(np.array_equal(doubled, 2 * lenet().run(None, {"image": IMAGE})[0]), "not doubled")


def main() -> int:
    onnxruntime.set_default_logger_severity(3)  # not to warn of every model
    checks = Checks()
    models = [LENET, environment.ROOT / "models" / "resnet18" / "model.onnx"]
    if PUBLISHED.exists():
        models += sorted(PUBLISHED.glob("*/model.onnx"))
    else:
        print(f"no {PUBLISHED} here: LeNet and ResNet-18 alone are described")
    for path in models:
        checks.run(f"{path.parent.name} is described", lambda: same_description(path))
    for check in (
        *value_checks.ALL, same_answers, an_output_twice, same_names, example, options, profiles,
        terminate_from_another_thread, time_limit, others_go_on_during_a_run,
        one_session_in_many_threads, asynchronous_runs, exit_during_a_run, fork_between_runs,
        types_for_checkers, subclasses, changed_while_it_is_read,
    ):  # fmt: skip
        checks.run(check.__name__.replace("_", " "), check)
    misuse(checks)
    return checks.finish()


if __name__ == "__main__":
    sys.exit(main())

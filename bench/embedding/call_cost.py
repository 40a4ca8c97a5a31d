#!/usr/bin/env python3
"""What a call from Python costs beyond the runtime's own: bench/embedding/call_cost.py [ROUNDS].

To be run by a Python that has the module, after `cmake --build build/release --target
sardonyx_call_cost`. Prints the least and the median microseconds of LeNet on one thread, called as
the rows say, and how much each is above the execution context in the other program.
"""

import pathlib
import statistics
import subprocess
import sys
import time

import numpy as np
import sardonyx

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
MODEL = ROOT / "models" / "lenet" / "model.onnx"
PROGRAM = ROOT / "build" / "release" / "bin" / "sardonyx_call_cost"
WARM_UP = 200


def microseconds(call, rounds: int) -> list:
    times = []
    for _ in range(WARM_UP + rounds):
        begin = time.perf_counter_ns()
        call()
        times.append((time.perf_counter_ns() - begin) / 1000)
    return times[WARM_UP:]


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 5000
    command = [PROGRAM, MODEL, str(rounds)]
    listing = subprocess.run(command, check=True, capture_output=True, text=True)
    print(listing.stdout, end="")
    internal = float(listing.stdout.splitlines()[1].split()[-2])

    options = sardonyx.SessionOptions()
    options.intra_op_num_threads = 1
    options.add_free_dimension_override_by_name("N", 1)
    session = sardonyx.InferenceSession(MODEL, options)
    image = np.full((1, 1, 28, 28), 0.5, np.float32)
    binding = session.io_binding()
    binding.bind_cpu_input("image", image)
    place = sardonyx.OrtValue.ortvalue_from_shape_and_type([1, 10], np.float32)
    binding.bind_ortvalue_output("logits", place)
    ways = {
        "Python, run": lambda: session.run(None, {"image": image}),
        "Python, run_with_iobinding": lambda: session.run_with_iobinding(binding),
    }
    for name, call in ways.items():
        times = microseconds(call, rounds)
        median = statistics.median(times)
        print(f"{name:<28} {min(times):8.2f} {median:8.2f} {median - internal:16.2f}")


if __name__ == "__main__":
    main()

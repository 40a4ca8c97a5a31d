"""One runtime with one model, as a process of its own: it answers lines on stdin with JSON.

    worker.py RUNTIME MODEL THREADS INPUTS.npz REPEAT.so

The first line it writes is {"load_ms", "first_run_ms"}; a line "S" makes it run for S seconds and
write {"median_ms", "runs"}; "save FILE" writes the outputs as .npz and answers {}; the end of
input ends it, with {"peak_mb"} above what the process held before the model.
"""

import ctypes
import json
import sys
import time

import numpy
import runtimes

MOST_RUNS = 1_000_000


class Repeater:
    """Calls a C function in a loop of C."""

    def __init__(self, path):
        self.repeat = ctypes.CDLL(path).Repeat
        self.repeat.restype = ctypes.c_int64

    def __call__(self, call, seconds):
        """Milliseconds of each call."""
        function, arguments = call
        times = numpy.empty(MOST_RUNS if seconds > 0 else 1)
        count = self.repeat(
            ctypes.c_void_p(function),
            (ctypes.c_void_p * len(arguments))(*arguments),
            ctypes.c_double(1000 * seconds),
            ctypes.c_int64(len(times)),
            ctypes.c_void_p(times.ctypes.data),
        )
        if count < 0:
            raise runtimes.Failure("a run failed")
        return times[:count]


def memory_mb(field):
    """VmRSS, what this process holds, or VmHWM, the most it has held."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(field))


def say(answer):
    print(json.dumps(answer), flush=True)


def main():
    name, model, threads, inputs, repeat = sys.argv[1:]
    runtime, repeater = runtimes.RUNTIMES[name](int(threads)), Repeater(repeat)
    arrays = {name: numpy.ascontiguousarray(array) for name, array in numpy.load(inputs).items()}
    before, start = memory_mb("VmRSS"), time.perf_counter()
    runtime.load(model, arrays)
    load_ms = 1000 * (time.perf_counter() - start)
    say({"load_ms": load_ms, "first_run_ms": float(repeater(runtime.call, 0)[0])})
    for line in sys.stdin:
        if line.startswith("save "):
            numpy.savez(line[5:].strip(), *runtime.outputs())
            say({})
        else:
            times = repeater(runtime.call, float(line))
            say({"median_ms": float(numpy.median(times)), "runs": len(times)})
    say({"peak_mb": memory_mb("VmHWM") - before})


if __name__ == "__main__":
    main()

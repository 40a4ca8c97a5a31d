"""One runtime with one model, as a process of its own: it answers lines on stdin with JSON.

    worker.py RUNTIME MODEL THREADS INPUTS.npz

The first line it writes is {"load_ms", "first_run_ms"}; a line "S" makes it run for S seconds and
write {"median_ms", "runs"}; "save FILE" writes the outputs as .npz and answers {}; the end of
input ends it, with {"peak_mb"} above what the process held before the model.
"""

import json
import statistics
import sys
import time

import numpy


def onnxruntime_runner(model, threads):
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    options.inter_op_num_threads = 1

    def load(inputs):
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        binding = session.io_binding()
        for name, array in inputs.items():
            binding.bind_cpu_input(name, array)
        for output in session.get_outputs():
            binding.bind_output(output.name)
        return lambda: session.run_with_iobinding(binding), binding.copy_outputs_to_cpu

    return load


def openvino_runner(model, threads):
    import openvino

    core = openvino.Core()
    config = {
        "INFERENCE_NUM_THREADS": threads,
        "INFERENCE_PRECISION_HINT": "f32",
        "PERFORMANCE_HINT": "LATENCY",
        "NUM_STREAMS": "1",
    }

    def load(inputs):
        network = core.read_model(model)
        network.reshape({name: list(array.shape) for name, array in inputs.items()})
        request = core.compile_model(network, "CPU", config).create_infer_request()
        for name, array in inputs.items():
            request.set_tensor(name, openvino.Tensor(array, shared_memory=True))
        return request.infer, lambda: [tensor.data.copy() for tensor in request.output_tensors]

    return load


RUNTIMES = {"onnxruntime": onnxruntime_runner, "openvino": openvino_runner}


def memory_mb(field):
    """VmRSS, what this process holds, or VmHWM, the most it has held."""
    with open("/proc/self/status") as status:
        return next(int(line.split()[1]) / 1024 for line in status if line.startswith(field))


def say(answer):
    print(json.dumps(answer), flush=True)


def measure(run, seconds):
    clock = time.perf_counter
    end = clock() + seconds
    times = []
    while not times or clock() < end:
        begin = clock()
        run()
        times.append(clock() - begin)
    return {"median_ms": 1000 * statistics.median(times), "runs": len(times)}


def main():
    runtime, model, threads, inputs = sys.argv[1:]
    load = RUNTIMES[runtime](model, int(threads))
    arrays = dict(numpy.load(inputs))
    before, start = memory_mb("VmRSS"), time.perf_counter()
    run, outputs = load(arrays)
    loaded = time.perf_counter()
    run()
    end = time.perf_counter()
    say({"load_ms": 1000 * (loaded - start), "first_run_ms": 1000 * (end - loaded)})
    for line in sys.stdin:
        if line.startswith("save "):
            numpy.savez(line[5:].strip(), *outputs())
            say({})
        else:
            say(measure(run, float(line)))
    say({"peak_mb": memory_mb("VmHWM") - before})


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""How far the networks are from what the machine's multipliers allow.

    bench/peers/limits.py --peak 230 build/peers.json           a line for each network
    bench/peers/limits.py --peak 230 build/peers.json resnet18  a line for each of its layers

Takes what peers.py wrote with --json, and profiles the same networks. A layer's limit is the time
of its multiplications and additions at the peak, in GFLOP/s of one thread; of Winograd's kernels,
those that are left: 4/9 of them for F(2x2), 1/4 for F(4x4). Memory is left out, so that layers that
are bound by it are further away. The greatest ratio is the faster peer's time divided by the limit:
no runtime with these algorithms can be that many times as fast.
"""

import argparse
import json
import pathlib
import subprocess

ROOT = pathlib.Path(__file__).resolve().parent.parent.parent
PROGRAM = ROOT / "build" / "release" / "bin" / "sardonyx"
LEFT = {"conv.winograd2": 4 / 9, "conv.winograd4": 1 / 4, "conv.winograd6": 16 / 81}
PEERS = ("onnxruntime", "openvino")


def limits(folder, report, peak):
    """The network's layers, each with its limit in milliseconds."""
    command = [PROGRAM, "profile", folder / "model.onnx", "-d", f"N={report['batch']}"]
    command += ["--threads", report["threads"], "--seconds", 0.5, "--json", "-"]
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=True)
    layers = json.loads(done.stdout)["layers"]
    for layer in layers:
        multiply_adds = layer["multiply_adds"] * LEFT.get(layer["kernel"], 1)
        layer["limit_ms"] = 2e-6 * multiply_adds / (peak * report["threads"])
    return layers


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("report", type=pathlib.Path)
    parser.add_argument("model", nargs="?", help="whose layers to show")
    parser.add_argument("--peak", type=float, required=True, help="GFLOP/s of one thread")
    parser.add_argument("--exports", type=pathlib.Path, default=ROOT / "exports")
    options = parser.parse_args()
    report = json.loads(options.report.read_text())
    if options.model:
        for layer in limits(options.exports / options.model, report, options.peak):
            share = layer["limit_ms"] / max(layer["ms"], 1e-9)
            name, microseconds = layer["name"][-36:], layer["ms"] * 1e3
            print(f"{name:38}{layer['kernel']:24}{microseconds:9.1f} us{share:6.0%}")
        return
    print(f"{'model':20}{'limit ms':>10}{'ours':>10}{'reached':>9}{'ratio':>8}{'greatest':>10}")
    for model in report["models"]:
        layers = limits(options.exports / model["model"], report, options.peak)
        limit = sum(layer["limit_ms"] for layer in layers)
        ours = model["sardonyx"]["median_ms"]
        best = min(model[peer]["median_ms"] for peer in PEERS)
        print(f"{model['model']:20}{limit:10.3f}{ours:10.3f}{limit / ours:9.0%}"
              f"{best / ours:8.2f}{best / limit:10.2f}")  # fmt: skip


if __name__ == "__main__":
    main()

#!/usr/bin/env python3
"""Whether the plan of `auto` is as fast as the best single backend, on every network.

    ./dev bench backends                      the networks that tools/models/export.py has exported
    ./dev bench backends resnet18 --rounds 9  one of them
    ./dev bench backends --tuned              with plans that `sardonyx tune` has measured

Each round times every backend once, in turns, so that what else the machine does falls on all of
them; a figure is the median of its rounds' medians, a ratio the median of the rounds' ratios. Above
1, auto is the faster.
"""

import argparse
import json
import pathlib
import statistics
import subprocess
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
PROGRAM = ROOT / "build" / "release" / "bin" / "sardonyx"
BACKENDS = ("native", "onednn")


def sardonyx(*arguments):
    done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stderr.strip())
    return done.stdout


def median_ms(model, backend, options, plan):
    command = ["bench", model, "--backend", backend, "-d", f"N={options.batch}", "--json", "-"]
    command += ["--threads", options.threads, "--seconds", options.seconds]
    if plan is not None and backend == "auto":
        command += ["--plan", plan]
    return json.loads(sardonyx(*command))["latency_ms"]["median"]


def measure(model, options):
    """The median of each backend, and of auto's ratio to the better of the others."""
    with tempfile.TemporaryDirectory() as folder:
        plan = None
        if options.tuned:
            plan = pathlib.Path(folder) / "plan.json"
            sardonyx("tune", model, "-d", f"N={options.batch}", "--threads", options.threads,
                     "-o", plan)  # fmt: skip
        backends = ("auto", *BACKENDS)
        rounds = [{name: median_ms(model, name, options, plan) for name in backends}
                  for _ in range(options.rounds)]  # fmt: skip
    report = {name: statistics.median(times[name] for times in rounds) for name in backends}
    best = min(BACKENDS, key=report.get)
    report["best"] = best
    report["ratio"] = statistics.median(times[best] / times["auto"] for times in rounds)
    return report


def main():
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("models", nargs="*", help="names of exports; none: all")
    parser.add_argument("--exports", type=pathlib.Path, default=ROOT / "exports")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--batch", type=int, default=1)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--seconds", type=float, default=0.3, help="of each measurement")
    parser.add_argument("--tuned", action="store_true", help="tune auto's plan first")
    parser.add_argument("--json", type=pathlib.Path, help="write the figures there")
    options = parser.parse_args()
    exported = sorted(path.parent.name for path in options.exports.glob("*/model.onnx"))
    names = options.models or exported
    if not names:
        raise SystemExit(f"no exported networks in {options.exports}: run tools/models/export.py")
    print(f"{'model':20}{'auto ms':>10}{'native':>10}{'onednn':>10}{'ratio':>8}")
    reports = {}
    for name in names:
        report = reports[name] = measure(options.exports / name / "model.onnx", options)
        print(f"{name:20}{report['auto']:10.3f}{report['native']:10.3f}{report['onednn']:10.3f}"
              f"{report['ratio']:8.2f}", flush=True)  # fmt: skip
    if options.json:
        settings = {key: getattr(options, key) for key in ("threads", "batch", "rounds", "tuned")}
        options.json.write_text(json.dumps({**settings, "models": reports}, indent=2) + "\n")


if __name__ == "__main__":
    main()

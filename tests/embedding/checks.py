"""What the tests in this folder count with."""

import subprocess
import traceback


class Checks:
    """Runs checks, each a function that raises where it fails, and adds them up."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def run(self, name: str, check) -> None:
        try:
            check()
            self.passed += 1
        except Exception as error:
            self.failed += 1
            where = traceback.extract_tb(error.__traceback__)[-1]
            print(f"FAILED {name}: {error} ({where.name}, line {where.lineno})", flush=True)

    def skip(self, name: str, why: str, count: int = 1) -> None:
        self.skipped += count
        print(f"skipped {name}: {why}", flush=True)

    def finish(self) -> int:
        print(f"{self.passed} passed, {self.failed} failed, {self.skipped} skipped")
        return 1 if self.failed else 0


def output_of(*command, **how) -> str:
    """What a program prints; raises with its words where it fails."""
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, **how)
    if result.returncode:
        words = (result.stdout + result.stderr)[-2000:]
        raise AssertionError(f"{' '.join(map(str, command))}: status {result.returncode}\n{words}")
    return result.stdout


def expect(condition: bool, message: str) -> None:
    if not condition:
        raise AssertionError(message)

"""Run the command line and print its own memory: `python -m tests.benchmarks.own_memory ARGUMENT...`.

The last line on stderr is JSON: the exit code, seconds, and the peak of anonymous memory in MiB. Pages of a
mapped file are not the process's own: the system takes them back whenever it wants.
"""

import json
import subprocess
import sys
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

_EVERY = 0.005


class Usage(NamedTuple):
    """What one run needed."""

    code: int
    seconds: float
    mib: float


def usage_of(arguments: Sequence[str]) -> Usage:
    """The needs of a fresh `minmax-lint ARGUMENT...`; seconds are those of the whole process."""
    started = time.perf_counter()
    command = [sys.executable, "-m", "tests.benchmarks.own_memory", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - started
    measured = json.loads(done.stderr.splitlines()[-1])
    return Usage(measured["code"], seconds, measured["mib"])


class _Peak(threading.Thread):
    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.kib = 0

    def run(self) -> None:
        while True:
            self.look()
            time.sleep(_EVERY)

    def look(self) -> None:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("RssAnon"):
                self.kib = max(self.kib, int(line.split()[1]))


def _main() -> None:
    peak = _Peak()
    peak.start()
    from minmax_lint.cli import main

    code = main(sys.argv[1:])
    peak.look()
    sys.stdout.flush()
    print(json.dumps({"code": code, "mib": peak.kib / 1024}), file=sys.stderr)


if __name__ == "__main__":
    _main()

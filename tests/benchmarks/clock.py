"""Wall time of child processes and of calls: the best of several, which is the least disturbed one."""

import os
import subprocess
import sys
import time
from collections.abc import Callable, Sequence


def best(call: Callable[[], object], times: int = 5) -> float:
    """Seconds of the fastest of `times` calls."""
    return min(_seconds(call) for _ in range(times))


def best_cpu(call: Callable[[], object], times: int = 5) -> float:
    """CPU seconds of this process in the cheapest of `times` calls."""
    found = []
    for _ in range(times):
        started = time.process_time()
        call()
        found.append(time.process_time() - started)
    return min(found)


def best_child(arguments: Sequence[str], times: int = 5, accept: Sequence[int] = (0,)) -> float:
    """Seconds of the fastest of `times` runs of this Python with `arguments`.

    Raises RuntimeError where an exit code is not one of `accept`.
    """
    return best(lambda: _run([sys.executable, *arguments], accept), times)


def _run(command: Sequence[str], accept: Sequence[int]) -> None:
    environment = dict(os.environ, PYTHONWARNINGS="ignore")
    done = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    if done.returncode not in accept:
        raise RuntimeError(f"{command} ended with {done.returncode}: {done.stderr[-2000:]}")


def _seconds(call: Callable[[], object]) -> float:
    started = time.perf_counter()
    call()
    return time.perf_counter() - started

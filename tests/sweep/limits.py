"""A function over many arguments, each in a process of its own with an end to its time and its memory."""

from __future__ import annotations

import multiprocessing
import os
import resource
import signal
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.connection import Connection, wait
from typing import Any

_PROCESSES = multiprocessing.get_context("fork")
"""What is imported already is there in each."""


@dataclass(frozen=True)
class Limits:
    """What one call may take."""

    seconds: float
    """Wall time."""
    megabytes: int
    """Of data in memory, in each process that it starts."""
    jobs: int = 1
    """Calls at once."""


@dataclass(frozen=True)
class Ended:
    """The process ended without a result."""

    how: str


def limited(
    limits: Limits, work: Callable[[Any], Any], arguments: Iterable[Any]
) -> Iterator[tuple[Any, Any]]:
    """(argument, what `work` returns for it, or Ended), as they come."""
    running: dict[Connection, _Call] = {}
    for argument in arguments:
        if len(running) == limits.jobs:
            yield from _ready(running)
        call = _Call(limits, work, argument)
        running[call.results] = call
    while running:
        yield from _ready(running)


def _ready(running: dict[Connection, _Call]) -> Iterator[tuple[Any, Any]]:
    """Those of the running calls that end next."""
    left = min(one.end for one in running.values()) - time.monotonic()
    done = wait(running, max(0.0, left))
    late = [results for results, one in running.items() if one.end <= time.monotonic()]
    for results in {*done, *late}:
        call = running.pop(results)
        yield call.argument, call.result(there=results in done)


class _Call:
    """One process."""

    def __init__(self, limits: Limits, work: Callable[[Any], Any], argument: Any) -> None:
        self.argument, self.seconds = argument, limits.seconds
        self.end = time.monotonic() + limits.seconds
        self.results, sending = _PROCESSES.Pipe(duplex=False)
        self.process = _PROCESSES.Process(target=_serve, args=(sending, limits.megabytes, work, argument))
        self.process.start()
        sending.close()

    def result(self, *, there: bool) -> Any:
        """What it sent, if that is `there`; the process and what it has started are ended."""
        try:
            return self.results.recv() if there else Ended(f"no end after {self.seconds:g} s")
        except EOFError:
            self.process.join()
            return Ended(f"died with exit code {self.process.exitcode}")
        finally:
            with suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid or 0, signal.SIGKILL)
            self.process.join()


def _serve(sending: Connection, megabytes: int, work: Callable[[Any], Any], argument: Any) -> None:
    os.setsid()
    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    resource.setrlimit(resource.RLIMIT_DATA, (megabytes << 20, most))
    sending.send(work(argument))

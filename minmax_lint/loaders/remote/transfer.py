"""Files fetched through fsspec, within bounds: so many bytes, and never waiting for a server that sends nothing."""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import contextmanager
from threading import Thread
from typing import TypeVar

from fsspec.callbacks import Callback

from minmax_lint.errors import UnreadableModel

MOST_BYTES = 4 << 30
"""Bytes that are fetched for one model."""
PATIENCE = 60.0
"""Seconds in which `_LEAST` bytes must come."""
_LEAST = 16 << 10

T = TypeVar("T")


class Transfer(Callback):  # type: ignore[misc] # fsspec has no types
    """What has come of one model; stops what brings too much, and what nothing waits for any more."""

    def __init__(self) -> None:
        super().__init__()
        self.received = 0
        self.given_up = False

    def relative_update(self, inc: int = 1) -> None:
        """Count the bytes of a chunk. Raises UnreadableModel."""
        self.received += inc
        if self.received > MOST_BYTES or self.given_up:
            raise UnreadableModel(f"more than {MOST_BYTES >> 30} GiB lie behind this URL; fetch it yourself")


def await_transfer(fetch: Callable[[Transfer], T]) -> T:
    """What `fetch` returns. Raises what it raises, and UnreadableModel where next to nothing comes."""
    transfer = Transfer()
    outcome: Future[T] = Future()

    def run() -> None:
        try:
            outcome.set_result(fetch(transfer))
        except BaseException as error:  # raised again below
            outcome.set_exception(error)

    with _quiet():
        # A thread that waits for a server must not keep the process from ending.
        Thread(target=run, daemon=True).start()
        while True:
            before = transfer.received
            try:
                return outcome.result(PATIENCE)
            except TimeoutError:
                if outcome.done():
                    raise
            if transfer.received - before < _LEAST:
                transfer.given_up = True
                raise UnreadableModel(
                    f"almost nothing arrived for {PATIENCE:g} seconds; try again, or fetch it yourself"
                )


@contextmanager
def _quiet() -> Iterator[None]:
    """Backends log their own tracebacks; where logging is not set up they go nowhere."""
    last_resort = logging.lastResort
    logging.lastResort = None
    try:
        yield
    finally:
        logging.lastResort = last_resort

"""Observes arrays in branches and loops of TF1. Runs in the child process, in Python 3.7 as well.

They cannot be fetched: their value is there once, often or never. But an op that nothing depends on runs
wherever, and as often as, its input does: source tensorflow/core/common_runtime/executor.cc.
"""

from __future__ import annotations

from typing import Any, Callable, Sequence


class Taps:
    """An op at each tensor that keeps what `form` makes of its values; `ops` are to be run."""

    def __init__(
        self, tensorflow: Any, graph: Any, tensors: Sequence[Any], form: Callable[[Any], Any]
    ) -> None:
        self._form = form
        self._values: list[list[Any]] = [[] for _ in tensors]
        self.ran = [False] * len(tensors)
        """Which of the tensors ever had a value."""
        with graph.as_default():
            self.ops = [
                tensorflow.compat.v1.py_func(self._keeper(i), [tensor], [], stateful=True)
                for i, tensor in enumerate(tensors)
            ]

    def taken(self) -> list[list[Any]]:
        """What was kept of each tensor since the last time; nothing where it had no value."""
        taken, self._values = self._values, [[] for _ in self._values]
        self.ran = [ran or bool(values) for ran, values in zip(self.ran, taken)]
        return taken

    def _keeper(self, i: int) -> Callable[[Any], None]:
        def keep(value: Any) -> None:
            self._values[i].append(self._form(value))

        return keep

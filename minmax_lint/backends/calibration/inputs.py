"""An input of a graph, and the user's values for it. Runs in the child process, in Python 3.7 as well."""

from __future__ import annotations

from typing import Any, Sequence

import numpy
from minmax_lint.backends.conversion.worker import Misuse
from minmax_lint.converters.dataset import fits, fitted, title


class Input:
    """An input of the graph: what it is called, its element type and its shape (None: unknown rank)."""

    def __init__(
        self, name: str, dtype: Any, shape: Sequence[int | None] | None, aliases: Sequence[str] = ()
    ) -> None:
        self.name = name
        self.dtype = numpy.dtype(dtype)
        self.shape = None if shape is None else list(shape)
        self.names = [name, name + ":0", *aliases]
        self.signatures = [
            one[: -len(key) - 1] for one in aliases for key in aliases if one.endswith("/" + key)
        ]
        """Those that take it, where the model has several: they call it `SIGNATURE/KEY`."""

    @property
    def title(self) -> str:
        """For people: what the model's signature calls it, and its name in the graph where that is another."""
        return title(self.name, self.names[2:])

    @property
    def batched(self) -> bool:
        """Whether its first dimension counts samples; a scalar has none."""
        return self.shape is None or len(self.shape) > 0

    def rows(self, value: Any) -> Any:
        """`value` as samples of this input, one a row. Raises Misuse where it does not fit."""
        array = numpy.asarray(value)
        if array.dtype.kind not in "biuf":
            raise Misuse(
                f"the data for input {self.name!r} are no numbers but {array.dtype}; save them as numbers"
            )
        if array.dtype.kind == "f" and not numpy.isfinite(array).all():
            raise Misuse(
                f"the data for input {self.name!r} hold NaN or infinite values; leave those samples out"
            )
        fitted = self._fit(array)
        if self.dtype.kind in "iu" and array.dtype.kind == "f" and (fitted != numpy.rint(fitted)).any():
            raise Misuse(f"the data for input {self.name!r} are fractions; the graph wants {self.dtype}")
        return fitted.astype(self.dtype, copy=False)

    def _fit(self, array: Any) -> Any:
        if self.shape is None:
            return array
        if not self.batched:
            return array.reshape(())
        if array.ndim == len(self.shape) and fits(array.shape[1:], self.shape[1:]):
            return array
        if array.ndim == len(self.shape) - 1 and fits(array.shape, self.shape[1:]):
            return array[numpy.newaxis]
        wanted, several = (
            ", ".join("?" if size is None else str(size) for size in shape)
            for shape in (self.shape, ["N", *self.shape[1:]])
        )
        line = fitted("data", array.shape, self.shape)
        raise Misuse(
            f"the data for input {self.name!r} have shape {list(array.shape)}; the graph wants [{wanted}], and N "
            f"samples are one array of shape [{several}]" + (f": save {line}" if line else "")
        )


def by_signature(inputs: Sequence[Input]) -> list[Sequence[Input]]:
    """The inputs of each signature, where the model has several; else all together."""
    names = dict.fromkeys(name for one in inputs for name in one.signatures)
    return [[one for one in inputs if name in one.signatures] for name in names] or [inputs]


def complete_shape(
    own: Sequence[int | None] | None, given: Sequence[int | None] | None
) -> Sequence[int | None] | None:
    """The graph's own shape of an input, with what the user says of its unknown dimensions."""
    if own is None or given is None or len(own) != len(given):
        return given or own
    # The user's batch size is the converted model's; the graph itself may take more at once.
    return [*own[:1], *(theirs if mine is None else mine for mine, theirs in zip(own[1:], given[1:]))]

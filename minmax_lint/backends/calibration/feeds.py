"""The user's data as feeds of a graph's inputs, in batches.

Runs in the child process (see minmax_lint/backends/conversion/worker.py), in Python 3.7 as well.
"""

from __future__ import annotations

from itertools import chain
from typing import Any, Callable, Iterator, Mapping, Sequence

import numpy
from minmax_lint.backends.calibration.inputs import Input
from minmax_lint.backends.calibration.sources import is_one_array_file, pieces
from minmax_lint.backends.conversion.worker import Misuse

Feed = Mapping[str, Any]
"""Input array -> numpy array with a batch dimension in front."""


def batches(
    source: str,
    inputs: Sequence[Input],
    size: int,
    limit: int | None = None,
    folder: str = ".",
    total: Callable[[int], None] = lambda count: None,
) -> Iterator[Feed]:
    """Feeds of `size` samples (or of the graph's own fixed batch size) from the user's data.

    `source`: an `.npz` or `.npy` file, a folder of them, a TFRecord file of tf.train.Example, distinguished by
    content, or `module:function` (or `file.py:function`) that yields feeds. At most `limit` samples; a
    rest that does not fill a fixed batch is left out. `total` is called with the number of batches, where the source
    shows it. Raises Misuse where nothing fits.
    """
    fixed = {one.shape[0] for one in inputs if one.shape and one.shape[0] is not None}
    if len(fixed) > 1:
        raise Misuse(f"the inputs have different batch sizes: {sorted(fixed)}")
    size = next(iter(fixed), size)
    count, whole = 0, bool(fixed) or size == 1
    rows = _rows(source, inputs, folder)
    if limit is not None:
        total(-(-limit // size))
    if is_one_array_file(source, folder):
        first = next(rows)
        samples = _length(first, inputs)
        batches_in_all = samples // size if whole else -(-samples // size)
        total(batches_in_all if limit is None else min(batches_in_all, -(-limit // size)))
        rows = chain([first], rows)
    for feed in _regroup(rows, inputs, size, whole=whole):
        count += _length(feed, inputs)
        yield feed
        if limit is not None and count >= limit:
            return
    if not count:
        few = f"fewer samples than one batch of the graph ({size})" if fixed else "no samples"
        raise Misuse(f"{source} holds {few}")


def counted(words: list[str], count: int) -> None:
    """Keep the number of batches as the line of a batch ends: `batch 3 28`."""
    words[0] = f" {count}"


def _length(feed: Feed, inputs: Sequence[Input]) -> int:
    return max((len(feed[one.name]) for one in inputs if one.batched), default=1)


def _regroup(feeds: Iterator[Feed], inputs: Sequence[Input], size: int, whole: bool) -> Iterator[Feed]:
    """Feeds of exactly `size` samples; unless `whole`, the rest as a smaller last one."""
    waiting: dict[str, Any] = {}
    for feed in feeds:
        lengths = {one.name: len(feed[one.name]) for one in inputs if one.batched}
        if len(set(lengths.values())) > 1:
            raise Misuse(f"the inputs have different numbers of samples: {lengths}")
        for one in inputs:
            old = waiting.get(one.name)
            new = feed[one.name]
            waiting[one.name] = new if old is None or not one.batched else numpy.concatenate([old, new])
        while _length(waiting, inputs) >= size:
            yield {one.name: waiting[one.name][:size] if one.batched else waiting[one.name] for one in inputs}
            if not lengths:
                break
            waiting = {
                one.name: waiting[one.name][size:] if one.batched else waiting[one.name] for one in inputs
            }
    if waiting and not whole and any(one.batched and len(waiting[one.name]) for one in inputs):
        yield waiting


def _rows(source: str, inputs: Sequence[Input], folder: str) -> Iterator[Feed]:
    """What the source holds, piece by piece, every input fitted."""
    for named in pieces(source, inputs, folder):
        yield fitted(named, inputs, source)


def fitted(named: Mapping[str, Any], inputs: Sequence[Input], source: str) -> Feed:
    """Samples of every input from what the source calls so. Raises Misuse where one is missing or misfits."""
    return {one.name: one.rows(_value(named, one, source)) for one in inputs}


def _value(named: Mapping[str, Any], one: Input, source: str) -> Any:
    found = next((named[name] for name in one.names if name in named), None)
    if found is None:
        has = ", ".join(map(repr, named)) or "nothing"
        raise Misuse(f"{source} has no data for input {one.title}; it has {has}: name it {one.name!r}")
    return found

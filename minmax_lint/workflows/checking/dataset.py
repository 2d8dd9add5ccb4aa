"""The first samples of a converter's representative dataset, looked at before TensorFlow starts."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Any

from minmax_lint.converters.dataset import Dataset, SampleArray

LOOKED_AT = 8
"""Samples."""


def looked_at(converter: Any) -> Dataset | None:
    """What the first samples are; None where there is no dataset, or none that can be asked.

    The converter gets every sample all the same: those looked at come first, then the rest of the same iterator.
    """
    dataset = converter.representative_dataset
    # What has converted has wrapped the user's function: tensorflow/lite/python/lite.py, RepresentativeDataset.
    generate = getattr(dataset, "input_gen", dataset)
    if not callable(generate):
        return None
    rest = iter(generate())
    first = list(islice(rest, LOOKED_AT))
    converter.representative_dataset = _again(generate, first, rest)
    return dataset_of(first)


def _again(generate: Callable[[], Any], first: Sequence[Any], rest: Iterator[Any]) -> Callable[[], Any]:
    """A dataset that gives out on its first call what was begun, and asks the user's function on later ones."""
    begun = [True]

    def samples() -> Any:
        if begun:
            begun.clear()
            return chain(first, rest)
        return generate()

    return samples


def dataset_of(samples: Sequence[Any]) -> Dataset:
    """What is known of these samples."""
    origin = "representative_dataset"
    if not samples:
        return Dataset(origin, empty=True)
    found: dict[str | int, list[Any]] = {}
    for sample in samples:
        named = _named(sample)
        if named is None:
            return Dataset(origin, listed=False)
        for key, value in named.items():
            found.setdefault(key, []).append(value)
    return Dataset(origin, tuple(_array(key, values) for key, values in found.items()))


def _named(sample: Any) -> Mapping[Any, Any] | None:
    """A sample's arrays by key or place; None where it is an array itself."""
    if isinstance(sample, tuple) and len(sample) == 2 and isinstance(sample[0], str):
        sample = sample[1]
    if isinstance(sample, Mapping):
        return sample
    return dict(enumerate(sample)) if isinstance(sample, (list, tuple)) else None


def _array(key: str | int, values: Sequence[Any]) -> SampleArray:
    import numpy

    arrays = [numpy.asarray(value) for value in values]
    first = arrays[0]
    named = key if isinstance(key, str) else ""
    if first.dtype.kind not in "biuf" or not all(array.size for array in arrays):
        return SampleArray(named, str(first.dtype), first.shape)
    flat = numpy.concatenate([array.ravel() for array in arrays])
    finite = numpy.isfinite(flat)
    real = flat[finite]
    return SampleArray(
        named,
        str(first.dtype),
        first.shape,
        low=float(real.min()) if real.size else None,
        high=float(real.max()) if real.size else None,
        finite=bool(finite.all()),
        infinite=bool(numpy.isinf(flat).any()),
        whole=bool(real.size and (real == numpy.rint(real)).all()),
    )

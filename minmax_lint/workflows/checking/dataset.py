"""The first samples of a converter's representative dataset, looked at before TensorFlow starts."""

from collections.abc import Callable, Iterator, Sequence
from itertools import chain, islice
from typing import Any

from minmax_lint.backends.calibration.samples import LOOKED_AT, dataset_of
from minmax_lint.converters.dataset import Dataset


def look_at_samples(converter: Any) -> Dataset | None:
    """What the first samples are; None where there is no dataset, or none that can be asked.

    The converter gets every sample all the same: those looked at come first, then the rest of the same iterator.
    """
    generate = dataset_function(converter)
    if not callable(generate):
        return None
    rest = iter(generate())
    first = list(islice(rest, LOOKED_AT))
    converter.representative_dataset = _again(generate, first, rest)
    return dataset_of(first)


def dataset_function(converter: Any) -> Any:
    """The user's function that yields samples; None where the converter has none.

    A converter that has converted wraps it (tensorflow/lite/python/lite.py, RepresentativeDataset).
    """
    dataset = converter.representative_dataset
    return getattr(dataset, "input_gen", dataset)


def _again(generate: Callable[[], Any], first: Sequence[Any], rest: Iterator[Any]) -> Callable[[], Any]:
    """A dataset that gives out on its first call what was begun, and asks the user's function on later ones."""
    begun = [True]

    def samples() -> Any:
        if begun:
            begun.clear()
            return chain(first, rest)
        return generate()

    return samples

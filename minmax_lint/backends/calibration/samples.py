"""The first samples of the user's data, as rules about datasets see them.

Runs in the child process as well (see minmax_lint/backends/conversion/worker.py), in Python 3.7, without TensorFlow.
Request: `data` (module:function) and the `folder` it is meant in. Result: the `dataset` as fields.
"""

from __future__ import annotations

from itertools import islice
from typing import Any, Callable, Mapping, Sequence

import numpy
from minmax_lint.backends.calibration.inputs import Input
from minmax_lint.backends.calibration.sources import pieces, user_function
from minmax_lint.converters.dataset import (
    COMPUTED_SIGNATURE,
    NO_DICTIONARY,
    SHORT_TUPLE,
    Dataset,
    SampleArray,
)
from minmax_lint.converters.dataset import by_input as keyed_by_input

LOOKED_AT = 8
"""Samples."""


def run(tensorflow: Any, request: Mapping[str, Any], announce: Callable[[str], None]) -> dict[str, Any]:
    """Serve one request: what the user's function yields, as the converter would get it."""
    announce("run")
    function = user_function(request["data"], request["folder"])
    # `convert` makes a list of whatever the function yields, and feeds that.
    found = dataset_of([_as_list(one) for one in islice(function(), LOOKED_AT)])
    return {"dataset": {**found._asdict(), "arrays": [one._asdict() for one in found.arrays]}}


def samples_in_files(source: str, inputs: Sequence[Input], folder: str) -> Dataset:
    """What files hold: their types do not matter, since they are cast to those of the inputs. Raises Misuse."""
    if not inputs:
        return Dataset(source)
    known = {alias for one in inputs for alias in one.names}
    ranks = {alias: len(one.shape) for one in inputs if one.shape is not None for alias in one.names}
    alone = len(inputs[0].shape or ()) if len(inputs) == 1 else 1
    samples = [
        {
            key: value[:LOOKED_AT] if value.ndim >= max(ranks.get(key, alone), 1) else value
            for key, value in held.items()
        }
        for held in islice(pieces(source, inputs, folder), LOOKED_AT)
    ]
    filled = [
        one
        for one in samples
        if any(value.size for key, value in one.items() if key in known or known.isdisjoint(one))
    ]
    found = by_input(dataset_of(filled), inputs)
    named = {one.name: one for one in inputs}
    arrays = (one._replace(dtype="", shape=_with_batch(one, named)) for one in found.arrays)
    return found._replace(origin=source, arrays=tuple(arrays))


def by_input(found: Dataset, inputs: Sequence[Input]) -> Dataset:
    """The same with each named array under the name of its input; an array that no input needs is left out."""
    return keyed_by_input(found, {one.name: one.names[2:] for one in inputs})


def _with_batch(sample: SampleArray, inputs: Mapping[str, Input]) -> tuple[int, ...] | None:
    """The shape with a batch dimension; a file may hold one sample without."""
    wanted = inputs[sample.key].shape
    if sample.shape is None or wanted is None:
        return None
    return (1, *sample.shape) if len(sample.shape) == len(wanted) - 1 else sample.shape


def dataset_of(samples: Sequence[Any]) -> Dataset:
    """What is known of these samples, the first ones of a dataset where they are as many as are looked at.

    Source of the forms: tensorflow/lite/python/optimize/calibrator.py, the same in TF 2.15 and 2.21.
    """
    origin = "representative_dataset"
    if not samples:
        return Dataset(origin, empty=True)
    found: dict[str | int, list[Any]] = {}
    signatures = set()
    for sample in samples:
        signature, named = "", sample
        if isinstance(sample, tuple):
            if len(sample) < 2 or not isinstance(sample[1], dict):
                return Dataset(origin, refused=SHORT_TUPLE if len(sample) < 2 else NO_DICTIONARY)
            signature, named = str(sample[0] or ""), sample[1]
        if not isinstance(named, (dict, list)):
            return Dataset(origin, listed=False)
        signatures.add(signature)
        for key, value in named.items() if isinstance(named, dict) else enumerate(named):
            if not hasattr(value, "shape"):
                text = f"AttributeError: '{type(value).__name__}' object has no attribute 'shape'"
                return Dataset(origin, refused=text)
            found.setdefault(key, []).append(value)
    if len(signatures) > 1:
        return Dataset(origin, signature=COMPUTED_SIGNATURE)
    arrays = tuple(_array(key, values) for key, values in found.items())
    blank = "" if arrays else "{}" if isinstance(samples[0], (dict, tuple)) else "[]"
    return Dataset(origin, arrays, signature=signatures.pop(), more=len(samples) >= LOOKED_AT, blank=blank)


def _as_list(sample: Any) -> Any:
    """A sample as a list or a dictionary of arrays."""
    if isinstance(sample, tuple) and len(sample) == 2 and isinstance(sample[1], Mapping):
        sample = sample[1]
    if isinstance(sample, Mapping):
        return {key: numpy.asarray(value) for key, value in sample.items()}
    return [numpy.asarray(value) for value in (sample if isinstance(sample, (list, tuple)) else [sample])]


def _array(key: str | int, values: Sequence[Any]) -> SampleArray:
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

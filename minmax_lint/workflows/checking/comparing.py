"""The values of a model that the user's own converter made, against those of the graph it was made of."""

import sys
from collections.abc import Iterator, Mapping
from dataclasses import replace
from itertools import islice
from typing import Any

from minmax_lint.backends.calibration import Data
from minmax_lint.backends.verification import Parties, Verification, runnable, verify_here
from minmax_lint.converters.finished import TFLiteModel
from minmax_lint.errors import UserError
from minmax_lint.fixes.engine.patch import Patch
from minmax_lint.graph.names import canonical_array
from minmax_lint.workflows.checking.dataset import dataset_function
from minmax_lint.workflows.checking.sources import ConverterSource


def compare_outputs(
    source: ConverterSource,
    patch: Patch | None,
    produced: bytes,
    contents: TFLiteModel,
    samples: int,
    threshold: float | None,
) -> Verification:
    """How far they are apart on `samples` samples: of the representative dataset, else seeded random ones.

    Raises ModelRefused where the interpreter does not run the model, UserError where values cannot be compared.
    """
    model, ends = source.opened
    outputs = tuple(ends.outputs)
    aliases = model.input_keys(ends.inputs)
    data = _data(source, aliases, contents, samples)
    original, fixed = runnable(model, ends.inputs, outputs, None, source.folder), None
    if patch is not None and not patch.empty:
        fixed = runnable(model, ends.inputs, outputs, patch, source.folder / "compared"), patch.outputs
    keys = model.output_keys(outputs)
    parties = Parties((original, outputs), fixed, produced, ends.inputs, keys, data, samples, threshold)
    found = verify_here(sys.modules["tensorflow"], parties)
    return replace(found, source="the representative dataset" if data else None)


def _data(
    source: ConverterSource, aliases: Mapping[str, tuple[str, ...]], contents: TFLiteModel, samples: int
) -> Data | None:
    """The converter's representative dataset as files beside the graph; None where it has none."""
    import numpy

    generate = dataset_function(source.converter)
    if generate is None:
        return None
    folder = source.folder / "samples"
    folder.mkdir()
    names = [canonical_array(tensor.name) for tensor in contents.inputs]
    if not set(aliases) <= set(names):
        names = list(aliases)
    for number, sample in enumerate(islice(generate(), samples)):
        # `:0`, since savez has a parameter of its own called `file`.
        named = {f"{name}:0": numpy.asarray(value) for name, value in _by_name(sample, names, aliases)}
        numpy.savez(folder / f"{number:06}.npz", **named)  # type: ignore[arg-type]
    if not any(folder.iterdir()):
        raise UserError("the representative dataset is empty when it is asked a second time")
    return Data(str(folder), limit=samples, aliases=aliases)


def _by_name(
    sample: Any, names: list[str], aliases: Mapping[str, tuple[str, ...]]
) -> Iterator[tuple[str, Any]]:
    """A sample by input arrays: it is a list in the model's order, a mapping, or a signature's key and one."""
    if isinstance(sample, tuple) and len(sample) == 2 and isinstance(sample[0], str):
        sample = sample[1]
    if not isinstance(sample, Mapping):
        yield from zip(names, sample, strict=False)
        return
    arrays = {key: array for array, keys in aliases.items() for key in keys}
    for key, value in sample.items():
        yield arrays.get(key, canonical_array(key)), value

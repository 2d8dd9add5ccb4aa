"""What is known of a representative dataset: from its source text, or from its first samples.

Runs in the child process as well (minmax_lint/backends/calibration/samples.py), in Python 3.7.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

COMPUTED_SIGNATURE = "?"
_NO_DICTIONARY = "You need to provide either a dictionary with input names and values"
NO_DICTIONARY = f"ValueError: {_NO_DICTIONARY} in the second argument in the tuple"
SHORT_TUPLE = "IndexError: tuple index out of range"
NOT_CALLABLE = "TypeError: 'generator' object is not callable"
NO_LIST = (
    f"ValueError: {_NO_DICTIONARY}, a tuple with signature key and a dictionary with input names and values, or an "
    "array with input values in the order of input tensors of the graph in the representative_dataset function."
)
NO_SIGNATURE = (
    "ValueError: SignatureDef signature_key is None and model has 0 Signatures. None is only allowed when the model "
    "has 1 SignatureDef"
)
"""What the converter raises for samples (tensorflow/lite/python/optimize/calibrator.py, interpreter.py)."""


class SampleArray(NamedTuple):
    """What a dataset yields for one input."""

    key: str = ""
    """The input that it names; empty where the place in the list counts."""
    dtype: str = ""
    """`float32`, `float64`, ...; empty where it is not known."""
    shape: tuple[int, ...] | None = None
    low: float | None = None
    """Least value of all samples; None where it is not known."""
    high: float | None = None
    finite: bool = True
    """False where a value is NaN or infinite."""
    infinite: bool = False
    """Whether a value is infinite."""
    whole: bool = False
    """Whether every value is a whole number."""


class Dataset(NamedTuple):
    """The samples of one call, as far as they are known."""

    origin: str
    """Where it stands: `export.py:4`, `data.npz`, `representative_dataset`."""
    arrays: tuple[SampleArray, ...] = ()
    """What each sample holds; empty where that is not known."""
    empty: bool = False
    """Whether it yields nothing."""
    listed: bool = True
    """False where a sample is an array itself, and neither a list nor a mapping of arrays."""
    refused: str = ""
    """What the converter raises, whatever the model; empty where it takes the form of the samples."""
    signature: str = ""
    """The signature that a sample names, `?` where it is computed; empty where it names none."""
    more: bool = False
    """Whether further samples, which were not looked at, may be for another signature."""
    unfed: bool = False
    """Whether it has samples for one of several signatures alone."""
    missing: tuple[str, ...] = ()
    """The inputs for which no array has a name, in quotation marks, where samples name their arrays."""
    unknown: tuple[str, ...] = ()
    """The names that the arrays have instead."""
    unmatched: str = ""
    """The pattern after which it takes its files, where no file here has such a name."""
    blank: str = ""
    """What a sample without arrays is: `[]` or `{}`; empty for other samples."""

    @property
    def keyed(self) -> bool:
        """Whether its samples are mappings."""
        return any(one.key for one in self.arrays) or bool(self.unknown) or self.blank == "{}"


def with_signatures(found: Dataset, signatures: Sequence[str]) -> Dataset:
    """The same, as samples of a model that is converted with these signatures (TF 2.15.1 and 2.21 measured).

    A list goes to one signature, the others get no samples; a mapping has to name the signature where there are
    several.
    """
    if found.signature == COMPUTED_SIGNATURE or not signatures or found.refused:
        return found
    if found.signature and found.signature not in signatures:
        return found._replace(refused=f'ValueError: Invalid signature_key provided: "{found.signature}".')
    if len(signatures) == 1:
        return found
    if not found.signature and found.keyed:
        return found._replace(refused=NO_SIGNATURE.replace("model has 0", f"model has {len(signatures)}"))
    return found._replace(arrays=(), unfed=not (found.signature and found.more))


def by_input(found: Dataset, inputs: Mapping[str, Sequence[str]]) -> Dataset:
    """The same with each named array under the name of its input; an array that no input needs is left out.

    `inputs`: input -> what a signature calls it.
    """
    keys = [one.key for one in found.arrays if one.key]
    if not found.keyed or not inputs:
        return found
    names: dict[str, list[str]] = {}  # several signatures may have the same name for an input of each
    for name, known in inputs.items():
        for key in (name, f"{name}:0", *known):
            names.setdefault(key, []).append(name)
    fed = {name for key in keys for name in names.get(key, ())}
    missing = tuple(title(name, known) for name, known in inputs.items() if name not in fed)
    return found._replace(
        arrays=tuple(one._replace(key=name) for one in found.arrays for name in names.get(one.key, ())),
        missing=missing,
        unknown=tuple(key for key in keys if key not in names) if missing else (),
    )


def as_fed(found: Dataset, inputs: Sequence[str], *, named: bool) -> Dataset:
    """The same as `convert` feeds it: cast to the types of the inputs, without names as a list in their order."""
    by_name = {one.key or str(place): one for place, one in enumerate(found.arrays)}
    arrays = [one._replace(dtype="", shape=None) for one in by_name.values()]
    if not named and all(one.key in inputs for one in arrays):
        arrays = [one._replace(key="") for one in sorted(arrays, key=lambda one: inputs.index(one.key))]
    return found._replace(arrays=tuple(arrays))


def fitted(name: str, shape: Sequence[int], wanted: Sequence[int | None]) -> str:
    """The line of numpy that gives the array `name` the shape of an input; empty where none is known to."""
    inner = list(shape[1:])
    if len(shape) == len(wanted) + 1 and fits(shape[2:], wanted[1:]):  # [N, batch, ...]
        return f"{name}.reshape(-1, {', '.join(map(str, shape[2:]))})" if shape[2:] else f"{name}.reshape(-1)"
    if len(shape) == len(wanted) - 1 and fits(shape, wanted[1:]):
        return f"{name}[np.newaxis]"
    if len(shape) == len(wanted) - 1 and wanted[-1] == 1 and fits([*inner, 1], wanted[1:]):
        return f"{name}[..., np.newaxis]"
    if len(shape) == len(wanted) > 2 and fits([*inner[1:], inner[0]], wanted[1:]):
        return f"np.moveaxis({name}, 1, -1)"
    return ""


def fits(shape: Sequence[int], wanted: Sequence[int | None]) -> bool:
    """Whether an array of that shape is what is wanted, None where any size is."""
    return len(shape) == len(wanted) and all(w is None or w == s for s, w in zip(shape, wanted))  # noqa: B905


def title(name: str, known: Sequence[str]) -> str:
    """An input for people: what the model's signature calls it, and its name in the graph where that is another."""
    key = next((one for one in known if one not in (name, f"{name}:0")), None)
    return repr(name) if key is None else f"{key!r} (in the graph {name!r})"

"""What is known of a representative dataset: from its source text, or from its first samples."""

from __future__ import annotations

from typing import NamedTuple


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
    missing: tuple[str, ...] = ()
    """The inputs for which no array has a name, in quotation marks, where samples name their arrays."""
    unknown: tuple[str, ...] = ()
    """The names that the arrays have instead."""

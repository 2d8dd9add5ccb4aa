"""What the texts behind options mean: each function is argparse's `type` of one or more options."""

import math
from argparse import ArgumentTypeError

_LONGEST = 10_000_000
"""Seconds; four months."""


def codes(text: str) -> tuple[str, ...]:
    """Rule codes, separated by commas: `MM101,MM2`."""
    return tuple(part.strip() for part in text.split(",") if part.strip())


def arrays(text: str) -> tuple[str, ...]:
    """Names of arrays, separated by commas as tflite_convert has them: `boxes,scores`; no name holds a comma."""
    names = codes(text)
    if not names:
        raise ArgumentTypeError("it names no array")
    return names


def inputs(text: str) -> tuple[str, ...]:
    """Inputs without a shape, separated by commas: `image,mask`; one with its shape: `image=1,224,224,3`."""
    return (text,) if "=" in text else arrays(text)


def positive(text: str) -> int:
    """A whole number of at least 1."""
    if not text.isdigit() or not int(text):
        raise ArgumentTypeError(f"{text!r} is no whole number above 0")
    return int(text)


def range_of(text: str) -> tuple[float, float]:
    """A range: `-6,6`."""
    low, _, high = text.partition(",")
    try:
        found = float(low), float(high)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no range; write MIN,MAX as in -6,6") from None
    if not (math.isfinite(found[0]) and math.isfinite(found[1]) and found[0] < found[1]):
        raise ArgumentTypeError(f"{text!r} is no range: MIN must be below MAX, both finite")
    return found


def seconds(text: str) -> float:
    """A time limit: a number of seconds above zero, and no more than clocks count."""
    value = _number("seconds", text)
    if not value > 0:
        raise ArgumentTypeError("a time limit is more than 0 seconds")
    if value > _LONGEST:
        raise ArgumentTypeError(f"a time limit is at most {_LONGEST} seconds")
    return value


def input_stats(text: str) -> tuple[str, tuple[float, float]]:
    """The stats of one input: `input=128,64`."""
    name, _, numbers = text.rpartition("=")
    mean, _, std = numbers.partition(",")
    try:
        found = name, (float(mean), float(std))
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is not NAME=MEAN,STD, as in input=128,64") from None
    if not name or not found[1][1] > 0:
        raise ArgumentTypeError(f"{text!r} is not NAME=MEAN,STD with a STD above 0")
    return found


def steps(text: str) -> float:
    """A number of quantization steps, at least 0."""
    value = _number("steps", text)
    if not value >= 0:
        raise ArgumentTypeError("a threshold is at least 0 steps")
    return value


def _number(unit: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise ArgumentTypeError(f"{text!r} is no number of {unit}") from None

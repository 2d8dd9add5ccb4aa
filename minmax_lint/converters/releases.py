"""The TensorFlow releases: which converter each runs when it is asked to, and how well its profile is known."""

from collections.abc import Mapping, Sequence
from typing import Literal

Number = tuple[int, int]
"""(major, minor) of a TensorFlow release."""
Engine = Literal["toco", "mlir"]
Toco = Literal["runs", "dies", "ignored"]
"""What experimental_new_converter=False comes to: TOCO, an error at its start, or MLIR without a message."""

TOCO_SINCE: Mapping[Number, Toco] = {(1, 13): "runs", (2, 18): "dies", (2, 19): "ignored"}
"""The first release -> what it and those behind it do when they are asked for TOCO.

Measured with 1.13.2, 1.15.5, 2.3.4 and 2.12.1 to 2.17.1 (TOCO); 2.18.1 (its program toco_from_protos
does not know the flag --debug_proto_file that it is started with); 2.19.1, 2.20.0 and 2.21.0 (MLIR).
"""
LAST_TOCO: Number = (2, 17)
"""The last release that runs TOCO."""
NEW_CONVERTER: Number = (2, 2)
"""The first release whose converter is MLIR's unless experimental_new_converter says otherwise."""


def numbers(first: Number, last: Number) -> tuple[Number, ...]:
    """The releases from `first` to `last`, both included; 1.15 is the last of TensorFlow 1."""
    every = [*((1, minor) for minor in range(13, 16)), *((2, minor) for minor in range(100))]
    return tuple(number for number in every if first <= number <= last)


FIRST_MLIR, LAST_MLIR = (2, 12), (2, 22)
MODELLED: Mapping[Engine, tuple[Number, ...]] = {
    "toco": numbers((1, 13), LAST_TOCO),
    "mlir": numbers(FIRST_MLIR, LAST_MLIR),
}
"""Engine -> the releases that have a profile."""

_COMPARED = numbers((2, 12), (2, 22))
"""The MLIR releases whose real answers were compared in every flow: entered by hand, apart from what is modelled."""
MEASURED: Mapping[tuple[Engine, str], tuple[Number, ...]] = {
    ("toco", ""): ((1, 13), (1, 15), (2, 3), *numbers((2, 12), (2, 17))),
    **{
        ("mlir", call): _COMPARED
        for call in ("", "v2", "int8", "16x8", "16x8-fallback", "dynamic", "float16")
    },
}
"""Engine and the way it is called (as in the profile's name) -> the releases whose real answers were compared.

The other releases are interpolated: where the measured ones on both sides agree on a graph, that is the answer, and
where they do not the verdict is `undetermined`.
"""


def toco(release: Number) -> Toco:
    """What a release does when it is asked for TOCO."""
    return TOCO_SINCE[max(since for since in TOCO_SINCE if since <= max(release, (1, 13)))]


def without_toco(release: Number, name: str = "") -> str:
    """What a release does instead, as a clause; `name` spells its version."""
    does = {
        "dies": "the program that runs it ends at its start",
        "ignored": "experimental_new_converter=False is ignored, and MLIR converts",
    }
    return f"TensorFlow {name or dotted(release)} no longer has TOCO: {does[toco(release)]}"


def measured_around(engine: Engine, call: str, release: Number) -> tuple[Number, ...]:
    """The measured releases that speak for one: itself, else the next on each side, or on the only side there is."""
    known = MEASURED[engine, call]
    if release in known:
        return (release,)
    below = [number for number in known if number < release][-1:]
    above = [number for number in known if number > release][:1]
    return (*below, *above)


def dotted(release: Number) -> str:
    """A version as text: `2.18`."""
    return f"{release[0]}.{release[1]}"


def spans(releases: Sequence[Number]) -> str:
    """For people: `1.13 to 1.15, 2.3`."""
    every = numbers((1, 13), (2, 99))
    parts: list[list[Number]] = []
    for number in sorted(releases):
        if parts and every.index(number) == every.index(parts[-1][-1]) + 1:
            parts[-1].append(number)
        else:
            parts.append([number])
    return ", ".join(
        dotted(part[0]) if len(part) == 1 else f"{dotted(part[0])} to {dotted(part[-1])}" for part in parts
    )

"""Our dataclasses against the standard library's."""

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from minmax_lint import records


def made(dataclass: Callable[..., Any], **options: bool) -> Any:
    """A class with a field of each kind."""

    @dataclass(**options)
    class Made:
        name: str
        place: int = 0
        note: str = records.field(default="", compare=False)
        found: dict[str, int] = records.field(default_factory=dict, repr=False)

    return Made


@pytest.mark.parametrize("options", [{}, {"frozen": True}, {"eq": False}, {"repr": False}])
def test_values_compare_and_look_as_those_of_the_standard_library(options: dict[str, bool]) -> None:
    ours, theirs = made(records.dataclass, **options), made(dataclasses.dataclass, **options)

    def seen(made: Any) -> list[object]:
        one = made("a", 1)
        others = [
            one,
            made("a", 1),
            made("a", 1, "said"),
            made("b", 1),
            made("a", 2),
            made("a", 1, found={"x": 1}),
            ("a", 1),
        ]
        shown = repr(one) if options.get("repr", True) else ""
        return [[one == other for other in others], shown, made.__hash__ is None, dataclasses.asdict(one)]

    assert seen(ours) == seen(theirs)


def test_equal_frozen_values_are_one_key() -> None:
    @records.dataclass(frozen=True)
    class Made:
        name: str
        note: str = records.field(default="", compare=False)

    assert len({Made("a"), Made("a", "said"), Made("b")}) == 2

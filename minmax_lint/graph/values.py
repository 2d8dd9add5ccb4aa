"""Functions of constants' values: what the models of converters learn of a constant, they learn through these.

A graph that repeats itself is predicted once. Whoever does so hands out values that are followed: they note
what was asked of them, so that the same can be asked of the constants of every repetition.
"""

from __future__ import annotations

import functools
import math
import struct
from collections.abc import Callable, Mapping
from typing import Any, TypeVar, cast

F = TypeVar("F", bound=Callable[..., Any])


class Followed:
    """A value, or a tensor of values, that stands for those of all repetitions.

    No ABC: functions of values look for it among all their arguments, and that would take ten times as long.
    """

    __slots__ = ()

    def passed_to(
        self, function: Callable[..., Any], arguments: tuple[Any, ...], options: Mapping[str, object]
    ) -> Any:
        """What `function` makes of arguments among which this one is: followed in turn, where it is a value."""
        raise NotImplementedError


def of_values(function: F) -> F:
    """Mark a function whose result follows from its arguments' values alone, and that changes nothing.

    Numbers are looked for among the arguments and in tuples of them.
    """

    @functools.wraps(function)
    def asked(*arguments: Any, **options: Any) -> Any:
        for argument in arguments:
            for one in argument if isinstance(argument, tuple) else (argument,):
                if isinstance(one, Followed):
                    return one.passed_to(function, arguments, options)
        return function(*arguments, **options)

    return cast(F, asked)


@of_values
def float32(value: float) -> float:
    """The nearest number that fits in 32 bits; infinite where it is beyond them."""
    try:
        rounded: float = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return rounded

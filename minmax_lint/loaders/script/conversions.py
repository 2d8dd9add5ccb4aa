"""The conversions of one converter: what is set on it when a script calls `convert`."""

import ast
from collections.abc import Sequence
from typing import NamedTuple

from minmax_lint.loaders.script.assigned import GIVEN_AWAY
from minmax_lint.loaders.script.branches import beyond, exclusive
from minmax_lint.loaders.script.flags import Setting
from minmax_lint.loaders.script.names import dotted

CONVERT = "convert()"
"""The attribute of a setting that stands for a call of `convert`, which is its value."""


class Conversion(NamedTuple):
    """One call of `convert`, or several on ways through the script that exclude each other."""

    convert: ast.expr | None
    """The last of these calls; None where the script shows none."""
    settings: list[Setting]
    elsewhere: str = ""
    """The functions elsewhere that are given the converter first, for people: `prepare (line 8)`."""


def conversions(found: Sequence[Setting]) -> list[Conversion]:
    """What is set for each conversion, of all that is set on a converter and its calls of `convert`, in their order.

    What the same function sets behind a conversion is not set for it. A second conversion with the same settings is
    none.
    """
    groups: list[list[int]] = []
    for place, one in enumerate(found):
        if one.attribute == CONVERT:
            group = groups[-1] if groups else []
            if any(_instead(found[before], one) for before in group):
                group.append(place)
            else:
                groups.append([place])
    last = groups[-1][-1] if groups else len(found)
    given_away = [place for place, one in enumerate(found) if one.attribute == GIVEN_AWAY and place > last]
    groups += [given_away[-1:]] if given_away else []
    made: list[Conversion] = []
    for group in groups:
        held = [one for place, one in enumerate(found) if _holds(place, one, found, group)]
        elsewhere = _elsewhere(held)
        settings = [one for one in held if one.attribute != GIVEN_AWAY]
        if len(group) == 1:  # only ways that lead to it count
            path = found[group[0]].path
            settings = [
                one._replace(path=beyond(one.path, path)) for one in settings if not exclusive(one.path, path)
            ]
        if not made or settings != made[-1].settings:
            made.append(Conversion(found[group[-1]].value, settings, elsewhere))
    left = [one for one in found if one.attribute != GIVEN_AWAY]
    return made or [Conversion(None, left, _elsewhere(found))]


def _elsewhere(found: Sequence[Setting]) -> str:
    calls = [one.value for one in found if one.attribute == GIVEN_AWAY and isinstance(one.value, ast.Call)]
    return ", ".join(dict.fromkeys(f"{dotted(one.func) or '...'} (line {one.lineno})" for one in calls))


def _instead(first: Setting, second: Setting) -> bool:
    """Whether the second of two calls is made on another way through the script, or where the first fails."""
    fallback = any(key.startswith("exception") for key, _ in beyond(second.path, first.path))
    return fallback or exclusive(first.path, second.path)


def _holds(place: int, one: Setting, found: Sequence[Setting], group: Sequence[int]) -> bool:
    if one.attribute == CONVERT:
        return False
    return any(place < convert or one.function is not found[convert].function for convert in group)

"""The conversions of one converter: what is set on it when a script calls `convert`."""

import ast
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import NamedTuple

from minmax_lint.converters.call import ConverterCall
from minmax_lint.loaders.script.assigned import CONVERT, GIVEN_AWAY
from minmax_lint.loaders.script.branches import Path as Branches
from minmax_lint.loaders.script.branches import beyond, exclusive
from minmax_lint.loaders.script.environments import Conditions, environments
from minmax_lint.loaders.script.flags import Setting, with_settings
from minmax_lint.loaders.script.names import dotted
from minmax_lint.loaders.script.signature import model_converted
from minmax_lint.loaders.script.source import Sites
from minmax_lint.loaders.script.values import Values

_MOST_WORK = 20_000
"""Settings of all conversions of a converter, in all environments: more are read once, for all environments."""


@dataclass
class Made:
    """A converter."""

    call: ConverterCall
    """As it is made."""
    node: ast.Call
    """What makes it."""
    asked: ast.Call
    """The same with what functools.partial and getattr stand for."""
    maker: str
    """The class method of TFLiteConverter."""
    start: Branches
    """The branches in which it is made."""
    settings: list[Setting] = field(default_factory=list)
    """What is set on it, in order."""


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


@dataclass
class Conversions:
    """The conversions of the converters of a script."""

    path: Path
    values: Values
    conditions: Conditions
    sites: Sites
    modules: dict[str, str]
    """Name -> what an import made it stand for."""

    def of(self, place: int, made: Made) -> list[ConverterCall]:
        """Those of one converter, in each environment in which it is made, where these differ; `place`: its number."""
        found: list[ConverterCall] = []
        around = environments(self.values, made.node)
        together = self._each(place, made, made.settings)
        readable = len(around) * len(together) * len(made.settings) <= _MOST_WORK
        read = len(around) > 1 or (around[0].bound and around[0].call is None)  # a loop may have one round
        for environment in around if read and readable else ():
            self.values.bound = {**environment.bound}
            if self.conditions.remaining(made.start, self.values.owner.get(made.node)) is None:
                continue
            line = environment.call.lineno if environment.call is not None else made.node.lineno
            model = model_converted(self.values, made.maker, made.call.flow, made.asked)
            here = replace(made, call=replace(made.call, origin=f"{self.path}:{line}", **model))
            resolved = list(self.conditions.reached(made.settings))
            for call in self._each(place, here, resolved, several=len(together) > 1):
                found += [] if any(_same(call, one) for one in found) else [call]
        self.values.bound = {}
        if len({one.origin for one in found}) == 1:  # rounds of a loop, one of which may make a float model
            found = [one for one in found if one.mode(False) != "float"] or found
        if len(found) > 1:  # what is written at the one place changes all of them
            return [replace(one, site=None) for one in found]
        return [replace(found[0], origin=together[0].origin)] if found and len(together) == 1 else together

    def _each(
        self, place: int, made: Made, given: list[Setting], *, several: bool = False
    ) -> list[ConverterCall]:
        """The conversions in one environment; `several`: told apart by the lines that convert."""
        found = conversions(given)
        several = several or len(found) > 1
        calls = []
        for number, (convert, given_for_it, elsewhere) in enumerate(found, 1):
            ended = self.conditions.ended(made.start, convert) if convert is not None else []
            call = with_settings(made.call, given_for_it, self.values, len(found), ended)
            site = None
            if number == len(found):  # what an earlier one is given holds for the later ones as well
                converts = [once.convert for once in found if once.convert]
                site = self.sites.site(place, self.modules, converts)
            origin = f"{self.path}:{convert.lineno}" if convert and several else made.call.origin
            calls.append(replace(call, origin=origin, site=site, elsewhere=elsewhere))
        return calls


def _same(one: ConverterCall, other: ConverterCall) -> bool:
    return replace(one, origin="") == replace(other, origin="") and one.converted == other.converted

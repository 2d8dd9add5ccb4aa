"""From what is said of the smaller graph to what holds for the whole: every left-out twin gets its own."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial
from itertools import repeat
from typing import Any, NoReturn, TypeVar

import numpy

from minmax_lint.graph.names import parse_edge
from minmax_lint.repetition.condensed import Condensed
from minmax_lint.repetition.forms import Names, filled, open_numbers, open_values
from minmax_lint.repetition.questions import Questions
from minmax_lint.repetition.told import NotTold, Part, Ranked, Told

T = TypeVar("T")


class Telling:
    """Takes sayings about the smaller graph apart by block, and says them of the whole graph."""

    def __init__(self, smaller: Condensed, questions: Questions) -> None:
        self._smaller = smaller
        self._questions = questions
        self.deviating: set[int] = set()
        """Blocks of which something else was said than of their twins."""
        self._names = smaller.whole.columns.names
        self._left_out: dict[int, list[int]] = {}
        self._staying: dict[int, list[int]] = {}
        for number, twins in smaller.classes.twins.items():
            left_out = [block for block in twins if block not in smaller.staying]
            if left_out:
                self._left_out[number] = left_out
                self._staying[number] = [block for block in twins if block in smaller.staying]
        self._of_block: dict[int, Names] = {}
        self._shared = [
            self._names[node]
            for blocks in self._staying.values()
            for block in blocks
            for node in smaller.blocks.members(block)
        ]
        self._all_shared = Names({name: number for number, name in enumerate(self._shared)}, _of_no_block)

    def told(self, sayings: Sequence[T], place: Callable[[T], str | None]) -> Told[T]:
        """All sayings of the whole graph, in the order of the nodes they are about.

        `place`: the array or node that a saying is about; None for none. Raises NotTold.
        """
        forms: dict[int, list[Any]] = {}
        apart: list[Ranked] = []
        for number, saying in enumerate(sayings):
            block = self._block(place(saying))
            if block is None:
                self._check_apart(saying, set())
                apart.append((-1, number, saying))
                continue
            if self._smaller.classes.of_block[block] not in self._left_out:
                self._check_apart(saying, set(self._numbers(block)))
            forms.setdefault(block, []).append(self._names_of(block).form(saying))
        say = partial(self._said, place)
        parts = [Part([block], own, say) for block, own in forms.items()]
        for number, left_out in self._left_out.items():
            said = {block: forms.get(block, []) for block in self._staying[number]}
            common = _common(list(said.values()))
            self.deviating.update(block for block, forms_there in said.items() if forms_there != common)
            if common:
                parts.append(Part(left_out, common, say))
        return Told(apart, parts)

    def _said(
        self, place: Callable[[Any], str | None], twins: list[int], forms: list[Any]
    ) -> Iterable[Ranked]:
        """What the forms say of each of some blocks that look alike."""
        blocks, count = self._smaller.blocks, len(self._smaller.blocks.members(twins[0]))
        starts = blocks.starts[numpy.array(twins)]

        def column(number: int) -> list[int]:
            if number >= count:
                return [blocks.sources[block][number - count] for block in twins]
            nodes: list[int] = blocks.nodes[starts + number].tolist()
            return nodes

        for at, form in enumerate(forms):
            nodes = {number: column(number) for number in open_numbers(form)}
            places = nodes[_number_of(form, place)]
            columns: dict[Any, Sequence[Any]] = {
                number: [self._names[node] for node in listed] for number, listed in nodes.items()
            }
            columns |= self._questions.worked_out(open_values(form), twins)
            yield from zip(places, repeat(at), filled(form, columns), strict=False)

    def _names_of(self, block: int) -> Names:
        if block not in self._of_block:
            self._of_block[block] = Names(self._numbers(block), partial(self._questions.number, block))
        return self._of_block[block]

    def _numbers(self, block: int) -> dict[str, int]:
        """The names of a block's nodes, and of the borders it reads in the smaller graph, by their numbers."""
        blocks = self._smaller.blocks
        members = [self._names[node] for node in blocks.members(block)]
        sources = [self._names[self._smaller.moved.get(source, source)] for source in blocks.sources[block]]
        return {name: number for number, name in enumerate((*members, *sources))}

    def _block(self, name: str | None) -> int | None:
        node = name if name is None or name in self._smaller.graph else parse_edge(name).node
        return None if node is None or node not in self._smaller.graph else self._smaller.block(node)

    def _check_apart(self, saying: Any, own: set[str]) -> None:
        """That a saying about one block or none mentions no other block that stands for its twins."""
        if {self._shared[number] for number in self._all_shared.mentioned(saying)} - own:
            raise NotTold


def _number_of(form: Any, place: Callable[[Any], str | None]) -> int:
    """The number of the node that a form is about."""
    names: dict[Any, Sequence[Any]] = {number: [f"\0{number}"] for number in open_numbers(form)}
    example = next(iter(filled(form, names | {number: [0.0] for number in open_values(form)})))
    about = place(example)
    assert about is not None
    return int(parse_edge(about).node.removeprefix("\0"))


def _of_no_block(number: object) -> NoReturn:
    raise NotTold


def _common(said: list[list[Any]]) -> list[Any]:
    """What is said alike of most twins in the smaller graph. Raises NotTold."""
    common = next((forms for forms in said if said.count(forms) * 2 > len(said)), None)
    if common is None:
        raise NotTold
    return common

"""What a repair is: an edit of a graph, and the outputs that go by another name; two repairs as one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from minmax_lint.errors import UserError
from minmax_lint.graph.edit import Edit
from minmax_lint.graph.names import array_name, parse_edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape


class CannotRepair(UserError):
    """A repair does not fit this graph; the message says why."""


class Part(NamedTuple):
    """One of the repairs that a repair is put together from."""

    strategy: str
    safe: bool


class Claim(NamedTuple):
    """The promise that the findings which `strategy` can heal are gone at `place`."""

    strategy: str
    place: str
    """An array or a node, by its name before the repair."""


@dataclass(frozen=True)
class Repair:
    """A repair of one graph, not yet applied."""

    strategy: str
    edit: Edit
    outputs: Mapping[str, str] = field(default_factory=dict)
    """Output array -> the array that takes its place, where its name changes."""
    safe: bool = True
    """Whether all outputs stay the same up to the FakeQuants' own rounding and clamping."""
    reason: str = ""
    """Why this repair, in sentences."""
    claims: tuple[Claim, ...] = ()
    """What it promises to heal."""
    shapes: Mapping[str, Shape] = field(default_factory=dict)
    """Input array -> its shape from now on."""
    joined: tuple[Part, ...] = ()
    """The repairs it was put together from by `then`; empty where it is one by itself."""

    @property
    def parts(self) -> tuple[Part, ...]:
        """The repairs it consists of, each strategy once, in the order in which they were applied."""
        return self.joined or ((Part(self.strategy, self.safe),) if self.strategy else ())

    def then(self, following: Repair) -> Repair:
        """Both as one: the following repair is one of the graph that this repair makes."""
        outputs = {old: following.outputs.get(new, new) for old, new in self.outputs.items()}
        known = set(self.outputs.values())
        outputs |= {old: new for old, new in following.outputs.items() if old not in known}
        return Repair(
            "+".join(
                dict.fromkeys(filter(None, (*self.strategy.split("+"), *following.strategy.split("+"))))
            ),
            compose(self.edit, following.edit),
            outputs,
            self.safe and following.safe,
            " ".join(dict.fromkeys(filter(None, (self.reason, following.reason)))),
            (
                *self.claims,
                *(claim._replace(place=self.name_before(claim.place)) for claim in following.claims),
            ),
            {**self.shapes, **following.shapes},
            tuple(dict.fromkeys((*self.parts, *following.parts))),
        )

    def name_before(self, name: str) -> str:
        """What an array or node of the graph after this repair was called before it."""
        edge = parse_edge(name)
        for old, new in self.edit.renamed.items():
            if new == edge.node:
                return array_name(old, edge.port)
        return name


NOTHING = Repair("", Edit())
"""The repair of a graph that needs none."""


def compose(first: Edit, second: Edit) -> Edit:
    """The edit that does to a graph what `first`, and then `second` on its result, do."""
    if first.empty or second.empty:
        return second if first.empty else first
    origin = {new: old for old, new in first.renamed.items()}
    fresh = {node.name for node in first.added}

    def old_name(name: str) -> str:
        return origin.get(name, name)

    renamed = dict(first.renamed)
    for name, new in second.renamed.items():
        if name not in fresh:
            renamed[old_name(name)] = new
    attrs = {name: dict(values) for name, values in first.attrs.items()}
    for name, values in second.attrs.items():
        if name not in fresh:
            attrs.setdefault(old_name(name), {}).update(values)
    after = {
        second.renamed.get(name, name): second.renamed.get(place, place)
        for name, place in first.after.items()
        if name not in second.removed
    }
    return Edit(
        {old: new for old, new in renamed.items() if old != new},
        {**first.inputs, **{old_name(n): raw for n, raw in second.inputs.items() if n not in fresh}},
        attrs,
        {**first.ops, **{old_name(n): op for n, op in second.ops.items() if n not in fresh}},
        tuple(_change(node, second) for node in first.added if node.name not in second.removed)
        + second.added,
        {**after, **second.after},
        first.removed | {old_name(name) for name in second.removed if name not in fresh},
    )


def _change(node: Node, edit: Edit) -> Node:
    raw = edit.inputs.get(node.name)
    return Node(
        edit.renamed.get(node.name, node.name),
        edit.ops.get(node.name, node.op),
        node.inputs if raw is None else tuple(parse_edge(text) for text in raw if not text.startswith("^")),
        node.control_inputs if raw is None else tuple(text[1:] for text in raw if text.startswith("^")),
        {**node.attrs, **edit.attrs.get(node.name, {})},
        node.device,
    )

"""An edit in words: one line for each node that is added, removed, rewired, renamed or changed."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import zip_longest
from typing import Literal

from minmax_lint.graph.attr import Attr
from minmax_lint.graph.edit import Edit
from minmax_lint.graph.fakequant import RANGE_FROM_ATTRS, Range
from minmax_lint.graph.graph import Graph, raw_inputs
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Tensor

ChangeKind = Literal["renamed", "added", "removed", "rewired", "changed"]
_SIGNS: Mapping[ChangeKind, str] = {
    "renamed": ">",
    "added": "+",
    "removed": "-",
    "rewired": "~",
    "changed": "=",
}


@dataclass(frozen=True)
class Change:
    """One change of one node."""

    kind: ChangeKind
    node: str
    """Its name after the change; before it where it is removed."""
    text: str
    """What is different: `Minimum(act_quant/FakeQuantWithMinMaxVars, output/bound)`, `was output`."""

    def __str__(self) -> str:
        return f"{_SIGNS[self.kind]} {self.kind:<8} {self.node}: {self.text}"


def changes_of(graph: Graph, edit: Edit) -> tuple[Change, ...]:
    """What `edit` does to `graph`, by kind in the order of `ChangeKind`, and by node in file order."""
    found = [*_renames(edit), *_additions(edit), *_removals(graph, edit), *_rewirings(graph, edit)]
    return (*found, *_attr_changes(graph, edit))


def _renames(edit: Edit) -> Iterator[Change]:
    for old, new in edit.renamed.items():
        yield Change("renamed", new, f"was {old}")


def _additions(edit: Edit) -> Iterator[Change]:
    for node in edit.added:
        yield Change("added", node.name, _describe(node))


def _removals(graph: Graph, edit: Edit) -> Iterator[Change]:
    for name in sorted(edit.removed, key=graph.position):
        yield Change("removed", name, graph.op(name))


def _rewirings(graph: Graph, edit: Edit) -> Iterator[Change]:
    for name in sorted(edit.inputs, key=graph.position):
        before = graph.columns.inputs[graph.position(name)]
        differing = [pair for pair in zip_longest(before, edit.inputs[name]) if pair[0] != pair[1]]
        if name in edit.removed or not differing:
            continue
        words = [
            f"reads {new}, was {old}" if old and new else f"reads {new}" if new else f"no longer reads {old}"
            for old, new in differing
        ]
        yield Change("rewired", edit.renamed.get(name, name), "; ".join(words))


def _attr_changes(graph: Graph, edit: Edit) -> Iterator[Change]:
    for name in sorted({*edit.attrs, *edit.ops}, key=graph.position):
        if name in edit.removed:
            continue
        words = [f"{graph.op(name)} becomes {edit.ops[name]}"] if name in edit.ops else []
        before = graph[name].attributes()
        for key, value in edit.attrs.get(name, {}).items():
            if before.get(key) != value:
                words.append(
                    f"{key} is {_value(value)}" + (f", was {_value(before[key])}" if key in before else "")
                )
        if words:
            yield Change("changed", edit.renamed.get(name, name), "; ".join(words))


def _describe(node: Node) -> str:
    tensor = node.tensor()
    if node.op == "Const" and tensor is not None:
        return f"Const({_value(tensor)})"
    described = f"{node.op}({', '.join(raw_inputs(node.inputs, node.control_inputs))})"
    if node.op in RANGE_FROM_ATTRS:
        described += f", range {Range(node.real('min', -6.0), node.real('max', 6.0))}"
    return described


def _value(value: Attr) -> str:
    if isinstance(value, Tensor):
        if not value.known:
            return "?"
        return f"{value.item():.6g}" if value.size == 1 and value.stored else f"{list(value.shape)}"
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    if isinstance(value, list):
        return "[" + ", ".join(map(_value, value)) + "]"
    return str(value)

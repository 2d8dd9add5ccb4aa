"""The graph: columns of names, ops and inputs in file order; everything else is decoded when asked for.

A graph of a million nodes is four columns, not a million objects (research: 378 MB against 1.7 GB).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from collections.abc import Set as AbstractSet
from functools import cached_property
from itertools import compress
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from minmax_lint.errors import UnknownName
from minmax_lint.graph.attr import Attr
from minmax_lint.graph.names import Edge, array_name, canonical_array, did_you_mean, parse_edge
from minmax_lint.graph.node import Node

if TYPE_CHECKING:
    from mmap import mmap

Part = TypeVar("Part")

Details = tuple[Mapping[str, Attr], str]
"""What a loader decodes on demand for one node: its attributes and its device."""


class Use(NamedTuple):
    """One data use of an array: input slot `slot` of node `node`."""

    node: str
    slot: int


class Function(NamedTuple):
    """A function that a control-flow node calls, its body as a graph of its own."""

    role: str
    """What it is to the node: `then branch`, `loop body`."""
    graph: Graph
    inputs: Mapping[str, str]
    """Argument node of the body -> the array that the caller passes."""
    outputs: tuple[str, ...]
    """Arrays of the body that the function returns, in order."""
    arguments: tuple[str, ...] = ()
    """Its arguments in order, where that is not the order of `inputs`: those that the body does not read, too."""

    def place(self, argument: str) -> int:
        """Which argument that is, from 0 on."""
        return list(self.arguments or self.inputs).index(argument)


class Origin(NamedTuple):
    """The serialized record a node was read from: where its tag and its payload lie, what was set since."""

    tag: int
    start: int
    end: int
    attrs: Mapping[str, Attr] = {}


class Serialized(NamedTuple):
    """The bytes a graph was read from, so that a writer can splice what has not changed."""

    buffer: bytes | mmap | memoryview
    start: int
    end: int
    """The GraphDef is buffer[start:end]."""
    origin: Callable[[int], Origin | None]
    """Where node i comes from; None for a node that was added."""
    others: Sequence[tuple[int, int]] = ()
    """The fields of the GraphDef that are no nodes, tags included."""
    changed: frozenset[int] = frozenset()
    """The nodes that are not as they were read."""


class Columns(NamedTuple):
    """A graph's raw columns, parallel and in file order.

    `inputs` hold the strings of NodeDef (`x`, `x:1`, `^x`). `details(i)` decodes node i.
    """

    names: Sequence[str]
    ops: Sequence[str]
    inputs: Sequence[tuple[str, ...]]
    details: Callable[[int], Details]
    serialized: Serialized | None = None


class Graph:
    """An immutable graph. Nodes are made on first use and kept; consumers are indexed on first use."""

    def __init__(self, columns: Columns, functions: Mapping[str, tuple[Function, ...]] | None = None) -> None:
        """`functions`: control-flow node -> what it calls."""
        self.columns = columns
        self.functions: Mapping[str, tuple[Function, ...]] = functions or {}
        self.positions: Mapping[str, int] = dict(zip(columns.names, range(len(columns.names)), strict=True))
        """Node name -> its place in the file."""
        self.memo: dict[Callable[..., Any], dict[Any, Any]] = {}
        """Function -> what it has worked out, by node, array or arguments."""
        self._made: dict[str, Node] = {}

    def __len__(self) -> int:
        return len(self.columns.names)

    def __contains__(self, name: object) -> bool:
        return name in self.positions

    def __iter__(self) -> Iterator[Node]:
        return (self[name] for name in self.columns.names)

    def __getitem__(self, name: str) -> Node:
        """The node `name`. Raises UnknownName, with near names, if there is none."""
        try:
            return self._made[name]
        except KeyError:
            node = self._made[name] = self._make(self.position(name))
            return node

    @property
    def names(self) -> Sequence[str]:
        """Node names in file order."""
        return self.columns.names

    def position(self, name: str) -> int:
        """The node's place in the file. Raises UnknownName."""
        place = self.positions.get(name)
        if place is None:
            raise UnknownName(
                f"there is no node {name!r} in the graph{did_you_mean(name, self.columns.names)}"
            )
        return place

    @cached_property
    def op(self) -> Callable[[str], str]:
        """The op of a node by its name, without decoding the node: a table's own method, for it is asked most."""
        table = _OpOf(zip(self.columns.names, self.columns.ops, strict=True))
        table.graph = self
        return table.__getitem__

    @cached_property
    def ops(self) -> frozenset[str]:
        """The ops that the graph has nodes of."""
        return frozenset(self.columns.ops)

    def of_ops(self, wanted: AbstractSet[str]) -> Iterator[str]:
        """The nodes of these ops, in file order."""
        if not self.ops.isdisjoint(wanted):
            yield from compress(self.names, map(wanted.__contains__, self.columns.ops))

    def producer(self, array: str) -> Node:
        """The node that produces `array`. Raises UnknownName."""
        return self[parse_edge(array).node]

    def uses(self, array: str) -> tuple[Use, ...]:
        """Who reads `array` through a data edge, in file order; a node that reads it twice is there twice."""
        return self._readers[0].get(array, ())

    def control_uses(self, name: str) -> tuple[str, ...]:
        """The nodes that wait for node `name` through a control edge."""
        return self._readers[1].get(name, ())

    def dependencies(self, name: str) -> Iterator[str]:
        """What a node reads or waits for, without decoding it; nothing of a node that is not there."""
        for text in self.columns.inputs[self.positions[name]] if name in self else ():
            yield parse_edge(text.removeprefix("^")).node

    def _make(self, position: int) -> Node:
        raw = self.columns.inputs[position]
        attrs, device = self.columns.details(position)
        control = [text for text in raw if text.startswith("^")] if raw else raw
        return Node(
            self.columns.names[position],
            self.columns.ops[position],
            tuple(map(parse_edge, raw if not control else (t for t in raw if not t.startswith("^")))),
            tuple(dict.fromkeys(text[1:] for text in control)) if control else (),
            attrs,
            device,
        )

    @cached_property
    def _readers(self) -> tuple[Mapping[str, tuple[Use, ...]], Mapping[str, tuple[str, ...]]]:
        """Array -> its uses, and node -> the nodes that wait for it."""
        uses: dict[str, list[Use]] = {}
        control: dict[str, list[str]] = {}
        for name, raw in zip(self.columns.names, self.columns.inputs, strict=True):
            slot = 0
            for text in raw:
                if text.startswith("^"):
                    control.setdefault(text[1:], []).append(name)
                else:
                    array = canonical_array(text) if ":" in text else text
                    uses.setdefault(array, []).append(Use(name, slot))
                    slot += 1
        return (
            {array: tuple(found) for array, found in uses.items()},
            {name: tuple(found) for name, found in control.items()},
        )


class _OpOf(dict[str, str]):
    """Name -> op."""

    graph: Graph

    def __missing__(self, name: str) -> str:
        return self.graph.columns.ops[self.graph.position(name)]


def graph_of(nodes: Sequence[Node], functions: Mapping[str, tuple[Function, ...]] | None = None) -> Graph:
    """A graph from ready nodes, in this order."""
    return Graph(
        Columns(
            [node.name for node in nodes],
            [node.op for node in nodes],
            [raw_inputs(node.inputs, node.control_inputs) for node in nodes],
            lambda i: (nodes[i].attrs, nodes[i].device),
        ),
        functions,
    )


def raw_inputs(inputs: Sequence[Edge], control_inputs: Sequence[str] = ()) -> tuple[str, ...]:
    """Inputs as NodeDef spells them: data first, then control."""
    return (*(array_name(*edge) for edge in inputs), *(f"^{name}" for name in control_inputs))


def reached(starts: Iterable[Part], following: Callable[[Part], Iterable[Part]]) -> Iterator[Part]:
    """The starts and all that follows them, each once; what follows one is asked for behind it."""
    pending = list(starts)
    seen = set(pending)
    while pending:
        one = pending.pop()
        yield one
        for other in following(one):
            if other not in seen:
                seen.add(other)
                pending.append(other)

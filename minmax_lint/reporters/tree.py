"""The kept subgraph as lines of a tree in which data flows downwards, with what hangs outside.

The longest path to an output is one column; what else flows into it is indented above the node that reads
it. A node stands once; where it is read again, a line refers to it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

from minmax_lint.graph.fakequant import is_fake_quant, read_fake_quant
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import shape_text
from minmax_lint.graph.trace import Kept

Kind = Literal["kept", "output", "constant", "outside", "above", "more"]
SHOWN_OUTSIDE = 2
"""Readers outside the kept subgraph that are named for one node; FakeQuants come first."""


@dataclass(frozen=True)
class TreeLine:
    """One line: `depth` is the indentation, `note` stands beside the node."""

    depth: int
    kind: Kind
    node: str
    op: str = ""
    note: str = ""


class Tree:
    """The lines of one kept subgraph. `everything` spells constant subtrees out as well."""

    def __init__(self, kept: Kept, *, everything: bool = False) -> None:
        self.kept = kept
        self.graph: Graph = kept.graph
        self.everything = everything
        self._outputs = [parse_edge(array).node for array in kept.outputs]
        self._shown: set[str] = set()

    def lines(self) -> Iterator[TreeLine]:
        """Every line, outputs in the order given."""
        self._shown = set()
        for name in self._outputs:
            if name not in self._shown:
                yield from self._chain(name, 0)

    def _chain(self, end: str, depth: int) -> Iterator[TreeLine]:
        """The main path to `end`, top down, with the side inputs of each of its nodes."""
        path = dict.fromkeys([end])
        source = self._main_input(end)
        while source is not None and source not in path:
            path[source] = None
            source = None if source in self._shown else self._main_input(source)
        for name in reversed(path):
            if name in self._shown:
                yield TreeLine(depth, "above", name)
                continue
            self._shown.add(name)
            for side in self._side_inputs(name):
                yield from self._side(side, depth + 1)
            yield self._line(name, depth)
            yield from self._outside(name, depth)

    def _side(self, name: str, depth: int) -> Iterator[TreeLine]:
        if name in self._shown:
            yield TreeLine(depth, "above", name)
        elif self._depths[name] or self.everything:
            yield from self._chain(name, depth)
        else:
            self._shown.add(name)
            node = self.graph[name]
            yield TreeLine(depth, "constant", name, node.op, note_of(self.graph, node))

    def _line(self, name: str, depth: int) -> TreeLine:
        node = self.graph[name]
        note = note_of(self.graph, node)
        if name in self._outputs:
            return TreeLine(depth, "output", name, node.op, ", ".join(filter(None, ("output", note))))
        return TreeLine(depth, "kept", name, node.op, note)

    def _outside(self, name: str, depth: int) -> Iterator[TreeLine]:
        found = sorted(self._readers_outside.get(name, ()), key=lambda n: not is_fake_quant(self.graph.op(n)))
        for reader in found[:SHOWN_OUTSIDE]:
            node = self.graph[reader]
            yield TreeLine(depth, "outside", reader, node.op, note_of(self.graph, node))
        if len(found) > SHOWN_OUTSIDE:
            yield TreeLine(depth, "more", "", "", f"{len(found) - SHOWN_OUTSIDE} more read it outside")

    def _sources(self, name: str) -> tuple[str, ...]:
        if self.kept.is_cut(name):
            return ()
        return tuple(dict.fromkeys(edge.node for edge in self.graph[name].inputs))

    def _side_inputs(self, name: str) -> tuple[str, ...]:
        """All sources but the main one; a FakeQuant's note shows its range, so its constants need not."""
        main = self._main_input(name)
        hide = is_fake_quant(self.graph.op(name)) and not self.everything
        return tuple(
            source
            for source in self._sources(name)
            if source != main and not (hide and self._depths[source] == 0)
        )

    def _main_input(self, name: str) -> str | None:
        """The source on the longest path from an input; constants only where they are spelled out."""
        sources = self._sources(name)
        deepest = max(sources, key=self._depths.__getitem__, default=None)
        if deepest is None or (self._depths[deepest] == 0 and not self.everything):
            return None
        return deepest

    @cached_property
    def _depths(self) -> Mapping[str, int]:
        """Kept node -> nodes on the longest path from an input to it; 0 where it is constant.

        Back edges of loops do not count.
        """
        depths: dict[str, int] = {}
        for start in self._outputs:
            pending = [start]
            while pending:
                name = pending[-1]
                if depths.setdefault(name, -1) == -1:
                    depths[name] = -2
                    pending += [source for source in self._sources(name) if source not in depths]
                    continue
                pending.pop()
                if depths[name] == -2:
                    deepest = max((depths[source] for source in self._sources(name)), default=0)
                    moving = not self._sources(name) and self.graph.op(name) != "Const"
                    depths[name] = deepest + 1 if deepest > 0 else int(moving)
        return depths

    @cached_property
    def _readers_outside(self) -> Mapping[str, list[str]]:
        """Kept node -> the nodes outside that read one of its arrays, in file order."""
        readers: dict[str, list[str]] = {}
        for name, raw in zip(self.graph.columns.names, self.graph.columns.inputs, strict=True):
            if name not in self.kept:
                for source in dict.fromkeys(parse_edge(t).node for t in raw if not t.startswith("^")):
                    if source in self.kept:
                        readers.setdefault(source, []).append(name)
        return readers


def note_of(graph: Graph, node: Node) -> str:
    """A FakeQuant's range, an input's or a constant's shape."""
    if is_fake_quant(node.op):
        found = read_fake_quant(graph, node).range
        return "computed range" if found is None else str(found)
    tensor = node.tensor()
    shape = tensor.shape if tensor is not None else node.attribute("shape")
    if node.op in ("Const", "Placeholder") and isinstance(shape, tuple):
        return shape_text(shape)
    return ""

"""An edit in the making: repairs say what they want in the names of the graph as it is."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import TYPE_CHECKING, Any

from minmax_lint.fixes.edit.repair import CannotRepair, Claim, Repair
from minmax_lint.graph.attr import Attr
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.edit import Edit
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import Edge, array_name, parse_edge
from minmax_lint.graph.node import Node, const_node
from minmax_lint.graph.tensor import Shape, Tensor

if TYPE_CHECKING:
    import numpy as np

_COLOCATED = b"loc:@"


class Draft:
    """Collects changes of a graph. Renaming a node moves its readers along.

    All names are those of the graph before the change. A new node may take the name of one that is
    renamed; no other node can then read it within the same draft.
    """

    def __init__(self, graph: Graph) -> None:
        self.graph = graph
        self._renamed: dict[str, str] = {}
        self._inputs: dict[str, list[str]] = {}
        self._attrs: dict[str, dict[str, Attr]] = {}
        self._ops: dict[str, str] = {}
        self._added: list[Node] = []
        self._after: dict[str, str] = {}
        self._removed: set[str] = set()
        self._replaced: set[str] = set()
        self._taken: set[str] = set()
        self._numbers: dict[str, int] = {}

    def free_name(self, wanted: str) -> str:
        """`wanted`, or `wanted_1`, ... where it is taken."""
        number = self._numbers.get(wanted, 0)
        name = f"{wanted}_{number}" if number else wanted
        while name in self.graph or name in self._taken:
            number += 1
            name = f"{wanted}_{number}"
        self._numbers[wanted] = number
        return name

    def rename(self, node: str, name: str) -> None:
        """Call `node` by another name; its readers and the nodes that wait for it follow."""
        self._renamed[node] = name
        self._taken.add(name)

    def put_in_place(self, node: str, name: str, new: Node) -> None:
        """Call `node` by another `name`, and let `new` have its name and the readers of its output 0.

        Added nodes read the old one still.
        """
        self.rename(node, name)
        self._replaced.add(node)
        self.add(new, name)

    def become_identity(self, node: str, source: Edge, dtype: DType | None = None) -> None:
        """Put an Identity of `source` (float32 by default) in the place of `node`, under its name."""
        self.replace(Node(node, "Identity", (source,), attrs={"T": dtype or DType.FLOAT}))

    def replace(self, new: Node) -> None:
        """Put `new` in the place of the node that has its name."""
        self.remove(new.name)
        self.add(new, self._before(new.name))

    def read(self, node: str, slot: int, array: str) -> None:
        """Let input `slot` of `node` read `array`."""
        raw = self._inputs.setdefault(node, list(self._raw(node)))
        raw[slot] = array

    def keep_inputs(self, node: str, kept: int, *, waits_for: tuple[str, ...] = ()) -> None:
        """Cut the data inputs of `node` to the first `kept` and set its control inputs."""
        data = [text for text in self._inputs.get(node, self._raw(node)) if not text.startswith("^")]
        self._inputs[node] = [*data[:kept], *(f"^{name}" for name in waits_for)]

    def add(self, node: Node, after: str) -> str:
        """Add a node behind node `after`; its inputs are in the names before the change."""
        self._added.append(node)
        self._taken.add(node.name)
        self._after[node.name] = after
        return node.name

    def add_constant(self, name: str, tensor: Tensor, after: str) -> str:
        """Add a Const."""
        return self.add(const_node(name, tensor), after)

    def add_scalar(self, name: str, value: float, after: str) -> str:
        """Add a float32 scalar Const."""
        return self.add_constant(name, Tensor.of(DType.FLOAT, [], [value]), after)

    def set_attrs(self, node: str, attrs: Mapping[str, Attr], op: str | None = None) -> None:
        """Set attributes (and the op) of `node`."""
        self._attrs.setdefault(node, {}).update(attrs)
        if op is not None:
            self._ops[node] = op

    def remove(self, node: str) -> None:
        """Remove `node`; nothing may read it any more."""
        self._removed.add(node)

    def repair(
        self,
        strategy: str,
        *,
        outputs: Mapping[str, str] | None = None,
        safe: bool = True,
        reason: str = "",
        heals: Iterable[str] = (),
        shapes: Mapping[str, Shape] | None = None,
    ) -> Repair:
        """The collected changes, which are to heal the arrays or nodes `heals`."""
        claims = tuple(dict.fromkeys(Claim(strategy, name) for name in heals))
        return Repair(strategy, self._edit(), outputs or {}, safe, reason, claims, shapes or {})

    def _before(self, node: str) -> str:
        """The nearest node in front of `node` in the file that stays."""
        position = self.graph.position(node)
        while position and self.graph.names[position - 1] in self._removed:
            position -= 1
        return self.graph.names[position - 1] if position else ""

    def _raw(self, node: str) -> tuple[str, ...]:
        return self.graph.columns.inputs[self.graph.position(node)]

    def _edit(self) -> Edit:
        columns = self.graph.columns
        inputs = {name: self._move(raw) for name, raw in self._inputs.items()}
        if self._renamed:
            for i, name in enumerate(columns.names):
                if name not in inputs and (moved := self._move(columns.inputs[i])) != columns.inputs[i]:
                    inputs[name] = moved
                if columns.serialized is None:  # else the writer moves them, and no weights are decoded here
                    self._follow_colocation(name, columns.details(i)[0])
        return Edit(
            self._renamed,
            inputs,
            self._attrs,
            self._ops,
            tuple(self._move_node(node) for node in self._added),
            {name: self._renamed.get(place, place) for name, place in self._after.items()},
            frozenset(self._removed),
        )

    def _move(self, raw: tuple[str, ...] | list[str]) -> tuple[str, ...]:
        return tuple(self._move_text(text) for text in raw)

    def _move_text(self, text: str) -> str:
        if text.startswith("^"):
            return f"^{self._renamed.get(text[1:], text[1:])}"
        edge = parse_edge(text)
        new = self._renamed.get(edge.node)
        replaced = edge.node in self._replaced and edge.port == 0
        return text if new is None or replaced else array_name(new, edge.port)

    def _move_node(self, node: Node) -> Node:
        return node._replace(
            inputs=tuple(Edge(self._renamed.get(e.node, e.node), e.port) for e in node.inputs),
            control_inputs=tuple(self._renamed.get(name, name) for name in node.control_inputs),
        )

    def _follow_colocation(self, name: str, attrs: Mapping[str, Attr]) -> None:
        places = attrs.get("_class")
        if not isinstance(places, list):
            return
        moved = [self._move_place(place) for place in places if isinstance(place, bytes)]
        if moved != places:
            self._attrs.setdefault(name, {})["_class"] = moved

    def _move_place(self, place: bytes) -> bytes:
        if not place.startswith(_COLOCATED):
            return place
        node = place[len(_COLOCATED) :].decode("utf-8", "replace")
        return _COLOCATED + self._renamed.get(node, node).encode()


def float32s(value: np.ndarray[Any, Any]) -> Tensor:
    """A constant of float32 with the shape and values of an array; what is too large for it becomes infinite."""
    import numpy as np

    with np.errstate(over="ignore"):
        return Tensor(DType.FLOAT, value.shape, value.astype("<f4").tobytes())


def int32s(values: Collection[int], *, scalar: bool = False) -> Tensor:
    """A vector, or a scalar, of sizes or axes. Raises CannotRepair for a number that TFLite's int32 does not hold."""
    if any(not -(1 << 31) <= value < 1 << 31 for value in values):
        raise CannotRepair("a size of the array does not fit 32 bits")
    return Tensor.of(DType.INT32, [] if scalar else [len(values)], list(values))

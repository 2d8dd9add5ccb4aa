"""Why an array of the kept subgraph has no range: what the graph around it looks like."""

from collections.abc import Mapping, Sequence
from functools import cached_property

from minmax_lint.converters.mlir.legalize.legalize_patterns import LEGALIZED
from minmax_lint.converters.toco.import_tensorflow.converter_map import IMPORTED
from minmax_lint.graph.fakequant import FAKE_QUANTS, FakeQuant, is_fake_quant
from minmax_lint.graph.names import Edge, parse_edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.outside import outside_fake_quants
from minmax_lint.graph.trace import Kept
from minmax_lint.inference.inference import CONSTANTS, Inference
from minmax_lint.ops.table import SAME_VALUES, row
from minmax_lint.rules.framework.augmentation import augmenting_nodes

JOINS = frozenset({"AddN", "Concat", "ConcatV2", "Pack"})
"""Ops that do nothing where they have one value to join: converters collapse them."""


class Coverage:
    """Facts about the FakeQuants of one kept subgraph; everything is computed once, in time linear in nodes."""

    def __init__(self, kept: Kept, inference: Inference, fake_quants: Sequence[FakeQuant]) -> None:
        """`fake_quants`: those of the kept subgraph, in file order."""
        self.kept = kept
        self.graph = kept.graph
        self.inference = inference
        self.fake_quants = fake_quants

    def op(self, node: str | None) -> str:
        """The op of a node; empty where there is none of that name."""
        return self.graph.op(node) if node is not None and node in self.graph else ""

    def is_builtin(self, op: str) -> bool:
        """Whether TFLite has an op of its own for a TensorFlow op."""
        return (
            op in LEGALIZED or op in IMPORTED or op in FAKE_QUANTS or op.startswith("QuantizeAndDequantize")
        )

    def producer(self, array: str | None) -> Node | None:
        """The node that makes an array; None where the graph has no such array."""
        node = parse_edge(array).node if array is not None else None
        return self.graph[node] if node is not None and node in self.graph else None

    @cached_property
    def augmenting(self) -> Mapping[str, str]:
        """Node that draws random numbers for a layer that augments data -> the start of the layer's names."""
        return augmenting_nodes(self.kept)

    def is_in_augmentation(self, node: str | None) -> bool:
        """Whether a node belongs to a layer that augments data, and the graph runs it."""
        return node is not None and node.startswith(tuple(self.augmenting.values()))

    @cached_property
    def _outputs(self) -> frozenset[str]:
        return frozenset(self.kept.outputs)

    # What lies behind and in front of an array

    def output_behind(self, array: str) -> str | None:
        """The output that `array` is, or becomes through ops that change no value: the nearest of several."""
        return self._nearest_outputs.get(array)

    @cached_property
    def _nearest_outputs(self) -> dict[str, str]:
        distances = dict.fromkeys(self._outputs, 0)
        pending = list(distances)
        for current in pending:
            edge = parse_edge(current)
            if edge.port or edge.node not in self.kept.nodes or self.kept.is_cut(edge.node):
                continue
            node = self.graph[edge.node]
            if node.inputs and self.changes_nothing(node) and node.inputs[0].array not in distances:
                distances[node.inputs[0].array] = distances[current] + 1
                pending.append(node.inputs[0].array)
        found = {array: array for array in self._outputs}
        for array in pending[len(found) :]:
            uses = self.kept.uses(array)
            nearer = (
                use.node for use in uses if distances.get(use.node) == distances[array] - 1 and not use.slot
            )
            found[array] = found[next(node for node in nearer if self.changes_nothing(self.graph[node]))]
        return found

    def unchanged_from(self, output: str) -> tuple[str, ...]:
        """The arrays in front of `output`, nearest first, of which it holds the very values."""
        found: list[str] = []
        edge = parse_edge(output)
        while edge.node in self.kept and not self.kept.is_cut(edge.node):
            node = self.graph[edge.node]
            if edge.port or not node.inputs or not self.changes_nothing(node):
                break
            edge = self.value_edge(node)
            found.append(edge.array)
        return tuple(found)

    def changes_nothing(self, node: Node) -> bool:
        """Whether output 0 holds the very elements of one input."""
        return node.op in SAME_VALUES or (node.op in JOINS and len(node.inputs[row(node.op).data]) == 1)

    def value_edge(self, node: Node) -> Edge:
        """The data input: the first that is no constant."""
        values = [edge for edge in node.inputs if edge.node in self.graph]
        return next((edge for edge in values if self.graph.op(edge.node) != "Const"), node.inputs[0])

    def fake_quant_outside(self, array: str) -> bool:
        """Whether a FakeQuant that no converter sees quantizes `array`."""
        return bool(outside_fake_quants(self.graph, self.kept, array))

    # FakeQuants of the kept subgraph

    @cached_property
    def from_constants(self) -> frozenset[str]:
        """Kept nodes that depend on no input: weights, and what is computed of them."""
        found = set(self.kept.of_ops(CONSTANTS))
        for name in self.inference.order:
            sources = self.kept.sources(name)
            if sources and found.issuperset(sources) and self.graph.op(name) != "Placeholder":
                found.add(name)
        return frozenset(found)

    def is_read_raw(self, array: str) -> bool:
        """Whether an output, or a kept op that is no FakeQuant, reads `array` itself."""
        readers = (self.graph.op(use.node) for use in self.kept.uses(array))
        return array in self._outputs or not all(map(is_fake_quant, readers))

    @cached_property
    def on_activations(self) -> tuple[FakeQuant, ...]:
        """The kept FakeQuants of arrays that depend on an input."""
        return tuple(f for f in self.fake_quants if f.node not in self.from_constants)

    @cached_property
    def before_a_fake_quant(self) -> frozenset[str]:
        """Kept nodes from which a FakeQuant of an activation is reached."""
        found: set[str] = set()
        pending = [found_quant.node for found_quant in self.on_activations]
        while pending:
            for source in self.kept.sources(pending.pop()):
                if source not in found:
                    found.add(source)
                    pending.append(source)
        return frozenset(found)

    @cached_property
    def behind_a_fake_quant(self) -> frozenset[str]:
        """Kept nodes that depend on a FakeQuant of an activation."""
        found = {found_quant.node for found_quant in self.on_activations}
        for name in self.inference.order:
            if not found.isdisjoint(self.kept.sources(name)):
                found.add(name)
        return frozenset(found)

    def end_of_tail(self, array: str) -> str | None:
        """The output that `array` leads to, if no FakeQuant follows it but one stands in front of it."""
        name = parse_edge(array).node
        if name in self.before_a_fake_quant or name not in self.behind_a_fake_quant:
            return None
        return self.output_of(array)

    def output_of(self, array: str | None) -> str | None:
        """The first output that depends on `array`."""
        return self._outputs_behind.get(parse_edge(array).node) if array is not None else None

    @cached_property
    def _outputs_behind(self) -> Mapping[str, str]:
        """Kept node -> the first output that it leads to."""
        found: dict[str, str] = {}
        for output in self.kept.outputs:
            pending = [parse_edge(output).node]
            while pending:
                name = pending.pop()
                if name in found or name not in self.kept:
                    continue
                found[name] = output
                pending += self.kept.sources(name)
        return found

    @cached_property
    def around_computed_ranges(self) -> Mapping[str, str]:
        """Node -> the FakeQuant without constant range that it is, feeds, or computes the range of."""
        found: dict[str, str] = {}
        for computed in self.fake_quants:
            if computed.constant:
                continue
            found.setdefault(computed.node, computed.node)
            found.setdefault(parse_edge(computed.array).node, computed.node)
            pending = [edge.node for edge in self.graph[computed.node].inputs[1:3]]
            while pending:
                name = pending.pop()
                if name in found or name not in self.kept or self.op(name) == "Placeholder":
                    continue
                found[name] = computed.node
                pending += [edge.node for edge in self.graph[name].inputs]
        return found

    def fake_quant_of(self, array: str | None, node: str | None) -> FakeQuant | None:
        """The kept FakeQuant that `node` is, or that makes or reads `array`."""
        found = self._fake_quants_by_place
        return found.get(node or "") or found.get(array or "")

    @cached_property
    def _fake_quants_by_place(self) -> Mapping[str, FakeQuant]:
        """Node of a FakeQuant, and the array that it reads -> the first such."""
        kept = self.fake_quants
        by_array = {found.array: found for found in reversed(kept)}
        return by_array | {found.node: found for found in kept}

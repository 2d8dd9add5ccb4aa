"""What is in a model: ends, signatures, ops, FakeQuants; facts only, no converter is asked."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from minmax_lint.graph.fakequant import FakeQuant, fake_quants
from minmax_lint.graph.freeze import freeze_graph
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.tensor import Shape
from minmax_lint.graph.trace import Kept, trace
from minmax_lint.loaders.endpoints import Endpoints
from minmax_lint.loaders.model import Model, Signature
from minmax_lint.ops.table import VARIABLES
from minmax_lint.reporters.document import fields_of, finite, shapes_data


@dataclass(frozen=True)
class Inspection:
    """A model laid out. `kept` is None where inputs and outputs are not known."""

    path: str
    format: str
    graph: Graph
    """The frozen view."""
    kept: Kept | None
    inputs: Mapping[str, Shape | None]
    outputs: tuple[str, ...]
    inferred_how: str
    """From what the ends were inferred, or why they could not be; empty where the user gave them."""
    signatures: Mapping[str, Signature]
    variables: int
    values_known: bool
    fake_quants: tuple[FakeQuant, ...]

    def place(self, found: FakeQuant) -> str:
        """Where a FakeQuant stands: `kept`, `outside`, or empty where that is not known."""
        if self.kept is None:
            return ""
        return "kept" if found.node in self.kept else "outside"

    @property
    def ops(self) -> Counter[str]:
        """How often each op occurs in the whole graph."""
        return Counter(self.graph.columns.ops)

    def data(self) -> dict[str, Any]:
        """The inspection as the JSON document has it."""
        return {
            "path": self.path,
            "format": self.format,
            "nodes": len(self.graph),
            "kept_nodes": None if self.kept is None else len(self.kept),
            "inputs": shapes_data(self.inputs),
            "outputs": list(self.outputs),
            "inferred_how": self.inferred_how,
            "signatures": {
                name: {"inputs": dict(found.inputs), "outputs": dict(found.outputs)}
                for name, found in self.signatures.items()
            },
            "variables": self.variables,
            "variable_values": self.values_known,
            "ops": dict(self.ops.most_common()),
            "fake_quants": [self._fake_quant_data(found) for found in self.fake_quants],
        }

    def _fake_quant_data(self, found: FakeQuant) -> dict[str, Any]:
        ranges = [[finite(each.min), finite(each.max)] if each.known else None for each in found.ranges]
        return {
            **fields_of(found, "node op array"),
            "ranges": ranges,
            "num_bits": found.num_bits,
            "narrow_range": found.narrow_range,
            "place": self.place(found) or None,
        }


def inspect_model(model: Model, path: str, ends: Endpoints | None, unknown: str = "") -> Inspection:
    """Lay a model out; `unknown` says why there are no `ends`."""
    graph = freeze_graph(model.graph, model.variables)
    inputs = ends.inputs if ends else {}
    outputs = ends.outputs if ends else ()
    known = [name for name in outputs if parse_edge(name).node in graph]
    return Inspection(
        path,
        model.format,
        graph,
        trace(graph, inputs, known) if known else None,
        inputs,
        outputs,
        ends.how if ends else unknown,
        model.signatures,
        sum(op in VARIABLES for op in model.graph.columns.ops),
        model.variables is not None,
        tuple(fake_quants(graph)),
    )

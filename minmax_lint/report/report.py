"""The result of a lint, as data: what reporters print and what `minmax_lint.lint` returns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from minmax_lint.converters.prediction import Prediction
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.tensor import Shape
from minmax_lint.graph.trace import Kept
from minmax_lint.rules.framework.finding import Finding, Severity
from minmax_lint.rules.framework.subject import Part

if TYPE_CHECKING:
    import networkx

    from minmax_lint.report.comparison import Comparison


@dataclass(frozen=True)
class Report:
    """One linted model.

    `trace` is the kept subgraph and `source` the frozen view of the whole graph, as our own model;
    `kept` and `graph` are the same as networkx graphs, made when asked for.
    """

    path: str
    """As the user named it; `-` for standard input, `<memory>` for objects."""
    format: str
    inputs: Mapping[str, Shape | None]
    outputs: tuple[str, ...]
    inferred_how: str
    """One sentence that says from what inputs or outputs were inferred; empty where both were given."""
    predictions: Mapping[str, Prediction]
    """By profile name."""
    findings: tuple[Finding, ...]
    source: Graph = field(repr=False)
    trace: Kept = field(repr=False)
    note: str = ""
    """One sentence about the call itself, such as a converter that would fit better; mostly empty."""
    ignored: tuple[Finding, ...] = field(default=(), repr=False)
    """Findings that select, ignore or a baseline took out."""
    left_out: Mapping[str, int] = field(default_factory=dict, repr=False)
    """What took them out (`selection`, `the baseline`) -> how many."""
    chosen: str = ""
    """One sentence that says what chose the converters; empty where they were named, or are the usual pair."""
    comparison: Comparison | None = field(default=None, repr=False)
    """Every way of converting the model, where a reporter asked for it."""

    others: tuple[Report, ...] = field(default=(), repr=False)
    """Those on the other signatures that calls of the script convert."""
    needs_checkpoint: bool = False
    """Whether the graph has variables whose values are not known: it cannot be run, nor converted."""
    given: frozenset[Part] = field(default=frozenset(), repr=False)
    """What the lint was given beside the model: rules that need something else do not apply."""
    sizes: tuple[int, int] | None = field(default=None, repr=False)
    """Nodes of the whole graph and of the kept subgraph, where these stayed in the process that linted them."""

    def __getstate__(self) -> dict[str, Any]:
        """A report travels without its graphs, which are views of a mapped file."""
        state = {name: value for name, value in vars(self).items() if name not in ("source", "trace")}
        return state | {"sizes": (self.nodes, self.kept_nodes)}

    @property
    def inferred(self) -> bool:
        """Whether inputs or outputs were inferred."""
        return bool(self.inferred_how)

    @property
    def nodes(self) -> int:
        """Nodes of the whole graph."""
        return len(self.source) if self.sizes is None else self.sizes[0]

    @property
    def kept_nodes(self) -> int:
        """Nodes of the kept subgraph."""
        return len(self.trace) if self.sizes is None else self.sizes[1]

    @property
    def graph(self) -> networkx.MultiDiGraph:
        """The whole graph as networkx."""
        from minmax_lint.graph.networkx_view import view

        return view(self.source)

    @property
    def kept(self) -> networkx.MultiDiGraph:
        """The kept subgraph as networkx."""
        from minmax_lint.graph.networkx_view import view

        return view(self.source, self.trace.nodes)

    def count(self, severity: Severity) -> int:
        """Number of findings of that severity."""
        return sum(finding.severity == severity for finding in self.findings)

    @property
    def fixable(self) -> int:
        """Number of findings that `fix` can repair safely."""
        return sum(f.fix is not None and f.fix.applicability == "safe" for f in self.findings)

    def _repr_html_(self) -> str:
        """What notebooks show: they ask the object itself how it looks."""
        from minmax_lint.report.notebook import report_html

        ends = f"{', '.join(self.inputs) or 'no input'} → {', '.join(self.outputs) or 'no output'}"
        about = f"{self.format}, {self.kept_nodes} of {self.nodes} nodes kept: {ends}"
        return report_html(self.path, about, self.predictions, self.findings)

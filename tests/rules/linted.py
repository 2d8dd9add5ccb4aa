"""Findings of the rules on graphs made in tests."""

from collections.abc import Iterable, Mapping, Sequence

from minmax_lint.graph.build import Builder
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.tensor import Shape
from minmax_lint.loaders.model import Model
from minmax_lint.report.report import Report
from minmax_lint.rules.framework.finding import Finding
from minmax_lint.rules.framework.rule import Example
from minmax_lint.workflows.opened import open_model

ALL_PROFILES = ("toco-1.15", "toco-2.15", "mlir-2.15", "mlir-2.21", "mlir-2.15-v2", "mlir-2.21-v2")


def lint(
    graph: Graph | Builder,
    inputs: Mapping[str, Shape],
    outputs: Iterable[str],
    converters: Sequence[str] = ALL_PROFILES,
) -> Report:
    """The report on a graph."""
    if isinstance(graph, Builder):
        graph = graph.graph()
    return open_model(Model(None, "graphdef", graph), inputs, tuple(outputs), converters=converters).lint()


def lint_example(example: Example) -> Report:
    """The report on a rule's example."""
    model = Model(None, "graphdef", example.graph, variables=example.variables, finished=example.finished)
    return open_model(
        model, example.inputs, example.outputs, converters=example.profiles, calls=example.calls
    ).lint()


def found(report: Report, code: str) -> list[Finding]:
    """The findings of one rule."""
    return [finding for finding in report.findings if finding.code == code]

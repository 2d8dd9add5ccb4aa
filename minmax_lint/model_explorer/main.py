"""The adapter: the graph as our reports draw it, coloured by verdict, with ranges and findings at its nodes.

Model Explorer loads `main` of every module that `--extensions` names.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from model_explorer import Adapter, AdapterMetadata, ModelExplorerGraphs
from model_explorer import graph_builder as explorer

from minmax_lint.api import lint
from minmax_lint.escaping import printable
from minmax_lint.report.report import Report
from minmax_lint.report.words import WORDS, profile_titles, verdict_detail
from minmax_lint.reporters.formats.model_explorer import graph_data
from minmax_lint.reporters.picture import PictureNode, picture


class MinmaxLint(Adapter):  # type: ignore[misc]
    """Lints a model, and shows what each converter makes of its nodes."""

    metadata = AdapterMetadata(
        id="minmax_lint",
        name="minmax-lint",
        description="What the TFLite converters will quantize: verdicts, ranges and findings on the graph",
        fileExts=["pb", "pbtxt", "meta", "tflite", "keras", "h5"],
    )

    def convert(self, model_path: str, settings: dict[str, Any]) -> ModelExplorerGraphs:
        """The graph of one model. Raises UserError where it cannot be read."""
        return {"graphs": [explore(lint(model_path))]}


def explore(report: Report) -> explorer.Graph:
    """A linted model as Model Explorer draws it; the verdicts stand beside the graph where no node is selected."""
    drawn = picture(report)
    coloured = graph_data(drawn)
    colours = {one["value"]: one["bgColor"] for one in coloured["thresholds"]}
    sources: dict[str, list[str]] = {}
    for source, target in drawn.edges:
        sources.setdefault(target, []).append(source)
    titles = profile_titles(report.predictions)
    verdicts = {
        titles[name]: printable(f"{WORDS[made.verdict][0]}: {verdict_detail(made)}".removesuffix(": "))
        for name, made in report.predictions.items()
    }
    nodes = []
    for name, node in drawn.nodes.items():
        found = coloured["results"].get(name)
        nodes.append(
            explorer.GraphNode(
                id=name,
                label=printable(node.op),
                namespace=printable(name.rpartition("/")[0]),
                attrs=[explorer.KeyValue(key, printable(value)) for key, value in _attributes(report, node)],
                incomingEdges=[explorer.IncomingEdge(source) for source in sources.get(name, ())],
                style=explorer.GraphNodeStyle(backgroundColor=colours[found["value"]]) if found else None,
            )
        )
    return explorer.Graph(id=Path(report.path).name, nodes=nodes, groupNodeAttributes={"": verdicts})


def _attributes(report: Report, node: PictureNode) -> Iterator[tuple[str, str]]:
    """What the side panel says of a node."""
    yield "name", node.name
    yield "place", node.place
    if node.range:
        yield "range", node.range
    titles = profile_titles(report.predictions)
    for profile, state in node.states.items():
        yield titles[profile], state
    for finding in report.findings:
        if finding.code in node.codes and node.name in (finding.node, finding.array, *finding.consequences):
            yield f"{finding.code} {finding.severity}", f"{finding.message}. {finding.remedy}"

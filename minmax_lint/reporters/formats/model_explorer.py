"""Node data for Google's Model Explorer: load it over the same model to see what stays float and why."""

from typing import Any, TextIO

from minmax_lint.escaping import json_text
from minmax_lint.reporters.picture import Picture, PictureNode
from minmax_lint.reporters.run import Run

OUTSIDE, INTEGER, FLOAT, FINDING = 0, 1, 2, 3
THRESHOLDS = [
    {"value": OUTSIDE, "bgColor": "#bdbdbd", "textColor": "#000000"},
    {"value": INTEGER, "bgColor": "#a5d6a7", "textColor": "#000000"},
    {"value": FLOAT, "bgColor": "#ffcc80", "textColor": "#000000"},
    {"value": FINDING, "bgColor": "#ef9a9a", "textColor": "#000000"},
]
"""Upper bounds, inclusive (node_data_builder.py): outside, integer, float under some converter, finding."""


def render(run: Run, out: TextIO) -> None:
    """Write one graph a model, under its path; Model Explorer also takes the data of a single graph."""
    out.write(json_text({report.path: graph_data(run.picture(report)) for report in run.reports}))


def graph_data(picture: Picture) -> dict[str, Any]:
    """`results` by node name, with the thresholds that colour them."""
    values = {name: _value(node) for name, node in picture.nodes.items()}
    return {
        "results": {name: {"value": value} for name, value in values.items() if value is not None},
        "thresholds": THRESHOLDS,
    }


def _value(node: PictureNode) -> int | None:
    if node.codes:
        return FINDING
    if node.place == "outside":
        return OUTSIDE
    if "float" in node.states.values():
        return FLOAT
    return INTEGER if node.states else None

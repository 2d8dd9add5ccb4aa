"""One self-contained HTML page: verdicts, findings, and the graph around each, drawn; no network."""

from collections.abc import Sequence
from importlib.resources import files
from typing import Any, TextIO

from minmax_lint.converters.prediction import Prediction
from minmax_lint.escaping import html_text, printable, script_json
from minmax_lint.report.comparison import Way
from minmax_lint.report.comparison_words import (
    detail,
    has_model,
    heading,
    runs_text,
    share_text,
    shares_text,
    types_text,
)
from minmax_lint.report.report import Report
from minmax_lint.report.words import profile_titles, short_message
from minmax_lint.reporters.document import TOOL, finding_data, prediction_data
from minmax_lint.reporters.picture import Picture, Place
from minmax_lint.reporters.run import Run
from minmax_lint.rules.framework.rule import rules

PLACES: tuple[Place, ...] = ("input", "output", "kept", "outside")
STATES = {"integer": "i", "float": "f"}
SCRIPTS = (
    "vendor/cytoscape.min.js",
    "vendor/cytoscape-dagre.min.js",
    "graph.js",
    "map.js",
    "drawing.js",
    "page.js",
)


def render(run: Run, out: TextIO) -> None:
    """Write the page."""
    page = _asset("page.html")
    parts = {
        "title": html_text(_title(run)),
        "style": _asset("colours.css") + _asset("page.css"),
        "data": script_json(_to_print(page_data(run))),
        "scripts": "\n".join(f"<script>{_script(_asset(name))}</script>" for name in SCRIPTS),
    }
    for name, text in parts.items():
        page = page.replace(f"<!-- {name} -->", text, 1)
    out.write(page)


def page_data(run: Run) -> dict[str, Any]:
    """What the page shows; nodes are rows and edges pairs of row numbers, to keep the file small."""
    documented = {rule.code: rule.summary() for rule in rules()}
    codes = {finding.code for report in run.reports for finding in report.findings}
    return {
        "tool": TOOL,
        "rules": {code: documented.get(code, "") for code in sorted(codes)},
        "models": [model_data(run, report) for report in run.reports],
        "unreadable": [[failed.path, failed.message] for failed in run.unreadable],
    }


def model_data(run: Run, report: Report) -> dict[str, Any]:
    """One model: verdicts, findings, and the graph for graph.js."""
    titles = profile_titles(report.predictions)
    return {
        "path": report.path,
        "format": report.format,
        "inputs": list(report.inputs),
        "outputs": list(report.outputs),
        "inferred": report.inferred_how,
        "nodes": report.nodes,
        "kept": report.kept_nodes,
        "fix": dict(run.fix_commands(report)),
        "profiles": [_profile(name, titles[name], found) for name, found in report.predictions.items()],
        "ways": [_way(way) for way in report.comparison.ways] if report.comparison else [],
        "waysHeading": heading(report.comparison) if report.comparison else "",
        "findings": [finding_data(finding) for finding in report.findings],
        "graph": _graph(run.picture(report), list(report.predictions)),
    }


def _profile(name: str, title: str, found: Prediction) -> dict[str, Any]:
    """What one converter says."""
    return {
        "name": name,
        "title": title,
        "share": share_text(found.integer_share),
        "says": short_message(found.message),
        **prediction_data(found),
    }


def _graph(drawn: Picture, profiles: Sequence[str]) -> dict[str, Any]:
    """Nodes as rows, and edges as pairs of row numbers."""
    rows = {name: row for row, name in enumerate(drawn.nodes)}
    nodes = [
        [
            node.name,
            node.op,
            PLACES.index(node.place),
            node.range,
            "".join(STATES.get(node.states.get(name, ""), "-") for name in profiles),
            " ".join(node.codes),
        ]
        for node in drawn.nodes.values()
    ]
    return {"nodes": nodes, "edges": [[rows[source], rows[target]] for source, target in drawn.edges]}


def _way(way: Way) -> dict[str, Any]:
    """One way of a comparison, as a row of the first view."""
    ops, macs = shares_text(way)
    return {
        "name": way.name,
        "tensorflow": way.tensorflow,
        "verdict": way.prediction.verdict,
        "ops": ops,
        "macs": macs,
        "types": types_text(way, "→"),
        "runs": runs_text(way),
        "edge_tpu": share_text(way.edge_tpu_share),
        "detail": detail(way),
        "code": way.code if has_model(way) else "",
    }


def _title(run: Run) -> str:
    names = [report.path for report in run.reports]
    return f"minmax-lint: {names[0]}" if len(names) == 1 else f"minmax-lint: {len(names)} models"


def _asset(name: str) -> str:
    return files(__package__).joinpath(name).read_text(encoding="utf-8")


def _to_print(data: Any) -> Any:
    """The data with every text in it printable: a page shows names, and no bidi control may reorder it."""
    if isinstance(data, str):
        return printable(data)
    if isinstance(data, dict):
        return {_to_print(key): _to_print(value) for key, value in data.items()}
    return [_to_print(one) for one in data] if isinstance(data, (list, tuple)) else data


def _script(text: str) -> str:
    return text.replace("</", "<\\/")

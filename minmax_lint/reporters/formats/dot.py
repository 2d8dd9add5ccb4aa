"""Graphviz: the kept part and what hangs outside, with ranges, float ops and findings marked."""

from __future__ import annotations

import json
from typing import TextIO

from minmax_lint.reporters.picture import PictureNode, picture
from minmax_lint.reporters.run import Run
from minmax_lint.reporters.text import one_line

FILLS = {"integer": "#cfe8cf", "float": "#ffd9b0", "mixed": "#f5efb8", "none": "#ffffff"}


def render(run: Run, out: TextIO) -> None:
    """Write one digraph a model: green is integer, orange float, yellow what converters differ on."""
    for report in run.reports:
        drawn = picture(report)
        out.write(f"digraph {_quoted(report.path)} {{\n")
        out.write('  rankdir=TB; node [shape=box style="rounded,filled" fontname="Helvetica" fontsize=10];\n')
        for node in drawn.nodes.values():
            out.write(f"  {_quoted(node.name)} [{_style(node)}];\n")
        for source, target in drawn.edges:
            outside = "outside" in (drawn.nodes[source].place, drawn.nodes[target].place)
            out.write(f"  {_quoted(source)} -> {_quoted(target)}{' [style=dashed]' if outside else ''};\n")
        out.write("}\n")


def _style(node: PictureNode) -> str:
    lines = [node.op, node.name, *([node.range] if node.range else []), *node.codes]
    states = set(node.states.values())
    fill = FILLS["mixed" if len(states) > 1 else next(iter(states), "none")]
    style = [f"label={_quoted(chr(10).join(lines))}", f'fillcolor="{fill}"']
    if node.place == "outside":
        style.append('style="rounded,dashed" fontcolor="#666666"')
    if node.place in ("input", "output"):
        style.append("peripheries=2")
    if node.codes:
        style.append('color="#c62828" penwidth=2')
    return " ".join(style)


def _quoted(text: str) -> str:
    lines = (one_line(line) for line in text.split("\n"))
    return '"' + "\\n".join(json.dumps(line, ensure_ascii=False)[1:-1] for line in lines) + '"'

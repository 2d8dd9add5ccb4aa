"""Graphviz: the kept part and what hangs outside, with ranges, float ops and findings marked."""

from typing import TextIO

from minmax_lint.escaping import dot_string, shorten
from minmax_lint.reporters.picture import PictureNode
from minmax_lint.reporters.run import Run

FILLS = {"integer": "#cfe8cf", "float": "#ffd9b0", "mixed": "#f5efb8", "none": "#ffffff"}


def render(run: Run, out: TextIO) -> None:
    """Write one digraph a model: green is integer, orange float, yellow what converters differ on."""
    for report in run.reports:
        drawn = run.picture(report)
        out.write(f"digraph {dot_string(report.path)} {{\n")
        out.write('  rankdir=TB; node [shape=box style="rounded,filled" fontname="Helvetica" fontsize=10];\n')
        for node in drawn.nodes.values():
            out.write(f"  {dot_string(node.name)} [{_style(node)}];\n")
        for source, target in drawn.edges:
            outside = "outside" in (drawn.nodes[source].place, drawn.nodes[target].place)
            out.write(
                f"  {dot_string(source)} -> {dot_string(target)}{' [style=dashed]' if outside else ''};\n"
            )
        out.write("}\n")


def _style(node: PictureNode) -> str:
    lines = [shorten(node.op), shorten(node.name), *([node.range] if node.range else []), *node.codes]
    states = set(node.states.values())
    fill = FILLS["mixed" if len(states) > 1 else next(iter(states), "none")]
    style = [f"label={dot_string(*lines)}", f'fillcolor="{fill}"']
    if node.place == "outside":
        style.append('style="rounded,dashed" fontcolor="#666666"')
    if node.place in ("input", "output"):
        style.append("peripheries=2")
    if node.codes:
        style.append('color="#c62828" penwidth=2')
    return " ".join(style)

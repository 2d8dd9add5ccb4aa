"""A comparison of ways to convert a model, in each of its formats."""

from collections.abc import Callable, Mapping
from typing import Any, TextIO

from minmax_lint.escaping import json_text, markdown_block, markdown_code, markdown_text
from minmax_lint.report.comparison import Comparison, Way
from minmax_lint.report.comparison_words import (
    detail,
    families,
    has_model,
    heading,
    runs_text,
    share_text,
    shares_text,
    types_text,
)
from minmax_lint.report.words import WORDS
from minmax_lint.reporters.document import SCHEMA_VERSION, TOOL, prediction_data, shapes_data
from minmax_lint.reporters.formats.markdown import SYMBOLS


def render_json(comparison: Comparison, out: TextIO, *, verbose: bool = False) -> None:
    """Write one JSON document, indented."""
    out.write(json_text(comparison_data(comparison)))


def render_markdown(comparison: Comparison, out: TextIO, *, verbose: bool = False) -> None:
    """Write a table, and below it the code of every way."""
    text = heading(comparison)
    out.write(f"# {markdown_code(comparison.path)}\n\n{text[:1].upper()}{text[1:]}.\n\n")
    out.write(
        "| Way | TensorFlow | Verdict | Integer ops | Integer MACs | Inputs → outputs | Runs | Edge TPU | |\n"
    )
    out.write("| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n")
    for way in comparison.ways:
        verdict = way.prediction.verdict
        cells = (
            markdown_code(way.name),
            way.tensorflow,
            f"{SYMBOLS[verdict]} {WORDS[verdict][0]}",
            *shares_text(way),
            markdown_text(types_text(way, "→")),
            runs_text(way),
            share_text(way.edge_tpu_share),
            markdown_text(detail(way)),
        )
        out.write(f"| {' | '.join(cells)} |\n")
    if families(comparison):
        out.write(f"\n{markdown_text(families(comparison))}.\n")
    for way in comparison.ways:
        if has_model(way):
            out.write(f"\n## {markdown_code(way.name)}, TensorFlow {way.tensorflow}\n\n")
            out.write(markdown_block(way.code.rstrip("\n"), "python"))


def render_terminal(comparison: Comparison, out: TextIO, *, verbose: bool = False) -> None:
    """Write a table, and below it the code of the best way; of all ways with `verbose`."""
    from minmax_lint.reporters.terminal.comparison import print_comparison

    print_comparison(out, comparison, every_code=verbose)


RENDERERS: Mapping[str, Callable[..., None]] = {
    "full": render_terminal,
    "json": render_json,
    "markdown": render_markdown,
}
"""The formats of `compare`; the first is the default."""


def comparison_data(comparison: Comparison) -> dict[str, Any]:
    """A comparison as the JSON document has it."""
    return {
        "schema_version": SCHEMA_VERSION,
        "tool": TOOL,
        "path": comparison.path,
        "format": comparison.format,
        "inputs": shapes_data(comparison.inputs),
        "outputs": list(comparison.outputs),
        "inferred_how": comparison.inferred_how,
        "ways": [way_data(way) for way in comparison.ways],
    }


def way_data(way: Way) -> dict[str, Any]:
    """One way: its prediction with what only a comparison knows."""
    profile = way.profile
    return {
        "way": way.name,
        "engine": profile.engine,
        "call": profile.call,
        "select_tf_ops": profile.select_tf,
        "tensorflow": [".".join(map(str, number)) for number in way.versions],
        "converters": list(way.converters),
        "input_types": dict(way.input_types),
        "output_types": dict(way.output_types),
        "needs_dataset": profile.ranges == "calibrated",
        "edge_tpu_share": way.edge_tpu_share,
        "runs": way.prediction.runs,
        "refused": way.prediction.refused,
        "code": way.code,
        **prediction_data(way.prediction),
    }

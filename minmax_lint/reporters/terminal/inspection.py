"""`inspect` on a terminal: the ends, the signatures, the ops, the table of FakeQuants."""

from typing import TextIO

from minmax_lint.graph.fakequant import FakeQuant
from minmax_lint.report.words import array_text, count_words, number_of
from minmax_lint.reporters.inspection import Inspection
from minmax_lint.reporters.terminal.page import Page, Part


def print_inspection(out: TextIO, found: Inspection) -> None:
    """Print ends, signatures, ops and FakeQuants."""
    page = Page(out)
    page.rule(found.path, "cyan")
    nodes = f"{number_of(len(found.graph), 'node')}"
    kept = f", {len(found.kept)} kept" if found.kept is not None else ""
    _field(page, "format", f"{found.format}, {nodes}{kept}")
    _field(page, "inputs", ", ".join(array_text(*end) for end in found.inputs.items()) or "unknown")
    _field(page, "outputs", ", ".join(found.outputs) or "unknown")
    _field(page, "inferred", found.inferred_how)
    if found.variables:
        values = "values known" if found.values_known else "no checkpoint, values unknown"
        _field(page, "variables", f"{found.variables}, {values}")
    _field(page, "ops", count_words(found.graph.columns.ops, kinds=8))
    for name, signature in found.signatures.items():
        ends = [f"{key} {page.glyphs.arrow} {array}" for key, array in signature.outputs.items()]
        ends = [f"{key} = {array}" for key, array in signature.inputs.items()] + ends
        _field(page, "signature", f"{name}: {', '.join(ends)}")
    page.line()
    if not found.fake_quants:
        page.line("   no FakeQuant in the graph")
        return
    outside = sum(found.place(each) == "outside" for each in found.fake_quants)
    count = len(found.fake_quants)
    where = f", {outside} of them outside what the converter keeps" if outside else ""
    page.line((f"   {number_of(count, 'FakeQuant')}", "bold"), where)
    rows = [_row(page, found, each) for each in found.fake_quants]
    page.table(("range", "bits", "where", f"array {page.glyphs.arrow} FakeQuant"), rows)


def _row(page: Page, found: Inspection, each: FakeQuant) -> tuple[Part, ...]:
    place = found.place(each)
    bits = f"{each.num_bits}{' narrow' if each.narrow_range else ''}"
    style = "yellow" if place == "outside" else ""
    return range_text(each), bits, (place, style), f"{each.array} {page.glyphs.arrow} {each.node}"


def range_text(each: FakeQuant) -> str:
    """`[0, 6]`; with the number of channels where each has its own; `computed` where it is no constant."""
    if each.range is None:
        return "computed"
    if not each.range.known:
        return "unknown"
    channels = f" over {len(each.lows)} channels" if each.per_channel else ""
    return f"{each.range}{channels}"


def _field(page: Page, label: str, text: str) -> None:
    if text:
        page.block(("   ", (f"{label:11}", "dim")), text)

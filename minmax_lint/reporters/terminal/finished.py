"""`inspect` of a .tflite model on a terminal: the ends with their scales, the ops with their integer share."""

from __future__ import annotations

from typing import TextIO

from minmax_lint.converters.finished import TensorInfo
from minmax_lint.report.words import array_text, plural
from minmax_lint.reporters.finished import FinishedInspection
from minmax_lint.reporters.terminal.page import Page, Part


def print_finished(out: TextIO, found: FinishedInspection) -> None:
    """Print everything."""
    page = Page(out)
    model = found.model
    page.rule(found.path, "cyan")
    page.line(("   format     ", "dim"), f"tflite, {model.size} bytes")
    for label, tensors in (("inputs", model.inputs), ("outputs", model.outputs)):
        page.block((f"   {label:11}",), ", ".join(map(_end, tensors)) or "none")
    page.line()
    computing = sum(share.computing for share in found.shares)
    integer = sum(share.integer for share in found.shares)
    share = "" if found.integer_share is None else f" ({found.integer_share:.0%})"
    page.line((f"   {integer} of {computing} computing {plural(computing, 'op')} integer{share}", "bold"))
    page.table(("ops", "integer", "float", "kind"), [_row(*row) for row in _rows(found)])


def _end(tensor: TensorInfo) -> str:
    scale = "" if tensor.scale is None else f", scale {tensor.scale:.6g}, zero point {tensor.zero_point}"
    return f"{array_text(tensor.name, tensor.shape)} {tensor.dtype}{scale}"


def _rows(found: FinishedInspection) -> list[tuple[int, int, int, str]]:
    return [(share.count, share.integer, share.float, share.op) for share in found.shares]


def _row(count: int, integer: int, floats: int, op: str) -> tuple[Part, ...]:
    return f"{count:3}", f"{integer:7}", (f"{floats:5}", "yellow" if floats else ""), op

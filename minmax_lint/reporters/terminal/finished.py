"""`inspect` of a .tflite model on a terminal: the ends with their scales, the ops with their integer share."""

from typing import TextIO

from minmax_lint.converters.finished import TensorInfo, TFLiteModel, as_prediction
from minmax_lint.report.words import array_text, number_of
from minmax_lint.reporters.finished import op_shares
from minmax_lint.reporters.terminal.page import Page, Part


def print_finished(out: TextIO, path: str, model: TFLiteModel) -> None:
    """Print the ends, and the share of integer ops."""
    page = Page(out)
    page.rule(path, "cyan")
    page.line(("   format     ", "dim"), f"tflite, {model.size} bytes")
    for label, tensors in (("inputs", model.inputs), ("outputs", model.outputs)):
        page.block((f"   {label:11}",), ", ".join(map(_end, tensors)) or "none")
    page.line()
    share = as_prediction(model).integer_share
    page.line((f"   {integer_text(model)}{'' if share is None else f' ({share:.0%})'}", "bold"))
    print_ops(page, model)


def _end(tensor: TensorInfo) -> str:
    scale = "" if tensor.scale is None else f", scale {tensor.scale:.6g}, zero point {tensor.zero_point}"
    return f"{array_text(tensor.name, tensor.shape)} {tensor.dtype}{scale}"


def integer_text(model: TFLiteModel) -> str:
    """`6 of 7 ops integer`: of the ops that compute on real values, as in every report."""
    shares = op_shares(model)
    computing = sum(share.computing for share in shares)
    return f"{sum(share.integer for share in shares)} of {number_of(computing, 'op')} integer"


def print_ops(page: Page, model: TFLiteModel) -> None:
    """The ops by kind: how many are integer, how many float, and which are not counted."""
    rows = [
        (share.op, _count(share.integer, "green"), _count(share.float, "bold yellow"), share.uncounted)
        for share in op_shares(model)
    ]
    page.table(("op", "integer", "float", ""), rows)


def _count(number: int, style: str) -> Part:
    return (f"{number:5}", style) if number else ("    -", "dim")

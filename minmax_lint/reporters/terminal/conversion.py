"""`convert` on a terminal: what the real converter made, op by op, or why it failed."""

from typing import TextIO

from minmax_lint.backends.conversion import TensorInfo, TFLiteModel
from minmax_lint.report.words import first_of_fused, number_of
from minmax_lint.reporters.terminal.commands import print_next, print_repair, print_script_patch
from minmax_lint.reporters.terminal.findings import print_finding
from minmax_lint.reporters.terminal.finished import integer_text, print_ops
from minmax_lint.reporters.terminal.page import Page, Part
from minmax_lint.reporters.terminal.verdicts import print_head
from minmax_lint.reporters.terminal.verification import print_verification, steps_text
from minmax_lint.rules.framework.rule import about_samples
from minmax_lint.workflows.convert import Conversion

SHOWN_FLOAT_OPS = 8
AS_ASKED = {"dynamic": "dynamic range, as asked for", "float16": "float16 weights, as asked for"}
"""Mode of a call whose model computes in float -> what to say of it."""


def print_conversion(
    out: TextIO,
    found: Conversion,
    destination: str,
    explanation: tuple[str, str] | None = None,
    *,
    repairing: str = "",
    rewriting: str = "",
    checking: str = "minmax-lint check",
    quiet: bool = False,
    verbose: bool = False,
) -> None:
    """Print the whole story; quiet: the end alone.

    `explanation` is the cause and the remedy of a failure's message, printed where no finding explains it.
    Command lines: `repairing` repairs the graph on the way, `rewriting` shows what changes in the script, `checking`
    shows all findings.
    """
    page = Page(out)
    if not quiet:
        print_head(page, found.report)
        if found.called:
            page.block(("   ", ("call ", "dim")), found.called)
        if found.patch is not None:
            page.block(("   ", ("fix  ", "dim")), found.patch.reason)
        page.line()
        if found.contents is not None:
            _print_ops(page, found.contents, verbose=verbose)
            _print_ends(page, found.contents)
        print_verification(page, found)
    _print_verdict(page, found, f"wrote {destination}")
    _print_surprise(page, found)
    failed = found.verdict != "quantized" and found.mode not in AS_ASKED
    for finding in about_samples(found.report.findings):
        if not (quiet or (failed and finding.severity == "error")):
            page.line()
            print_finding(page, finding, found.report.predictions)
    if failed and not quiet:
        _print_causes(page, found, explanation, repairing, rewriting, checking)


def print_proof(out: TextIO, found: Conversion, *, quiet: bool = False) -> None:
    """What the real converter made of a repaired graph: for `fix --verify`."""
    page = Page(out)
    if not quiet:
        page.line()
        if found.contents is not None and found.float_ops:
            _print_ops(page, found.contents, verbose=False)
        print_verification(page, found)
    _print_verdict(
        page, found, "converted for the proof" if found.proved else "nothing was written: the proof failed"
    )
    _print_surprise(page, found)


def _print_ops(page: Page, model: TFLiteModel, *, verbose: bool) -> None:
    print_ops(page, model)
    page.line()
    floats = model.computing_float_ops
    listed = floats if verbose else floats[:SHOWN_FLOAT_OPS]
    for op, output in listed:
        page.line("   ", ("float  ", "yellow"), f"{op}  {first_of_fused(output)}")
    if len(floats) > len(listed):
        page.line(f"   and {len(floats) - len(listed)} more; --verbose shows them")
    if floats:
        page.line()


def _print_ends(page: Page, model: TFLiteModel) -> None:
    rows = [("input", *_tensor_cells(tensor)) for tensor in model.inputs]
    rows += [("output", *_tensor_cells(tensor)) for tensor in model.outputs]
    page.table(("", "type", "scale", "zero", "array"), rows)
    page.line()


def _tensor_cells(tensor: TensorInfo) -> tuple[Part, ...]:
    style = "yellow" if tensor.dtype == "float32" else "green"
    scale = "-" if tensor.scale is None else f"{tensor.scale:.6g}"
    zero = "-" if tensor.zero_point is None else str(tensor.zero_point)
    return (tensor.dtype, style), scale, zero, f"{tensor.name} [{', '.join(map(str, tensor.shape))}]"


def _print_verdict(page: Page, found: Conversion, what: str) -> None:
    result, model = found.result, found.contents
    who = (
        f"{result.engine.upper()} of TensorFlow {result.tensorflow}" if result.tensorflow else "the converter"
    )
    took = f"{result.seconds:.1f} s"
    if model is None:
        assert result.failure is not None
        page.line((f"{page.glyphs.fail} {who} failed", "bold red"), f" after {took}; nothing was written")
        page.block(("  ",), result.failure.message)
        if result.failure.array:
            page.line("  the array: ", (result.failure.array, "bold"))
        return
    size = f"{model.size / 1024:,.1f} KiB" if model.size >= 1024 else f"{model.size} bytes"
    counted = integer_text(model)
    if found.verdict == "quantized":
        page.line((f"{page.glyphs.ok} all-integer model", "bold green"), f": {counted}")
    elif found.mode in AS_ASKED:
        ops = sum(op.computes for op in model.ops)
        page.line((f"{page.glyphs.ok} {AS_ASKED[found.mode]}", "bold green"), f": {number_of(ops, 'op')}")
    else:
        text = counted if model.float_ops else f"{counted}, and a float32 output"
        page.line(("! not an all-integer model", "bold yellow"), f": {text}")
    _print_threshold(page, found)
    compared = f"; values compared in {found.verification.seconds:.1f} s" if found.verification else ""
    page.line(f"  {what} ({size}), {who}, {took}{compared}")


def _print_threshold(page: Page, found: Conversion) -> None:
    if found.refused:
        page.line((f"{page.glyphs.fail} the model does not run", "bold red"))
        page.block(("  ",), found.refused)
    if found.verification is None:
        return
    far_off = found.verification.far_off(found.threshold)
    if not far_off:
        if found.threshold is not None:
            largest = steps_text(found.verification.worst)
            text = f": largest error {largest} steps, threshold {found.threshold:g}"
            page.line((f"{page.glyphs.ok} values near enough", "bold green"), text)
        return
    worst = far_off[0]
    limit = f"{worst.limit:g} (the default)" if found.threshold is None else f"{found.threshold:g}"
    text = f": largest error {steps_text(worst.max_error)} steps, threshold {limit}"
    page.line((f"{page.glyphs.fail} values too far off", "bold red"), text)
    if found.verification.first_error:
        page.line("  the error begins at ", (found.verification.first_error, "bold"))


def _print_surprise(page: Page, found: Conversion) -> None:
    if found.surprise:
        text = f"minmax-lint was wrong: {found.surprise}. Please report it with the graph."
        page.block(("  ",), text, "magenta")


def _print_causes(
    page: Page,
    found: Conversion,
    explanation: tuple[str, str] | None,
    repairing: str,
    rewriting: str,
    checking: str,
) -> None:
    """What the linter knows about it, and the command that helps."""
    errors = [finding for finding in found.report.findings if finding.severity == "error"]
    if not errors and explanation is not None:
        cause, remedy = explanation
        page.line()
        page.block(("   ", ("cause    ", "dim")), cause)
        page.block(("   ", ("advice   ", "dim")), remedy)
    for finding in errors[:3]:
        page.line()
        print_finding(page, finding, found.report.predictions)
    if len(errors) > 3:
        print_next(page, f"and {len(errors) - 3} more; to see them in full:", checking, "dim")
    if rewriting:
        print_script_patch(page, rewriting)
    if found.patch is None and repairing:
        unsafe = "--unsafe-fixes" in repairing
        but = " (its values change)" if unsafe else ""
        print_repair(page, f"To repair the graph on the way{but}, run:", repairing, unsafe=unsafe)

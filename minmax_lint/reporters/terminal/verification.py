"""How far a model's values are from the graph's, as a table on a terminal."""

from collections.abc import Mapping

from minmax_lint.backends.verification import Comparison
from minmax_lint.backends.verification.run import Party
from minmax_lint.reporters.terminal.page import Page, Part
from minmax_lint.workflows.convert import Conversion

PAIRS: Mapping[tuple[Party, Party], str] = {
    ("original", "fixed"): "the fix",
    ("fixed", "model"): "the conversion",
    ("original", "model"): "both",
}
SHOWN_OUTPUTS = 8


def print_verification(page: Page, found: Conversion) -> None:
    """The comparison, one row for each pair and output; nothing where there is none."""
    if found.unverified:
        page.block(("   ", ("not verified: ", "yellow")), found.unverified)
        page.line()
    verification = found.verification
    if verification is None:
        return
    source = verification.source or "random inputs"
    agreements = any(one.agreement is not None for one in verification.comparisons)
    outputs = list(dict.fromkeys(one.output for one in verification.comparisons))
    fixed = any(one.value == "fixed" for one in verification.comparisons)
    rows = [
        (_pair(one, fixed=fixed), *_cells(one, found, agreements))
        for output in outputs[:SHOWN_OUTPUTS]
        for pair in PAIRS
        for one in verification.of(*pair)
        if one.output == output
    ]
    titles = ("difference made by", "max", "mean", *(("argmax",) if agreements else ()), "output")
    page.line(f"   values on {verification.samples} samples ({source}), errors in output steps")
    page.line()
    page.table(titles, rows)
    if len(outputs) > SHOWN_OUTPUTS:
        page.line(f"   and {len(outputs) - SHOWN_OUTPUTS} more outputs; --output-format json has them")
    for name, share in verification.clipped.items():
        text = f"{share:.1%} of the values of {name} lie outside what the model's input can represent"
        page.block(("   ",), text, "yellow")
    page.line()


def steps_text(error: float) -> str:
    """An error in output steps, to the hundredth: what is less comes from float arithmetic, not quantization."""
    if 0 < error < 0.005:
        return "<0.01"
    return f"{error:.2f}" if 0 < error < 100 else f"{error:,.0f}"


def _pair(one: Comparison, *, fixed: bool) -> str:
    pair = (one.reference, one.value)
    return PAIRS[pair] if fixed or pair != ("original", "model") else "the conversion"


def _cells(one: Comparison, found: Conversion, agreements: bool) -> tuple[Part, ...]:
    counts = (one.reference, one.value) == ("original", "model")
    too_far = counts and one.exceeds(found.threshold)
    cells: tuple[Part, ...] = (
        (steps_text(one.max_error), "bold red" if too_far else ""),
        steps_text(one.mean_error),
    )
    if agreements:
        cells += ("-" if one.agreement is None else f"{one.agreement:.1%}",)
    return (*cells, f"{one.output} (step {one.step:.3g})")

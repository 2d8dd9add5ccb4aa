"""A sweep for people: what is wrong first, then the figures."""

from collections.abc import Sequence

from tests.sweep.result import Sweep, difference

COUNTS = ("models", "verdict", "detail", "undetermined")


def print_sweep(sweep: Sweep) -> None:
    """Tables on standard output."""
    crashes, refusals = list(sweep.crashes), list(sweep.refusals)
    differing = [(model, p.profile, difference(p, real)) for model, p, real in sweep.disagreements]
    _print("crashes", ("model", "how"), crashes)
    _print("refusals", ("model", "reason"), refusals)
    _print("disagreements", ("model", "profile", "difference"), differing)
    _print("slowest", ("model", "seconds"), [(model, f"{seconds:.2f}") for model, seconds in sweep.slowest])
    figures = [(name, *(str(counts[key]) for key in COUNTS)) for name, counts in sweep.tally.items()]
    _print("right", ("profile", *COUNTS), figures)
    models = len(sweep.looked) + len(sweep.ended)
    print(
        f"{models} models, {len(crashes)} crashes, {len(refusals)} refusals, {len(differing)} disagreements"
    )


def _print(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]]) -> None:
    """A table as wide as its widest cells, with the long texts last."""
    if not rows:
        return
    widths = [max(len(row[place]) for row in (columns, *rows)) for place in range(len(columns))]
    print(title)
    for row in (columns, *rows):
        print("  " + "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
    print()

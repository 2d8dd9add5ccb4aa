"""What a comparison's table says of one way."""

import re

from minmax_lint.converters.call import SELECT_TF
from minmax_lint.report.comparison import Comparison, Way
from minmax_lint.report.words import number_of, short_message, tally_words, weights_text

RUNS = {True: "yes", False: "no", None: "not known"}


_FAMILIES = {
    "toco": "toco: TF1's converter with TOCO",
    "mlir": "mlir: TF1's converter, with input stats",
    "mlir-v2": "mlir-v2: TF2's, with the ranges of FakeQuants alone",
}
"""Way whose name does not say how it calls the converter -> how."""


def heading(comparison: Comparison) -> str:
    """How many ways there are, or that none of them makes a model."""
    count = len(comparison.ways)
    if all(way.prediction.verdict == "abort" for way in comparison.ways):
        return f"none of {number_of(count, 'way')} converts it"
    return f"{number_of(count, 'way')} to convert it, best first"


def families(comparison: Comparison) -> str:
    """What the names of ways mean that do not say it: clauses."""
    names = {way.name for way in comparison.ways}
    return "; ".join(text for name, text in _FAMILIES.items() if name in names)


def has_model(way: Way) -> bool:
    """Whether the converter writes a model."""
    return way.prediction.verdict in ("quantized", "float")


def share_text(share: float | None) -> str:
    """`97%`; only what is whole is 100%; `-` where it is not known."""
    if share is None:
        return "-"
    return f"{min(share, 0.99):.0%}" if share < 1 else "100%"


def shares_text(way: Way) -> tuple[str, str]:
    """The integer shares of its operators and of its multiply-accumulates."""
    found = way.prediction
    shares = (found.integer_share, found.integer_mac_share) if has_model(way) else (None, None)
    return share_text(shares[0]), share_text(shares[1])


def types_text(way: Way, arrow: str) -> str:
    """`uint8 → uint8`: the types of the model's inputs and outputs."""
    inputs, outputs = way.types
    return f"{inputs or 'none'} {arrow} {outputs or 'none'}" if has_model(way) else "-"


def runs_text(way: Way) -> str:
    """Whether TFLite's interpreter can run the model."""
    return RUNS[way.prediction.runs] if has_model(way) else "-"


def each_once(message: str) -> str:
    """A message that says the same sentence of many ops, with each sentence once."""
    return " ".join(dict.fromkeys(re.split(r"(?<=\.)\s+", message)))


def detail(way: Way) -> str:
    """What keeps the way from being the best: float ops, the interpreter's reason, the converter's message."""
    found = way.prediction
    parts = [f"with {SELECT_TF}"] if way.profile.select_tf else []
    if not has_model(way):
        parts.append(each_once(short_message(found.message)))
    elif found.weight_ops:
        parts.append(weights_text(found))
    elif found.float_ops:
        parts.append(f"float: {tally_words(found.float_kinds)}")
    elif found.verdict == "float":
        parts.append(found.message)
    if has_model(way) and found.runs is False:
        parts.append(found.refused)
    return "; ".join(parts)

"""What reports call things: verdicts, converters, arrays, and numbers of them."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from minmax_lint.converters.finished import PROFILE
from minmax_lint.converters.prediction import OpOutcome, Prediction, Verdict
from minmax_lint.converters.profile import SELECTABLE, name_and_place, profile
from minmax_lint.graph.tensor import Shape, shape_text

WORDS: Mapping[Verdict, tuple[str, str]] = {
    "quantized": ("quantized", "green"),
    "float": ("stays float", "yellow"),
    "abort": ("aborts", "red"),
    "undetermined": ("undetermined", "magenta"),
}
"""Verdict -> (word, style)."""


def verdict_detail(prediction: Prediction) -> str:
    """What follows the verdict's word: the converter's own message, or how many ops are integer."""
    computing = prediction.computing
    if prediction.verdict in ("abort", "undetermined"):
        return short_message(prediction.message)
    if prediction.verdict == "quantized":
        left = f"; {len(prediction.cpu_ops)} left to the CPU" if prediction.cpu_ops else ""
        return f"{computing} of {number_of(computing, 'op')} integer{left}" if computing else ""
    floats = len(prediction.computing_float_ops)
    if not floats:
        return prediction.message or "every op is integer, but an output of the model is float32"
    if prediction.weight_ops:
        return weights_text(prediction)
    share = ""
    if computing >= floats:
        macs = _share_of(prediction.integer_mac_share) if prediction.integer_share else ""
        share = f"{computing - floats} of {number_of(computing, 'op')} integer{macs}; "
    return f"{share}float: {tally_words(prediction.float_kinds)}{_worst(prediction)}"


def weights_text(prediction: Prediction) -> str:
    """Of dynamic range and float16: which ops have smaller weights, and which are wholly float.

    `int8 weights: FULLY_CONNECTED x2 (90% of multiply-accumulates); wholly float: RELU`.
    """
    groups: dict[str, list[OpOutcome]] = {}
    for op in prediction.ops:
        if op.weights is not None or (op.computes and not op.integer):
            groups.setdefault(_weights_group(op), []).append(op)
    return "; ".join(
        f"{title}: {count_words(op.op for op in ops)}{_share_of(prediction.mac_share(ops))}"
        for title, ops in sorted(groups.items())
    )


def _weights_group(op: OpOutcome) -> str:
    if op.weights is None:
        return "wholly float"
    slow = op.weights.type == "int8" and not op.weights.hybrid and not op.integer
    return f"{op.weights.type} weights{', dequantized before use' if slow else ''}"


def _share_of(share: float | None) -> str:
    return "" if not share else f" ({share:.0%} of multiply-accumulates)"


def _worst(prediction: Prediction) -> str:
    """The float op that costs most, where there is a choice."""
    worst, total = prediction.worst_float_op, prediction.macs
    if worst is None or worst.macs is None or len(prediction.computing_float_ops) < 2:
        return ""
    return f"; costliest: {first_of_fused(worst.output)} ({worst.macs / total:.0%})"


def short_message(message: str) -> str:
    """A converter's message without the general advice that TOCO adds to it."""
    statement, advice, _ = message.partition(" If accuracy matters, ")
    return f"{statement} ..." if advice else statement


def failing_converters(predictions: Mapping[str, Prediction]) -> list[str]:
    """The converters, by title, that will not make an all-integer model."""
    return [
        title
        for name, title in profile_titles(predictions).items()
        if predictions[name].verdict != "quantized"
    ]


def count_words(words: Iterable[str], kinds: int = 4) -> str:
    """`CONV_2D x12, ADD x3, RELU`, the most frequent first, at most `kinds` of them."""
    return tally_words(((word, 1) for word in words), kinds)


def tally_words(words: Iterable[tuple[str, int]], kinds: int = 4) -> str:
    """The same of words of which there are several at a time."""
    tally: Counter[str] = Counter()
    for word, number in words:
        tally[word] += number
    found = tally.most_common()
    shown = [word if number == 1 else f"{word} x{number}" for word, number in found[:kinds]]
    return ", ".join(shown + ["..."] * (len(found) > kinds))


def profile_title(name: str, *, asked_float: bool = False) -> str:
    """A profile's name for people: `TOCO (TF 2.15)`; `asked_float`: of a call that asks for a float model."""
    if name_and_place(name)[0] not in SELECTABLE:
        return name
    found = profile(name)
    return found.titled("float model") if asked_float else found.title


def profile_titles(predictions: Mapping[str, Prediction]) -> dict[str, str]:
    """The name of each prediction's profile -> its title; a finished model's device stands without a converter."""
    finished = PROFILE in predictions
    return {
        name: SELECTABLE[name].device
        if finished and name in SELECTABLE
        else profile_title(name, asked_float=one.asked_float)
        for name, one in predictions.items()
    }


def first_of_fused(name: str) -> str:
    """An array's name in a report: of those that the converter joins with `;` where it fuses ops, the first."""
    return name.partition(";")[0]


def array_text(name: str, shape: Sequence[int | None] | None) -> str:
    """`input [?, 2]`; the bare name where nothing is known of the shape."""
    return name if shape is None else f"{name} {shape_text(shape)}"


def ends_text(inputs: Mapping[str, Shape | None], outputs: Sequence[str], arrow: str) -> str:
    """`input [?, 2] → output`: from where to where a model goes."""
    shapes = ", ".join(array_text(name, shape) for name, shape in inputs.items())
    return f"{shapes or 'no input'} {arrow} {', '.join(outputs) or 'no output'}"


def number_of(count: int, noun: str) -> str:
    """`3 findings`."""
    return f"{count} {plural(count, noun)}"


def plural(count: int, noun: str) -> str:
    """The noun, with an s unless there is one."""
    return noun if count == 1 else f"{noun}s"

"""The head of a model's report: what it is, and one line a converter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from minmax_lint.converters.prediction import Prediction, Verdict
from minmax_lint.converters.profile import PROFILES
from minmax_lint.graph.tensor import Shape
from minmax_lint.report import Report
from minmax_lint.reporters.terminal.page import Page

WORDS: Mapping[Verdict, tuple[str, str]] = {
    "quantized": ("quantized", "green"),
    "float": ("stays float", "yellow"),
    "abort": ("aborts", "red"),
    "undetermined": ("undetermined", "magenta"),
}
"""Verdict -> (word, style)."""


def print_head(page: Page, report: Report) -> None:
    """The model: format, inputs, outputs, how much of it the converter keeps."""
    style = "red" if report.count("error") else "yellow" if report.count("warning") else "green"
    page.rule(report.path, style)
    kept = f"{report.kept_nodes} of {report.nodes} {plural(report.nodes, 'node')} kept"
    inputs = ", ".join(array_text(name, shape) for name, shape in report.inputs.items()) or "no input"
    outputs = ", ".join(report.outputs) or "no output"
    page.block(("   ",), f"{report.format}, {kept}:  {inputs} {page.glyphs.arrow} {outputs}")
    if report.inferred:
        page.block(("   ",), f"inferred: {report.inferred_how}", "dim")


def print_verdicts(page: Page, report: Report) -> None:
    """One verdict line a converter."""
    titles = {name: profile_title(name) for name in report.predictions}
    title_width = max(map(len, titles.values()), default=0)
    words = [WORDS[prediction.verdict][0] for prediction in report.predictions.values()]
    word_width = max(map(len, words), default=0)
    symbols = {"quantized": page.glyphs.ok, "float": "!", "abort": page.glyphs.fail, "undetermined": "?"}
    for name, prediction in report.predictions.items():
        word, style = WORDS[prediction.verdict]
        page.block(
            (
                (f" {symbols[prediction.verdict]} ", f"bold {style}"),
                f"{titles[name]:{title_width}}   ",
                (f"{word:{word_width}}   ", f"bold {style}"),
            ),
            verdict_detail(prediction),
        )


def verdict_detail(prediction: Prediction) -> str:
    """What follows the verdict's word: the converter's own message, or how many ops are integer."""
    computing = sum(op.computes for op in prediction.ops)
    if prediction.verdict in ("abort", "undetermined"):
        return prediction.message
    if prediction.verdict == "quantized":
        return f"{computing} of {computing} {plural(computing, 'op')} integer" if computing else ""
    floats = len(prediction.float_ops)
    if not floats:
        return prediction.message or "every op is integer, but an output of the model is float32"
    share = f"{computing - floats} of {computing} {plural(computing, 'op')} integer; " * (computing >= floats)
    return f"{share}float: {counted(op for op, _ in prediction.float_ops)}"


def not_quantized(report: Report) -> list[str]:
    """The converters, by title, that will not make an all-integer model."""
    return [profile_title(name) for name, found in report.predictions.items() if found.verdict != "quantized"]


def counted(words: Iterable[str], kinds: int = 4) -> str:
    """`CONV_2D x12, ADD x3, RELU`, the most frequent first, at most `kinds` of them."""
    found = Counter(words).most_common()
    shown = [word if number == 1 else f"{word} x{number}" for word, number in found[:kinds]]
    return ", ".join(shown + ["..."] * (len(found) > kinds))


def profile_title(name: str) -> str:
    """A profile's name for people: `TOCO (TF 2.15)`."""
    found = PROFILES.get(name)
    return found.title if found else name


def array_text(name: str, shape: Shape | Sequence[int | None] | None) -> str:
    """`input [?, 2]`; the bare name where nothing is known of the shape."""
    if shape is None:
        return name
    return f"{name} [{', '.join('?' if size is None else str(size) for size in shape)}]"


def plural(count: int, noun: str) -> str:
    """The noun, with an s unless there is one."""
    return noun if count == 1 else f"{noun}s"

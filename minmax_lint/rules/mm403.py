"""MM403: converter-check-fails."""

from collections.abc import Iterator, Mapping

from minmax_lint.converters.prediction import ObstacleDetail
from minmax_lint.graph.graph import Graph
from minmax_lint.rules.framework import Example, Examples, Finding, Rule, Subject, quantized_input
from minmax_lint.rules.framework.drawing import around
from minmax_lint.rules.framework.replaceable import one_range

_REWRITE = "Write this op in another form; `minmax-lint explain` reads the converter's message."
_ADVICE: Mapping[ObstacleDetail | None, str] = {
    "misfit": "Check the shapes that are given with -i; where none is given, the graph is damaged: save it again.",
    "uninitialized": "Save the Keras model itself (model.export(FOLDER)), or convert it with from_keras_model.",
    "handle": "Save it as a SavedModel, or freeze its variables first (convert_variables_to_constants_v2).",
    "unexplained": "Ask the real converter (`minmax-lint convert`), and report the graph if it makes the op integer.",
}


class ConverterCheckFails(Rule):
    """A converter fails at an op, or leaves it in float, and not for want of a range.

    ## What it does
    Reports ops at which a check inside a converter fails or the converter crashes: a minimum with a vector, shapes that
    do not fit, patterns that crash it. An op that is predicted to stay float although all its arrays have ranges is
    reported as well, and that the reason is not known.

    ## Why
    Converters check what they assume, and end the process where it does not hold. The message names the line of
    their source, seldom the op.

    ## Symptom
    ```
    Check failed: clamp_value_buffer.Length() == 1 (4 vs. 1)
    Operand shape mismatch.
    Segmentation fault (core dumped)
    ```

    ## Fix
    Write the op in another form: a scalar as the bound of a minimum or maximum; shapes that are equal or scalar. Where
    the reason is not known, ask the real converter: `minmax-lint convert` shows what it makes of the op. Where the shape
    of an input is not known, as of a keep_prob, name it: `-i keep_prob=` is a scalar. Weights of a product that have a
    range for each channel get one for all of them with `minmax-lint fix --unsafe-fixes` (`merge`).

    ## Converters
    The one that fails (error).
    """

    name = "converter-check-fails"
    severity = "error"
    fixes = ("merge",)

    def check(self, subject: Subject) -> Iterator[Finding]:
        for cause in subject.causes(self.code):
            where = cause.node or cause.array
            at = f" {where!r}" if where is not None else " the graph"
            failure = cause.message.rstrip(".")
            yield self.from_cause(
                subject,
                cause,
                f"{where!r}: {failure}"
                if cause.detail
                else f"the converter cannot take{at} as it is: {failure}",
                path=around(subject, where, ""),
                advice=_shapes(subject)
                if cause.detail == "open-shape"
                else _ADVICE.get(cause.detail, _REWRITE),
                fix=one_range(subject.coverage, cause),
            )

    def examples(self) -> Examples:
        return Examples(
            failing=Example(_net([1.0, 2.0, 3.0, 4.0]), profiles=("toco-2.15",)),
            passing=Example(_net(4.0), profiles=("toco-2.15",)),
        )


def _shapes(subject: Subject) -> str:
    """The options that give the inputs whose shape is open one, as far as the graph knows it."""
    stated = {array: subject.inference.stated(array) for array in subject.kept.inputs}
    named = " ".join(
        f"-i {array}={'SHAPE' if shape is None else ','.join('?' if size is None else str(size) for size in shape)}"
        for array, shape in stated.items()
        if shape is None or None in shape
    )
    return f"Name the shapes of the inputs, here and to the converter: {named} (an empty SHAPE is that of a scalar)."


def _net(bound: float | list[float]) -> Graph:
    b, x = quantized_input()
    b.fake_quant("output", b.add("Minimum", "bounded", x, b.const("bound", bound)), -1, 1)
    return b.graph()

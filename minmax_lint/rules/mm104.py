"""MM104: float-tail."""

from collections.abc import Iterator

from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.rules.framework import Example, Examples, Finding, Rule, Subject, quantized_input
from minmax_lint.rules.framework.drawing import NO_RANGE, in_front_of, step
from minmax_lint.rules.framework.finding import Step, insertion
from minmax_lint.rules.framework.training import or_calibrate

DRAWN = 6


class FloatTail(Rule):
    """Several ops behind the last FakeQuant compute on the way to an output, and none has a range.

    ## What it does
    Reports the tail of a model in which two arrays or more lack a range and no FakeQuant follows. It is one finding
    for the output, with the arrays of the tail as its consequences.

    ## Why
    A head was built on a quantized body after the rewrite, or of ops that the rewriter does not know: boxes that are
    decoded, logits that are scaled, a clip.

    ## Symptom
    ```
    Array product, which is an input to the Add operator producing the output array boxes, is lacking min/max data, which is necessary for quantization.
    ```
    MLIR says nothing. The converted model ends in DEQUANTIZE and float ops, and the Edge TPU compiler maps them to the CPU.

    ## Fix
    End the model at the last FakeQuant (`-o`) and compute the rest outside; or put FakeQuants into the tail in the
    model code. `minmax-lint fix --unsafe-fixes` inserts them with ranges that you give.

    ## Converters
    TOCO aborts (error). MLIR leaves the tail in float (error).
    """

    name = "float-tail"
    severity = "error"
    fixes = ("insert",)

    def check(self, subject: Subject) -> Iterator[Finding]:
        for cause in subject.causes(self.code):
            count = len(cause.consequences)
            yield self.from_cause(
                subject,
                cause,
                f"{count} arrays behind the last FakeQuant in front of output {cause.named_array!r} have no range",
                path=_path(subject, cause.consequences),
                advice="End the model at the last FakeQuant, or put FakeQuants behind these ops in the model code."
                + or_calibrate(cause),
                fix=insertion("each of them", "ranges"),
            )

    def examples(self) -> Examples:
        return Examples(failing=Example(_net(quantized=False)), passing=Example(_net(quantized=True)))


def _path(subject: Subject, arrays: tuple[str, ...]) -> tuple[Step, ...]:
    nodes = dict.fromkeys(parse_edge(array).node for array in arrays)
    place = {name: i for i, name in enumerate(subject.inference.order)}
    known = sorted((name for name in nodes if name in place), key=place.__getitem__)
    outputs = {parse_edge(name).node for name in subject.kept.outputs}
    front = in_front_of(subject, known[0]) if known else ()
    return front + tuple(
        step(subject, name, "output" if name in outputs else "missing", NO_RANGE) for name in known[-DRAWN:]
    )


def _net(*, quantized: bool) -> Graph:
    b, x = quantized_input()
    y = b.fake_quant("dense/quant", b.dense("dense", x, 4, 4), -4, 4)
    y = b.add("Mul", "scaled", y, y)
    y = b.fake_quant("scaled/quant", y, 0, 16) if quantized else y
    y = b.add("Add", "sum", y, x)
    if quantized:
        b.fake_quant("output", y, -1, 17)
    else:
        b.add("Relu", "output", y)
    return b.graph()

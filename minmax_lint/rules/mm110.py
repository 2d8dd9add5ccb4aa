"""MM110: activation-without-range."""

from collections.abc import Iterator

from minmax_lint.converters.profile import profile
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.rules.framework import Example, Examples, Finding, FixOffer, Rule, Subject, quantized_input
from minmax_lint.rules.framework.attribution import Cause
from minmax_lint.rules.framework.drawing import around
from minmax_lint.rules.framework.finding import insertion
from minmax_lint.rules.framework.replaceable import approximation
from minmax_lint.rules.framework.training import or_calibrate, train_output

UNROLLED = frozenset({"BatchMatMul", "BatchMatMulV2"})
"""TOCO makes one product of each matrix of them, and gives none of these a range (UnrollBatchMatMul)."""


class ActivationWithoutRange(Rule):
    """An array between inputs and outputs has no range, and the ops around it need one.

    ## What it does
    Reports every array of the kept subgraph that a converter needs a range of and has none of: no FakeQuant
    reads it, and none of the ops that hand ranges on gives it one. Each array is one finding; the ops
    that go float because of it are its consequences.

    ## Why
    The rewriter knows patterns: a linear op, its bias, its activation. What fits none gets no FakeQuant: a
    linear op without bias or activation, a transposed convolution, a leaky relu, an add in a residual branch,
    the operands of a concatenation, the logits in front of a softmax.

    In the TF2 flow this can be an input: nothing but a FakeQuant gives it a range there.

    ## Symptom
    ```
    Array conv2d_transpose, which is an input to the Relu operator producing the output array Relu, is lacking min/max data, which is necessary for quantization. If accuracy matters, either target a non-quantized output format, or run quantized training with your model from a floating point checkpoint to change the input graph to contain min/max information. If you don't care about accuracy, you can pass --default_ranges_min= and --default_ranges_max= for easy experimentation.
    ```
    MLIR says nothing. The op that makes the array stays float, and so does every op behind it up to the next FakeQuant.

    ## Fix
    Put a FakeQuant behind the array in the model code, and train again: with tfmot annotate the layer
    (`quantize_annotate_layer`) or the model (`quantize_model`), for tf.contrib.quantize give the layer the form that it
    knows. In the TF2 flow a `representative_dataset` gives a range to arrays without FakeQuant. `minmax-lint fix --unsafe-fixes` inserts one with a range that you give (`--ranges`, `--calibrate`). A
    product of several matrices, with constant weights, of which TOCO gives the single products no range, it writes out
    (`unroll`).

    ## Converters
    TOCO aborts (error). MLIR leaves ops in float (error).
    """

    name = "activation-without-range"
    severity = "error"
    fixes = ("insert", "unroll", "approximate")

    def check(self, subject: Subject) -> Iterator[Finding]:
        for cause in subject.causes(self.code):
            unrolled = _unroll_advice(subject, cause)
            if unrolled:
                yield self.from_cause(
                    subject,
                    cause,
                    f"{unrolled} {cause.named_array!r} becomes one product for each matrix, and these have no range",
                    path=around(subject, cause.named_array),
                    advice="Write one product for each matrix in the model code, with a FakeQuant behind each.",
                    fix=_unroll_offer(subject, cause),
                )
                continue
            if cause.detail == "inside":
                yield self._inside(subject, cause)
                continue
            is_input = subject.kept.is_cut(parse_edge(cause.named_array).node)
            yield self.from_cause(
                subject,
                cause,
                f"input {cause.named_array!r} has no FakeQuant, and nothing else gives it a range"
                if is_input
                else f"array {cause.named_array!r} has no range{_need(cause)}",
                path=around(subject, cause.named_array),
                advice=_advice(subject, cause, is_input),
                fix=insertion(repr(cause.named_array)),
            )

    def _inside(self, subject: Subject, cause: Cause) -> Finding:
        """A FakeQuant behind the op does not help: the range is missed between those that the converter makes of it."""
        node = parse_edge(cause.named_array).node
        op = subject.coverage.op(node)
        return self.from_cause(
            subject,
            cause,
            f"{op} {node!r} becomes several ops, and what lies between them has no range",
            path=around(subject, cause.named_array),
            advice="Write it with several ops in the model code, with a FakeQuant behind each."
            + or_calibrate(cause),
            fix=approximation(subject.inference, subject.graph[node], cause.profiles) if op else None,
        )

    def examples(self) -> Examples:
        return Examples(failing=Example(_net(quantized=False)), passing=Example(_net(quantized=True)))


def _unroll_advice(subject: Subject, cause: Cause) -> str:
    """The op, where a range behind it would not help TOCO, and no other converter is concerned."""
    producer = subject.coverage.producer(cause.array)
    if producer is None or producer.op not in UNROLLED or cause.array is None:
        return ""
    engines = {profile(name).engine for name in cause.profiles}
    return producer.op if engines == {"toco"} and not subject.coverage.is_read_raw(cause.array) else ""


def _unroll_offer(subject: Subject, cause: Cause) -> FixOffer | None:
    producer = subject.coverage.producer(cause.array)
    if producer is None or producer.inputs[-1].node not in subject.coverage.from_constants:
        return None
    what = f"Write {cause.array!r} out, one product for each matrix."
    return FixOffer("unroll", "unsafe", what, needs_range=True)


def _need(cause: Cause) -> str:
    others = [name for name in cause.consequences if name != cause.array]
    if not others:
        return ""
    return f", and {others[0]!r} needs one" if len(others) == 1 else f", and {len(others)} ops need one"


def _advice(subject: Subject, cause: Cause, is_input: bool) -> str:
    if is_input:
        flows = {profile(name).flow for name in cause.profiles}
        flow = "the TF2 flow has no quantized_input_stats" if flows == {"tf2"} else "it has no stats"
        return f"Put a FakeQuant behind the input in the model code: {flow}." + or_calibrate(cause)
    return train_output(subject, cause.named_array) + or_calibrate(cause)


def _net(*, quantized: bool) -> Graph:
    b, x = quantized_input()
    hidden = b.add(
        "LeakyRelu", "hidden", b.fake_quant("dense/quant", b.dense("dense", x, 4, 4), -2, 2), alpha=0.2
    )
    if quantized:
        hidden = b.fake_quant("hidden/quant", hidden, -1, 2)
    b.fake_quant("output", b.dense("last", hidden, 4, 2), -4, 4)
    return b.graph()

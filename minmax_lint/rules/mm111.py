"""MM111: weights-without-range."""

from collections.abc import Iterator

from minmax_lint.graph.fakequant import is_fake_quant
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.ops.table import row
from minmax_lint.rules.framework import Example, Examples, Finding, FixOffer, Rule, Subject, quantized_input
from minmax_lint.rules.framework.drawing import step
from minmax_lint.rules.framework.training import train_weights


class WeightsWithoutRange(Rule):
    """Weights have no FakeQuant, or one whose range a converter cannot use.

    ## What it does
    Reports the constant operand of a convolution or a matrix product that no FakeQuant quantizes, and weights that
    fail TOCO's check for its fast kernels: two weights that become byte 0 within 16 bytes of each other.

    ## Why
    The rewriter skipped the layer. The converter then takes the range from the values, which the training did
    not see: accuracy drops. And the smallest value of the weights becomes byte 0; where it stands twice close together,
    as in pruned or one-valued weights, TOCO aborts. A FakeQuant with `narrow_range=True` never makes byte 0.

    ## Symptom
    ```
    Constant array conv/weights lacks MinMax information. To make up for that, we will now compute the MinMax from actual array elements.
    Bad value for conv/weights at index 5, previous bad value at index 4, distance=1, kMinDistanceBetweenBadValues=16. Consider passing --allow_nudging_weights_to_use_fast_gemm_kernel if you don't care about accuracy.
    ```

    ## Fix
    Train again with a FakeQuant behind the weights: with tfmot annotate the layer (`quantize_annotate_layer`) or the
    model (`quantize_model`), for tf.contrib.quantize give the layer the form that it knows. `minmax-lint fix --unsafe-fixes` inserts a
    FakeQuant with narrow range over the weights' own smallest and largest value. One that is narrow already, and
    cuts weights off, gets the range of all of them.

    ## Converters
    All compute the range themselves (warning). TOCO aborts where its check fails, and where the weights are not a
    plain constant that it can fold (error).
    """

    name = "weights-without-range"
    severity = "warning"
    fixes = ("insert", "narrow")

    def check(self, subject: Subject) -> Iterator[Finding]:
        reported: set[str] = set()
        for cause in subject.causes(self.code):
            name = cause.array or cause.node or ""
            reported |= {name, cause.node or name}
            advice, offer = _remedy(subject.graph, name)
            yield self.from_cause(
                subject,
                cause,
                f"weights {name!r} "
                + (
                    "fail TOCO's check: two of them become byte 0 within 16 bytes"
                    if cause.message.startswith("Bad value")
                    else "have no range"
                ),
                path=(step(subject, parse_edge(name).node, "missing"),)
                if parse_edge(name).node in subject.graph
                else (),
                advice=advice,
                fix=offer,
            )
        if not subject.kept_fake_quants:
            return
        for array, reader in _bare_weights(subject):
            if not reported & {array, reader}:
                yield self.finding(
                    f"weights {array!r} of {reader!r} have no FakeQuant: training has not seen their rounding",
                    node=reader,
                    array=array,
                    path=(
                        step(subject, parse_edge(array).node, "missing", "no range"),
                        step(subject, reader),
                    ),
                    advice=train_weights(subject, reader),
                )

    def examples(self) -> Examples:
        return Examples(failing=Example(_net(quantized=False)), passing=Example(_net(quantized=True)))


def _bare_weights(subject: Subject) -> Iterator[tuple[str, str]]:
    constants = subject.coverage.from_constants
    for name in subject.kept.order:
        slots = row(subject.graph.op(name)).weights
        if slots is None or name in constants or subject.kept.is_cut(name):
            continue
        inputs = subject.graph[name].inputs
        for slot in slots:
            if (
                slot < len(inputs)
                and inputs[slot].node in constants
                and not _is_quantized(subject, inputs[slot].node)
            ):
                yield inputs[slot].array, name


def _is_quantized(subject: Subject, node: str) -> bool:
    """Whether a FakeQuant is among the ops that compute weights."""
    pending, seen = [node], {node}
    for name in pending:
        if name not in subject.kept:
            continue
        if is_fake_quant(subject.graph.op(name)):
            return True
        new = {edge.node for edge in subject.graph[name].inputs} - seen
        seen |= new
        pending += new
    return False


def _remedy(graph: Graph, array: str) -> tuple[str, FixOffer]:
    """What to do about weights that TOCO cannot use, and the fix that does it."""
    node = parse_edge(array).node
    if node not in graph or not is_fake_quant(graph.op(node)):
        return "", FixOffer(
            "insert", "unsafe", f"Insert a FakeQuant behind {array!r}, with the range of its own values."
        )
    if graph[node].flag("narrow_range"):
        return (
            "Give the FakeQuant the range of all its weights, and a step more.",
            FixOffer("narrow", "unsafe", f"Widen the range of {array!r} beyond its weights."),
        )
    return (
        "Set narrow_range=True on the FakeQuant of the weights.",
        FixOffer("narrow", "unsafe", f"Set narrow_range on {array!r}."),
    )


def _net(*, quantized: bool) -> Graph:
    b, x = quantized_input()
    first = b.fake_quant("first/quant", b.dense("first", x, 4, 4), -4, 4)
    b.fake_quant("output", b.dense("second", first, 4, 2, quantized_weights=quantized), -4, 4)
    return b.graph()

"""MM131: fakequant-in-gradients."""

from collections.abc import Iterator

from minmax_lint.graph.graph import Graph
from minmax_lint.rules.framework import Example, Examples, Finding, Rule, Subject, quantized_input
from minmax_lint.rules.framework.drawing import step
from minmax_lint.rules.framework.patterns import BACKWARD


class FakeQuantInGradients(Rule):
    """The rewriter put FakeQuants into the backward pass.

    ## What it does
    Reports FakeQuants in a `gradients` scope, anywhere in the graph. It is one finding for the graph.

    ## Why
    `create_training_graph` was called after the optimizer's `minimize`. It takes multiplications and additions of the
    backward pass for layers and quantizes them: gradients are rounded, and the ranges made for them are never
    initialized.

    ## Symptom
    ```
    Attempting to use uninitialized value gradients/batchnorm/mul_1_grad/activation_Mul_quant/min
    ```

    ## Fix
    Call `create_training_graph` right after the forward pass, before the loss's gradients are made, and train again.

    ## Converters
    None sees the backward pass; but the ranges that this training found are not to be trusted (warning).
    """

    name = "fakequant-in-gradients"
    severity = "warning"

    def check(self, subject: Subject) -> Iterator[Finding]:
        found = [quant for quant in subject.fake_quants if BACKWARD.search(quant.node)]
        if not found:
            return
        more = f" and {len(found) - 1} more FakeQuants stand" if len(found) > 1 else " stands"
        yield self.finding(
            f"{found[0].node!r}{more} in the backward pass: the rewriter ran after the gradients were made",
            node=found[0].node,
            array=found[0].array,
            consequences=tuple(quant.node for quant in found),
            path=(step(subject, found[0].node, "kept" if found[0].node in subject.kept else "outside"),),
            advice="Call create_training_graph before the optimizer makes the gradients, and train again.",
        )

    def examples(self) -> Examples:
        return Examples(
            failing=Example(_net("gradients/dense_grad/quant")), passing=Example(_net("summary/quant"))
        )


def _net(name: str) -> Graph:
    b, x = quantized_input()
    y = b.fake_quant("output", b.dense("dense", x, 4, 2), -4, 4)
    b.fake_quant(name, b.add("Mul", f"{name}/product", y, y), -1, 1)
    return b.graph()

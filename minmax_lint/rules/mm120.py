"""MM120: no-fakequant-in-subgraph."""

from collections.abc import Iterator

from minmax_lint.graph.build import Builder
from minmax_lint.graph.graph import Graph
from minmax_lint.rules.framework import Example, Examples, Finding, Rule, Subject, quantized_input
from minmax_lint.rules.framework.attribution import profiles_of
from minmax_lint.rules.framework.finding import insertion


class NoFakeQuantInSubgraph(Rule):
    """What the converter keeps holds no FakeQuant at all: a float graph.

    ## What it does
    Reports a kept subgraph without any FakeQuant: neither weights nor activations have a range. It is one
    finding for the whole graph, with everything that goes float as its consequences.

    ## Why
    The graph was never trained for quantization, or it comes from a checkpoint of the float model, or the
    export program does not call the rewriter (`create_eval_graph`, `graph_rewriter`, `quantize_model`).

    ## Symptom
    ```
    Array MobilenetV1/Conv2d_0/Relu6, which is an input to the DepthwiseConv operator producing the output array MobilenetV1/Conv2d_1_depthwise/Relu6, is lacking min/max data, which is necessary for quantization.
    ```
    MLIR says nothing. The model has an integer input, a DEQUANTIZE and float ops.

    ## Fix
    Train with quantization in mind and export the rewritten graph; or quantize the float model after training
    with a representative dataset, which needs no FakeQuant. `minmax-lint fix --unsafe-fixes --calibrate DATA` does
    the like: it inserts FakeQuants, with the ranges that your data show.

    ## Converters
    TOCO aborts (error). MLIR leaves every op in float (error).
    """

    name = "no-fakequant-in-subgraph"
    severity = "error"
    fixes = ("insert",)

    def check(self, subject: Subject) -> Iterator[Finding]:
        causes = subject.causes(self.code)
        if not causes:
            return
        profiles = profiles_of(causes)
        affected = [name for cause in causes for name in (cause.array, *cause.consequences)]
        outside = len(subject.fake_quants)
        yield self.finding(
            f"no FakeQuant lies between inputs and outputs (the graph has {outside} elsewhere)"
            if outside
            else "the graph has no FakeQuant at all: it is a float graph",
            severity=subject.severity(profiles),
            outputs=subject.kept.outputs,
            profiles=profiles,
            consequences=tuple(dict.fromkeys(name for name in affected if name is not None)),
            advice="Export the graph that the quantization rewriter made (create_eval_graph, quantize_model), or "
            "quantize the float model after training, with a representative dataset.",
            fix=insertion("each array", "ranges"),
        )

    def examples(self) -> Examples:
        return Examples(failing=Example(_float_net()), passing=Example(_trained_net()))


def _float_net() -> Graph:
    b = Builder()
    x = b.placeholder("input", [1, 4])
    hidden = b.add("Relu", "hidden", b.dense("dense", x, 4, 4, quantized_weights=False))
    b.dense("output", hidden, 4, 2, quantized_weights=False)
    return b.graph()


def _trained_net() -> Graph:
    b, x = quantized_input()
    hidden = b.fake_quant("hidden", b.add("Relu", "relu", b.dense("dense", x, 4, 4)), 0, 4)
    b.fake_quant("output", b.dense("last", hidden, 4, 2), -4, 4)
    return b.graph()

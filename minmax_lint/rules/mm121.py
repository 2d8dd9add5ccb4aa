"""MM121: legacy-eightbit-ops."""

from collections import Counter
from collections.abc import Iterator

from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph
from minmax_lint.rules.framework import Example, Examples, Finding, Rule, Subject
from minmax_lint.rules.framework.attribution import LEGACY_OPS, profiles_of
from minmax_lint.rules.framework.drawing import step


class LegacyEightBitOps(Rule):
    """The graph holds ops of TensorFlow's first quantization, which no TFLite converter reads.

    ## What it does
    Reports QuantizeV2, Dequantize, QuantizedConv2D, Requantize and the like in the kept subgraph. It is one finding
    for the graph.

    ## Why
    `transform_graph --transforms=quantize_nodes` (and the `*_quantized` option of retrain.py) makes such graphs for
    TensorFlow's own runtime. TFLite's converters want FakeQuants in a float graph instead.

    ## Symptom
    ```
    Converting unsupported operation: QuantizedConv2D
    Unimplemented: this graph contains an operator of type (Unsupported TensorFlow op: Dequantize) for which the quantized form is not yet implemented.
    ```

    ## Fix
    Start again from the float graph: train with FakeQuants, or quantize after training with a representative dataset.

    ## Converters
    All abort or leave the ops in float (error).
    """

    name = "legacy-eightbit-ops"
    severity = "error"

    def check(self, subject: Subject) -> Iterator[Finding]:
        graph = subject.graph
        found = [name for name in subject.kept.order if graph.op(name) in LEGACY_OPS]
        if not found:
            return
        causes = subject.causes(self.code)
        profiles = profiles_of(causes)
        counts = Counter(graph.op(name) for name in found).most_common(3)
        kinds = ", ".join(op if number == 1 else f"{op} x{number}" for op, number in counts)
        yield self.finding(
            f"the graph holds ops of TensorFlow's first quantization: {kinds}",
            severity=subject.severity(profiles, otherwise="warning"),
            node=found[0],
            outputs=subject.kept.outputs,
            profiles=profiles,
            consequences=tuple(found),
            path=(step(subject, found[0], "missing"),),
            advice="Start again from the float graph; transform_graph's quantize_nodes is not for TFLite.",
        )

    def examples(self) -> Examples:
        return Examples(failing=Example(_net(legacy=True)), passing=Example(_net(legacy=False)))


def _net(*, legacy: bool) -> Graph:
    b = Builder()
    x = b.placeholder("input", [1, 4])
    if legacy:
        low, high = b.const("low", -1.0), b.const("high", 1.0)
        b.add("QuantizeV2", "eightbit", x, low, high, T=DType.QUINT8, mode=b"MIN_FIRST")
        x = b.add(
            "Dequantize", "real", "eightbit", "eightbit:1", "eightbit:2", T=DType.QUINT8, mode=b"MIN_FIRST"
        )
    else:
        x = b.fake_quant("input/quant", x, -1, 1)
    b.fake_quant("output", b.dense("dense", x, 4, 2), -4, 4)
    return b.graph()

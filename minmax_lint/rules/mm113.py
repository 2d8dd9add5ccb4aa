"""MM113: fakequant-splits-activation."""

from collections.abc import Iterator

from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.rules.framework import Example, Examples, Finding, Rule, Subject, quantized_input
from minmax_lint.rules.framework.drawing import NO_RANGE, step
from minmax_lint.rules.framework.finding import insertion


class FakeQuantSplitsActivation(Rule):
    """A FakeQuant stands between a linear op and its activation, and none behind the activation.

    ## What it does
    Reports an activation (relu, relu6, the halves of a clip) that reads the FakeQuant of a linear op or of another
    activation, and has no range of its own.

    ## Why
    Converters fuse an activation into the linear op in front of it, and then one range behind both is enough. A
    FakeQuant between the two keeps them from it: the activation becomes an op of its own and needs a range of its
    own. `relu(x, max_value=6)` of Keras is such a pair: the rewriter puts its FakeQuant behind the relu, in front of
    the clip.

    ## Symptom
    ```
    Array Minimum, which is an input to the Conv operator producing the output array next, is lacking min/max data, which is necessary for quantization.
    ```
    MLIR says nothing. The converted model holds a float RELU, and float ops behind it.

    ## Fix
    Use an activation that is one op (`tf.nn.relu6`), so that the FakeQuant comes behind it. Or put one behind it:
    `minmax-lint fix --unsafe-fixes` inserts it with a range that you give.

    ## Converters
    TOCO aborts (error). MLIR leaves ops in float (error).
    """

    name = "fakequant-splits-activation"
    severity = "error"
    fixes = ("insert",)

    def check(self, subject: Subject) -> Iterator[Finding]:
        for cause in subject.causes(self.code):
            name = parse_edge(cause.named_array).node
            activation = subject.graph[name]
            quant = subject.coverage.value_edge(activation).node
            source = subject.graph[quant].inputs[0].node if subject.graph[quant].inputs else quant
            yield self.from_cause(
                subject,
                cause,
                f"FakeQuant {quant!r} stands in front of activation {name!r}, which has no range of its own",
                path=(step(subject, source), step(subject, quant), step(subject, name, "missing", NO_RANGE)),
                advice="Use an activation that is one op (tf.nn.relu6), so that the FakeQuant comes behind it.",
                fix=insertion(repr(name)),
            )

    def examples(self) -> Examples:
        return Examples(failing=Example(_net(behind=False)), passing=Example(_net(behind=True)))


def _net(*, behind: bool) -> Graph:
    b, x = quantized_input()
    y = b.dense("dense", x, 4, 4)
    if behind:
        y = b.fake_quant("relu/quant", b.add("Relu", "relu", y), 0, 4)
    else:
        y = b.add("Relu", "relu", b.fake_quant("dense/quant", y, -4, 4))
    b.fake_quant("output", b.dense("last", y, 4, 2), -4, 4)
    return b.graph()

"""MM112: batchnorm-not-folded."""

from collections.abc import Iterator

from minmax_lint.graph.build import Builder
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.rules.framework import Example, Examples, Finding, FixOffer, Rule, Subject
from minmax_lint.rules.framework.attribution import Cause, profiles_of
from minmax_lint.rules.framework.drawing import NO_RANGE, around
from minmax_lint.rules.framework.patterns import batch_norm_at, is_batch_norm, scaling_in


class BatchNormNotFolded(Rule):
    """A batch normalization stands by itself, and its scale and shift have no ranges.

    ## What it does
    Reports FusedBatchNorm, or a Mul and an Add by constant vectors, where the converter does not fold it into the
    linear op in front of it, so that it becomes a multiplication and an addition without ranges.

    ## Why
    `tf.contrib.quantize` folds batch normalization into the weights *before* it puts a FakeQuant on them. Where it
    does not know the pattern (Keras layers, a normalization in front of the convolution, a second reader) the
    normalization stays. A FakeQuant between the two, or one on the weights, keeps the converter from folding it.

    ## Symptom
    ```
    Array batch_normalization_v1/FusedBatchNorm_mul_0, which is an input to the Add operator producing the output array batch_normalization_v1/FusedBatchNorm, is lacking min/max data, which is necessary for quantization.
    ```
    MLIR says nothing. The converted model holds a float MUL and ADD, or a float CONV_2D.

    ## Fix
    Use layers that the rewriter folds (`tf.contrib.layers` with `batch_norm`, `fused=False` in some versions), in the
    order linear op, normalization, activation. `minmax-lint fix --unsafe-fixes` folds the normalization into
    the weights (`fold`); the range of their FakeQuant changes with them.

    ## Converters
    TOCO aborts (error). MLIR leaves ops in float (error).
    """

    name = "batchnorm-not-folded"
    severity = "error"
    fixes = ("fold",)

    def check(self, subject: Subject) -> Iterator[Finding]:
        for norm, cause in _by_norm(subject).items():
            is_norm = is_batch_norm(subject.coverage, subject.graph[norm])
            what = "batch normalization" if is_norm else subject.graph.op(norm)
            yield self.from_cause(
                subject,
                cause,
                f"{what} {norm!r} scales weights behind their FakeQuant, and the linear op stays float"
                if cause.kind == "other"
                else f"{what} {norm!r} is not folded into the op in front of it, and {cause.named_array!r} has no range",
                path=around(subject, cause.named_array, "float" if cause.kind == "other" else NO_RANGE),
                advice="Use layers that the rewriter folds: linear op, batch normalization, activation, in this order.",
                fix=FixOffer("fold", "unsafe", f"Fold {norm!r} into the weights in front of it.")
                if is_norm
                else None,
            )

    def examples(self) -> Examples:
        return Examples(
            failing=Example(_net(between=True), {"input": (1, 4, 4, 2)}, ("output",)),
            passing=Example(_net(between=False), {"input": (1, 4, 4, 2)}, ("output",)),
        )


def _by_norm(subject: Subject) -> dict[str, Cause]:
    """The scale and the shift of one normalization are one root."""
    found: dict[str, Cause] = {}
    for cause in subject.causes("MM112"):
        nodes = [parse_edge(cause.named_array).node, *([cause.node] if cause.node is not None else [])]
        before = [edge.node for edge in subject.graph[nodes[0]].inputs] if nodes[0] in subject.graph else []
        norm = batch_norm_at(subject.coverage, cause.named_array, [*nodes, *before])
        norm = norm or scaling_in(subject.coverage, [*nodes, *before]) or nodes[0]
        first = found.get(norm)
        if first is None:
            found[norm] = cause._replace(node=norm)
        else:
            found[norm] = first._replace(
                profiles=profiles_of((first, cause)),
                consequences=tuple(
                    dict.fromkeys((*first.consequences, cause.named_array, *cause.consequences))
                ),
            )
    return found


def _net(*, between: bool) -> Graph:
    b = Builder()
    x = b.fake_quant("input/quant", b.placeholder("input", [1, 4, 4, 2]), -1, 1)
    weights = b.const("conv/weights", [0.5, -0.5, 0.25], [1, 1, 2, 2])
    y = b.add("Conv2D", "conv", x, weights, strides=[1, 1, 1, 1], padding=b"SAME", data_format=b"NHWC")
    if between:
        y = b.fake_quant("conv/quant", y, -2, 2)
    vectors = [b.const(f"norm/{name}", 0.5, [2]) for name in ("scale", "offset", "mean", "variance")]
    y = b.add("FusedBatchNorm", "norm", y, *vectors, epsilon=0.001, data_format=b"NHWC", is_training=False)
    b.fake_quant("output", y, -2, 2)
    return b.graph()

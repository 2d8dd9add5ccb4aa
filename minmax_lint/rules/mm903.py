"""MM903: verdict-undetermined."""

from collections.abc import Iterator

from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import array_name
from minmax_lint.ops.table import SPLITS, row
from minmax_lint.rules.framework import Example, Examples, Finding, FixOffer, Rule, Subject, quantized_input
from minmax_lint.rules.framework.same_scale import disagreeing, shared_scale

_JAX = (
    "Export it as TensorFlow's own ops, which are read: from Keras with the TensorFlow backend, or by "
    "jax2tf.convert(f, native_serialization=False, enable_xla=False). Or ask the real converter: `minmax-lint convert`."
)


class VerdictUndetermined(Rule):
    """What a converter will do with this graph is not certain.

    ## What it does
    Reports each converter whose verdict is `undetermined`, and what makes it so.

    ## Why
    Some converters answer differently from run to run: TOCO where two minima share one constant, MLIR where a result
    of a split is not used. And the models of this tool do not know every op; then it says so and does not guess.

    ## Symptom
    None, or one of several from the same graph.

    ## Fix
    Change what the message names: give each minimum a constant of its own, use all results of a split, or slice.
    A JAX function is read if it is exported as TensorFlow's own ops: `jax2tf.convert(f, native_serialization=False,
    enable_xla=False)`. For anything else, ask the real converter: `minmax-lint convert`.

    ## Converters
    The one that is named (warning).
    """

    name = "verdict-undetermined"
    severity = "warning"
    fixes = ("replace",)

    def check(self, subject: Subject) -> Iterator[Finding]:
        by_message: dict[str, tuple[str, ...]] = {}
        places: dict[str, tuple[str | None, str | None]] = {}
        for profile in subject.profiles:
            prediction = subject.predictions[profile.name]
            if prediction.verdict == "undetermined":
                by_message[prediction.message] = (*by_message.get(prediction.message, ()), profile.name)
                cause = next(iter(prediction.obstacles), None)
                places.setdefault(prediction.message, (cause.node, cause.array) if cause else (None, None))
        unknown = subject.unfrozen and any(found.unknown for found in subject.fake_quants)
        for message, profiles in by_message.items():
            node, array = places[message]
            yield self.finding(
                f"the outcome is not certain: {message}",
                node=node,
                array=array,
                profiles=profiles,
                advice=_JAX
                if subject.coverage.op(node) == "XlaCallModule"
                else "Give the checkpoint with the variables' values (--checkpoint PREFIX)."
                if unknown
                else "Ask the real converter, more than once: `minmax-lint convert`.",
                fix=_as_slices(subject, node),
            )

    def examples(self) -> Examples:
        return Examples(
            failing=Example(_net("bound"), profiles=("toco-2.15",)),
            passing=Example(_net("other"), profiles=("toco-2.15",)),
        )


def _as_slices(subject: Subject, node: str | None) -> FixOffer | None:
    """Unsafe where FakeQuants follow each other in front of a split: a slice cannot have two ranges, but their union."""
    if node is None or subject.coverage.op(node) not in SPLITS:
        return None
    pieces = range(subject.graph[node].integer(row(subject.graph.op(node)).pieces, 1))
    behind = {use.node for port in pieces for use in subject.kept.uses(array_name(node, port))}
    if disagreeing(subject.inference, shared_scale(subject.inference, node) - behind):
        return FixOffer("replace", "unsafe", f"Write {node!r} out as slices, and give them one range.")
    return FixOffer("replace", "safe", f"Write {node!r} out as slices.")


def _net(second: str) -> Graph:
    b, x = quantized_input()
    bound = b.const("bound", 0.5)
    b.const("other", 9.0)
    y = b.fake_quant("first/quant", b.add("Minimum", "first", x, bound), -1, 0.5)
    b.add("Minimum", "output", b.fake_quant("dense/quant", b.dense("dense", y, 4, 2), -4, 4), second)
    return b.graph()

"""MM130: training-graph."""

import re
from collections.abc import Iterator, Sequence

from minmax_lint.graph.build import Builder
from minmax_lint.graph.fakequant import GRADIENTS
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.layers import TRAINING_WRAPPERS
from minmax_lint.graph.names import array_name
from minmax_lint.graph.node import Node
from minmax_lint.graph.trace import trace
from minmax_lint.ops.table import ASSIGNMENTS, RESOURCE_ASSIGNMENTS, of_role
from minmax_lint.rules.framework import Example, Examples, Finding, FixOffer, Rule, Subject
from minmax_lint.rules.framework.attribution import profiles_of
from minmax_lint.rules.framework.drawing import step
from minmax_lint.rules.framework.patterns import BACKWARD

_RANDOM = of_role("random")


class TrainingGraph(Rule):
    """The outputs depend on ops of training: assignments, dropout, data augmentation, batch statistics.

    ## What it does
    Reports assignments to variables (the moving averages of FakeQuant ranges and of batch normalization),
    batch normalization in training mode, dropout, layers that augment data at random and gradients among the
    ancestors of the outputs. It is one finding for the graph.

    ## Why
    `create_training_graph` makes FakeQuants that update their ranges whenever they run. Freezing turns the
    variables into constants, and TensorFlow refuses to import an assignment to a constant. Where it does
    not, dropout and batch statistics stay in the model and have no ranges. `model.export()` of Keras calls the
    model without `training=False`, and layers such as RandomFlip run unless it is said.

    ## Symptom
    ```
    ValueError: Input 0 of node weights_quant/AssignMinLast was passed float from weights_quant/min:0 incompatible with expected float_ref.
    Array activation1, which is an input to the Div operator producing the output array dropout/div, is lacking min/max data
    ```

    ## Fix
    `minmax-lint fix` takes assignments and dropout off (`strip`, safe); batch statistics it cannot. The way that is meant:
    build the graph a second time for export: the forward pass with `is_training=False`, then
    `tf.contrib.quantize.create_eval_graph()`, then restore the checkpoint of the training run. In TF2, export
    a function that calls the model with `training=False`, or give the Keras model to
    `tf.lite.TFLiteConverter.from_keras_model`, which does so itself. The wrappers of pruning and clustering come off with
    `strip_pruning` and `strip_clustering`.

    ## Converters
    All: a frozen training graph does not even reach the converter (error). Training ops that a converter does
    digest are a warning.
    """

    name = "training-graph"
    severity = "error"
    fixes = ("strip",)

    def check(self, subject: Subject) -> Iterator[Finding]:
        causes = subject.causes(self.code)
        graph, kept = subject.graph, subject.kept
        names = "\n".join(kept.order)
        wrapped = _WRAPPED.search(names) if any(one.scope in names for one in TRAINING_WRAPPERS) else None
        if wrapped is not None:
            wrapper = next(one for one in TRAINING_WRAPPERS if one.scope == wrapped["wrapper"])
            yield self.finding(
                f"layer {wrapped['layer']!r} still has tfmot's wrapper for {wrapper.purpose}, which belongs to training",
                severity="warning",
                node=wrapped[0],
                array=wrapped[0],
                outputs=kept.outputs,
                profiles=profiles_of(causes),
                path=(step(subject, wrapped[0], "missing", "training only"),),
                advice=f"Take the wrappers off before you save or convert: model = {wrapper.strip}(model).",
            )
            return
        found = training_ops(subject)
        if not causes and (not found or _trains_on_device(subject, found)):
            return
        profiles = profiles_of(causes)
        first = next((cause.node for cause in causes if cause.node is not None), None) or found[0]
        others = len(set(found) - {first})
        more = f", and on {others} more such op{'s' if others > 1 else ''}" if others else ""
        updates = graph.op(first).startswith("FusedBatchNorm") and not is_training_op(graph[first])
        what = "updates its averages whenever the model runs" if updates else "belongs to training"
        yield self.finding(
            f"the outputs depend on {first!r} ({graph.op(first)}), which {what}{more}",
            severity=subject.severity(profiles, otherwise="warning"),
            node=first,
            array=first,
            outputs=kept.outputs,
            profiles=profiles,
            consequences=tuple(dict.fromkeys((first, *found))),
            path=(
                step(subject, first, "missing", "training only"),
                *(step(subject, use.node) for use in kept.uses(first)[:1]),
            ),
            advice=_advice(subject, first),
            fix=OFFER if are_strippable(subject, found) else None,
        )

    def examples(self) -> Examples:
        return Examples(failing=Example(_net(assigned=True)), passing=Example(_net(assigned=False)))


_WRAPPED = re.compile(
    r"^(?:.*/)?(?P<wrapper>prune_low_magnitude|cluster(?=_[^/\n]+/(?:cluster_centroids|pulling_indices|ArgMin)))"
    r"_(?P<layer>[^/\n]+)/.+$",
    re.MULTILINE,
)
"""A node of one of TRAINING_WRAPPERS; of `cluster`, which other layers are called too, those that only it has."""

EVALUATE = (
    "Export a graph of its own: the forward pass with is_training=False, then create_eval_graph, "
    "then the training run's checkpoint."
)
CALL = (
    "Convert a function that calls the model with training=False, the Python bool. With a tensor, as tf.logical_and "
    "makes it, batch normalization still updates its averages whenever the model runs."
)
AUGMENTS = (
    "The layer augments data, and this export runs it: export() calls the model without training=False. Convert "
    "the Keras model itself with tf.lite.TFLiteConverter.from_keras_model, which sets it, or save a model of the "
    "layers behind the augmentation."
)
OFFER = FixOffer("strip", "safe", "Take assignments and dropout off the paths to the outputs.")


def _advice(subject: Subject, node: str) -> str:
    if subject.coverage.is_in_augmentation(node):
        return AUGMENTS
    return CALL if all(one.flow == "tf2" for one in subject.profiles) else EVALUATE


def training_ops(subject: Subject) -> list[str]:
    """The kept nodes that are there for training only, then those that kept nodes wait for."""
    graph, kept, augmenting = subject.graph, subject.kept, subject.coverage.augmenting
    found = [
        name
        for name in kept.order
        if graph.op(name) != "Const"
        and (is_training_op(graph[name]) or name in augmenting)
        and not is_layer_normalization(subject, graph[name])
    ]
    awaited = [name for name in kept.control_only if is_training_op(graph[name])]
    if not found and all(one.flow == "tf2" for one in subject.profiles):
        # The state of a layer, as of a stateful RNN, is assigned at inference as well.
        awaited = [name for name in awaited if graph.op(name) != "AssignVariableOp"]
    return [*found, *sorted(awaited, key=graph.position)]


def _trains_on_device(subject: Subject, found: Sequence[str]) -> bool:
    """Whether a SavedModel trains where it runs: some of its signatures assign variables, and others do not."""
    graph, kept = subject.graph, subject.kept
    if len(kept.outputs) == 1 or any(one.flow != "tf2" for one in subject.profiles):
        return False
    if not all(graph.op(name) in RESOURCE_ASSIGNMENTS or _is_gradient(graph[name]) for name in found):
        return False
    alone = (trace(graph, kept.inputs, [output]) for output in kept.outputs)
    return any(not any(name in one for name in found) for one in alone)


def are_strippable(subject: Subject, found: Sequence[str]) -> bool:
    """Whether these training ops can be taken off.

    Batch statistics and gradients cannot: the values would change. What augments data is a net of many ops.
    """
    graph, augmenting = subject.graph, subject.coverage.augmenting
    return not any(
        graph.op(name).startswith("FusedBatchNorm") or _is_gradient(graph[name]) or name in augmenting
        for name in found
    )


def is_training_op(node: Node) -> bool:
    """Whether an op is there for training only."""
    if node.op.startswith("FusedBatchNorm"):
        return node.flag("is_training", "Grad" not in node.op)
    return (
        node.op in ASSIGNMENTS
        or node.op.startswith(("AssignVariable", "AssignAddVariable", "AssignSubVariable"))
        or (node.op in _RANDOM and "dropout" in node.name.lower())
        or _is_gradient(node)
    )


def is_layer_normalization(subject: Subject, node: Node) -> bool:
    """Whether a FusedBatchNorm normalizes each sample by itself, as Keras' LayerNormalization uses it at inference.

    Its scale is all ones, its offset all zeros, and nothing in the whole graph reads its statistics; a batch
    normalization in training has learned vectors, and moving averages read its statistics.
    """
    if not node.op.startswith("FusedBatchNorm") or len(node.inputs) < 3:
        return False
    if any(subject.graph.uses(array_name(node.name, port)) for port in (1, 2)):
        return False
    scale, offset = (subject.inference.constant(edge.array) for edge in node.inputs[1:3])
    values = [one.numpy() if one is not None and one.known else None for one in (scale, offset)]
    return all(
        value is not None and bool((value == wanted).all())
        for value, wanted in zip(values, (1, 0), strict=True)
    )


def _is_gradient(node: Node) -> bool:
    if node.op in GRADIENTS:
        return True
    return node.op != "Const" and "gradients" in node.name and BACKWARD.search(node.name) is not None


def _net(*, assigned: bool) -> Graph:
    b = Builder()
    y = b.add("Relu", "relu", b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -1, 1))
    if not assigned:
        b.fake_quant("output", y, 0, 6)
        return b.graph()
    low = b.add("Assign", "quant/AssignMin", b.const("quant/min", 0.0), b.const("quant/zero", 0.0))
    high = b.add("Assign", "quant/AssignMax", b.const("quant/max", 6.0), b.const("quant/six", 6.0))
    b.add("FakeQuantWithMinMaxVars", "output", y, low, high, num_bits=8, narrow_range=False)
    return b.graph()

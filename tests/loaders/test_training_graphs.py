"""What is inferred as the output of a training graph, as TensorFlow 1 writes it with its losses and optimizers."""

from collections.abc import Callable

import pytest

from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.loaders.endpoints import endpoints
from minmax_lint.loaders.model import Model


def ends_of(b: Builder) -> tuple[tuple[str, ...], tuple[str, ...]]:
    found = endpoints(Model(None, "metagraph", b.graph(), {}))
    return tuple(found.inputs), found.outputs


def network(b: Builder, name: str, x: str, op: str = "BiasAdd") -> str:
    """A matrix product with a variable that an optimizer changes, and what `op` makes of it."""
    weights = b.add("VariableV2", f"{name}/weights")
    b.add("ApplyAdam", f"train/update_{name}", weights)
    inputs = [b.add("VariableV2", f"{name}/bias")] if op == "BiasAdd" else []
    return b.add(op, name, b.add("MatMul", f"{name}/MatMul", x, weights), *inputs)


def trained(b: Builder, loss: str, gradients: str = "gradients") -> Builder:
    """Minimizes the mean of `loss`, as tf.gradients leaves it in the graph."""
    b.add("Mean", "Mean", loss, b.const("axes", [0], dtype=DType.INT32))
    b.add("Shape", f"{gradients}/Mean_grad/Shape", "Mean")
    return b


def squares(b: Builder, prediction: str, labels: str) -> Builder:
    return trained(b, b.add("SquaredDifference", "squares", prediction, labels))


def accuracy() -> Builder:
    b = Builder()
    labels = b.placeholder("labels", (1, 3))
    logits = network(b, "logits", b.placeholder("x", (1, 8)))
    trained(b, b.add("SoftmaxCrossEntropyWithLogits", "xentropy", logits, labels))
    hit = b.add("Equal", "hit", b.add("ArgMax", "guess", logits), b.add("ArgMax", "truth", labels))
    b.add("Mean", "Mean_1", b.add("Cast", "hits", hit), "axes")
    return b


def keras_loss() -> Builder:
    """-sum(target * log(clip(output / sum(output)))) * sample_weights (keras/backend.py, categorical_crossentropy)."""
    b = Builder()
    output = network(b, "output", b.placeholder("x", (1, 8)), "Softmax")
    share = b.add(
        "RealDiv", "share", output, b.add("Sum", "sum", output, b.const("axis", [1], dtype=DType.INT32))
    )
    clipped = b.add("Maximum", "clipped", share, b.const("epsilon", 1e-7))
    product = b.add("Mul", "product", b.placeholder("target", (1, 3)), b.add("Log", "log", clipped))
    weighted = b.add("Mul", "weighted", b.add("Neg", "neg", product), b.placeholder("sample_weights", (1,)))
    return trained(b, weighted)


def q_learning(chosen: Callable[[Builder, str, str], str]) -> Builder:
    """The value of one action against the reward and a target network that no optimizer changes."""
    b = Builder()
    q = network(b, "q", b.placeholder("state", (None, 8)))
    action = b.placeholder("action", (None, 3))
    target = b.add("MatMul", "target", b.placeholder("next_state", (None, 8)), b.add("VariableV2", "copied"))
    reward = b.add("Add", "expected", b.placeholder("reward", (None,)), b.add("Max", "best", target, "one"))
    b.const("one", [1], dtype=DType.INT32)
    return squares(b, chosen(b, q, action), reward)


def masked_sum(b: Builder, q: str, action: str) -> str:
    return b.add("Sum", "chosen", b.add("Mul", "masked", q, action), b.const("last", [1], dtype=DType.INT32))


def gathered(b: Builder, q: str, action: str) -> str:
    return b.add("GatherNd", "chosen", q, b.add("Pack", "index", action))


def policy_gradient() -> Builder:
    b = Builder()
    state = b.placeholder("state", (None, 8))
    policy = network(b, "policy", state, "Softmax")
    old = b.add("Softmax", "old_policy", b.add("MatMul", "old", state, b.add("VariableV2", "old/weights")))
    ratio = b.add("RealDiv", "ratio", gathered(b, policy, b.placeholder("action", (None,))), old)
    return trained(b, b.add("Mul", "gained", ratio, b.placeholder("advantage", (None,))), "train/gradients")


def contrastive() -> Builder:
    b = Builder()
    distance = network(b, "distance", b.placeholder("pair", (None, 8)), "Sqrt")
    inside = b.add(
        "Maximum", "inside", b.add("Sub", "margin", b.const("one", 1.0), distance), b.const("zero", 0.0)
    )
    return trained(
        b, b.add("Mul", "apart", b.placeholder("label", (None,)), b.add("Square", "square", inside))
    )


def inference_copy() -> Builder:
    b = squares(Builder(), "training", "labels")
    network(b, "training", b.placeholder("x", (64, 8)))
    b.placeholder("labels", (64, 1))
    b.add("MatMul", "served", b.placeholder("one", (1, 8)), "training/weights")
    return b


def second_derivatives() -> Builder:
    b = squares(Builder(), "output", "labels")
    network(b, "output", b.placeholder("x", (1, 8)))
    b.placeholder("labels", (1, 1))
    b.add("Reshape", "gradients_1/output_grad/Reshape", "output", "axes")
    return b


def watched() -> Builder:
    b = squares(Builder(), "output", "labels")
    hidden = network(b, "hidden", b.placeholder("x", (1, 8)), "Relu")
    network(b, "output", hidden)
    b.placeholder("labels", (1, 1))
    b.add("ScalarSummary", "summary", b.const("tag", [0.0]), b.add("Max", "most", hidden, "axes"))
    b.add("Fill", "zero_state", b.add("Shape", "batch", hidden), b.const("zero", 0.0))
    return b


@pytest.mark.parametrize(
    ("graph", "inputs", "outputs"),
    [
        (accuracy(), ("x",), ("logits",)),
        (keras_loss(), ("x",), ("output",)),
        (q_learning(masked_sum), ("state",), ("q",)),
        (q_learning(gathered), ("state",), ("q",)),
        (policy_gradient(), ("state",), ("policy",)),
        (contrastive(), ("pair",), ("distance",)),
        (inference_copy(), ("x", "one"), ("training", "served")),
        (second_derivatives(), ("x",), ("output",)),
        (watched(), ("x",), ("output",)),
    ],
    ids="accuracy keras masked_sum gather policy contrastive inference_copy second_derivatives watched".split(),
)
def test_the_output_of_a_training_graph_is_what_it_predicts(
    graph: Builder, inputs: tuple[str, ...], outputs: tuple[str, ...]
) -> None:
    assert ends_of(graph) == (inputs, outputs)


def looped() -> Builder:
    """A while loop whose counter and one array of whose body nothing reads."""
    b = Builder()
    x = b.add("Enter", "map/while/x", b.placeholder("x", (1, 8)))
    b.add("Relu", "map/while/unread", x)
    b.add("Exit", "map/while/Exit", b.add("Tanh", "map/while/body", x))
    return b


def named() -> Builder:
    b = Builder()
    x = b.placeholder("x", (1, 8))
    b.add("Identity", "boxes", b.add("Relu", "head/boxes", x))
    b.add("Identity", "count", b.add("Shape", "head/count", x))
    b.add("GatherV2", "head/unread", x, b.const("index", [0], dtype=DType.INT32))
    return b


def asserted() -> Builder:
    b = Builder()
    x = b.placeholder("x", (1, 8))
    b.add("Relu", "scores", x)
    same = b.add("Equal", "rnn/Equal", b.add("Shape", "rnn/Shape", x), b.add("Pack", "rnn/stack", "rnn/size"))
    b.add("StridedSlice", "rnn/size", "rnn/Shape")
    b.add("All", "rnn/All", same)
    return b


@pytest.mark.parametrize(
    ("graph", "outputs"),
    [(looped(), ("map/while/Exit",)), (named(), ("boxes", "count")), (asserted(), ("scores",))],
    ids=["loop", "named", "asserted"],
)
def test_what_a_graph_computes_by_the_way_is_no_output(graph: Builder, outputs: tuple[str, ...]) -> None:
    assert ends_of(graph)[1] == outputs

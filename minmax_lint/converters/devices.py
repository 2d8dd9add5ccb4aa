"""Devices that run a converted model: which of its ops they leave to the CPU."""

from collections.abc import Iterator
from dataclasses import replace

from minmax_lint.converters.finished import OpInfo, TensorInfo, TFLiteModel, as_prediction
from minmax_lint.converters.partition import producers_of
from minmax_lint.converters.prediction import OpOutcome, Prediction
from minmax_lint.converters.profile import Profile
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import is_fake_quant
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.trace import Kept
from minmax_lint.inference.inference import Inference

_ACTIVATIONS = frozenset({"Relu", "Relu6", "Elu", "Tanh", "Sigmoid"})
_WIDEST = 64
"""Constants of up to so many numbers are looked at: axes, paddings, strides."""


def on_device(prediction: Prediction, kept: Kept, inference: Inference, profile: Profile) -> Prediction:
    """The prediction with what the device of `profile` leaves to the CPU of the predicted ops."""
    from minmax_lint.converters.edgetpu import ops_left_to_cpu

    ops = [_describe(outcome, kept, inference) for outcome in prediction.ops]
    cpu_ops = ops_left_to_cpu(ops, producers_of(prediction.ops, kept))
    return replace(prediction, profile=profile.name, cpu_ops=cpu_ops)


def assign_finished(model: TFLiteModel, profile: Profile) -> Prediction:
    """What the device of `profile` does with a finished model."""
    from minmax_lint.converters.edgetpu import ops_left_to_cpu

    return replace(as_prediction(model), profile=profile.name, cpu_ops=ops_left_to_cpu(model.ops))


def _describe(outcome: OpOutcome, kept: Kept, inference: Inference) -> OpInfo:
    """A predicted op as far as the source graph shows what it will be."""
    nodes = [kept.graph[name] for name in outcome.nodes if name in kept]
    if outcome.nodes and not nodes:  # of a loop's or branch's body
        return OpInfo(outcome.op, (), (TensorInfo(outcome.output, "", ()),), subgraph=1)
    head = next((node for node in nodes if node.inputs and node.op != "Const"), None)
    dtype = "int8" if outcome.integer else "float32"
    output = _tensor(outcome.output, dtype, inference)
    if head is None:
        return OpInfo(outcome.op, (), (output,))
    inputs = tuple(_tensor(edge.array, dtype, inference) for edge in head.inputs)
    if head.op.startswith("Concat"):  # the axis is no operand of CONCATENATION
        inputs = tuple(tensor for tensor in inputs if tensor.dtype == dtype)
    return OpInfo(outcome.op, inputs, (output,), options=dict(_options(head, nodes)))


def _tensor(array: str, dtype: str, inference: Inference) -> TensorInfo:
    if parse_edge(array).node not in inference.kept:  # of a loop's or branch's body
        return TensorInfo(array, dtype, ())
    if inference.dtype(array) is not DType.FLOAT:
        dtype = inference.dtype(array).name.lower()
    shape = inference.shape(array) or ()
    constant = inference.is_constant(array) or _is_weights(array, inference)
    values = _values(array, inference) if constant else None
    dynamic = any(size is None for size in shape[1:])
    return TensorInfo(
        array,
        dtype,
        tuple(1 if s is None else s for s in shape),
        constant=constant,
        values=values,
        dynamic=dynamic,
    )


def _is_weights(array: str, inference: Inference) -> bool:
    """Whether it is a constant behind a FakeQuant, which the converter folds into it."""
    graph = inference.kept.graph
    node = graph[parse_edge(array).node]
    return is_fake_quant(node.op) and bool(node.inputs) and inference.is_constant(node.inputs[0].array)


def _values(array: str, inference: Inference) -> tuple[int, ...] | None:
    tensor = inference.constant(array)
    if tensor is None or not tensor.known or tensor.dtype not in (DType.INT32, DType.INT64):
        return None
    return tuple(int(value) for value in tensor.values()) if tensor.size <= _WIDEST else None


def _options(head: Node, nodes: list[Node]) -> Iterator[tuple[str, int]]:
    if any(node.op in _ACTIVATIONS and node is not head for node in nodes):
        yield "FusedActivationFunction", 1
    if "num_split" in head.attrs:
        yield "NumSplits", head.integer("num_split", 0)
    dilations = head.integers("dilations")
    if len(dilations) == 4:
        yield "DilationHFactor", dilations[1]
        yield "DilationWFactor", dilations[2]
    if head.attribute("axis") is not None:
        yield "Axis", head.integer("axis", 0)

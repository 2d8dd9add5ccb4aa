"""Patterns of ops that a converter fuses, or fails to, and of layers that it does not take."""

import re
from collections.abc import Iterable
from typing import NamedTuple

from minmax_lint.converters.call import SELECT_TF
from minmax_lint.converters.mlir.legalize.flex_ops import FLEX_OPS
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import is_fake_quant
from minmax_lint.graph.node import Node
from minmax_lint.ops.table import BATCH_NORMS
from minmax_lint.rules.framework.coverage import Coverage

LINEAR = frozenset(
    {
        "Add",
        "AddV2",
        "BatchMatMul",
        "BatchMatMulV2",
        "BiasAdd",
        "Conv2D",
        "Conv2DBackpropInput",
        "DepthwiseConv2dNative",
        "MatMul",
        "Mul",
        "Sub",
    }
)
"""Ops into which converters fuse an activation."""

ACTIVATIONS = frozenset({"Maximum", "Minimum", "Relu", "Relu6"})
"""Activations that converters fuse; Minimum and Maximum are the halves of a clip."""

BACKWARD = re.compile(r"(^|/)gradients(_\d+)?/")
"""In the names of nodes of the backward pass (tf.gradients)."""

PRODUCTS = frozenset({"Div", "Mul", "RealDiv"})
SCALINGS = BATCH_NORMS | PRODUCTS
"""Ops that converters multiply into the weights in front of them."""


class Foreign(NamedTuple):
    """A kind of layer that no converter takes as it is."""

    what: str
    """What the message says of the op, behind its name."""
    advice: str
    flex: bool = False
    """Whether TensorFlow's own kernels are a way out."""


HALF_PRECISION = Foreign(
    "computes in float16, which no op of TFLite does",
    "Make the model under the policy float32 (keras.mixed_precision.set_global_policy('float32')), give it the trained "
    "weights (new.set_weights(model.get_weights())), and export that; TFLite's own float16 is "
    "supported_types = [tf.float16].",
)
QUANTIZED_BY_KERAS = Foreign(
    "multiplies int8 values, as model.quantize('int8') of Keras writes it: no op of TFLite does",
    "Export the model as it was before model.quantize: the converter quantizes it, with a representative dataset.",
)
TEXT = Foreign(
    "works on text or on a lookup table, which TFLite leaves to TensorFlow",
    "Leave that to the program around the model: begin the model behind it (-i ARRAY), in Keras without its "
    "TextVectorization, StringLookup, IntegerLookup and Hashing layers.",
    flex=True,
)
_OF_TEXT = ("AsString", "HashTable", "LookupTable", "MutableHashTable", "Regex", "StaticRegex", "String")


def foreign(node: Node) -> Foreign | None:
    """The kind of layer of which an op is that the converter refuses; None for any other."""
    types = {value for value in node.attrs.values() if isinstance(value, DType)}
    if types & {DType.HALF, DType.BFLOAT16}:
        return HALF_PRECISION
    if DType.INT8 in types and ("MatMul" in node.op or node.op.startswith("Conv")):
        return QUANTIZED_BY_KERAS
    return TEXT if node.op.startswith(_OF_TEXT) else None


def select_tf(op: str, message: str) -> str:
    """How TensorFlow's own kernel runs an op; empty where it cannot, or does already."""
    if op not in FLEX_OPS or SELECT_TF in message:
        return ""
    return f" Or add tf.lite.OpsSet.{SELECT_TF} to supported_ops: TensorFlow's own kernel runs it, in float."


def is_batch_norm(coverage: Coverage, node: Node) -> bool:
    """FusedBatchNorm, or the scale or the shift of an unfused one: Mul, then Add, by constant vectors.

    One that computes the statistics is none to fold: a layer normalization of Keras 2, where it is no training graph.
    """
    if node.op in BATCH_NORMS:
        return not node.flag("is_training", True)
    graph = coverage.graph
    if node.op == "Mul" and _by_vector(coverage, node):
        return any(
            graph.op(use.node) in ("Add", "AddV2", "Sub") and _by_vector(coverage, graph[use.node])
            for use in coverage.kept.uses(node.name)
        )
    if node.op in ("Add", "AddV2") and _by_vector(coverage, node):
        source = graph[coverage.value_edge(node).node]
        return source.op == "Mul" and _by_vector(coverage, source)
    return False


def _by_vector(coverage: Coverage, node: Node) -> bool:
    inference = coverage.inference
    return any(
        edge.node in coverage.from_constants and len(inference.shape(edge.array) or ()) == 1
        for edge in node.inputs[:2]
    )


def batch_norm_at(coverage: Coverage, array: str, nodes: Iterable[str]) -> str | None:
    """The batch normalization among `nodes`, or that reads `array`: its FusedBatchNorm, or its Mul."""
    graph = coverage.graph
    around = [graph[node] for node in nodes if node in graph]
    around += [graph[use.node] for use in coverage.kept.uses(array)]
    for found in around:
        if is_batch_norm(coverage, found):
            return coverage.value_edge(found).node if found.op in ("Add", "AddV2") else found.name
    return None


def scaling_in(coverage: Coverage, nodes: Iterable[str]) -> str | None:
    """The op among `nodes` that scales what a linear op gives by a constant."""
    for name in nodes:
        if name in coverage.graph and coverage.graph.op(name) in SCALINGS:
            inputs = coverage.graph[name].inputs
            if any(edge.node in coverage.from_constants for edge in inputs):
                return name
    return None


def is_split_activation(coverage: Coverage, node: Node | None) -> bool:
    """Whether a FakeQuant stands between a linear op and this activation of it."""
    if node is None or node.op not in ACTIVATIONS or not node.inputs or coverage.kept.is_cut(node.name):
        return False
    before = coverage.graph[coverage.value_edge(node).node]
    if not is_fake_quant(before.op) or not before.inputs:
        return False
    return coverage.op(before.inputs[0].node) in LINEAR | ACTIVATIONS

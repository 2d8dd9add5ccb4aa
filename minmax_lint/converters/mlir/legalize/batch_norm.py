"""Batch normalizations, as PrepareTFPass writes them out (prepare_patterns.td)."""

import operator
from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from functools import cache, partial
from math import inf, sqrt

from minmax_lint.converters.mlir.failure import no_builtin
from minmax_lint.converters.mlir.ir import Value
from minmax_lint.converters.mlir.legalize.canonicalize_arithmetic import unless_neutral
from minmax_lint.converters.mlir.legalize.importer import Importer
from minmax_lint.converters.mlir.legalize.legalize_patterns import result_count
from minmax_lint.converters.mlir.legalize.lower.steps import number
from minmax_lint.converters.mlir.matchers import all_equal, constant_tensor, elements_of, is_constant
from minmax_lint.converters.mlir.pattern import named_in_libraries, prepare_patterns_td
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import reached
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Tensor
from minmax_lint.graph.trace import Kept
from minmax_lint.ops.table import RESOURCE_ASSIGNMENTS


@prepare_patterns_td(
    *("FusedBatchNorm", "FusedBatchNormV3"),
    tf_name="FusedBatchNormV3Pat, ConvertFusedBatchNorm",
    before=lambda n: n.fq(
        n.op(
            "FusedBatchNormV3",
            n.image(),
            *(n.c(value, shape=[4]) for value in (0.5, 0.25, 0.0, 1.0)),
            U=DType.FLOAT,
            is_training=False,
            epsilon=0.001,
        )
    ),
    after="MUL(float) ADD(float)",
)
def fused_batch_norm_v3_pat(importer: Importer, node: Node) -> Value:
    """A product and a sum with constants, computed from the node's; neutral ones are folded away.

    One whose statistics are read stays (HasNoUseOf), as every FusedBatchNormV2 does (measured on 2.15 and 2.21).
    """
    x = importer.operand(node)
    read = importer.kept.once(_read_beside_first)
    if read and (statistics := _statistics(importer, node, read)):
        if _are_assigned(importer.kept, statistics):
            raise no_builtin(node, "training", f"{node.name} updates averages whenever the model runs.")
        raise no_builtin(node)
    if node.flag("is_training", True):
        return _batch_norm_of_batch(importer, node, x)
    return _inference(importer, node, x, importer.inputs(node)[1:5], node.real("epsilon", 1e-4))


def _read_beside_first(kept: Kept) -> frozenset[str]:
    """The arrays that kept nodes read, or that are returned, but for output 0 of each node."""
    raw, positions = kept.graph.columns.inputs, kept.graph.positions
    texts = [
        text for name in kept.order if not kept.is_cut(name) for text in raw[positions[name]] if ":" in text
    ]
    return frozenset(array for array in (*texts, *kept.outputs) if parse_edge(array).port > 0)


def _statistics(importer: Importer, node: Node, read: AbstractSet[str]) -> list[str]:
    """What is read of the statistics of `node`, and of the nodes merged into it."""
    same = (importer.kept.graph[name] for name in (node.name, *importer.merged_into.get(node.name, ())))
    return [
        array for one in same for port in range(1, result_count(one)) if (array := one.output(port)) in read
    ]


def _are_assigned(kept: Kept, arrays: Sequence[str]) -> bool:
    """Whether all that is computed from `arrays` is assigned to variables."""

    def computed(array: str) -> list[str]:
        readers = [use.node for use in kept.uses(array)]
        return [name for name in readers if kept.graph.op(name) not in RESOURCE_ASSIGNMENTS]

    found = reached(arrays, computed)
    return all(kept.uses(array) and array not in kept.outputs for array in found)


@named_in_libraries(
    "BatchNormWithGlobalNormalization",
    tf_name="ConvertBatchNormWithGlobalNormalization_1, ConvertBatchNormWithGlobalNormalization_2",
    before=lambda n: n.fq(
        n.op(
            "BatchNormWithGlobalNormalization",
            n.image(),
            *(n.c(value, shape=[4]) for value in (0.0, 1.0, 0.25, 0.5)),
            variance_epsilon=0.001,
            scale_after_normalization=True,
        )
    ),
    after="MUL(float) ADD(float)",
)
def convert_batch_norm_with_global_normalization(importer: Importer, node: Node) -> Value:
    """The batch normalization of TensorFlow's first releases: the same, with its vectors in another order."""
    x, mean, variance, offset, scale = importer.inputs(node)[:5]
    if not node.flag("scale_after_normalization"):
        scale = importer.filled(node.name, offset.shape or (), 1.0)
    return _inference(importer, node, x, [scale, offset, mean, variance], node.real("variance_epsilon", 1e-4))


def _inference(
    importer: Importer, node: Node, x: Value, parameters: Sequence[Value], epsilon: float
) -> Value:
    """With scale, offset, mean and variance that do not depend on the batch."""
    if not all(map(is_constant, parameters)):
        return _batch_norm_of_parameters(importer, node, x, parameters, epsilon)
    depth, folded = parameters[0].shape, cache(partial(_factor_and_offset, parameters, epsilon))
    begin = cache(partial(_factor_and_offset, parameters, epsilon, first=True))
    many = (elements_of(parameters[0]) or 0) > _FEW
    factor = importer.constant(
        node.name, DType.FLOAT, depth, lambda: folded()[0], begin=(lambda: begin()[0]) if many else None
    )
    offset = importer.constant(
        node.name, DType.FLOAT, depth, lambda: folded()[1], begin=(lambda: begin()[1]) if many else None
    )
    product = unless_neutral(importer, node, "MUL", 1.0, x, factor)
    return unless_neutral(importer, node, "ADD", 0.0, product, offset)


def _batch_norm_of_parameters(
    importer: Importer, node: Node, x: Value, parameters: Sequence[Value], variance_epsilon: float
) -> Value:
    """With parameters that are computed, or have FakeQuants: what follows from the others is constant."""
    scale, offset, mean, variance = parameters
    epsilon = number(importer, node, variance_epsilon)

    def computed(name: str, *operands: Value) -> Value:
        if all(map(is_constant, operands)):
            return importer.constant(node.name, DType.FLOAT, scale.shape)
        return importer.add(name, node, [*operands], scale.shape)

    inverse = computed("RSQRT", computed("ADD", variance, epsilon))
    factor = computed("MUL", scale, inverse)
    rest = computed("SUB", offset, computed("MUL", mean, factor))
    return importer.add("ADD", node, [importer.add("MUL", node, [x, factor], x.shape), rest], x.shape)


def _batch_norm_of_batch(importer: Importer, node: Node, x: Value) -> Value:
    """With the statistics of the batch itself, as training has it, and as LayerNormalization of Keras 2 uses it."""
    scale, offset = importer.inputs(node)[1:3]
    vector = offset.shape
    axes = importer.integer_vector(node.name, [0, 1, 2])
    mean = importer.add("MEAN", node, [x, axes], vector)
    squares = importer.add("SQUARED_DIFFERENCE", node, [x, mean], x.shape)
    variance = importer.add("MEAN", node, [squares, axes], vector)
    epsilon = number(importer, node, node.real("epsilon", 1e-4))
    inverse = importer.add("RSQRT", node, [importer.add("ADD", node, [variance, epsilon], vector)], vector)
    factor = inverse if all_equal(scale, 1.0) else importer.add("MUL", node, [inverse, scale], vector)
    shifted = importer.add("MUL", node, [mean, factor], vector)
    rest = importer.add("SUB", node, [offset, shifted], vector)
    return importer.add("ADD", node, [importer.add("MUL", node, [x, factor], x.shape), rest], x.shape)


_FEW = 64
"""Channels up to which all are computed as fast as the first alone."""


def _factor_and_offset(
    parameters: Sequence[Value], epsilon: float, *, first: bool = False
) -> tuple[Tensor | None, Tensor | None]:
    """Scale / sqrt(variance + epsilon), and offset - mean * factor, computed in double precision.

    None where one of the four vectors is not known, or they are not as long as each other. With `first`, the first
    channel alone.
    """
    known = [
        tensor for value in parameters if (tensor := constant_tensor(value)) is not None and tensor.listed
    ]
    if len(known) < len(parameters) or len({tensor.size for tensor in known}) > 1:
        return None, None
    known = [tensor.first() for tensor in known] if first else known
    scale, offset, mean, variance = (tensor.reals() for tensor in known)
    squares = map(epsilon.__add__, variance)
    factors = [inf if square <= 0 else a / sqrt(square) for a, square in zip(scale, squares, strict=True)]
    offsets = list(map(operator.sub, offset, map(operator.mul, mean, factors)))
    shape = known[0].shape
    return Tensor.of(DType.FLOAT, shape, factors), Tensor.of(DType.FLOAT, shape, offsets)

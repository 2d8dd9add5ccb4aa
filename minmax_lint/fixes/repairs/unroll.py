"""Unroll: products of many matrices become one product for each matrix, with a range for each."""

from collections.abc import Collection
from typing import NamedTuple

from minmax_lint.fixes.bounds.sources import RangeSource
from minmax_lint.fixes.edit.draft import Draft
from minmax_lint.fixes.edit.place import Place
from minmax_lint.fixes.edit.repair import CannotRepair, Repair
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import FakeQuant, Range, is_fake_quant, read_fake_quant
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import Edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Tensor
from minmax_lint.inference.inference import Inference

PRODUCTS = frozenset({"BatchMatMul", "BatchMatMulV2"})
MOST_MATRICES = 64
"""More make a model that is slow to load."""


def unroll(graph: Graph, inference: Inference, nodes: Collection[str], source: RangeSource) -> Repair:
    """Write BatchMatMuls with constant weights out as a MatMul for each matrix, a FakeQuant behind each, and a Pack.

    TOCO does the same (UnrollBatchMatMul), but gives the single products no range, so that it fails at the
    Pack. The ranges are that of the whole. A right operand that is computed stays: TOCO puts a Transpose
    behind it whose result can have another scale than what it copies (measured: 50 output steps off). Unsafe:
    products are rounded before they are packed. Raises CannotRepair where there is none of static shape and
    known range.
    """
    draft = Draft(graph)
    healed: list[str] = []
    for node in inference.kept.computed(nodes):
        count = _count(inference, node) if node.op in PRODUCTS else 0
        found = source.of_readers(node.name) or source.of(node.name)
        right = _weights(inference, node.inputs[1], count) if count else None
        if found is not None and right is not None:
            _write(draft, inference, node, right, found)
            healed.append(node.name)
    if not healed:
        raise CannotRepair("there is no product of several constant matrices whose shape and range are known")
    return draft.repair("unroll", safe=False, heals=healed)


def _count(inference: Inference, node: Node) -> int:
    """How many matrices both operands hold; 0 where that is not known, or they are not as many."""
    shapes = [inference.shape(edge.array) for edge in node.inputs]
    if len(shapes) != 2 or inference.dtype(node.output(0)) is not DType.FLOAT:
        return 0
    left, right = shapes
    if not left or not right or not all((*left, *right)) or left[:-2] != right[:-2]:
        return 0
    count = 1
    for size in left[:-2]:
        count *= size or 1
    return count if 1 < count <= MOST_MATRICES else 0


class _Weights(NamedTuple):
    matrices: tuple[Tensor, ...]
    quant: FakeQuant | None
    """What stands behind them."""


def _weights(inference: Inference, edge: Edge, count: int) -> _Weights | None:
    """The matrices that an operand consists of; None where it is no constant, or its range is not known."""
    graph, quant = inference.kept.graph, None
    if edge.node in graph and is_fake_quant(graph.op(edge.node)):
        quant = read_fake_quant(graph, graph[edge.node])
        edge = graph[edge.node].inputs[0]
        if quant.per_channel or quant.range is None or not quant.range.known:
            return None
    tensor = inference.constant(edge.array) if inference.is_constant(edge.array) else None
    if tensor is None or not tensor.known:
        return None
    values = tensor.numpy().reshape(count, *tensor.shape[-2:])
    return _Weights(tuple(Tensor(DType.FLOAT, one.shape, one.tobytes()) for one in values), quant)


def _write(draft: Draft, inference: Inference, node: Node, weights: _Weights, found: Range) -> None:
    left, quant = node.inputs[0], weights.quant
    place, count = Place(draft, node, left), len(weights.matrices)
    before, after = (inference.shape(array) or () for array in (left.array, node.output(0)))
    if len(before) > 3:
        left = place.reshape("left", left, (count, *(size or 1 for size in before[-2:])))
    parts = place.op("Unpack", "matrices", left, num=count, axis=0)
    flags = {"transpose_a": node.flag("adj_x"), "transpose_b": node.flag("adj_y")}
    products = []
    for port, matrix in enumerate(weights.matrices):
        right = place.constant("weights", matrix)
        if quant is not None and quant.range is not None:
            right = place.quantize("weights/quantized", right, quant.range, narrow=quant.narrow_range)
        product = place.op("MatMul", "product", Edge(parts.node, port), right, **flags)
        products.append(place.quantize("product/quantized", product, found))
    packed = place.op("Pack", "packed" if len(after) > 3 else "", *products, N=count, axis=0)
    if len(after) > 3:
        place.reshape("", packed, tuple(size or 1 for size in after))

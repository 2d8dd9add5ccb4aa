"""Unroll: products of many matrices become one product for each matrix."""

from __future__ import annotations

from collections.abc import Collection

from minmax_lint.fixes.draft import Draft
from minmax_lint.fixes.place import Place
from minmax_lint.fixes.repair import CannotRepair, Repair
from minmax_lint.fixes.sources import RangeSource
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import Range, is_fake_quant, read_fake_quant
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.inference import Inference
from minmax_lint.graph.names import Edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Tensor

NAME = "unroll"
PRODUCTS = frozenset({"BatchMatMul", "BatchMatMulV2"})
MOST_MATRICES = 64
"""More make a model that is slow to load."""


def unroll(graph: Graph, inference: Inference, nodes: Collection[str], source: RangeSource) -> Repair:
    """Write BatchMatMuls out as a MatMul for each matrix, a FakeQuant behind each, and a Pack.

    TOCO does the same (UnrollBatchMatMul), but gives the single products no range, so that it fails at the
    Pack. The ranges are that of the whole. Unsafe: products are rounded before they are packed. Raises
    CannotRepair where no shape is static, or no range is known.
    """
    draft = Draft(graph)
    healed: list[str] = []
    for name in nodes:
        if name not in inference.kept or inference.kept.is_cut(name):
            continue
        node = inference.kept.graph[name]
        count = _count(inference, node) if node.op in PRODUCTS else 0
        found = source.of_readers(name) or source.of(name)
        if count and found is not None:
            _write(draft, inference, node, count, found)
            healed.append(name)
    if not healed:
        raise CannotRepair("there is no product of several matrices whose shape and range are known")
    return draft.repair(NAME, safe=False, heals=healed)


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


def _write(draft: Draft, inference: Inference, node: Node, count: int, found: Range) -> None:
    place = Place(draft, node, node.inputs[0])
    left, right = (
        _matrices(place, inference, edge, count, side)
        for edge, side in zip(node.inputs, ("left", "right"), strict=True)
    )
    flags = {"transpose_a": node.flag("adj_x"), "transpose_b": node.flag("adj_y")}
    products = [
        place.quantized("product/quantized", place.op("MatMul", "product", a, b, **flags), found)
        for a, b in zip(left, right, strict=True)
    ]
    shape = inference.shape(node.output(0)) or ()
    packed = place.op("Pack", "" if len(shape) == 3 else "packed", *products, N=count, axis=0)
    if len(shape) != 3:
        place.reshaped("", packed, tuple(size or 1 for size in shape))


def _matrices(place: Place, inference: Inference, edge: Edge, count: int, side: str) -> list[Edge]:
    """The matrices of an operand: constants, each behind a FakeQuant as theirs, or the parts of an Unpack."""
    graph = inference.kept.graph
    maker = graph[edge.node]
    quant = read_fake_quant(graph, maker) if is_fake_quant(maker.op) else None
    behind = maker.inputs[0] if quant is not None else edge
    tensor = inference.constant(behind.array) if inference.is_constant(behind.array) else None
    shape = inference.shape(edge.array) or ()
    rows, columns = (size or 1 for size in shape[-2:])
    known = quant is None or (quant.range is not None and quant.range.known and not quant.per_channel)
    if tensor is None or not tensor.known or not known:
        whole = edge if len(shape) == 3 else place.reshaped(side, edge, (count, rows, columns))
        parts = place.op("Unpack", f"{side}/matrices", whole, num=count, axis=0)
        return [Edge(parts.node, port) for port in range(count)]
    made = []
    for value in tensor.numpy().reshape(count, rows, columns):
        matrix = place.constant(f"{side}/matrix", Tensor(DType.FLOAT, value.shape, value.tobytes()))
        if quant is not None and quant.range is not None:
            matrix = place.quantized(
                f"{side}/matrix/quantized", matrix, quant.range, narrow=quant.narrow_range
            )
        made.append(matrix)
    return made

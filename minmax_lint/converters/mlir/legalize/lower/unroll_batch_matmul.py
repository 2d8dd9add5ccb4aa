"""A product of batches of matrices as MatMuls of one matrix each (unroll_batch_matmul.cc)."""

import math
from collections.abc import Sequence

from minmax_lint.converters.mlir.ir import Operation, Value
from minmax_lint.converters.mlir.legalize.importer import Importer
from minmax_lint.converters.mlir.legalize.reorder_fake_quant import reshape, transpose_matrix
from minmax_lint.converters.mlir.matchers import is_constant, sizes_of, static
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.node import Node
from minmax_lint.inference.shape_arithmetic import broadcast


def unroll_batch_matmul(
    importer: Importer, node: Node, left: Value, right: Value, *, adj_x: bool, adj_y: bool
) -> Value | None:
    """SPLITs, a FULLY_CONNECTED for each matrix, and a PACK; None where a shape is not known."""
    if not static(left) or not static(right) or min(len(left.shape or ()), len(right.shape or ())) < 2:
        return None
    batches = [tuple(sizes_of(value)[:-2]) for value in (left, right)]
    shared = [size or 0 for size in broadcast(*batches) or ()]
    slices = [_slices(importer, node, value) for value in (left, right)]
    rows, columns = sizes_of(left)[-1 if adj_x else -2], sizes_of(right)[-2 if adj_y else -1]
    products = []
    for number in range(math.prod(shared)):
        first, second = (
            matrices[_index(number, shared, batch)] for matrices, batch in zip(slices, batches, strict=True)
        )
        first = transpose_matrix(importer, node, first) if adj_x else first
        second = second if adj_y else transpose_matrix(importer, node, second)
        products.append(importer.add("FULLY_CONNECTED", node, [first, second], (rows, columns)))
    if not shared:
        return products[0]
    if len(products) > 1:
        packed = importer.add("PACK", node, products, (len(products), rows, columns))
        return packed if len(shared) == 1 else reshape(importer, node, packed, (*shared, rows, columns))
    return reshape(importer, node, products[0], (*shared, rows, columns))


def _slices(importer: Importer, node: Node, value: Value) -> list[Value]:
    """The matrices of an operand, each a Slice."""
    *batch, rows, columns = sizes_of(value)
    count, matrix = math.prod(batch), (rows, columns)
    if not batch:
        return [value]
    if count == 1:
        return [reshape(importer, node, value, matrix)]
    if is_constant(value):
        return [importer.constant(value.name, value.dtype, matrix) for _ in range(count)]
    if len(batch) > 1:
        value = reshape(importer, node, value, (count, *matrix))
    axis = importer.constant(node.name, DType.INT32, ())
    split = importer.function.append(Operation("SPLIT", [axis, value], (node.name,), node=node))
    parts = [split.add_result(node.name, value.dtype, (1, *matrix)) for _ in range(count)]
    return [reshape(importer, node, part, matrix) for part in parts]


def _index(number: int, shared: Sequence[int], batch: Sequence[int]) -> int:
    """Which matrix of an operand of `batch` the product `number` of the shared batches reads."""
    found, step = 0, 1
    for place in range(1, len(shared) + 1):
        number, index = divmod(number, shared[-place])
        if place <= len(batch):
            found += step * (index if batch[-place] > 1 else 0)
            step *= batch[-place]
    return found

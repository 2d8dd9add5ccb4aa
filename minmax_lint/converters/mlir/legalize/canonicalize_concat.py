"""An elementwise op moves behind a Concat and in front of an Unpack (tf_ops_a_m.cc, tf_ops_n_z.cc)."""

from collections.abc import Sequence

from minmax_lint.converters.mlir.ir import Operation, Value
from minmax_lint.converters.mlir.legalize.importer import Importer
from minmax_lint.converters.mlir.legalize.legalize_patterns import REMOVED
from minmax_lint.converters.mlir.matchers import constant_tensor, is_number, rank
from minmax_lint.converters.mlir.pattern import tf_ops_a_m_cc, tf_ops_n_z_cc
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Tensor


@tf_ops_a_m_cc(
    *("Concat", "ConcatV2"),
    before=lambda n: n.op("ConcatV2", n.op("Neg", x := n.x()), n.op("Neg", n.fq(n.op("Relu", x))), n.i(1)),
    after="RELU CONCATENATION NEG(float)",
)
def hoist_cwise_unary_out_of_concat(importer: Importer, node: Node) -> Value | None:
    """Of negations, it is the negation of one CONCATENATION; likewise of Log1p."""
    made = [value.op for value in concatenated_arrays(importer, node)]
    negations = [op for op in made if op is not None and op.name == "NEG"]
    if len(negations) == len(made):
        return importer.add("NEG", node, [_concatenation(importer, node, negations)])
    sums = [inner for op in made if op is not None and (inner := _log1p(op)) is not None]
    if len(sums) < len(made):
        return None
    one = sums[0].operands[1]
    return importer.add("LOG", node, [importer.add("ADD", node, [_concatenation(importer, node, sums), one])])


@tf_ops_n_z_cc(
    *("Log1p", "Neg"),
    before=lambda n: n.op(
        "ConcatV2",
        n.op("Neg", u := n.op("Unpack", n.x(2, 4), num=2, axis=0)),
        n.op("Relu", n.op("Neg", f"{u}:1")),
        n.i(0),
    ),
    after="NEG(float) UNPACK(float) RELU(float) CONCATENATION(float)",
)
def hoist_cwise_unary_out_of_unpack(importer: Importer, node: Node) -> Value | None:
    """Negations of all that an UNPACK makes are what the UNPACK of one negation makes; likewise Log1p."""
    if node.name in importer.values:
        return importer.values[node.name]  # the first of them made all
    unpack = importer.operand(node).op
    if unpack is None or unpack.name != "UNPACK" or _node_op(unpack) != "Unpack":
        return None
    x, readers = unpack.operands[0], [_readers(importer, value.name) for value in unpack.results]
    every = [reader for row in readers for reader in row]
    if node not in every or any(reader is None or reader.op != node.op for reader in every):
        return None
    if node.op == "Log1p":
        x = importer.add("ADD", node, [x, importer.filled(node.name, (), 1.0)], x.shape)
    x = importer.add("NEG" if node.op == "Neg" else "LOG", node, [x], x.shape)
    moved = importer.function.append(Operation("UNPACK", [x], unpack.nodes, node=unpack.node))
    for value, row in zip(unpack.results, readers, strict=True):
        result = moved.add_result(value.name, value.dtype, value.shape)
        importer.values |= {reader.name: result for reader in row if reader is not None}
    return importer.values[node.name]


def _readers(importer: Importer, array: str) -> list[Node | None]:
    """The nodes that read an array, or a copy of it; None for the end of the graph."""
    kept = importer.kept
    found: list[Node | None] = [None] * kept.outputs.count(array)
    for reader in (kept.graph[use.node] for use in kept.uses(array)):
        found += _readers(importer, reader.name) if reader.op in REMOVED else [reader]
    return found


def concatenated_arrays(importer: Importer, node: Node) -> list[Value]:
    """The arrays that a Concat reads, without its axis."""
    slots = node.inputs[1:] if node.op == "Concat" else node.inputs[:-1]
    return [importer.value(edge.array) for edge in slots]


def _concatenation(importer: Importer, node: Node, made: Sequence[Operation]) -> Value:
    return importer.add("CONCATENATION", node, [op.operands[0] for op in made])


def _log1p(op: Operation) -> Operation | None:
    """The sum with 1 whose logarithm the op is, as Log1p and Log become it (LogToLog1p)."""
    added = op.operands[0].op if op.name == "LOG" and _node_op(op) in ("Log", "Log1p") else None
    return added if added is not None and added.name == "ADD" and is_number(added.operands[1], 1.0) else None


def _node_op(op: Operation) -> str:
    """The TensorFlow op that became the operation."""
    return op.node.op if op.node is not None else ""


_CWISE_BINARY = frozenset({"Add", "AddV2", "Mul", "MulNoNan", "RealDiv", "Sub"})
"""The ops that TensorFlow gives the trait CwiseBinary and that have a builtin (measured)."""
_IDENTITY = {"MUL": 1.0, "DIV": 1.0, "SUB": 0.0}
"""Operation -> the number with which another array is computed in its place, where few are not made by it."""


@tf_ops_a_m_cc(
    *("Concat", "ConcatV2"),
    before=lambda n: n.op(
        "ConcatV2",
        n.op("Sub", x := n.x(4, 1), n.c(0.5)),
        n.op("Sub", n.fq(n.op("Relu", x)), n.c(0.25)),
        n.i(1),
    ),
    after="RELU CONCATENATION SUB(float)",
)
def hoist_cwise_binary_out_of_concat(importer: Importer, node: Node) -> Value | None:
    """Of sums of columns and scalars, it is the sum of a CONCATENATION and of a vector."""
    operands = concatenated_arrays(importer, node)
    name = _cwise_binary(operands[0])
    axes = importer.integers(node.inputs[0 if node.op == "Concat" else -1].array)
    if name is None or axes is None or len(axes) != 1 or axes[0] < 0:
        return None
    made = [value.op if _cwise_binary(value) == name else None for value in operands]
    others = made.count(None)
    if 2 * others >= len(made) or (others and name not in _IDENTITY):
        return None
    for scalar in (1, 0):
        columns = [
            op.operands[1 - scalar] if op is not None else value
            for op, value in zip(made, operands, strict=True)
        ]
        scalars = [op.operands[scalar] if op is not None else None for op in made]
        if all(_is_column(value, axes[0]) for value in columns) and _are_scalars(scalars):
            sides = [importer.add("CONCATENATION", node, columns), _vector(importer, node, name, scalars)]
            return importer.add(name, node, sides if scalar else sides[::-1])
    return None


def _cwise_binary(value: Value) -> str | None:
    op = value.op
    known = op is not None and op.name in ("ADD", *_IDENTITY) and _node_op(op) in _CWISE_BINARY
    return op.name if op is not None and known else None


def _is_column(value: Value, axis: int) -> bool:
    """Whether the axis is the last and of size 1."""
    return value.shape is not None and rank(value) == axis + 1 and value.shape[axis] == 1


def _are_scalars(values: Sequence[Value | None]) -> bool:
    return all(value is None or value.shape == () for value in values)


def _vector(importer: Importer, node: Node, name: str, scalars: Sequence[Value | None]) -> Value:
    """The scalars as one vector; None stands for the number that changes nothing."""
    size, neutral = len(scalars), _IDENTITY.get(name, 0.0)
    values = [value if value is not None else importer.filled(node.name, (), neutral) for value in scalars]
    known = [tensor for tensor in map(constant_tensor, values) if tensor is not None]
    if len(known) == size:
        numbers = [tensor.real() for tensor in known]
        return importer.constant(
            node.name, DType.FLOAT, (size,), lambda: Tensor.of(DType.FLOAT, [size], numbers)
        )
    return importer.add("PACK", node, values, (size,))

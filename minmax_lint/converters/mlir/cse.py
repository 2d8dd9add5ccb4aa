"""Common subexpressions: nodes that compute the same from the same are one (MLIR's CSE pass)."""

from collections.abc import Iterable
from types import MethodType

from minmax_lint.converters.mlir.fake_quant_support import Scale
from minmax_lint.converters.mlir.ir import CONST, Function, Operation, Use, Value
from minmax_lint.converters.mlir.tables import COMMUTATIVE
from minmax_lint.graph.names import array_name
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Tensor
from minmax_lint.graph.trace import Kept

_SAME_OP = {"Add": "AddV2"}
_OF_SHAPES = frozenset({"BROADCAST_ARGS", "BROADCAST_TO", "SHAPE"})
"""Operations that passes make of nodes whose attributes are none of theirs."""
_OF_VARIABLES = frozenset({"ASSIGN_VARIABLE", "READ_VARIABLE"})
_NEVER = frozenset({"AssignVariableOp", "NoOp", "Placeholder", "RandomUniform", "VarHandleOp"})
WRITES = frozenset({"AssignVariableOp", "If", "StatelessIf", "StatelessWhile", "While"})
"""What may write to a variable."""


def merge_equal_nodes(kept: Kept, order: Iterable[str]) -> dict[str, str]:
    """Node -> the earlier node that does the same, for every node that has one.

    A constant and one behind an Identity are equal to what reads them (2.15 and 2.21 measured).
    """
    first: dict[str, str] = {}
    equal: dict[str, str] = {}
    known: dict[object, str] = {}
    constants: dict[object, list[tuple[Tensor, str]]] = {}
    attributes = _Attributes()
    writes = 0
    for name in order:
        op = kept.graph.op(name)
        writes += op in WRITES
        if op in _NEVER or kept.is_cut(name):
            continue
        node = kept.graph[name]
        found = (
            _equal_constant(node, constants)
            if op == "Const"
            else known.setdefault((_key(node, equal, writes), attributes(node)), name)
        )
        if found != name:
            first[name] = equal[name] = found
        if op == "Identity" and node.inputs:
            source = equal.get(node.inputs[0].node, node.inputs[0].node)
            equal |= {name: source} if kept.graph.op(source) == "Const" else {}
    return first


def _key(node: Node, equal: dict[str, str], writes: int) -> object:
    sources = tuple(array_name(equal.get(edge.node, edge.node), edge.port) for edge in node.inputs)
    # Two reads of a variable are one where nothing is written between them, be it to another variable.
    return _SAME_OP.get(node.op, node.op), sources, writes if node.op == "ReadVariableOp" else 0


class _Attributes:
    """What nodes say, spelled out once for all that share it (their loader decoded it once)."""

    def __init__(self) -> None:
        self._spelled: dict[tuple[str, int], object] = {}

    def __call__(self, node: Node) -> object:
        known = node.op, id(node.attrs)
        spelled = self._spelled.get(known)
        if spelled is None:
            spelled = self._spelled[known] = tuple(
                sorted(
                    (key, repr(value)) for key, value in node.attributes().items() if not key.startswith("_")
                )
            )
        return spelled


def _equal_constant(node: Node, constants: dict[object, list[tuple[Tensor, str]]]) -> str:
    tensor = node.tensor()
    if tensor is None or not tensor.known:
        return node.name
    alike = constants.setdefault(tensor.hint(), [])
    for other, name in alike:
        if tensor.same_values(other):
            return name
    alike.append((tensor, node.name))
    return node.name


def merge_operations(function: Function) -> None:
    """The same pass on operations and scalars, in front of the quantization."""
    known: dict[object, list[Operation]] = {}
    attributes = _Attributes()
    uses = _uses_of_constants(function)
    _merge_scalars(uses)
    _merge_moved(function)
    _merge_computed(function)
    _order_uses(uses)
    for op in function:
        if op.name == CONST or op.name in _OF_VARIABLES:
            continue
        alike = known.setdefault(_operation_key(op, attributes), [])
        first = next((other for other in alike if _scales(other) == _scales(op)), None)
        if first is None:
            alike.append(op)
            continue
        for mine, its in zip(op.results, first.results, strict=True):
            mine.replace_uses(its)
        function.erase(op)


def _scales(op: Operation) -> list[Scale | None]:
    return [result.scale for result in op.results]


def _uses_of_constants(function: Function) -> list[Use]:
    return [
        (op, slot)
        for op in function
        for slot, value in enumerate(op.operands)
        if value.op is not None and value.op.name == CONST
    ]


def _merge_scalars(uses: Iterable[Use]) -> None:
    """Numbers that steps of the conversion made may be equal."""
    known: dict[object, Value] = {}
    for op, slot in uses:
        value = op.operands[slot]
        tensor = value.op.load() if value.op is not None and value.shape == () else None
        if tensor is not None:
            first = known.setdefault((value.dtype, tensor.hint()), value)
            if first is not value:
                op.set_operand(slot, first)


def _order_uses(uses: Iterable[Use]) -> None:
    """A constant is met by its last reader first, but by commutative ones before all others, in order.

    Folding puts the constants of a commutative operation behind its other operands (OpTrait::impl::foldCommutative),
    which makes its use the newest one, even where nothing moves; it comes to the last operation first (measured on
    2.15 and 2.21). The pair behind the constant turns the order around.
    """
    read: dict[Value, list[Use]] = {}
    for op, slot in uses:
        if op.operands[slot].use_count > 1:
            read.setdefault(op.operands[slot], []).append((op, slot))
    for value, its in read.items():
        commutative = [use for use in its if use[0].name in COMMUTATIVE]
        others = [use for use in its if use[0].name not in COMMUTATIVE]
        value.order_uses([*others, *reversed(commutative)])


def _merge_moved(function: Function) -> None:
    """Constants that are the same one, transposed or reshaped to the same shape."""
    known: dict[object, Operation] = {}
    for op in function:
        load = op.attrs.get("load")
        if op.name == CONST and isinstance(load, MethodType):
            first = known.setdefault((load, op.result.shape), op)
            if first is not op:
                function.replace(op, first.result)


def _merge_computed(function: Function) -> None:
    """Constants of any shape that were computed while converting, and those that equal them."""
    constants = [op for op in function if op.name == CONST and op.result.shape]
    shapes = {_type(op) for op in constants if not isinstance(op.attrs.get("load"), MethodType)}
    beginnings: dict[object, list[Operation]] = {}
    for op in constants:
        begin = op.begin() if _type(op) in shapes else None
        if begin is not None:
            beginnings.setdefault((_type(op), begin.start), []).append(op)
    for alike in beginnings.values():
        if len(alike) > 1:
            _merge_alike(function, alike)


def _merge_alike(function: Function, constants: Iterable[Operation]) -> None:
    known: dict[object, list[tuple[Tensor, Operation]]] = {}
    for op in constants:
        tensor = op.load()
        if tensor is None:
            continue
        alike = known.setdefault((_type(op), tensor.hint()), [])
        first = next((other for values, other in alike if values.same_values(tensor)), None)
        if first is None:
            alike.append((tensor, op))
        else:
            function.replace(op, first.result)


def _type(constant: Operation) -> object:
    return constant.result.dtype, constant.result.shape


def _operation_key(op: Operation, attributes: _Attributes) -> object:
    if op.name == "RESHAPE" and None not in (op.result.shape or (None,)):
        return op.name, op.result.shape, id(op.operands[0])
    if op.name in _OF_SHAPES:
        return op.name, op.result.dtype, tuple(id(value) for value in op.operands)
    node = op.attrs.get("node")
    attrs = attributes(node) if isinstance(node, Node) else ()
    return op.name, op.activation, attrs, tuple(id(value) for value in op.operands)

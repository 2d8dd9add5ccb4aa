"""The converter's own model of a function: values, operations, and the order in which they stand.

Only what decides quantization is kept. Names follow MLIR's (Value, Operation, use). Uses are walked newest
first, as MLIR does: `hasOneUse` and the first user decide much in the quantization driver.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

from minmax_lint.converters.mlir.fake_quant_support import Scale
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.layers import place_in_layer
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape, Tensor

CONST = "CONST"
QUANTIZE = "QUANTIZE"
DEQUANTIZE = "DEQUANTIZE"
RETURN = "RETURN"

Use = tuple["Operation", int]


class Value:
    """One SSA value. `name` is the source array it stands for, `scale` set where its type is quantized."""

    __slots__ = ("_uses", "dtype", "name", "op", "scale", "shape")

    def __init__(self, name: str, dtype: DType, shape: Shape | None, op: Operation | None = None) -> None:
        self.name = name
        self.dtype = dtype
        self.shape = shape
        self.op = op
        self.scale: Scale | None = None
        self._uses: dict[Use, None] = {}

    def __repr__(self) -> str:
        return f"{self.name}:{self.scale}" if self.scale else self.name

    @property
    def uses(self) -> list[Use]:
        """(operation, operand) pairs, the newest first."""
        return [*reversed(self._uses)]

    @property
    def users(self) -> list[Operation]:
        """The operations that read it, one entry a use, the newest first."""
        return [op for op, _ in reversed(self._uses)]

    @property
    def use_count(self) -> int:
        """How many operands read the value."""
        return len(self._uses)

    @property
    def only_user(self) -> Operation | None:
        """The operation of its only use; None where there are none or several."""
        return next(iter(self._uses))[0] if len(self._uses) == 1 else None

    @property
    def real(self) -> bool:
        """Whether it holds float32 values (not quantized ones)."""
        return self.dtype is DType.FLOAT and self.scale is None

    def replace_uses(self, other: Value, *, keep: Operation | None = None, in_order: bool = False) -> None:
        """Let every use (but those of `keep`) read `other`; their order turns around, unless `in_order`."""
        for op, slot in reversed(self.uses) if in_order else self.uses:
            if op is not keep:
                op.set_operand(slot, other)

    def order_uses(self, newest_first: Iterable[Use]) -> None:
        """Set the order in which its readers are met."""
        self._uses = dict.fromkeys(reversed([*newest_first]))


class Joined:
    """The source nodes of several operations, each once, in their order; put together when they are read.

    Of a chain of n operations that are fused one after the other, copying them would take n * n steps.
    """

    __slots__ = ("_parts",)

    def __init__(self, ops: Iterable[Operation]) -> None:
        self._parts: tuple[tuple[str, ...] | Joined, ...] = tuple(op._nodes for op in ops)

    def __iter__(self) -> Iterator[str]:
        found: dict[str, None] = {}
        seen: set[Joined] = set()
        pending: list[tuple[str, ...] | Joined] = [self]
        while pending:
            part = pending.pop()
            if not isinstance(part, Joined):
                found.update(dict.fromkeys(part))
            elif part not in seen:
                seen.add(part)
                pending += reversed(part._parts)
        return iter(found)


class Operation:
    """One operation; `nodes` are the source nodes that it stands for, the root last."""

    __slots__ = ("_nodes", "activation", "attrs", "following", "name", "operands", "preceding", "results")

    def __init__(
        self, name: str, operands: Iterable[Value] = (), nodes: Iterable[str] = (), **attrs: Any
    ) -> None:
        self.name = name
        self._nodes: tuple[str, ...] | Joined = nodes if isinstance(nodes, Joined) else tuple(nodes)
        self.activation: str | None = None
        self.attrs: dict[str, Any] = attrs
        self.operands: list[Value] = []
        self.results: list[Value] = []
        self.preceding: Operation | None = None
        self.following: Operation | None = None
        for value in operands:
            self.add_operand(value)

    def __repr__(self) -> str:
        return f"{self.results} = {self.name}({', '.join(map(repr, self.operands))})"

    @property
    def nodes(self) -> tuple[str, ...]:
        """The source nodes that it stands for, the root last."""
        if isinstance(self._nodes, Joined):
            self._nodes = tuple(self._nodes)
        return self._nodes

    @nodes.setter
    def nodes(self, nodes: Iterable[str]) -> None:
        self._nodes = tuple(nodes)

    @property
    def result(self) -> Value:
        """Its first result."""
        return self.results[0]

    @property
    def output(self) -> str:
        """The name of its first result, or of its node where it has none."""
        return self.results[0].name if self.results else self.nodes[-1]

    @property
    def unread(self) -> bool:
        """Whether nothing reads any of its results, of which an assignment has none."""
        if len(self.results) == 1:
            return not self.results[0]._uses
        return bool(self.results) and not any(result._uses for result in self.results)

    def load(self) -> Tensor | None:
        """The value of a constant; None where it is not known."""
        load = self.attrs.get("load")
        tensor = load() if load is not None else None
        return tensor if isinstance(tensor, Tensor) and tensor.known else None

    def begin(self) -> Tensor | None:
        """A tensor that begins as the value of a constant does; None where that is not known."""
        begin = self.attrs.get("begin")
        return self.load() if begin is None else begin()

    @property
    def node(self) -> Node | None:
        """The node of TensorFlow's graph that became it; None where a pass made it."""
        node = self.attrs.get("node")
        return node if isinstance(node, Node) else None

    @property
    def placed(self) -> str:
        """The name of its first result, and the layer that the result belongs to."""
        return place_in_layer(self.node) if self.node is not None else f"{self.result.name!r}"

    def add_operand(self, value: Value) -> None:
        """Read one value more."""
        value._uses[self, len(self.operands)] = None
        self.operands.append(value)

    def set_operand(self, slot: int, value: Value) -> None:
        """Read `value` at `slot` instead."""
        del self.operands[slot]._uses[self, slot]
        self.operands[slot] = value
        value._uses[self, slot] = None

    def add_result(self, name: str, dtype: DType, shape: Shape | None, scale: Scale | None = None) -> Value:
        """A new result."""
        value = Value(name, dtype, shape, self)
        value.scale = scale
        self.results.append(value)
        return value

    def drop(self) -> None:
        """Forget all operands, so that nothing counts as read."""
        for slot, value in enumerate(self.operands):
            del value._uses[self, slot]
        self.operands = []


class Function:
    """The main function: arguments, operations in their order, returned values (operands of `returned`)."""

    def __init__(self) -> None:
        self.arguments: list[Value] = []
        self._first = Operation("FUNCTION")
        self.returned = Operation(RETURN)
        self._first.following = self.returned
        self.returned.preceding = self._first

    def __iter__(self) -> Iterator[Operation]:
        """The operations in order; the current one may be erased, and others put in, meanwhile."""
        op = self._first.following
        while op is not None and op is not self.returned:
            following = op.following
            yield op
            op = following

    def backwards(self) -> Iterator[Operation]:
        """The operations, the last one first; the current one may be erased meanwhile."""
        op = self.returned.preceding
        while op is not None and op is not self._first:
            preceding = op.preceding
            yield op
            op = preceding

    def append(self, op: Operation) -> Operation:
        """Put `op` at the end."""
        return self.insert_before(self.returned, op)

    def insert_first(self, op: Operation) -> Operation:
        """Put `op` in front of all others."""
        return self.insert_after(self._first, op)

    def insert_before(self, place: Operation, op: Operation) -> Operation:
        """Put `op` in front of `place`."""
        assert place.preceding is not None
        return self.insert_after(place.preceding, op)

    def insert_after(self, place: Operation, op: Operation) -> Operation:
        """Put `op` behind `place`."""
        following = place.following
        assert following is not None
        op.preceding, op.following = place, following
        place.following = following.preceding = op
        return op

    def insert_behind(self, value: Value, op: Operation) -> Operation:
        """Put `op` right behind the operation that makes `value`; in front of all for an argument."""
        return self.insert_first(op) if value.op is None else self.insert_after(value.op, op)

    def erase(self, op: Operation) -> None:
        """Take `op` out; nothing reads it any more."""
        op.drop()
        preceding, following = op.preceding, op.following
        if preceding is not None and following is not None:
            preceding.following, following.preceding = following, preceding
        op.preceding = op.following = None

    def replace(self, op: Operation, value: Value) -> None:
        """Let `value` take the place of the only result of `op`, which goes."""
        op.result.replace_uses(value)
        self.erase(op)

    def copy(self) -> Function:
        """The same operations on values of their own, with the uses in the same order."""
        copied = Function()
        values: dict[Value, Value] = {}
        ops = {self.returned: copied.returned}
        for argument in self.arguments:
            values[argument] = Value(argument.name, argument.dtype, argument.shape)
            values[argument].scale = argument.scale
        copied.arguments = [values[argument] for argument in self.arguments]
        for op in self:
            ops[op] = copied.append(Operation(op.name, (), op.nodes, **op.attrs))
            ops[op].activation = op.activation
            for value in op.results:
                values[value] = ops[op].add_result(value.name, value.dtype, value.shape, value.scale)
        for op, other in ops.items():
            other.operands = [values[value] for value in op.operands]
        for value, other_value in values.items():
            other_value._uses = {(ops[op], slot): None for op, slot in value._uses}
        return copied

    def sweep(self) -> None:
        """Take out everything nothing reads."""
        for op in self.backwards():
            if op.unread:
                self.erase(op)

"""The converter's own model of a function: values, operations, and the order in which they stand.

Only what decides quantization is kept. Names follow MLIR's (Value, Operation, use); uses are ordered as
they were made, because `hasOneUse` and the first user decide much in quantization_driver.cc.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from minmax_lint.converters.mlir.scales import Scale
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.tensor import Shape, Tensor

CONST = "CONST"
QUANTIZE = "QUANTIZE"
DEQUANTIZE = "DEQUANTIZE"


class Value:
    """One SSA value. `name` is the source array it stands for, `scale` set where its type is quantized."""

    __slots__ = ("dtype", "name", "op", "port", "scale", "shape", "uses")

    def __init__(
        self, name: str, dtype: DType, shape: Shape | None, op: Operation | None = None, port: int = 0
    ) -> None:
        self.name = name
        self.dtype = dtype
        self.shape = shape
        self.op = op
        self.port = port
        self.scale: Scale | None = None
        self.uses: list[tuple[Operation, int]] = []

    @property
    def real(self) -> bool:
        """Whether it holds float32 values (not quantized ones)."""
        return self.dtype is DType.FLOAT and self.scale is None

    @property
    def users(self) -> list[Operation]:
        """The operations that read it, one entry a use."""
        return [op for op, _ in self.uses]

    @property
    def only_user(self) -> Operation | None:
        """The operation of its only use; None where there are none or several."""
        return self.uses[0][0] if len(self.uses) == 1 else None

    def replace_uses(self, other: Value, *, keep: Operation | None = None) -> None:
        """Let every use (but those of `keep`) read `other`."""
        for op, slot in list(self.uses):
            if op is not keep:
                op.set_operand(slot, other)


class Operation:
    """One operation; `nodes` are the source nodes that it stands for, the root first."""

    __slots__ = ("attrs", "name", "nodes", "operands", "results", "volatile")

    def __init__(
        self, name: str, operands: Iterable[Value] = (), nodes: tuple[str, ...] = (), **attrs: Any
    ) -> None:
        self.name = name
        self.nodes = nodes
        self.attrs: Mapping[str, Any] = attrs
        self.operands: list[Value] = []
        self.results: list[Value] = []
        self.volatile = False
        for value in operands:
            self.add_operand(value)

    def __repr__(self) -> str:
        return f"{self.name}({', '.join(v.name for v in self.operands)}) -> {self.result.name}"

    @property
    def result(self) -> Value:
        """Its first result."""
        return self.results[0]

    @property
    def constant(self) -> Tensor | None:
        """The value of a constant, where it is known."""
        tensor = self.attrs.get("value")
        return tensor if isinstance(tensor, Tensor) else None

    def add_operand(self, value: Value) -> None:
        """Read one value more."""
        value.uses.append((self, len(self.operands)))
        self.operands.append(value)

    def set_operand(self, slot: int, value: Value) -> None:
        """Read `value` at `slot` instead."""
        self.operands[slot].uses.remove((self, slot))
        self.operands[slot] = value
        value.uses.append((self, slot))

    def add_result(self, name: str, dtype: DType, shape: Shape | None) -> Value:
        """A new result."""
        value = Value(name, dtype, shape, self, len(self.results))
        self.results.append(value)
        return value

    def drop(self) -> None:
        """Read nothing any more."""
        for slot, value in enumerate(self.operands):
            value.uses.remove((self, slot))
        self.operands = []


class Function:
    """The main function: arguments, operations in their order, returned values (operands of `returned`)."""

    def __init__(self) -> None:
        self.arguments: list[Value] = []
        self.returned = Operation("RETURN")
        self._operations: dict[Operation, None] = {}

    def __iter__(self) -> Iterator[Operation]:
        return iter(list(self._operations))

    def append(self, op: Operation) -> Operation:
        """Put `op` at the end."""
        self._operations[op] = None
        return op

    def place(self, ops: Iterable[Operation]) -> None:
        """Set the order of all operations."""
        self._operations = dict.fromkeys(ops)

    def replace(self, old: Operation, new: Operation) -> None:
        """`new` takes the place and the uses of `old`, result by result."""
        for before, after in zip(old.results, new.results, strict=False):
            before.replace_uses(after, keep=new)
        self.place(new if op is old else op for op in self._operations if op is not new)
        old.drop()

    def erase(self, op: Operation) -> None:
        """Take `op` out; nobody reads it."""
        op.drop()
        self._operations.pop(op, None)

    def sweep(self) -> bool:
        """Take out everything nobody reads. Whether there was any."""
        found = False
        for op in reversed(list(self._operations)):
            if not any(result.uses for result in op.results):
                self.erase(op)
                found = True
        return found

"""TOCO's own model: operators with input and output arrays, in an order that matters.

Names follow TOCO's (tooling_util.cc, model.h); arrays keep the names that TOCO's messages use.
"""

import itertools
from collections.abc import Iterable, Iterator

from minmax_lint.converters.toco.failure import Fatal
from minmax_lint.converters.toco.operator import Array, Operator
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.tensor import Shape, Tensor
from minmax_lint.inference.inference import Inference

_GAP = 1 << 40


class Model:
    """Operators in order, and arrays by name."""

    def __init__(self, inputs: Iterable[str], outputs: Iterable[str], inference: Inference) -> None:
        self.inputs = tuple(inputs)
        self.outputs = list(outputs)
        self.inference = inference
        self.arrays: dict[str, Array] = {}
        self.imported: tuple[str, ...] = ()
        """The arrays in the order in which TOCO's importer makes them."""
        self.removed: list[int] = []
        """Positions of the operators removed since a pass came to the one that it looks at."""
        self.without_shape: set[str] = set()
        """Arrays whose shape TOCO does not find."""
        self.unpacked: set[str] = set()
        """Results of Unpacks, and of what is computed from them."""
        self.rnn_states: dict[str, str] = {}
        """Array of a NextIteration -> the array that it hands to the next turn of the loop."""
        self.first: Operator | None = None
        self.last: Operator | None = None
        self.misplaced = False
        """Whether an operator was put where its readers may stand in front of it."""
        self.narrowed: set[str] = set()
        """Arrays of int64 whose buffer is of int32."""
        self.unsized: dict[Operator, Shape | None] = {}
        """Operators that were put in -> the shape of their output, which PropagateFixedSizes has not set yet."""
        self.misfit: Fatal | None = None
        """What is wrong with an array since its shape was changed."""
        self._count = 0
        self._capacity = 1
        self._boundary = {*self.inputs, *self.outputs}
        self._ends = frozenset(self.outputs)

    def operators(self) -> Iterator[Operator]:
        """The operators in order."""
        op = self.first
        while op is not None:
            yield op
            op = op.following

    # Arrays

    def source_array(self, name: str) -> Array:
        """The array `name` of the source graph, made on first use."""
        array = self.arrays.get(name)
        if array is None:
            array = self.arrays[name] = Array(name, name, self.inference, None)
        return array

    def new_array(self, name: str, source: str, dtype: DType, shape: Shape | None = None) -> Array:
        """A generated array; `name` must be available."""
        array = self.arrays[name] = Array(name, source, None, dtype)
        array.shape = shape
        return array

    def available_name(self, name: str) -> str:
        """`name`, or the first of `name_0`, `name_1`... that no array has (AvailableArrayName)."""
        if name not in self.arrays:
            return name
        suffix = 0
        while f"{name}_{suffix}" in self.arrays:
            suffix += 1
        return f"{name}_{suffix}"

    def is_constant(self, name: str) -> bool:
        """IsConstantParameterArray."""
        return self.arrays[name].buffer is not None

    def tensor(self, name: str) -> Tensor | None:
        """The value of an array; None where it is no constant, or its value is not known."""
        buffer = self.arrays[name].buffer
        return buffer.tensor() if buffer is not None else None

    def scalar(self, name: str) -> float | None:
        """The value of an array of one element; None where it is no constant, or has more."""
        buffer = self.arrays[name].buffer
        return buffer.scalar() if buffer is not None else None

    def integers(self, name: str) -> tuple[int, ...] | None:
        """The elements of an array as ints; None where it is no constant, or its value is not known."""
        buffer = self.arrays[name].buffer
        return buffer.integers() if buffer is not None else None

    def is_discardable(self, name: str) -> bool:
        """Whether the array is neither an input nor an output of the model."""
        return name not in self._boundary

    def is_input(self, name: str) -> bool:
        """Whether the array is an input of the model."""
        return name in self._boundary and name in self.inputs

    def is_output(self, name: str) -> bool:
        """Whether the array is an output of the model."""
        return name in self._ends

    def producer(self, name: str) -> Operator | None:
        """GetOpWithOutput."""
        return self.arrays[name].producer

    def count_consumers(self, name: str) -> int:
        """CountOpsWithInput: an operator that reads the array twice counts once."""
        return len(self.arrays[name].consumers)

    def first_consumer(self, name: str) -> Operator | None:
        """GetOpWithInput: the first in operator order."""
        consumers = self.arrays[name].consumers
        if len(consumers) == 1:
            return next(iter(consumers))
        return min(consumers, key=lambda op: op.position, default=None)

    def drop_array_if_unused(self, name: str) -> None:
        """Forget an array that nothing produces, reads or names."""
        array = self.arrays.get(name)
        if array is not None and not array.consumers and array.producer is None and self.is_discardable(name):
            del self.arrays[name]

    # Operators

    @property
    def is_full(self) -> bool:
        """Whether TOCO's std::vector of operators moves when one more is put in: it doubles when it is full."""
        return self._count == self._capacity

    def append(self, op: Operator) -> None:
        """Add at the end."""
        op.position = self.last.position + _GAP if self.last is not None else 0
        self._link(op, self.last, None)

    def insert_before(self, place: Operator, *ops: Operator) -> None:
        """Add `ops`, in this order, right before `place`."""
        before = place.preceding
        low = before.position if before is not None else place.position - _GAP * (len(ops) + 1)
        step = (place.position - low) // (len(ops) + 1)
        if step == 0:
            self._renumber()
            return self.insert_before(place, *ops)
        for op in ops:
            low += step
            op.position = low
            self._link(op, place.preceding, place)
        return None

    def replace(self, old: Operator, *ops: Operator) -> None:
        """Put `ops` in the place of `old`, which goes."""
        for op in ops:
            op.nodes = tuple(dict.fromkeys((*old.nodes, *op.nodes)))
        self._detach(old)
        self.insert_before(old, *ops)
        self._unlink(old)
        self._forget_arrays(old)

    def remove(self, op: Operator) -> None:
        """DeleteOpAndArrays: the operator, and what arrays only it knew."""
        self._detach(op)
        self._unlink(op)
        self._forget_arrays(op)

    def exchange_places(self, a: Operator, b: Operator) -> None:
        """Swap two operators in the order; `a` stands before `b`."""
        a.position, b.position = b.position, a.position
        before, after = a.preceding, b.following
        if a.following is b:
            self._chain(before, b, a, after)
        else:
            after_a, before_b = a.following, b.preceding
            self._chain(before, b, after_a)
            self._chain(before_b, a, after)

    def set_input(self, op: Operator, slot: int, name: str) -> None:
        """Make input `slot` of `op` read another array."""
        old = op.inputs[slot]
        op.inputs[slot] = name
        if old not in op.inputs:
            self.arrays[old].consumers.pop(op, None)
        self.arrays[name].consumers[op] = None

    def add_input(self, op: Operator, name: str) -> None:
        """Append an input."""
        op.inputs.append(name)
        self.arrays[name].consumers[op] = None

    def drop_input(self, op: Operator, name: str) -> None:
        """Forget every slot of `op` that reads an array."""
        op.inputs = [one for one in op.inputs if one != name]
        self.arrays[name].consumers.pop(op, None)

    def set_output(self, op: Operator, slot: int, name: str) -> None:
        """Make `op` write another array."""
        old = op.outputs[slot]
        op.outputs[slot] = name
        if self.arrays[old].producer is op:
            self.arrays[old].producer = None
            self.drop_array_if_unused(old)
        self.arrays[name].producer = op

    def redirect_consumers(self, old: str, new: str) -> None:
        """Every reader of `old` reads `new`, the next turn of a loop included (RerouteEdges)."""
        for state, handed in self.rnn_states.items():
            if handed == old:
                self.rnn_states[state] = new
        source, target = self.arrays[old], self.arrays[new]
        for op in list(source.consumers):
            op.inputs = [new if name == old else name for name in op.inputs]
            target.consumers[op] = None
        source.consumers = {}

    def _chain(self, *ops: Operator | None) -> None:
        for left, right in itertools.pairwise(ops):
            if left is not None:
                left.following = right
            else:
                self.first = right
            if right is not None:
                right.preceding = left
            else:
                self.last = left

    def _link(self, op: Operator, before: Operator | None, after: Operator | None) -> None:
        self._chain(before, op, after)
        op.alive = True
        if self.is_full:
            self._capacity *= 2
        self._count += 1
        for name in op.inputs:
            self.arrays[name].consumers[op] = None
        for name in op.outputs:
            self.arrays[name].producer = op

    def _detach(self, op: Operator) -> None:
        for name in op.inputs:
            self.arrays[name].consumers.pop(op, None)
        for name in op.outputs:
            if self.arrays[name].producer is op:
                self.arrays[name].producer = None

    def _unlink(self, op: Operator) -> None:
        self._chain(op.preceding, op.following)
        op.alive = False
        self._count -= 1
        self.removed.append(op.position)

    def _forget_arrays(self, op: Operator) -> None:
        for name in (*op.inputs, *op.outputs):
            self.drop_array_if_unused(name)

    def _renumber(self) -> None:
        for index, op in enumerate(self.operators()):
            op.position = index * _GAP

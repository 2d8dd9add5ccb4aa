"""The greedy pattern rewriter that the optimizing passes run on.

Source: GreedyPatternRewriteDriver.cpp: a work list, the last operation first; what a change touches is looked
at again; what nothing reads goes.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from minmax_lint.converters.mlir.ir import CONST, RETURN, Function, Joined, Operation, Value
from minmax_lint.converters.mlir.matchers import is_constant
from minmax_lint.converters.mlir.version import Version
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.tensor import Shape, Tensor

Rewrite = Callable[["Rewriter", Operation], bool]
Patterns = Mapping[str, Sequence[Rewrite]]

_MAX_ROUNDS = 10


class Rewriter:
    """One run of patterns over a function."""

    def __init__(self, function: Function, patterns: Patterns, version: Version) -> None:
        self.function = function
        self.version = version
        self._patterns = patterns
        self._work: dict[Operation, None] = {}
        self._erased: set[Operation] = set()

    def run(self) -> bool:
        """Go over all operations until nothing changes any more, ten times at most; whether something changed."""
        rounds = 0
        while rounds < _MAX_ROUNDS and self._round():
            rounds += 1
        return rounds > 0

    def _round(self) -> bool:
        changed = False
        work = self._work = dict.fromkeys(self.function)
        erased, next_op = self._erased, work.popitem
        patterns_of = self._patterns.get
        while work:
            op, _ = next_op()
            if op in erased:
                continue
            if op.results and not op.results[0]._uses and op.unread:  # most have one result, which is read
                self.erase(op)
                changed = True
                continue
            for pattern in patterns_of(op.name, ()):
                if pattern(self, op):
                    changed = True
                    break
        return changed

    def visit(self, ops: Iterable[Operation]) -> None:
        """Look at these again, the last one first."""
        for op in ops:
            if op.name != RETURN:
                self._work.setdefault(op, None)

    def create(
        self, name: str, operands: Iterable[Value], like: Operation, of: Iterable[Operation] = ()
    ) -> Operation:
        """An operation like `like` in front of it, which stands for it and for the operations in `of`."""
        op = Operation(name, operands, Joined((*of, like)), **like.attrs)
        op.activation = like.activation
        for result in like.results:
            op.add_result(result.name, result.dtype, result.shape, result.scale)
        self.function.insert_before(like, op)
        self._work[op] = None
        return op

    def compute(
        self, name: str, operands: Iterable[Value], user: Operation, like: Value, shape: Shape | None = None
    ) -> Value:
        """A new operation in front of `user`, for a part of what `user` computed so far.

        It has the type of `like`, but for `shape` where that is given.
        """
        op = Operation(name, operands, user.nodes, **user.attrs)
        self.function.insert_before(user, op)
        self._work[op] = None
        return op.add_result(like.name, like.dtype, like.shape if shape is None else shape, like.scale)

    def constant(
        self,
        like: Value,
        shape: Shape | None = None,
        dtype: DType | None = None,
        load: Callable[[], Tensor | None] = lambda: None,
        **attrs: object,
    ) -> Value:
        """A new constant of the type of `like`, but for what is given; its content is not known unless it is loaded."""
        op = Operation(CONST, (), like.op.nodes if like.op is not None else (), load=load, **attrs)
        self.function.insert_first(op)
        return op.add_result(like.name, dtype or like.dtype, like.shape if shape is None else shape)

    def fold_constants(self, op: Operation) -> bool:
        """Replace an operation that reads constants alone by one."""
        if not all(map(is_constant, op.operands)):
            return False
        return self.replace(op, self.constant(op.result))

    def integers(self, values: Sequence[int], like: Value) -> Value:
        """A new constant vector of int32."""
        known = list(values)
        size = len(known)
        return self.constant(like, (size,), DType.INT32, lambda: Tensor.of(DType.INT32, [size], known))

    def scalar(self, splat: Value) -> Value:
        """A new scalar constant: the number that the constant `splat` repeats."""
        tensor = splat.op.load() if splat.op is not None else None
        number = None if tensor is None else Tensor.of(tensor.dtype, [], tensor.leading()[:1])
        return self.constant(splat, (), load=lambda: number)

    def replace(self, op: Operation, value: Value) -> bool:
        """Let `value` take the place of the result of `op`; True, which the pattern returns."""
        result = op.results[0]
        self.visit(result.users)
        result.replace_uses(value)
        self.erase(op)
        return True

    def replace_with_new(
        self,
        op: Operation,
        name: str,
        operands: Iterable[Value],
        of: Iterable[Operation] = (),
        *,
        attrs_of: Operation | None = None,
        activation: str | None = None,
        **attrs: Any,
    ) -> bool:
        """Let a new operation take the place of `op` and of those in `of` (replaceOpWithNewOp); True.

        It has the attributes of `op`, or of `attrs_of`, but for `attrs`.
        """
        new = self.create(name, operands, op, of)
        new.attrs = {**(op if attrs_of is None else attrs_of).attrs, **attrs}
        new.activation = activation
        return self.replace(op, new.results[0])

    def take_in(self, op: Operation, slot: int, inner: Operation) -> bool:
        """Let `op` read at `slot` what `inner` reads first, and stand for `inner` as well; True."""
        op.nodes = (*inner.nodes, *op.nodes)
        self.set_operand(op, slot, inner.operands[0])
        return True

    def set_operand(self, op: Operation, slot: int, value: Value) -> None:
        """Let `op` read `value` at `slot`."""
        old = op.operands[slot]
        op.set_operand(slot, value)
        self._work[op] = None
        if old.op is not None:
            self.visit([old.op])

    def erase(self, op: Operation) -> None:
        """Take out `op`, and look at what it read."""
        sources = [value.op for value in op.operands if value.op is not None]
        self.function.erase(op)
        self._erased.add(op)
        self.visit(sources)

"""From the kept nodes to the converter's function: legalized operations, FakeQuants as quantize/dequantize.

Sources: the TensorFlow importer (order of operations), canonicalize.td, legalize_patterns.td, prepare_tf.cc and
prepare_patterns.td (FakeQuants). One step: no pass before the optimization reads scales.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence

from minmax_lint.converters.mlir.cse import merge_equal_nodes
from minmax_lint.converters.mlir.failure import NoBuiltin, Unmodeled, no_builtin
from minmax_lint.converters.mlir.fake_quant_support import Scale
from minmax_lint.converters.mlir.ir import CONST, DEQUANTIZE, QUANTIZE, Function, Operation, Value
from minmax_lint.converters.mlir.legalize.constant_fold import ConstantFolding
from minmax_lint.converters.mlir.legalize.flex_ops import custom_op, has_no_form, of_refused_width
from minmax_lint.converters.mlir.legalize.import_order import import_order
from minmax_lint.converters.mlir.legalize.legalize_patterns import (
    DROPPED,
    LEGALIZED,
    NEVER_FOLDED,
    OPERANDS,
    REGIONS,
    REMOVED,
    result_count,
)
from minmax_lint.converters.mlir.matchers import is_constant, static
from minmax_lint.converters.mlir.pattern import Pattern
from minmax_lint.converters.mlir.version import Version
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.names import array_name, parse_edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.op_registry import registered_op
from minmax_lint.graph.tensor import Shape, Tensor
from minmax_lint.graph.trace import Kept
from minmax_lint.inference.inference import Inference

Rule = Pattern[["Importer", Node], Value | None]
"""Makes the result of a node; None where it does not apply."""


class Importer:
    """Builds the function; `values` maps source arrays to values."""

    def __init__(
        self, kept: Kept, inference: Inference, version: Version, rules: Mapping[str, Sequence[Rule]]
    ) -> None:
        """`rules`: TensorFlow op -> how its result is made, where it is not one operation of the same operands."""
        self.rules = rules
        self.kept = kept
        self.inference = inference
        self.version = version
        self.function = Function()
        self.values: dict[str, Value] = {}
        self._first: dict[str, str] = {}
        self.merged_into: dict[str, list[str]] = {}
        self._reader_counts: dict[str, int] = {}
        self._folding = ConstantFolding(version, inference)

    def run(self) -> Function:
        """Raises ConversionError or Unmodeled."""
        for array in self.kept.inputs:
            value = Value(array, self.inference.dtype(array), self.inference.shape(array))
            self.values[array] = value
            self.function.arguments.append(value)
        order = self.kept.once(import_order)
        self._first = self.kept.once(_merge)
        for other, first in self._first.items():
            self.merged_into.setdefault(first, []).append(other)
        for name in order:
            if name in self._first:
                self._take_over(self.kept.graph[name], self.kept.graph[self._first[name]])
            elif not self.kept.is_cut(name):
                self._import(self.kept.graph[name])
        for array in self.kept.outputs:
            self._return(array)
        self._refuse_side_effects()
        self.function.sweep()
        return self.function

    def _refuse_side_effects(self) -> None:
        for name in self.kept.control_only:
            op, node = self.kept.graph.op(name), self.kept.graph[name]
            known = None if op in DROPPED or self.custom_op(node) else registered_op(op)
            if known is not None and known.stateful and not known.results:
                raise no_builtin(node)

    def _return(self, array: str) -> None:
        value = self.value(array)
        if value.op is not None and value.op.name not in (CONST, DEQUANTIZE):
            # Ops that fold away (a bias of zeros) leave the op in front of them to make the output.
            value.name = array
        self.function.returned.add_operand(value)

    def _take_over(self, node: Node, first: Node) -> None:
        for port in range(result_count(node)):
            value = self.values.get(first.output(port))
            if value is not None:
                self.values[node.output(port)] = value

    def value(self, array: str) -> Value:
        """The value of a source array; constants are made where they are first read."""
        if array not in self.values:
            if not self.inference.is_constant(array):
                raise Unmodeled(f"nothing in the kept subgraph gives {array} a value")
            self.values[array] = self._loaded(array)
        return self.values[array]

    def constant(
        self,
        array: str,
        dtype: DType,
        shape: Shape | None,
        load: Callable[[], Tensor | None] = lambda: None,
        **attrs: object,
    ) -> Value:
        """A constant, of unknown content unless it is loaded; constants stand in front of everything else."""
        op = Operation(CONST, (), (parse_edge(array).node,), load=load, **attrs)
        self.function.insert_first(op)
        return op.add_result(array, dtype, shape)

    def integer_vector(self, array: str, values: Sequence[int]) -> Value:
        """A vector of int32 that stands for `array`: axes, or an order of them."""
        size = len(values)
        return self.constant(array, DType.INT32, (size,), lambda: Tensor.of(DType.INT32, [size], values))

    def filled(self, array: str, shape: Shape, number: float, dtype: DType = DType.FLOAT) -> Value:
        """A constant that stands for `array` and repeats one number."""
        sizes = [1 if size is None else size for size in shape]
        return self.constant(array, dtype, shape, lambda: Tensor.of(dtype, sizes, [number]))

    def add(
        self,
        name: str,
        node: Node,
        operands: Iterable[Value],
        shape: Shape | None = None,
        dtype: DType | None = None,
        **attrs: object,
    ) -> Value:
        """An operation of one result, of the type of the node's output 0 but for what is given."""
        op = self.function.append(Operation(name, operands, (node.name,), node=node, **attrs))
        if shape is None:
            shape = self.inference.shape(node.name)
        return op.add_result(node.name, dtype or self.inference.dtype(node.name), shape)

    def select(self, node: Node, operands: Sequence[Value], shape: Shape | None = None) -> Value:
        """SELECT of operands of one static shape (HasSameStaticShapes); SELECT_V2 of all others."""
        same = static(operands[0]) and len({value.shape for value in operands}) == 1
        return self.add("SELECT" if same else "SELECT_V2", node, operands, shape)

    def operand(self, node: Node) -> Value:
        """What the node reads first."""
        return self.value(node.inputs[0].array)

    def inputs(self, node: Node) -> list[Value]:
        """The values of all data inputs."""
        return [self.value(edge.array) for edge in node.inputs]

    def reader_count(self, name: str) -> int:
        """How many operations read output 0 of node `name`, outputs included, in front of all rewriting."""
        if name not in self._reader_counts:
            kept, aliases = self.kept, self._aliases(name)
            uses = [use.node for one in aliases for use in kept.uses(one)]
            readers = [one for one in uses if kept.graph.op(one) not in REMOVED and one not in self._first]
            computed = sum(not self.inference.is_constant(one) for one in readers)
            self._reader_counts[name] = computed + self._returns(aliases)
        return self._reader_counts[name]

    def _aliases(self, name: str) -> list[str]:
        """The nodes whose output 0 is that of node `name`: itself, its copies, and what passes it on."""
        found = [name, *self.merged_into.get(name, ())]
        for one in found:
            found += [use.node for use in self.kept.uses(one) if self.kept.graph.op(use.node) in REMOVED]
        return found

    def _returns(self, names: Iterable[str]) -> int:
        return sum(self.kept.outputs.count(one) for one in names)

    def only_returned(self, name: str) -> bool:
        """Whether nothing but the end of the graph reads output 0 of node `name`."""
        return self.reader_count(name) == self._returns(self._aliases(name))

    def ordered_inputs(self, node: Node) -> list[Value]:
        """The two inputs of a commutative op: a constant comes second."""
        left, right = self.inputs(node)[:2]
        return [right, left] if is_constant(left) and not is_constant(right) else [left, right]

    def integers(self, array: str) -> tuple[int, ...] | None:
        """A small integer constant's elements; None where it is not constant."""
        tensor = self.inference.constant(array) if self.inference.is_constant(array) else None
        return None if tensor is None or not tensor.listed else tuple(int(v) for v in tensor.values())

    def quantized(self, source: Value, scale: Scale, node: Node, **attrs: object) -> Value:
        """`source` through a quantize and a dequantize."""
        quantize = self.function.append(Operation(QUANTIZE, [source], (node.name,), **attrs))
        stored = quantize.add_result(node.name, DType.FLOAT, source.shape, scale)
        dequantize = self.function.append(Operation(DEQUANTIZE, [stored], (node.name,)))
        return dequantize.add_result(node.name, DType.FLOAT, source.shape)

    def _import(self, node: Node) -> None:
        if node.op in ("Const", "Placeholder", "NoOp"):
            if node.op == "Const" and self.version.saved_model:
                self._folding.note(node)
            return
        if self.inference.is_constant(node.name) and not self._folding.is_computed(node):
            return
        if node.op == "IdentityN":
            for port, edge in enumerate(node.inputs):
                self.values[node.output(port)] = self.value(edge.array)
        elif has_no_form(node):
            self._refuse(node)
        elif node.op in REMOVED and node.op not in self.rules:
            self.values[node.name] = self.value(node.inputs[0].array)
        elif self._folds(node):
            self._fold(node)
        elif of_refused_width(node):
            self._refuse(node)
        elif not self._apply_rules(node):
            self._legalize(node)

    def _apply_rules(self, node: Node) -> bool:
        for rule in self.rules.get(node.op, ()):
            try:
                value = rule.rewrite(self, node)
            except NoBuiltin:
                if self.custom_op(node) is None:
                    raise
                self._refuse(node)
                return True
            if value is not None:
                self.values[node.name] = value
                return True
        return False

    def _folds(self, node: Node) -> bool:
        """Whether it is computed while converting, by TensorFlow's own kernel (constant_fold.cc)."""
        known = registered_op(node.op)
        if known is None or known.stateful or node.op in NEVER_FOLDED or not node.inputs:
            return False
        return all(map(is_constant, self.inputs(node))) and not self._folding.is_computed(node)

    def _fold(self, node: Node) -> None:
        for array in map(node.output, range(result_count(node))):
            self.values[array] = self._loaded(array)

    def _loaded(self, array: str) -> Value:
        dtype, shape = self.inference.dtype(array), self.inference.shape(array)
        return self.constant(array, dtype, shape, lambda: self.inference.constant(array))

    def _legalize(self, node: Node) -> None:
        if node.op == "XlaCallModule" and node.text("module").startswith(_MLIR_BYTECODE):
            raise Unmodeled(
                f"{node.name} is a StableHLO program (JAX), which this model does not read", node.name
            )
        legalized = LEGALIZED.get(node.op)
        if legalized is None:
            self._refuse(node)
            return
        operands = self.inputs(node)[: OPERANDS.get(node.op)]
        if node.op in REGIONS:  # a captured constant becomes a constant of the branch
            operands = [value for value in operands if not is_constant(value)]
        self._append(legalized, node, operands)

    def _refuse(self, node: Node) -> None:
        """A node without builtin is an op of TensorFlow, which the model may have or not."""
        if (custom := self.custom_op(node)) is not None:
            self._append(custom, node, self.inputs(node))
            return
        op = self._append(node.op, node, self.inputs(node)[: OPERANDS.get(node.op)])
        op.attrs["refused"] = no_builtin(node)

    def custom_op(self, node: Node) -> str | None:
        """What a node without builtin becomes where the call allows that."""
        return custom_op(self.version, node.op)

    def _append(self, name: str, node: Node, operands: Iterable[Value]) -> Operation:
        """An operation with all results of the node."""
        op = self.function.append(Operation(name, operands, (node.name,), node=node))
        for port in range(result_count(node)):
            array = array_name(node.name, port)
            self.values[array] = op.add_result(
                array, self.inference.dtype(array), self.inference.shape(array)
            )
        return op


def _merge(kept: Kept) -> dict[str, str]:
    return merge_equal_nodes(kept, kept.once(import_order))


_MLIR_BYTECODE = "ML"  # its first letters

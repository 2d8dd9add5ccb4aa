"""Static facts about arrays: element type, shape, constant value, as TensorFlow would infer them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.names import array_name, parse_edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape, Tensor
from minmax_lint.graph.trace import Kept, trace
from minmax_lint.inference.element_types import element_type
from minmax_lint.inference.folding import FOLDABLE, fold
from minmax_lint.inference.shape_arithmetic import MOST_DIMENSIONS, elements
from minmax_lint.inference.shape_call import Call
from minmax_lint.inference.shape_rules import SHAPE_RULES
from minmax_lint.inference.small_values import Values, evaluate, of_tensor
from minmax_lint.ops.table import IDENTITIES, SPLITS

CONSTANTS = frozenset({"Const"})
_OF_PARTS = frozenset({"Concat", "ConcatV2"})
"""What puts shapes together of parts of known length, whatever is in them (ConstantPartialShape)."""
_ROOM = 1 << 25
"""Elements of folded results that are kept in all, beyond two for each that the file holds."""
_CHOICES = frozenset({"If", "StatelessIf"})
_OF_SHAPES = frozenset({"Rank", "Shape", "ShapeN", "Size"})
_ODD_NODE = (ValueError, IndexError, TypeError, KeyError, ZeroDivisionError, OverflowError)
"""What a shape rule raises on a malformed node or on an operand it does not know: the shape is unknown."""


class Inference:
    """Facts about the arrays of a kept subgraph, computed in one pass on first use.

    `input_shapes`: input array -> shape, where the user gave one. An unknown first dimension of an input
    counts as `batch`: 1 for TOCO, for which it is set, None for MLIR, which keeps it open in both flows
    (tensorflow/lite/python/lite.py, _is_unknown_shapes_allowed; measured with TF 2.15 and 2.21).
    `memo`: where converter models keep what several calls of one version share; None where no call shares any.
    """

    def __init__(self, kept: Kept, input_shapes: Mapping[str, Shape | None], batch: int | None = 1) -> None:
        self.kept = kept
        self.input_shapes = input_shapes
        self.batch = batch
        self.memo: dict[object, Any] | None = None
        self._shapes: dict[str, Shape | None] = {}
        self._values: dict[str, Values] = {}
        self._computed: set[str] = set()
        self._constants: dict[str, Tensor | None] = {}
        self._room = _ROOM

    def with_open_batch(self) -> Inference:
        """The same with unknown batches left unknown; this very object where there are none."""
        stated = (self.stated(array) for array in self.kept.inputs)
        if self.batch is None or not any(shape and shape[0] is None for shape in stated):
            return self
        return self._open

    @cached_property
    def _open(self) -> Inference:
        opened = Inference(self.kept, self.input_shapes, batch=None)
        opened.memo = None if self.memo is None else {}
        return opened

    def dtype(self, array: str) -> DType:
        """The element type of `array`; INVALID where not known."""
        edge = parse_edge(array)
        return (
            element_type(self.kept.graph[edge.node], edge.port)
            if edge.node in self.kept.graph
            else DType.INVALID
        )

    def shape(self, array: str) -> Shape | None:
        """The static shape of `array`; None where even the rank is unknown."""
        return self._inferred.get(array)

    def is_constant(self, array: str) -> bool:
        """Whether `array` depends on no input and on no op we cannot evaluate (such as a FakeQuant)."""
        return parse_edge(array).node in self._constant_nodes or self._static(array)

    def constant(self, array: str) -> Tensor | None:
        """The value of `array` if it depends on no input; folded through the ops of `folding`."""
        if array not in self._constants:
            graph = self.kept.graph
            if array in graph and graph.op(array) == "Const" and not self.kept.is_cut(array):
                self._constants[array] = graph[array].tensor()
                return self._constants[array]
            self._constants[array] = self._fold(array) if self.is_constant(array) else None
        return self._constants[array]

    @cached_property
    def order(self) -> tuple[str, ...]:
        """The kept nodes, producers before consumers; nodes on a cycle follow at the end in file order."""
        kept = self.kept
        waiting: dict[str, int] = {}
        consumers: dict[str, list[str]] = {}
        for name in kept.order:
            sources = set(kept.sources(name))
            waiting[name] = len(sources)
            for source in sources:
                consumers.setdefault(source, []).append(name)
        ready = [name for name in kept.order if not waiting[name]]
        for name in ready:
            for consumer in consumers.get(name, ()):
                waiting[consumer] -= 1
                if not waiting[consumer]:
                    ready.append(consumer)
        if len(ready) < len(waiting):
            done = set(ready)
            ready += [name for name in kept.order if name not in done]
        return tuple(ready)

    @cached_property
    def _inferred(self) -> dict[str, Shape | None]:
        for name in self.order:
            self._infer(self.kept.graph[name])
        return self._shapes

    def _infer(self, node: Node) -> None:
        if self.kept.is_cut(node.name):
            self._infer_input(node)
            return
        if node.op == "Const":
            tensor = node.tensor()
            self._shapes[node.name] = _possible(tensor.shape) if tensor is not None else None
            values = of_tensor(tensor)
        elif node.op == "Placeholder":
            self._infer_input(node)
            return
        elif node.op in _CHOICES:
            self._infer_choice(node)
            return
        else:
            call = Call(node, self._shapes, self._values, self.kept.graph)
            rule = SHAPE_RULES.get(node.op)
            try:
                shapes: Sequence[Shape | None] = rule(call) if rule else ()
            except _ODD_NODE:
                shapes = ()
            for port, shape in enumerate(shapes):
                self._shapes[node.output(port)] = _possible(shape)
            values = _values_of(node, call, self._shapes)
            if node.op == "ShapeN":
                for port, edge in enumerate(node.inputs[1:], 1):
                    sizes = self._shapes.get(edge.array)
                    if sizes is not None:
                        self._values[node.output(port)] = sizes
        if values is not None:
            self._values[node.name] = values
            if not self._is_folded(node, values):
                self._computed.add(node.name)

    def _is_folded(self, node: Node, values: Values) -> bool:
        """Whether known values are a constant, too: those of constants, and of a slice of a partly open shape.

        Of what else is made of a partly open shape the converter knows values only for shapes (measured on 2.15 and
        2.21).
        """
        if node.op in _OF_SHAPES or not node.inputs:
            return None not in values
        if node.op == "StridedSlice" and self.kept.graph.op(node.inputs[0].node) in _OF_SHAPES:
            return True
        return all(
            edge.array in self._values
            and edge.array not in self._computed
            and None not in self._values[edge.array]
            for edge in node.inputs
        )

    def _infer_choice(self, node: Node) -> None:
        """An If gives what all its branches give (shape_inference.cc, InferShapeForIf); measured with 2.15 and 2.21."""
        given: list[tuple[Shape | None, ...]] = []
        for function in self.kept.graph.functions.get(node.name, ()):
            arguments = {name: self._shapes.get(passed) for name, passed in function.inputs.items()}
            # Many Ifs may call one function.
            known = function.graph.memo.setdefault(Inference._infer_choice, {})
            key = (*arguments.items(), self.batch, function.outputs)
            if key not in known:
                outputs = [array for array in function.outputs if parse_edge(array).node in function.graph]
                kept = trace(function.graph, list(function.inputs), outputs)
                inside = Inference(kept, arguments, self.batch)
                known[key] = tuple(map(inside.shape, function.outputs))
            given.append(known[key])
        for port, shapes in enumerate(zip(*given, strict=False)):
            if len(set(shapes)) == 1:
                self._shapes[node.output(port)] = shapes[0]

    def _infer_input(self, node: Node) -> None:
        self._shapes[node.name] = self._with_batch(_shape_attr(node))
        for array in self.kept.inputs:
            edge = parse_edge(array)
            given = self.input_shapes.get(array)
            if edge.node == node.name and given is not None:
                self._shapes[array_name(*edge)] = self._with_batch(given)

    def stated(self, array: str) -> Shape | None:
        """The shape of an input as the user or else its node states it, an unknown batch included."""
        given = self.input_shapes.get(array)
        node = parse_edge(array).node
        return (
            given if given is not None or node not in self.kept.graph else _shape_attr(self.kept.graph[node])
        )

    def _with_batch(self, shape: Shape | None) -> Shape | None:
        shape = _possible(shape)
        return (self.batch, *shape[1:]) if shape and shape[0] is None else shape

    @cached_property
    def _constant_nodes(self) -> frozenset[str]:
        kept, graph = self.kept, self.kept.graph
        found = set(kept.of_ops(CONSTANTS))
        for name in self.order:
            if graph.op(name) not in FOLDABLE:
                continue
            inputs = graph[name].inputs
            for edge in inputs:
                if edge.node not in found and not self._static(edge.array):
                    break
            else:
                if inputs and not kept.is_cut(name):
                    found.add(name)
        return frozenset(found)

    def _static(self, array: str) -> bool:
        """Whether `array` is shape arithmetic whose every element is known."""
        values = self._values.get(array) if self._inferred else None
        return values is not None and None not in values and array not in self._computed

    def _fold(self, array: str) -> Tensor | None:
        """Evaluate with an explicit stack: chains may be longer than Python's recursion limit."""
        pending = [array]
        while pending:
            current = pending[-1]
            if current in self._constants:
                pending.pop()
                continue
            edge = parse_edge(current)
            node = self.kept.graph[edge.node]
            direct = self._direct(node, current)
            if direct is not None or node.op not in FOLDABLE or (edge.port and node.op not in SPLITS):
                self._constants[current] = direct
                self._room += 2 * direct.stored if direct is not None else 0
                continue
            missing = [edge.array for edge in node.inputs if edge.array not in self._constants]
            if missing:
                pending += missing
                continue
            inputs = [self._constants[edge.array] for edge in node.inputs]
            known = [tensor for tensor in inputs if tensor is not None]
            folded = fold(node, known, edge.port) if len(known) == len(inputs) else None
            self._constants[current] = self._kept(node, folded)
        return self._constants[array]

    def _kept(self, node: Node, folded: Tensor | None) -> Tensor | None:
        """The result, while there is room: a chain of large results must not fill a memory either."""
        if folded is None or node.op in IDENTITIES:
            return folded
        self._room -= folded.size
        return folded if self._room >= 0 else None

    def _direct(self, node: Node, array: str) -> Tensor | None:
        if node.op == "Const":
            return node.tensor()
        if self._static(array):
            dtype, shape = self.dtype(array), self._shapes.get(array)
            sizes = [value for value in self._values[array] if value is not None]
            if dtype.struct_code is not None and shape is not None and None not in shape:
                return Tensor.of(dtype, [size for size in shape if size is not None], sizes)
        return None


def _values_of(node: Node, call: Call, shapes: Mapping[str, Shape | None]) -> Values | None:
    shape = shapes.get(node.name)
    operand = call.numbers if node.op in _OF_PARTS else call.values
    try:
        values = evaluate(node, operand, shape, call.shape(0) if node.inputs else None)
    except _ODD_NODE:
        return None
    fits = values is None or shape is None or None in shape or len(values) == elements(shape)
    return values if fits else None


def _possible(shape: Shape | None) -> Shape | None:
    return shape if shape is not None and len(shape) <= MOST_DIMENSIONS else None


def _shape_attr(node: Node) -> Shape | None:
    stated = node.attribute("shape")
    return stated if isinstance(stated, tuple) and node.op == "Placeholder" else None

"""Lists of tensors, as TensorArray, map_fn and RNN layers keep them, lowered as MLIR does it: a list is one array.

Its items lie along axis 0, and an op that passes a list on passes that array. What cannot be an array ends the
conversion. Bodies of loops are lowered when their own turn comes.
Source: tensorflow/compiler/mlir/lite/transforms/lower_static_tensor_list.cc; measured with TF 2.15 and 2.21.
"""

from collections.abc import Callable
from dataclasses import dataclass, field

from minmax_lint.converters.mlir.control_flow.loop_arguments import reading_arrays
from minmax_lint.converters.mlir.control_flow.tensor_list_failure import (
    ILLEGAL,
    NUMBERS,
    RANKED,
    STATIC,
    NotLowered,
    check_declared_stack,
    static_shape,
    unknown_elements,
)
from minmax_lint.graph.attr import Attr
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Function, Graph, graph_of
from minmax_lint.graph.layers import place_in_layer
from minmax_lint.graph.names import Edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape, Tensor
from minmax_lint.graph.trace import Kept, trace
from minmax_lint.inference.element_types import LOOPS
from minmax_lint.inference.inference import Inference

LISTS = frozenset(
    """
    EmptyTensorList TensorListFromTensor TensorListGetItem TensorListLength TensorListPushBack TensorListReserve
    TensorListSetItem TensorListStack
    """.split()
)
"""Ops that have an array form."""

AS_ARRAY = "/as_array/"
"""In the names of the ops that an op on a list becomes, behind its own name."""
_BATCH = "single_batch"
SINGLE_BATCH = f"{AS_ARRAY}{_BATCH}"
"""The end of the name of the shape of items that get a batch of 1."""
_MAKERS = LISTS - {"TensorListGetItem", "TensorListLength", "TensorListStack"}
"""The ones whose result is a list."""

_INPUTS = {
    "TensorListGetItem": 2,
    "TensorListPushBack": 2,
    "TensorListReserve": 2,
    "TensorListSetItem": 3,
    "TensorListStack": 2,
}
"""Inputs that an op needs, where that is not one; a damaged node stays as it is."""


def lower_static_tensor_list(
    kept: Kept, inference: Inference, *, single_batch: bool = False, declared: bool = False
) -> tuple[Kept, Inference]:
    """The kept subgraph without lists; the same objects where there are none. Raises NotLowered.

    `single_batch` gives items with an open batch a batch of 1 (default_to_single_batch_in_tensor_list_ops).
    `declared`: whether arrays have the shapes that `_output_shapes` states.
    """
    if (LISTS | LOOPS).isdisjoint(kept.graph.columns.ops):
        return kept, inference
    lists = {
        name: _items(kept.graph[name])
        for name in inference.order
        if kept.graph.op(name) in _MAKERS and not kept.is_cut(name)
    }
    lowering = _Lowering(kept, inference, single_batch, declared, types=lists)
    for name in inference.order:
        if not kept.is_cut(name):
            lowering.node(kept.graph[name])
    if not lowering.nodes:
        return kept, inference
    kept = trace(lowering.graph(), kept.inputs, kept.outputs)
    return kept, Inference(kept, inference.input_shapes, inference.batch)


@dataclass
class _Lowering:
    """Nodes of a graph that become others, new ones in front of them, and loops whose lists are arrays."""

    kept: Kept
    inference: Inference
    single_batch: bool = False
    declared: bool = False
    nodes: dict[str, list[Node]] = field(default_factory=dict)
    functions: dict[str, tuple[Function, ...]] = field(default_factory=dict)
    types: dict[str, DType] = field(default_factory=dict)
    """List -> the type of its items."""

    def node(self, node: Node) -> None:
        if node.op in LOOPS:
            self._loop(node)
            return
        if len(node.inputs) < _INPUTS.get(node.op, 1):
            return
        if node.op == "Identity" and node.inputs[0].array in self.types:
            self.types[node.name] = self.types[node.inputs[0].array]
            self._become(node, "Identity", node.inputs[0], T=self.types[node.name])
        elif node.op in _RULES:
            _RULES[node.op](self, node)

    def graph(self) -> Graph:
        before = self.kept.graph
        nodes = [made for node in before for made in self.nodes.get(node.name, [node])]
        return graph_of(nodes, {**before.functions, **self.functions})

    def entered(self, loop: Node, slot: int) -> Shape | None:
        """The shape of a variable of a loop: of a list what is known of its array yet, else as the loop states it."""
        array = loop.inputs[slot].array
        if array not in self.types:
            return self.inference.shape(loop.output(slot))
        node = self.kept.graph.producer(array)
        return self.inference.shape(node.inputs[0].array) if node.op == "TensorListFromTensor" else None

    # Making nodes

    def _become(self, node: Node, op: str, *inputs: Edge, **attrs: Attr) -> None:
        self.nodes.setdefault(node.name, []).append(Node(node.name, op, inputs, (), attrs))

    def _front(self, node: Node, part: str, op: str, *inputs: Edge, **attrs: Attr) -> Edge:
        """A new node in front of what `node` becomes."""
        name = f"{node.name}{AS_ARRAY}{part}"
        self.nodes.setdefault(node.name, []).append(Node(name, op, inputs, (), attrs))
        return Edge(name, 0)

    def _integers(self, node: Node, part: str, *values: int, scalar: bool = False) -> Edge:
        value = Tensor.of(DType.INT32, [] if scalar else [len(values)], values)
        return self._front(node, part, "Const", dtype=DType.INT32, value=value)

    # Rules

    def _from_tensor(self, node: Node) -> None:
        self._become(node, "Identity", node.inputs[0], T=_items(node))

    def _note_list(self, node: Node) -> None:
        """A list of so many items, or of none: zeros."""
        if _items(node).numpy_name is None:
            raise NotLowered(
                node.name, f"'tf.{node.op}' op {NUMBERS}", f"{place_in_layer(node)} is a list of no numbers"
            )
        zero = Tensor.of(_items(node), [], [0])
        sizes = self._item_shape(node)
        if node.op == "EmptyTensorList":
            count = self._integers(node, "count", 0)
        else:
            axis = self._integers(node, "count/axis", 0, scalar=True)
            count = self._front(node, "count", "ExpandDims", node.inputs[1], axis, T=DType.INT32)
        axis = self._integers(node, "axis", 0, scalar=True)
        shape = self._front(node, "shape", "ConcatV2", count, sizes, axis, T=DType.INT32)
        filler = self._front(node, "zero", "Const", dtype=_items(node), value=zero)
        self._become(node, "Fill", shape, filler, T=_items(node))

    def _item_shape(self, node: Node) -> Edge:
        """The array that holds the shape of the items."""
        given = node.inputs[0]
        if self.inference.shape(given.array) == ():
            found = self._written_item(node)
            if found is None:
                raise NotLowered(
                    node.name, f"'tf.{node.op}' op {RANKED}", unknown_elements(node, "any shape")
                )
            return self._integers(node, "item_shape", *found)
        tensor = self.inference.constant(given.array)
        if tensor is not None and tensor.known and tensor.size and int(tensor.leading()[0]) == -1:
            if self.single_batch:
                return self._integers(node, _BATCH, 1, *map(int, tensor.values()[1:]))
            raise NotLowered(
                node.name, f"'tf.{node.op}' op {STATIC}", unknown_elements(node, "an open batch")
            )
        return given

    def _written_item(self, node: Node) -> tuple[int, ...] | None:
        """The static shape of what a loop, or another op, writes into the list."""
        for use in self.kept.uses(node.name):
            reader = self.kept.graph[use.node]
            if reader.op == "TensorListSetItem":
                return static_shape(self.inference, node, reader.inputs[2].array)
            if reader.op not in LOOPS:
                continue
            body = self.kept.graph.functions.get(reader.name, ())[-1:]
            found = _written_in(body[0], reader, self, node.name) if body else None
            if found is not None:
                return found
        return None

    def _stack(self, node: Node) -> None:
        source, element = node.inputs[0], self.inference.constant(node.inputs[1].array)
        if element is None or not element.known or element.shape == ():
            self._become(node, "Identity", source, T=_items(node))
            return
        if self.declared:
            check_declared_stack(self.inference, node, map(int, element.values()))
        shape = self._front(node, "shape", "Shape", source, T=_items(node), out_type=DType.INT32)
        self._become(node, "Reshape", source, shape, T=_items(node))

    def _get(self, node: Node) -> None:
        self._become(node, "Gather", *node.inputs[:2], Tparams=_items(node), Tindices=DType.INT32)

    def _set(self, node: Node) -> None:
        """What lies in front, the item, what lies behind; only of constant length."""
        if node.flag("resize_if_index_out_of_bounds"):
            raise NotLowered(node.name, ILLEGAL, f"{place_in_layer(node)} writes into a list that grows")
        source, index, item = node.inputs[:3]
        whole = self.inference.shape(source.array)
        if whole and whole[0] == 1 and self.inference.is_constant(index.array):
            zero = self._integers(node, "zero", 0, scalar=True)
            self._become(node, "ExpandDims", item, zero, T=_items(node))
            return
        shape = self.inference.shape(item.array)
        rank = 1 if shape is None else len(shape)
        zero, one = (self._integers(node, part, n, scalar=True) for part, n in (("zero", 0), ("one", 1)))
        starts = self._integers(node, "starts", *[0] * rank)
        rest = self._integers(node, "rest", *[-1] * rank)
        first = self._front(node, "index", "ExpandDims", index, zero, T=DType.INT32)
        after = self._front(node, "after", "AddV2", first, one, T=DType.INT32)
        none, all_ = self._integers(node, "none", 0), self._integers(node, "all", -1)
        t = _items(node)
        parts = []
        for part, low, count in (("front", none, first), ("behind", after, all_)):
            begin = self._front(node, f"{part}/begin", "ConcatV2", low, starts, zero, T=DType.INT32)
            size = self._front(node, f"{part}/size", "ConcatV2", count, rest, zero, T=DType.INT32)
            parts.append(self._front(node, part, "Slice", source, begin, size, T=t, Index=DType.INT32))
        middle = self._front(node, "item", "ExpandDims", item, zero, T=t)
        self._become(node, "ConcatV2", parts[0], middle, parts[1], zero, T=t)

    def _push(self, node: Node) -> None:
        zero = self._integers(node, "zero", 0, scalar=True)
        item = self._front(node, "item", "ExpandDims", node.inputs[1], zero, T=_items(node))
        self._become(node, "ConcatV2", node.inputs[0], item, zero, T=_items(node))

    def _length(self, node: Node) -> None:
        zero = self._integers(node, "zero", 0, scalar=True)
        t = self.types.get(node.inputs[0].array, DType.FLOAT)
        shape = self._front(node, "shape", "Shape", node.inputs[0], T=t, out_type=DType.INT32)
        self._become(node, "Gather", shape, zero, Tparams=DType.INT32, Tindices=DType.INT32)

    def _loop(self, node: Node) -> None:
        """A While that hands lists on hands arrays on; its functions read them as such."""
        lists = {
            slot: self.types[edge.array] for slot, edge in enumerate(node.inputs) if edge.array in self.types
        }
        if not lists:
            return
        listed = node.attribute("T")
        types = [
            lists.get(slot, kind)
            for slot, kind in enumerate(listed if isinstance(listed, list) else [])
            if isinstance(kind, DType)
        ]
        self.nodes[node.name] = [node._replace(attrs={**node.attrs, "T": types})]
        self.types.update({node.output(slot): kind for slot, kind in lists.items()})
        passed = {edge.array: self.types[edge.array] for edge in node.inputs if edge.array in self.types}
        self.functions[node.name] = tuple(
            reading_arrays(one, passed) for one in self.kept.graph.functions.get(node.name, ())
        )


def _written_in(body: Function, loop: Node, around: _Lowering, name: str) -> tuple[int, ...] | None:
    """The static shape of what a loop's body writes into the list `name` that it is passed."""
    argument = next((own for own, passed in body.inputs.items() if passed == name), None)
    uses = body.graph.uses(argument) if argument is not None else ()
    writes = [body.graph[use.node] for use in uses if body.graph.op(use.node) == "TensorListSetItem"]
    if not writes:
        return None
    entered = {edge.array: around.entered(loop, slot) for slot, edge in enumerate(loop.inputs)}
    shapes = {own: entered.get(passed) for own, passed in body.inputs.items()}
    item = writes[0].inputs[2].array
    inside = trace(reading_arrays(body, around.types).graph, body.inputs, [item])
    inside, inference = lower_static_tensor_list(
        inside,
        Inference(inside, shapes, around.inference.batch),
        single_batch=around.single_batch,
        declared=around.declared,
    )
    return static_shape(inference, around.kept.graph[name], item)


def _items(node: Node) -> DType:
    return node.dtype("element_dtype") or DType.FLOAT


_RULES: dict[str, Callable[[_Lowering, Node], None]] = {
    "EmptyTensorList": _Lowering._note_list,
    "TensorListFromTensor": _Lowering._from_tensor,
    "TensorListGetItem": _Lowering._get,
    "TensorListLength": _Lowering._length,
    "TensorListPushBack": _Lowering._push,
    "TensorListReserve": _Lowering._note_list,
    "TensorListSetItem": _Lowering._set,
    "TensorListStack": _Lowering._stack,
}

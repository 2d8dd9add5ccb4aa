"""Splits with results that nothing reads, written out as a slice for each result that something reads."""

from minmax_lint.fixes.edit.draft import Draft, int32s
from minmax_lint.graph.attr import Attr
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.names import Edge, array_name
from minmax_lint.graph.node import Node
from minmax_lint.graph.trace import Kept
from minmax_lint.inference.inference import Inference
from minmax_lint.ops.table import row


def write_slices(draft: Draft, inference: Inference, node: Node, outputs: dict[str, str]) -> bool:
    """Write the split `node` out as StridedSlices; False where it is not static.

    All results can be read: the converter may fold away what reads one, as the gate of a state of zeros.
    The slice of the first result has the split's name, where that is an output array; another result that is one gets
    a new name, which is put into `outputs`.
    """
    kept = inference.kept
    parts = _parts(inference, node)
    value = node.inputs[row(node.op).data][0]
    shape = inference.shape(value.array)
    if parts is None or shape is None:
        return False
    axis, bounds = parts
    read = [port for port in range(len(bounds)) if _is_read(kept, array_name(node.name, port))]
    for port in read:
        array, (begin, end) = array_name(node.name, port), bounds[port]
        new = _slice(draft, node, value, len(shape), axis, (begin, end))
        if array == node.name and array in kept.outputs:
            name = node.name
            draft.put_in_place(name, draft.free_name(f"{name}/split"), new._replace(name=name))
        else:
            name = draft.add(new, new.inputs[-1].node)
        for use in kept.uses(array):
            draft.read(use.node, use.slot, name)
        if array in kept.outputs and array != name:
            outputs[array] = name
    return True


def _is_read(kept: Kept, array: str) -> bool:
    return bool(kept.uses(array)) or array in kept.outputs


def _parts(inference: Inference, node: Node) -> tuple[int, list[tuple[int, int]]] | None:
    """The axis along which a split cuts, and where each part begins and ends."""
    value = node.inputs[row(node.op).data][0]
    shape = inference.shape(value.array)
    if not shape:
        return None
    pieces = node.integer(row(node.op).pieces, 0)
    if node.op == "Unpack":
        axis, sizes = node.integer("axis", 0), [1] * pieces
    else:
        found = inference.constant(node.inputs[0 if node.op == "Split" else 2].array)
        if found is None or not found.known or found.size != 1:
            return None
        axis = int(found.item())
        if not -len(shape) <= axis < len(shape):
            return None
        total = shape[axis]
        if node.op == "SplitV":
            listed = inference.constant(node.inputs[1].array)
            sizes = [] if listed is None or not listed.listed else [int(size) for size in listed.values()]
        else:
            sizes = [total // pieces] * pieces if total and pieces else []
        if -1 in sizes and total is not None:
            sizes[sizes.index(-1)] = total - sum(size for size in sizes if size >= 0)
    if -1 in sizes:
        return None
    ends = [sum(sizes[: i + 1]) for i in range(len(sizes))]
    return (axis % len(shape), list(zip([0, *ends], ends, strict=False))) if sizes else None


def _slice(draft: Draft, node: Node, value: Edge, rank: int, axis: int, bounds: tuple[int, int]) -> Node:
    name = draft.free_name(f"{node.name}/slice")
    begin, end = bounds
    operands = [value]
    for word, at_axis, elsewhere in (("begin", begin, 0), ("end", end, 0), ("strides", 1, 1)):
        values = [at_axis if i == axis else elsewhere for i in range(rank)]
        array = draft.add_constant(draft.free_name(f"{name}/{word}"), int32s(values), node.name)
        operands.append(Edge(array, 0))
    others = ((1 << rank) - 1) & ~(1 << axis)
    attrs: dict[str, Attr] = {
        "T": DType.FLOAT,
        "Index": DType.INT32,
        "begin_mask": others,
        "end_mask": others,
        "ellipsis_mask": 0,
        "new_axis_mask": 0,
        "shrink_axis_mask": 1 << axis if node.op == "Unpack" else 0,
    }
    return Node(name, "StridedSlice", tuple(operands), attrs=attrs)

"""A StridedSlice that makes new axes, as a slice that makes none and the axes (strided_slice_op.cc)."""

from collections.abc import Mapping
from typing import NamedTuple

from minmax_lint.graph.node import Node
from minmax_lint.inference.inference import Inference

_MASKS = ("begin_mask", "end_mask", "ellipsis_mask", "shrink_axis_mask")


class SliceAndAxes(NamedTuple):
    """What is sliced first, and where ExpandDims makes axes then, one after the other."""

    bounds: tuple[tuple[int, ...], ...]
    """Begins, ends and strides of the slice."""
    masks: Mapping[str, int]
    axes: tuple[int, ...]
    """Axes in front of an ellipsis count from the front, those behind it from the end."""

    @property
    def whole(self) -> bool:
        """Whether the slice takes all there is."""
        count, masks = len(self.bounds[0]), self.masks
        taken = masks["begin_mask"] & masks["end_mask"] | masks["ellipsis_mask"]
        return taken == (1 << count) - 1 and not masks["shrink_axis_mask"] and {*self.bounds[2]} <= {1}


def new_axes(inference: Inference, node: Node) -> SliceAndAxes | None:
    """The two steps; None where the slice makes no axis, or its bounds or the rank of its source are not known."""
    ellipsis = node.integer("ellipsis_mask", 0)
    made, shrunk = node.integer("new_axis_mask", 0) & ~ellipsis, node.integer("shrink_axis_mask", 0)
    bounds = [inference.constant(edge.array) for edge in node.inputs[1:4]]
    if node.op != "StridedSlice" or not made or inference.shape(node.inputs[0].array) is None:
        return None
    vectors = [tensor.values() for tensor in bounds if tensor is not None and tensor.listed]
    if len(vectors) != 3 or len({len(values) for values in vectors}) != 1:
        return None
    count = len(vectors[0])
    kept = [place for place in range(count) if not made >> place & 1]
    masks = {
        name: sum((node.integer(name, 0) >> place & 1) << i for i, place in enumerate(kept))
        for name in _MASKS
    }
    # The places of the axes of the result.
    left = [place for place in range(count) if not (shrunk & ~made) >> place & 1]
    middle = (ellipsis & -ellipsis).bit_length() - 1 if ellipsis else count
    before, behind = [p for p in left if p < middle], [p for p in left if p > middle][::-1]
    axes = [axis for axis, place in enumerate(before) if made >> place & 1]
    axes += [-1 - axis for axis, place in enumerate(behind) if made >> place & 1]
    return SliceAndAxes(
        tuple(tuple(int(values[place]) for place in kept) for values in vectors), masks, tuple(axes)
    )

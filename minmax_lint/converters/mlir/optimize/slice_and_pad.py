"""SLICE, STRIDED_SLICE and PAD of constant bounds that go, or become a simpler operation (optimize_patterns.td)."""

from minmax_lint.converters.mlir.behaviours import FOLDS_SLICE_FIRST
from minmax_lint.converters.mlir.failure import ConversionError
from minmax_lint.converters.mlir.ir import Operation
from minmax_lint.converters.mlir.matchers import axes_of, rank, same_type
from minmax_lint.converters.mlir.pattern import optimize_patterns_td, tfl_ops_cc
from minmax_lint.converters.mlir.rewriter import Rewriter

_MASKS = ("begin", "end", "ellipsis", "new_axis", "shrink_axis")


@optimize_patterns_td(
    "SLICE",
    before=lambda n: n.op("Slice", n.op("Elu", n.x()), n.ints(0, 0), n.ints(1, 8)),
    after="ELU(float)",
)
def optimize_slice_op(rewriter: Rewriter, op: Operation) -> bool:
    """A SLICE of everything goes."""
    if not same_type(op.operands[0], op.result) and not _takes_all(op):
        return False
    return rewriter.replace(op, op.operands[0])


def _takes_all(op: Operation) -> bool:
    """Whether a SLICE begins at 0 and takes as much as there is, where a size is open."""
    begins, sizes = axes_of(op.operands[1]), axes_of(op.operands[2])
    shape, result = op.operands[0].shape, op.result
    if not shape or begins is None or sizes is None or any(begins) or len(sizes) != len(shape):
        return False
    whole = all(size == -1 for size, dim in zip(sizes, shape, strict=True) if dim is None)
    return whole and shape == result.shape and op.operands[0].scale == result.scale


@tfl_ops_cc(
    "STRIDED_SLICE",
    tf_name="StridedSliceOp::fold",
    before=lambda n: n.op("StridedSlice", n.op("Elu", n.x()), n.ints(0, 0), n.ints(1, 8), n.ints(1, 1)),
    after="ELU(float)",
)
def fold_strided_slice(rewriter: Rewriter, op: Operation) -> bool:
    """A STRIDED_SLICE of everything goes, if it is written without masks."""
    bounds = _bounds(op)
    if bounds is None or not same_type(op.operands[0], op.result):
        return False
    if any(bounds[0]) or bounds[1] != list(op.operands[0].shape or ()):
        return False
    return rewriter.replace(op, op.operands[0])


@optimize_patterns_td(
    "STRIDED_SLICE",
    since=(2, 16),
    before=lambda n: n.op("StridedSlice", n.op("Elu", n.x()), n.ints(0, 0), n.ints(1, 4), n.ints(1, 1)),
    after="ELU(float) SLICE(float)",
)
def optimize_strided_slice(rewriter: Rewriter, op: Operation) -> bool:
    """A STRIDED_SLICE of all dimensions between constants, without masks and with steps of 1, is a SLICE.

    Raises ConversionError where it ends behind the array, which STRIDED_SLICE may and SLICE may not.
    """
    bounds = _bounds(op)
    if bounds is None or min((*bounds[0], *bounds[1]), default=0) < 0:
        return False
    if not (rewriter.version.has(FOLDS_SLICE_FIRST) and same_type(op.operands[0], op.result)):
        _check_ends(op, bounds[1])
    return rewriter.replace_with_new(op, "SLICE", op.operands[:3])


def _bounds(op: Operation) -> tuple[list[int], list[int]] | None:
    """Where a STRIDED_SLICE begins and ends in each dimension; None with masks, other steps than 1 or open ones."""
    begins, ends, steps = (axes_of(value) for value in op.operands[1:4])
    if (
        begins is None
        or ends is None
        or steps is None
        or not len(begins) == len(ends) == rank(op.operands[0])
    ):
        return None
    masked = any(op.attrs["node"].integer(f"{kind}_mask", 0) for kind in _MASKS)
    return None if masked or any(step != 1 for step in steps) else (begins, ends)


def _check_ends(op: Operation, ends: list[int]) -> None:
    for place, (end, size) in enumerate(zip(ends, op.operands[0].shape or (), strict=True)):
        if size is not None and end > size:
            name = op.nodes[-1]
            raise ConversionError(
                "other",
                f"begin[{place}] + size[{place}] cannot exceed dimension length: {size}",
                node=name,
                op="StridedSlice",
                array=name,
                reason=f"{name} ends at {end} in a dimension of {size}; write the end of the dimension",
            )


@tfl_ops_cc(
    "PAD",
    "PADV2",
    tf_name="PadOp::fold",
    before=lambda n: n.op("Pad", n.op("Elu", n.x()), n.ints(0, 0, 0, 0, shape=[2, 2])),
    after="ELU(float)",
)
def fold_pad(rewriter: Rewriter, op: Operation) -> bool:
    """A PAD by nothing goes."""
    paddings = axes_of(op.operands[1])
    if paddings is None or any(paddings) or not same_type(op.operands[0], op.result):
        return False
    return rewriter.replace(op, op.operands[0])

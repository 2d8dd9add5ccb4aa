"""Operations that TFLite's kernels do not run in so many dimensions: they have no builtin."""

from minmax_lint.converters.mlir.behaviours import SLICES_SIX_DIMENSIONS
from minmax_lint.converters.mlir.failure import no_builtin
from minmax_lint.converters.mlir.ir import Function
from minmax_lint.converters.mlir.legalize.flex_ops import custom_op
from minmax_lint.converters.mlir.pattern import legalize_tf_cc
from minmax_lint.converters.mlir.tables import MOST_DIMENSIONS
from minmax_lint.converters.mlir.version import Version

_SLICES = ("SLICE", "STRIDED_SLICE")


@legalize_tf_cc(
    tf_name="TflRuntimeVerifyOpInterface",
    before=lambda n: n.op("Pad", n.x(1, 1, 1, 1, 2, 2), n.ints(*[0, 1] * 6, shape=[6, 2])),
    after="",
)
def verify_tfl_runtime_constraints(function: Function, version: Version) -> None:
    """An operation of more dimensions than its kernel takes stays an op of TensorFlow."""
    for op in function:
        if op.name not in MOST_DIMENSIONS:
            continue
        most, shape, node = MOST_DIMENSIONS[op.name], op.operands[0].shape, op.node
        if shape is None or len(shape) < most or node is None:
            continue
        if op.name in _SLICES and len(shape) == most and not version.has(SLICES_SIX_DIMENSIONS):
            most -= 1
        if len(shape) <= most:
            continue
        custom = custom_op(version, node.op)
        op.name = custom or node.op
        if custom is None:
            op.attrs["refused"] = no_builtin(
                node, reason=f"{node.op} has no TFLite builtin of {len(shape)} dimensions."
            )

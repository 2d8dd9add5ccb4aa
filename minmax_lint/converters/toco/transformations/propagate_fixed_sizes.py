"""Where PropagateFixedSizes aborts: index operands that are not int32, empty axes of a scalar, sizes that do not fit.

The shapes themselves come from the shared inference. Source: propagate_fixed_sizes.cc; messages measured with TOCO of
TF 2.15.1.
"""

from collections.abc import Callable

from minmax_lint.converters.toco.failure import CRASH, Fatal
from minmax_lint.converters.toco.model import Model
from minmax_lint.converters.toco.operator import Operator
from minmax_lint.converters.toco.transformations.fusion import broadcast
from minmax_lint.converters.toco.transformations.trivial import BINARIES
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.tensor import Tensor

Check = Callable[[Model, Operator], None]

_REDUCTIONS = ("Any", "Mean", "ReduceMax", "ReduceMin", "ReduceProd", "Sum")

_REDUCTION = "Check failed: reduction_indices_array.buffer->type == ArrayDataType::kInt32"
_INDEX_OPERANDS = dict.fromkeys(_REDUCTIONS, (1, _REDUCTION)) | {
    "ConcatV2": (-1, "Check failed: axis_array.data_type == ArrayDataType::kInt32"),
    "Reshape": (
        1,
        "Check failed: shape_array.data_type == ArrayDataType::kInt32 Reshape dims must be int32",
    ),
    "Tile": (
        1,
        "Check failed: multiples_array.data_type == ArrayDataType::kInt32 Tile multiples input must be int32",
    ),
    "Transpose": (
        1,
        "Check failed: perm_array.data_type == ArrayDataType::kInt32 Transpose permutation input must be int32",
    ),
}
"""Operator type -> the operand that must be int32 once it is constant, and what TOCO says of another type."""


_MOST_PLACES = 4
"""Places that resolve_strided_slice_attributes.cc resolves."""


def _check_index_operand(model: Model, op: Operator) -> None:
    """Raises Fatal for a constant index operand of another type than int32."""
    slot, message = _INDEX_OPERANDS[op.type]
    if len(op.inputs) < 2 or model.arrays[op.inputs[0]].shape is None:
        return
    operand = model.arrays[op.inputs[slot]]
    if operand.buffer is not None and operand.dtype is not DType.INT32:
        raise Fatal.at(op, message)


def _check_slice(model: Model, op: Operator) -> None:
    """Slice and StridedSlice read int64 operands as twice as many int32."""
    if len(op.inputs) < 2:
        return
    shape, operand = model.arrays[op.inputs[0]].shape, model.arrays[op.inputs[1]]
    if shape is None or operand.buffer is None or operand.dtype is not DType.INT64:
        return
    read = 2 * (operand.shape or (0,))[0]
    if op.type == "Slice":
        message = f"Check failed: input_shape.dims().size() == op->size.size() ({len(shape)} vs. {read})"
        raise Fatal.at(op, message)
    if read > len(shape):
        raise Fatal.at(
            op,
            f"Check failed: op->start_indices.size() <= num_input_axes ({read} vs. {len(shape)})StridedSlice op "
            f'with output "{op.output}", requires no more than {len(shape)} start indices',
        )


def _check_strided_slice(model: Model, op: Operator) -> None:
    """ResolveStridedSliceAttributes takes no more constant places than the array has dimensions.

    New axes count: `x[:, None, :]` of a matrix has three. Five places pass (1.15 and 2.15 measured).
    """
    source, *bounds = (model.arrays[name] for name in op.inputs)
    count = (bounds[0].shape or (None,))[0] if bounds else None
    if source.shape is None or count is None or any(one.buffer is None for one in bounds):
        return
    if len(source.shape) < count <= _MOST_PLACES:
        message = (
            f"Check failed: start_indices_size <= num_input_axes ({count} vs. {len(source.shape)})StridedSlice op "
            f"requires no more than {len(source.shape)} start indices"
        )
        raise Fatal.at(op, message)


def _check_empty_slice(model: Model, op: Operator) -> None:
    """ProcessStridedSliceOperator takes no axis of no elements; an open batch has one row, of which `x[1::3]` has none.

    StartForAxis and StopForAxis, in TensorFlow Lite's strided_slice_logic.h, read the places as Python's slices do.
    """
    source, *bounds = (model.arrays[name] for name in op.inputs)
    listed = [one.buffer.integers() or () for one in bounds if one.buffer is not None]
    node = op.node
    if (
        source.shape is None
        or len(listed) < 3
        or any(map(node.attribute, ("new_axis_mask", "ellipsis_mask")))
    ):
        return
    begins, ends, strides = listed
    open_begins, open_ends, shrunk = (
        node.integer(f"{key}_mask", 0) for key in ("begin", "end", "shrink_axis")
    )
    for axis, (size, begin, end, stride) in enumerate(zip(source.shape, begins, ends, strides, strict=False)):
        low, high = (
            None if mask >> axis & 1 else at for mask, at in ((open_begins, begin), (open_ends, end))
        )
        if size is None or not stride or shrunk >> axis & 1:
            continue
        start, stop, step = slice(low, high, stride).indices(size)
        if not range(start, stop, step):
            count = -((start - stop) // step)
            raise Fatal.at(
                op,
                f"Check failed: dim_size > 0 (0 vs. {count})Output size for an axis must be greater than 0. Axis "
                f'{axis} computes to size {count} for StridedSlice op with output "{op.output}".',
            )


def _check_reduction_of_scalar(model: Model, op: Operator) -> None:
    """Constant axes of no elements are imported as one zero, which a scalar does not have; computed ones have none."""
    axes = model.arrays[op.inputs[1]].shape if len(op.inputs) > 1 else None
    if axes != (0,) or model.arrays[op.inputs[0]].shape != ():
        return
    if model.inference.kept.graph.op(parse_edge(op.inputs[1]).node) == "Const":
        raise Fatal.at(op, "Check failed: false Invalid reduction dimension 0 for input with 0 dimensions")


def _fill_sizes(model: Model, op: Operator) -> None:
    """ProcessFillOperator: sizes are int32, and sizes of no elements make an array of size 0, not a scalar."""
    sizes, output = model.arrays[op.inputs[0]], model.arrays[op.output]
    if sizes.shape is None or model.arrays[op.inputs[1]].shape is None:
        return
    if sizes.dtype is not DType.INT32:
        raise Fatal.at(op, "Check failed: dims_array.data_type == ArrayDataType::kInt32 dims must be int32")
    if sizes.shape == (0,) and output.shape == ():
        output.shape = (0,)
        for reader in output.consumers:
            if reader.type in BINARIES:
                broadcast(reader, *(model.arrays[name].shape for name in reader.inputs[:2]))


def _matrix_diag_shape(model: Model, op: Operator) -> None:
    """ProcessMatrixDiagOperator adds the last dimension to the shape of its input, too: a constant no longer fits."""
    name = op.inputs[0]
    array = model.arrays[name]
    if array.shape and array.buffer is not None and array.shape[-1] != 1:
        size = Tensor(array.dtype, array.shape, None).size
        model.misfit = Fatal.at(
            op,
            "Check failed: array->buffer->Length() == RequiredBufferSizeForShape(array->shape()) "
            f"({size} vs. {size * array.shape[-1]})Tensor: {name}",
            array.source,
        )


def _sizes_of_dense(model: Model, op: Operator) -> None:
    """ProcessSparseToDenseOperator reads sizes of a known shape as a constant, and crashes where they are none."""
    sizes = model.arrays[op.inputs[1]]
    if sizes.shape is not None and sizes.buffer is None:
        raise Fatal.at(op, CRASH)


def _checks() -> dict[str, tuple[Check, ...]]:
    checks: dict[str, tuple[Check, ...]] = {
        "Fill": (_fill_sizes,),
        "MatrixDiag": (_matrix_diag_shape,),
        "Slice": (_check_slice,),
        "SparseToDense": (_sizes_of_dense,),
        "StridedSlice": (_check_slice, _check_strided_slice, _check_empty_slice),
    }
    checks |= dict.fromkeys(_INDEX_OPERANDS, (_check_index_operand,))
    return checks | dict.fromkeys(_REDUCTIONS, (_check_index_operand, _check_reduction_of_scalar))


_CHECKS = _checks()
CHECKED = tuple(_CHECKS)
"""The operator types that are looked at."""


def propagate_fixed_sizes(model: Model, op: Operator) -> bool:
    """Raises Fatal where the sizes of an operator end the conversion."""
    for check in _CHECKS[op.type]:
        check(model, op)
    return False

"""Folding operators over constants: which ones TOCO folds decides which arrays are constant.

Sources: resolve_constant_*.cc, resolve_reorder_axes.cc, resolve_multiply_by_zero.cc. Values come from the
shared inference where the array is one of the source graph; they are not needed otherwise.
"""

import operator
from math import nan, sqrt

from minmax_lint.converters.toco.constants import Elementwise, combine, known_zero
from minmax_lint.converters.toco.failure import Fatal
from minmax_lint.converters.toco.model import Model
from minmax_lint.converters.toco.operator import Array, Constant, Operator
from minmax_lint.converters.toco.transformations.trivial import constant_and_variable, remove_passthrough
from minmax_lint.graph.dtype import DType, float32s
from minmax_lint.graph.tensor import Tensor
from minmax_lint.inference.folding import fold

_BINARY_TYPES = frozenset({DType.FLOAT, DType.INT32, DType.INT64})
_GENERATED: dict[str, Elementwise] = {
    "Add": lambda a, b: list(map(operator.add, a, b)),
    "Mul": lambda a, b: list(map(operator.mul, a, b)),
    "Rsqrt": lambda values: [1 / root for root in float32s([sqrt(v) if v >= 0 else nan for v in values])],
}
"""What generated operators over constants compute (batch normalization)."""
_MOVES = frozenset({"Gather", "Reshape", "Slice", "StridedSlice", "Tile"})
"""What picks or moves the values of a constant, which may be one that a FakeQuant was applied to."""


def _fold(model: Model, op: Operator, *, keep_range: bool = False) -> bool:
    """The output becomes a constant and the operator goes.

    `keep_range`: with the range of its first input, but not with what makes that narrow (CopyMinMaxFromFirstInput).
    """
    name = op.output
    array, source = model.arrays[name], model.arrays[op.inputs[0]] if op.inputs else None
    if keep_range and source is not None and source.minmax is not None and array.minmax is None:
        array.minmax = source.minmax
    array.buffer = _value(model, op, array)
    model.arrays[name].producer = None
    op.outputs = []
    model.remove(op)
    return True


def _value(model: Model, op: Operator, array: Array) -> Constant:
    function = _GENERATED.get(op.type)
    if array.name != array.source and function is not None:
        return combine(model, function, *op.inputs)
    name, node, shape = array.name, op.node, array.shape
    moved = op.type if op.type in _MOVES else ""

    def compute(*operands: Tensor | None) -> Tensor | None:
        found = model.inference.constant(name)
        known = [tensor for tensor in operands if tensor is not None]
        if found or not known or len(known) < len(operands):
            return found
        if moved == "Reshape":
            return None if shape is None else Tensor(known[0].dtype, shape, known[0].content)
        return fold(node, known)

    return Constant(compute, *[model.arrays[one].buffer for one in op.inputs if moved])


def _all_constant(model: Model, op: Operator) -> bool:
    return all(map(model.is_constant, op.inputs))


def resolve_constant_binary(model: Model, op: Operator) -> bool:
    """ResolveConstantBinaryOperator, on float and int operands."""
    if not _all_constant(model, op) or model.arrays[op.output].shape is None or op.activation is not None:
        return False
    return model.arrays[op.inputs[0]].dtype in _BINARY_TYPES and _fold(model, op)


def resolve_constant_unary(model: Model, op: Operator) -> bool:
    """ResolveConstantUnaryOperator: floats only; casts only to float."""
    if not model.is_constant(op.inputs[0]) or model.arrays[op.output].shape is None:
        return False
    if op.activation is not None:
        return False
    checked = op.output if op.type == "Cast" else op.inputs[0]
    if model.arrays[checked].dtype is not DType.FLOAT:
        return False
    if op.type == "Sum" and not _all_constant(model, op):
        return False
    return _fold(model, op, keep_range=op.type == "Reshape")


def resolve_constant_reshape(model: Model, op: Operator) -> bool:
    """ResolveConstantReshape: any type, if the shapes agree up to leading ones."""
    source, output = model.arrays[op.inputs[0]].shape, model.arrays[op.output].shape
    if not _all_constant(model, op) or source is None or output is None:
        return False
    if _without_leading_ones(source) != _without_leading_ones(output):
        return False
    if source == output:  # RemoveTrivialReshape
        _keep_narrow(model, op)
    return _fold(model, op, keep_range=True)


def _without_leading_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    first = next((axis for axis, dim in enumerate(shape) if dim != 1), len(shape))
    return shape[first:]


def resolve_constant_gather(model: Model, op: Operator) -> bool:
    """ResolveConstantGather, along axis 0."""
    if not _all_constant(model, op):
        return False
    if len(op.inputs) > 2:
        buffer = model.arrays[op.inputs[2]].buffer
        if buffer is None or buffer.integers() not in ((0,), None):
            return False
    if model.arrays[op.inputs[1]].dtype is not DType.INT32:
        raise Fatal.at(
            op,
            "Check failed: coords_array.data_type == ArrayDataType::kInt32 Only int32 indices are supported",
        )
    return _fold(model, op, keep_range=True)


def resolve_constant_pack(model: Model, op: Operator) -> bool:
    """ResolveConstantPack: along axis 0, else TOCO aborts."""
    if not _all_constant(model, op) or model.arrays[op.output].shape is None:
        return False
    axis, shape = op.node.integer("axis", 0), model.arrays[op.inputs[0]].shape
    if axis < 0 and shape is not None:
        axis += len(shape)
    if axis != 0:
        raise Fatal.at(op, "Packing only supported along 0th axis")
    return _fold(model, op)


def resolve_constant_of_all(model: Model, op: Operator) -> bool:
    """ResolveConstantFill, Range, Slice, StridedSlice: when every operand is constant."""
    if not _all_constant(model, op) or model.arrays[op.output].shape is None:
        return False
    return _fold(model, op)


def resolve_constant_random_uniform(model: Model, op: Operator) -> bool:
    """ResolveConstantRandomUniform: with a seed, its numbers are drawn while converting."""
    return any(op.node.integer(key, 0) for key in ("seed", "seed2")) and resolve_constant_of_all(model, op)


def resolve_constant_copy(model: Model, op: Operator) -> bool:
    """ResolveConstantTile, ResolveConstantTranspose: these keep the range."""
    if not _all_constant(model, op) or model.arrays[op.output].shape is None:
        return False
    if op.type == "Transpose":
        return _fold_transpose(model, op)
    return _fold(model, op, keep_range=True)


def _fold_transpose(model: Model, op: Operator) -> bool:
    perm = op.attrs.get("perm")
    if not isinstance(perm, tuple):
        return False
    buffer = model.arrays[op.inputs[0]].buffer

    def compute(tensor: Tensor | None) -> Tensor | None:
        from minmax_lint.converters.toco.weights import transpose

        return transpose(tensor, perm) if tensor is not None else None

    output = op.output
    _keep_narrow(model, op)
    _fold(model, op, keep_range=True)
    model.arrays[output].buffer = Constant(compute, buffer)
    return True


def _keep_narrow(model: Model, op: Operator) -> None:
    """CopyMinMaxAndQuantizationRelatedFields: the output is narrow where the input is."""
    output = model.arrays[op.output]
    output.narrow_range = output.narrow_range or model.arrays[op.inputs[0]].narrow_range


def resolve_constant_concatenation(model: Model, op: Operator) -> bool:
    """ResolveConstantConcatenation: all inputs constant and not inputs or outputs of the model."""
    if not _all_constant(model, op) or not all(model.is_discardable(name) for name in op.inputs):
        return False
    output = model.arrays[op.output]
    ranges = [model.arrays[name].minmax for name in op.inputs]
    known = [minmax for minmax in ranges if minmax is not None]
    if output.minmax is None and len(known) == len(ranges) and known:
        output.minmax = type(known[0])(min(r.min for r in known), max(r.max for r in known))
    return _fold(model, op)


def resolve_constant_select(model: Model, op: Operator) -> bool:
    """ResolveConstantSelect: a condition that is the same everywhere selects one branch."""
    condition = model.integers(op.inputs[0])
    if not condition or len(set(condition)) > 1:
        return False
    return remove_passthrough(model, op, 1 if condition[0] else 2)


def resolve_constant_shape_or_rank(model: Model, op: Operator) -> bool:
    """ResolveConstantShapeOrRank, once the shape is known: into a buffer of int32, whatever the array is of."""
    if model.arrays[op.inputs[0]].shape is None:
        return False
    attrs = op.node.attrs
    if "out_type" in attrs and attrs["out_type"] is DType.INT64:
        model.narrowed.add(op.output)
    return _fold(model, op)


def resolve_multiply_by_zero(model: Model, op: Operator) -> bool:
    """ResolveMultiplyByZero: x*0 is a constant, unless it is an output."""
    slots = constant_and_variable(model, op)
    output = model.arrays[op.output]
    if slots is None or not model.is_discardable(op.output) or output.shape is None:
        return False
    if not known_zero(model.arrays[op.inputs[slots[0]]].buffer):
        return False
    shape, dtype, name = output.shape, output.dtype, op.output
    _fold(model, op)
    model.arrays[name].buffer = Constant(lambda: Tensor(dtype, shape, b""))
    return True


def resolve_reorder_axes(model: Model, op: Operator) -> bool:
    """ResolveReorderAxes: constant weights change their layout and keep their name."""
    source, output = model.arrays[op.inputs[0]], model.arrays[op.output]
    if source.buffer is None or output.shape is None:
        return False
    buffer, shape, name = source.buffer, output.shape, op.inputs[0]
    to_depthwise = op.attrs["order"] == "DepthwiseConv"

    def compute(tensor: Tensor | None) -> Tensor | None:
        from minmax_lint.converters.toco.weights import transpose

        if tensor is None:
            return None
        if to_depthwise:
            return Tensor(tensor.dtype, shape, tensor.content)
        return transpose(tensor, (3, 0, 1, 2))

    if source.minmax is not None:
        output.minmax = source.minmax
    output.narrow_range = output.narrow_range or source.narrow_range
    reordered = op.output
    _fold(model, op)
    model.arrays[reordered].buffer = Constant(compute, buffer)
    _rename(model, reordered, name)
    return True


def _rename(model: Model, old: str, wanted: str) -> None:
    name = model.available_name(wanted)
    array = model.arrays.pop(old)
    array.name = name
    model.arrays[name] = array
    for op in array.consumers:
        op.inputs = [name if text == old else text for text in op.inputs]

"""Swapping operators: value operators go in front of those that only move elements.

Sources: move_binary_operator_before_reshape.cc, reorder_elementwise_unary.cc, reorder_reshape_transpose.cc,
merge_reshape_into_preceding_transpose.cc.
"""

from minmax_lint.converters.toco.model import Model
from minmax_lint.converters.toco.operator import Array, Operator
from minmax_lint.converters.toco.tables import MOVES_ELEMENTS
from minmax_lint.converters.toco.transformations.fusion import broadcast
from minmax_lint.converters.toco.transformations.trivial import constant_and_variable, remove_passthrough


def move_binary_operator_before_reshape(model: Model, op: Operator) -> bool:
    """A binary with a constant whose shape is the tail of the shapes on both sides of a Reshape."""
    slots = constant_and_variable(model, op) if len(op.inputs) == 2 else None
    if slots is None:
        return False
    constant, middle = op.inputs[slots[0]], op.inputs[slots[1]]
    reshape = model.producer(middle)
    if reshape is None or reshape.type != "Reshape":
        return False
    tail, shape = model.arrays[constant].shape, model.arrays[middle].shape
    if tail is None or shape is None or model.arrays[reshape.inputs[0]].shape is None:
        return False
    if len(tail) > len(shape) or shape[len(shape) - len(tail) :] != tail:
        return False
    if model.is_output(middle) or model.count_consumers(middle) > 1:
        return False
    source, output = reshape.inputs[0], op.output
    model.set_input(op, slots[1], source)
    model.set_input(reshape, 0, middle)
    _exchange_outputs(model, reshape, op)
    model.arrays[middle].shape = broadcast(op, *(model.arrays[name].shape for name in op.inputs))
    model.arrays[middle].dtype = model.arrays[output].dtype
    model.exchange_places(reshape, op)
    return True


def _exchange_outputs(model: Model, a: Operator, b: Operator) -> None:
    a.outputs, b.outputs = b.outputs, a.outputs
    for op in (a, b):
        for name in op.outputs:
            model.arrays[name].producer = op


def reorder_elementwise_unary(model: Model, op: Operator) -> bool:
    """An elementwise operator right behind one that moves elements; both arrays lose what was known of them."""
    middle = op.inputs[0]
    mover = model.producer(middle)
    if mover is None or mover.type not in MOVES_ELEMENTS:
        return False
    if model.count_consumers(middle) != 1 or not model.is_discardable(middle):
        return False
    dtype = model.arrays[op.output].dtype
    shapes = [model.arrays[name].shape for name in (mover.inputs[0], middle)]
    for array, shape in zip(_swap(model, mover, op, "reorder"), shapes, strict=True):
        array.shape, array.dtype, array.minmax, array.narrow_range = shape, dtype, None, False
    return True


def _swap(model: Model, mover: Operator, op: Operator, suffix: str) -> tuple[Array, Array]:
    """Put `op` in front of the operator that alone it reads; what `op` makes now, and what is made of that.

    An output of the model keeps its name; the array in front of it gets that with a suffix.
    """
    source, middle, output = mover.inputs[0], op.inputs[0], op.output
    if model.is_discardable(output):
        model.redirect_consumers(output, middle)
        model.set_input(op, 0, source)
        model.set_input(mover, 0, output)
        value, moved = output, middle
    else:
        value, moved = model.available_name(f"{output}_{suffix}"), output
        model.new_array(value, model.arrays[output].source, model.arrays[output].dtype)
        model.set_input(op, 0, source)
        model.set_output(op, 0, value)
        model.set_input(mover, 0, value)
        model.set_output(mover, 0, output)
    model.exchange_places(mover, op)
    return model.arrays[value], model.arrays[moved]


def reorder_reshape_transpose(model: Model, op: Operator) -> bool:
    """A Transpose behind a Reshape that only adds or drops dimensions of 1."""
    perm, middle = op.attrs.get("perm"), op.inputs[0]
    reshape = model.producer(middle)
    if not isinstance(perm, tuple) or reshape is None or reshape.type != "Reshape":
        return False
    if model.count_consumers(middle) != 1 or not model.is_discardable(middle):
        return False
    names = (reshape.inputs[0], middle, op.output)
    before, between, after = (model.arrays[name].shape for name in names)
    if before is None or between is None or after is None or _without_ones(before) != _without_ones(between):
        return False
    new_perm = _move_permutation(before, between, perm)
    transposed, reshaped = _swap(model, reshape, op, "exchange")
    op.attrs["perm"] = new_perm
    transposed.shape, reshaped.shape = tuple(before[axis] for axis in new_perm), after
    return True


def _without_ones(shape: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(dim for dim in shape if dim != 1)


def _move_permutation(
    before: tuple[int, ...], between: tuple[int, ...], perm: tuple[int, ...]
) -> tuple[int, ...]:
    large = iter([axis for axis, dim in enumerate(before) if dim != 1])
    origin = {axis: next(large) for axis, dim in enumerate(between) if dim != 1}
    moved = [origin[axis] for axis in perm if between[axis] != 1]
    return (*moved, *(axis for axis, dim in enumerate(before) if dim == 1))


def merge_reshape_into_preceding_transpose(model: Model, op: Operator) -> bool:
    """A Reshape behind a Transpose that only shifts dimensions of 1 becomes part of the permutation."""
    middle = op.inputs[0]
    transpose = model.producer(middle)
    if transpose is None or transpose.type != "Transpose" or model.count_consumers(middle) != 1:
        return False
    perm = transpose.attrs.get("perm")
    before, after = model.arrays[middle].shape, model.arrays[op.output].shape
    if not isinstance(perm, tuple) or before is None or after is None or not model.is_discardable(middle):
        return False
    if len(before) != len(after) or _without_ones(before) != _without_ones(after):
        return False
    ones = iter([axis for axis, dim in enumerate(before) if dim == 1])
    others = iter([axis for axis, dim in enumerate(before) if dim != 1])
    merged = tuple(perm[next(ones) if dim == 1 else next(others)] for dim in after)
    if not remove_passthrough(model, op):
        return False
    transpose.attrs["perm"] = merged
    model.arrays[transpose.output].shape = after
    return True

"""The optimization pass: what is fused, and what changes places, before anybody looks at scales.

Sources: optimize.cc (optimize_pass.cc), optimize_patterns.td.
"""

from __future__ import annotations

import struct

from minmax_lint.converters.mlir.fakequants import constant_behind, is_constant, quantize_of
from minmax_lint.converters.mlir.ir import QUANTIZE, Function, Operation, Value
from minmax_lint.converters.mlir.rewriting import Pattern, Patterns, Rewriter
from minmax_lint.converters.mlir.tables import (
    ACTIVATIONS,
    BEFORE_RESHAPE,
    FUSES_ACTIVATION,
    MOVE_OPS,
    VALUE_OPS,
    Version,
)
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.shape_arithmetic import elements
from minmax_lint.graph.tensor import Shape


def optimize(function: Function, version: Version, last: Patterns | None = None) -> None:
    """Both phases of the pass. `last`: further patterns of its second phase."""
    extra = LATER if version.simplifies_slices_and_sums else EARLIER
    if version.pushes_transposes:
        Rewriter(function, PUSH_TRANSPOSE).run()
    for phase in (FIRST, {**SECOND, **(last or {})}):
        patterns = {name: (*extra.get(name, ()), *phase.get(name, ())) for name in {*phase, *extra}}
        Rewriter(function, patterns).run()
    function.sweep()


# Conditions


def producer(value: Value, name: str) -> Operation | None:
    """The operation of that name that makes `value`, or None."""
    return value.op if value.op is not None and value.op.name == name else None


def number(value: Value) -> float | None:
    """The value of a constant of one element; None for anything else."""
    op = value.op
    tensor = op.load() if op is not None and is_constant(value) and elements(value.shape or ()) == 1 else None
    return float(tensor.item()) if tensor is not None and tensor.known else None


def is_number(value: Value, wanted: float) -> bool:
    """Whether `value` is a constant of one element that equals `wanted`."""
    found = number(value)
    return found is not None and found == float32(wanted)


def float32(value: float) -> float:
    """The nearest number that fits in 32 bits."""
    return float(struct.unpack("<f", struct.pack("<f", value))[0])


def same_type(a: Value, b: Value) -> bool:
    """Same shape and element type."""
    return a.shape == b.shape and a.shape is not None and None not in a.shape and a.dtype is b.dtype


def rank(value: Value) -> int:
    """The rank; many where it is not known."""
    return 99 if value.shape is None else len(value.shape)


def tail_of(short: Shape | None, long: Shape | None) -> bool:
    """Whether `short` is how `long` ends."""
    if short is None or long is None or len(short) > len(long):
        return False
    return not short or long[-len(short) :] == short


# Activations


def fuse_activation(rewriter: Rewriter, op: Operation) -> bool:
    """RELU and its like go into the operation that makes their operand, if only they read it."""
    source = op.operands[0].op
    if source is None or source.name not in FUSES_ACTIVATION or source.activation is not None:
        return False
    if op.operands[0].use_count != 1 and source.name != "FULLY_CONNECTED":
        return False
    fused = rewriter.create(source.name, source.operands, op, [source])
    fused.attrs.update(source.attrs)
    fused.activation = op.name
    rewriter.replace(op, fused.result)
    return True


def maximum_with_zero(rewriter: Rewriter, op: Operation) -> bool:
    """MAXIMUM(x, 0) is RELU."""
    if not is_number(op.operands[1], 0.0) or op.result.dtype is not DType.FLOAT:
        return False
    rewriter.replace(op, rewriter.create("RELU", op.operands[:1], op).result)
    return True


def minimum_of_relu(rewriter: Rewriter, op: Operation) -> bool:
    """MINIMUM(RELU(x), 6) is RELU6."""
    relu = producer(op.operands[0], "RELU")
    if relu is None or not is_number(op.operands[1], 6.0):
        return False
    rewriter.replace(op, rewriter.create("RELU6", relu.operands[:1], op, [relu]).result)
    return True


def relu_of_minimum(rewriter: Rewriter, op: Operation) -> bool:
    """RELU(MINIMUM(x, 6)) is RELU6."""
    minimum = producer(op.operands[0], "MINIMUM")
    if minimum is None or not is_number(minimum.operands[1], 6.0):
        return False
    rewriter.replace(op, rewriter.create("RELU6", minimum.operands[:1], op, [minimum]).result)
    return True


def clamp(inner_name: str, inner_bound: float, outer_bound: float, result: str) -> Pattern:
    """Two bounds around one value."""

    def pattern(rewriter: Rewriter, op: Operation) -> bool:
        inner = producer(op.operands[0], inner_name)
        if inner is None or not is_number(op.operands[1], outer_bound):
            return False
        if not is_number(inner.operands[1], inner_bound):
            return False
        rewriter.replace(op, rewriter.create(result, inner.operands[:1], op, [inner]).result)
        return True

    return pattern


def leaky_relu(rewriter: Rewriter, op: Operation) -> bool:
    """MAXIMUM(x * alpha, x), alpha < 1."""
    product = producer(op.operands[0], "MUL")
    if product is None or product.activation or product.operands[0] is not op.operands[1]:
        return False
    alpha = number(product.operands[1])
    if alpha is None or not abs(alpha) < 1 or product.result.use_count != 1:
        return False
    rewriter.replace(op, rewriter.create("LEAKY_RELU", product.operands[:1], op, [product]).result)
    return True


# Arithmetic into convolutions and dense layers

CONVOLUTIONS = {"CONV_2D", "DEPTHWISE_CONV_2D", "TRANSPOSE_CONV"}


def _fits_channels(conv: Operation, constant: Value) -> bool:
    shape = constant.shape
    if shape is None or any(size != 1 for size in shape[:-1]):
        return False
    if not shape or shape[-1] == 1:
        return True
    filters = conv.operands[1].shape
    if not filters:
        return False
    return (filters[-1] if conv.name == "DEPTHWISE_CONV_2D" else filters[0]) == shape[-1]


def add_into_convolution(rewriter: Rewriter, op: Operation) -> bool:
    """ADD or SUB of a constant behind a convolution of one reader becomes its bias."""
    conv = op.operands[0].op
    if conv is None or conv.name not in CONVOLUTIONS or conv.activation or not is_constant(op.operands[1]):
        return False
    if conv.result.use_count != 1 or not _fits_channels(conv, op.operands[1]):
        return False
    slot = 3 if conv.name == "TRANSPOSE_CONV" else 2
    has_bias = len(conv.operands) > slot
    if has_bias and not is_constant(conv.operands[slot]):
        return False
    bias = rewriter.constant(op.operands[1])
    fused = rewriter.create(conv.name, [*conv.operands[:slot], bias], op, [conv])
    fused.attrs.update(conv.attrs)
    fused.activation = op.activation
    rewriter.replace(op, fused.result)
    return True


def scale_into_convolution(rewriter: Rewriter, op: Operation) -> bool:
    """MUL or DIV by a constant goes into constant filters that have no FakeQuant of their own."""
    conv = op.operands[0].op
    if conv is None or conv.name not in CONVOLUTIONS or conv.activation or not is_constant(op.operands[1]):
        return False
    if conv.result.use_count != 1 or not is_constant(conv.operands[1]):
        return False
    slot = 3 if conv.name == "TRANSPOSE_CONV" else 2
    if len(conv.operands) > slot and not is_constant(conv.operands[slot]):
        return False
    if not _fits_channels(conv, op.operands[1]):
        return False
    filters = rewriter.constant(conv.operands[1])
    operands = [conv.operands[0], filters, *(rewriter.constant(value) for value in conv.operands[2:])]
    if conv.name == "TRANSPOSE_CONV":
        operands = [conv.operands[0], filters, *conv.operands[2:]]
    fused = rewriter.create(conv.name, operands, op, [conv])
    fused.attrs.update(conv.attrs)
    fused.activation = op.activation
    rewriter.replace(op, fused.result)
    return True


def scale_into_quantized_filters(rewriter: Rewriter, op: Operation) -> bool:
    """MUL by a constant vector goes into filters behind a FakeQuant for each channel."""
    conv, factor = op.operands[0].op, op.operands[1]
    if conv is None or conv.name not in ("CONV_2D", "DEPTHWISE_CONV_2D") or conv.activation:
        return False
    quantize = quantize_of(conv.operands[1])
    if quantize is None or not is_constant(quantize.operands[0]) or not is_constant(factor):
        return False
    scale = quantize.result.scale
    if scale is None or not scale.channels or not is_constant(conv.operands[2]):
        return False
    if not factor.shape or any(size != 1 for size in factor.shape[:-1]):
        return False
    conv.activation = op.activation
    conv.nodes = (*conv.nodes, *op.nodes)
    conv.result.name = op.result.name
    rewriter.replace(op, conv.result)
    return True


def add_into_dense(rewriter: Rewriter, op: Operation) -> bool:
    """ADD of a constant vector or scalar behind FULLY_CONNECTED becomes its bias, whoever else reads it."""
    dense = producer(op.operands[0], "FULLY_CONNECTED")
    added = op.operands[1]
    plain = is_constant(added)
    if dense is None or dense.activation or (not plain and constant_behind(added) is None):
        return False
    if rank(added) > 1:
        return False
    has_bias = len(dense.operands) > 2
    if has_bias and not is_constant(dense.operands[2]):
        return False
    if rank(added) == 0 and not has_bias and rank(dense.operands[1]) != 2:
        return False
    bias = added if not has_bias and rank(added) == 1 else rewriter.constant(added)
    fused = rewriter.create("FULLY_CONNECTED", [*dense.operands[:2], bias], op, [dense])
    fused.activation = op.activation
    rewriter.replace(op, fused.result)
    return True


def scale_into_dense(rewriter: Rewriter, op: Operation) -> bool:
    """MUL by a constant goes into constant weights that have no FakeQuant."""
    dense = producer(op.operands[0], "FULLY_CONNECTED")
    factor = op.operands[1]
    if dense is None or dense.activation or not is_constant(factor) or dense.result.use_count != 1:
        return False
    if not same_type(op.operands[0], op.result) or not is_constant(dense.operands[1]):
        return False
    if len(dense.operands) > 2 and not is_constant(dense.operands[2]):
        return False
    if any(size != 1 for size in (factor.shape or ())[:-1]):
        return False
    operands = [dense.operands[0], *(rewriter.constant(value) for value in dense.operands[1:])]
    fused = rewriter.create("FULLY_CONNECTED", operands, op, [dense])
    fused.activation = op.activation
    rewriter.replace(op, fused.result)
    return True


def scalar_into_following(rewriter: Rewriter, op: Operation) -> bool:
    """ADD, SUB, MUL or DIV by a scalar in front of a layer of constant weights goes into these."""
    binary = op.operands[0].op
    if binary is None or binary.name not in ("ADD", "SUB", "MUL", "DIV") or binary.activation:
        return False
    if not is_constant(binary.operands[1]) or elements(binary.operands[1].shape or ()) != 1:
        return False
    if binary.operands[1].dtype is not DType.FLOAT or constant_behind(op.operands[1]) is None:
        return False
    if len(op.operands) > 2 and not is_constant(op.operands[2]):
        return False
    if binary.name in ("ADD", "SUB"):
        if op.name != "FULLY_CONNECTED" and op.attrs["node"].text("padding") != "VALID":
            return False
        bias = rewriter.constant(binary.operands[1])
        if len(op.operands) > 2:
            rewriter.set_operand(op, 2, bias)
        else:
            op.add_operand(bias)
    elif is_constant(op.operands[1]):
        rewriter.set_operand(op, 1, rewriter.constant(op.operands[1]))
    op.nodes = (*binary.nodes, *op.nodes)
    rewriter.set_operand(op, 0, binary.operands[0])
    return True


def vector_into_following_dense(rewriter: Rewriter, op: Operation) -> bool:
    """MUL or ADD of a constant vector in front of a dense layer of plain constant weights."""
    binary = op.operands[0].op
    if binary is None or binary.name not in ("ADD", "MUL") or binary.activation:
        return False
    if not is_constant(binary.operands[1]) or rank(binary.operands[1]) != 1:
        return False
    if not is_constant(op.operands[1]):
        return False
    if binary.name == "ADD" and (len(op.operands) < 3 or not is_constant(op.operands[2])):
        return False
    slot = 2 if binary.name == "ADD" else 1
    rewriter.set_operand(op, slot, rewriter.constant(op.operands[slot]))
    op.nodes = (*binary.nodes, *op.nodes)
    rewriter.set_operand(op, 0, binary.operands[0])
    return True


def two_additions(rewriter: Rewriter, op: Operation) -> bool:
    """The sum x + a + b is x + (a + b)."""
    first = producer(op.operands[0], "ADD")
    if first is None or first.activation or first.result.use_count != 1:
        return False
    if not is_constant(first.operands[1]) or not is_constant(op.operands[1]):
        return False
    total = rewriter.constant(op.operands[1])
    fused = rewriter.create("ADD", [first.operands[0], total], op, [first])
    fused.activation = op.activation
    rewriter.replace(op, fused.result)
    return True


# Reshapes and the like


def binary_before_reshape(rewriter: Rewriter, op: Operation) -> bool:
    """A binary operation with a constant moves in front of a RESHAPE that only it reads."""
    reshape, constant = producer(op.operands[0], "RESHAPE"), op.operands[1]
    if reshape is None or not is_constant(constant) or reshape.result.use_count != 1:
        return False
    source = reshape.operands[0]
    if not tail_of(constant.shape, reshape.result.shape) or not tail_of(constant.shape, source.shape):
        return False
    if max(rank(source), rank(reshape.result), rank(constant)) > 4 or source.dtype is not constant.dtype:
        return False
    moved = rewriter.create(op.name, [source, constant], op)
    moved.activation = op.activation
    _typed_as(moved.result, source)
    after = rewriter.create("RESHAPE", [moved.result, *reshape.operands[1:]], op, [reshape])
    rewriter.replace(op, after.result)
    return True


def _typed_as(result: Value, source: Value) -> None:
    """The type that is inferred for `result`: the scale too, which may be another than was trained."""
    result.shape = source.shape
    result.scale = source.scale


def binary_of_reshapes(rewriter: Rewriter, op: Operation, *, single: bool = True) -> bool:
    """A binary operation of two equal RESHAPEs moves in front of them, if `single` only where nobody else reads."""
    left, right = (producer(value, "RESHAPE") for value in op.operands[:2])
    if left is None or right is None or left.result.shape != right.result.shape:
        return False
    if not same_type(left.operands[0], right.operands[0]):
        return False
    if left.operands[0].scale != right.operands[0].scale:
        return False
    if single and op.name in ("ADD", "SUB", "MUL", "DIV"):
        same = left is right and left.result.use_count == 2
        if not same and not (left.result.use_count == right.result.use_count == 1):
            return False
    moved = rewriter.create(op.name, [left.operands[0], right.operands[0]], op)
    moved.activation = op.activation
    _typed_as(moved.result, left.operands[0])
    after = rewriter.create("RESHAPE", [moved.result, *left.operands[1:]], op, [left, right])
    rewriter.replace(op, after.result)
    return True


def value_before_move(rewriter: Rewriter, op: Operation) -> bool:
    """An elementwise operation changes places with what only moves elements in front of it."""
    move = op.operands[0].op
    if move is None or move.name not in MOVE_OPS or move.result.use_count != 1:
        return False
    if move.operands[0].scale != op.result.scale:
        return False
    first = rewriter.create(op.name, [move.operands[0]], op)
    _typed_as(first.result, move.operands[0])
    second = rewriter.create(move.name, [first.result, *move.operands[1:]], op, [move])
    second.attrs = dict(move.attrs)
    rewriter.replace(op, second.result)
    return True


def to_reshape(rewriter: Rewriter, op: Operation) -> bool:
    """SQUEEZE and EXPAND_DIMS of static shape are RESHAPEs."""
    shape = op.result.shape
    if shape is None or sum(size is None for size in shape) > (op.name == "SQUEEZE"):
        return False
    if op.name == "EXPAND_DIMS" and None in shape:
        return False
    sizes = rewriter.constant(op.result)
    sizes.dtype = DType.INT32
    rewriter.replace(op, rewriter.create("RESHAPE", [op.operands[0], sizes], op).result)
    return True


def reshape_away(rewriter: Rewriter, op: Operation) -> bool:
    """A RESHAPE to the shape it has goes; of two in a row the first does."""
    source = op.operands[0]
    if same_type(source, op.result):
        rewriter.replace(op, source)
        return True
    before = producer(source, "RESHAPE")
    if before is None or before.result.use_count != 1:
        return False
    after = rewriter.create("RESHAPE", [before.operands[0], *op.operands[1:]], op, [before])
    rewriter.replace(op, after.result)
    return True


def trivial_transpose(rewriter: Rewriter, op: Operation) -> bool:
    """A TRANSPOSE that only moves dimensions of size 1 is a RESHAPE."""
    order = op.operands[1].op
    tensor = order.load() if order is not None and is_constant(op.operands[1]) else None
    shape = op.operands[0].shape
    if tensor is None or shape is None or None in shape or op.result.shape is None:
        return False
    moved = [int(axis) for axis in tensor.values()]
    if [axis for axis in moved if shape[axis] != 1] != [a for a in range(len(shape)) if shape[a] != 1]:
        return False
    rewriter.replace(op, rewriter.create("RESHAPE", op.operands, op).result)
    return True


def transpose_behind(rewriter: Rewriter, op: Operation) -> bool:
    """Elementwise operations of two equal TRANSPOSEs, or of one and a constant, come before them (2.21)."""
    left, right = (producer(value, "TRANSPOSE") for value in op.operands[:2])
    if any(value.op is None for value in op.operands):
        return False
    if left is not None and right is not None:
        if _order(left) is None or _order(left) != _order(right):
            return False
        if 1 not in (left.result.use_count, right.result.use_count):
            return False
        return _swap_with_transpose(rewriter, op, left, [left.operands[0], right.operands[0]], [left, right])
    moved = left or right
    other = op.operands[1] if left is not None else op.operands[0]
    if moved is None or not is_constant(other) or moved.result.use_count != 1:
        return False
    if rank(other) not in (0, rank(moved.result)) or not same_type(moved.result, op.result):
        return False
    if elements(other.shape or ()) != 1:
        other = rewriter.constant(other)
    return _swap_with_transpose(rewriter, op, moved, [moved.operands[0], other], [moved])


def _order(transpose: Operation) -> tuple[int, ...] | None:
    order = transpose.operands[1].op
    tensor = order.load() if order is not None and is_constant(transpose.operands[1]) else None
    return None if tensor is None else tuple(int(axis) for axis in tensor.values())


def _swap_with_transpose(
    rewriter: Rewriter, op: Operation, transpose: Operation, operands: list[Value], others: list[Operation]
) -> bool:
    first = rewriter.create(op.name, operands, op)
    first.activation = op.activation
    first.result.shape = transpose.operands[0].shape
    second = rewriter.create("TRANSPOSE", [first.result, transpose.operands[1]], op, others)
    rewriter.replace(op, second.result)
    return True


def whole_slice(rewriter: Rewriter, op: Operation) -> bool:
    """A SLICE or STRIDED_SLICE of everything goes."""
    if not same_type(op.operands[0], op.result):
        return False
    rewriter.replace(op, op.operands[0])
    return True


def plain_slice(rewriter: Rewriter, op: Operation) -> bool:
    """A STRIDED_SLICE without masks and with steps of 1 is a SLICE (2.21)."""
    node = op.attrs["node"]
    if any(
        node.integer(f"{kind}_mask", 0) for kind in ("begin", "end", "ellipsis", "new_axis", "shrink_axis")
    ):
        return False
    steps = op.operands[3].op
    tensor = steps.load() if steps is not None and is_constant(op.operands[3]) else None
    if tensor is None or any(step != 1 for step in tensor.values()):
        return False
    rewriter.replace(op, rewriter.create("SLICE", op.operands[:3], op).result)
    return True


def plus_nothing(rewriter: Rewriter, op: Operation) -> bool:
    """The sum x + (y - y) is x (2.21)."""
    difference = producer(op.operands[1], "SUB")
    if difference is None or op.activation or difference.activation:
        return False
    if difference.operands[0] is not difference.operands[1] or not same_type(op.operands[0], op.result):
        return False
    rewriter.replace(op, op.operands[0])
    return True


def power(rewriter: Rewriter, op: Operation) -> bool:
    """Small constant exponents: 1 goes, 2 is a product, 0.5 and -0.5 are roots."""
    x, exponent = op.operands
    if exponent.shape != ():
        return False
    if is_number(exponent, 1.0):
        rewriter.replace(op, x)
    elif is_number(exponent, 2.0):
        rewriter.replace(op, rewriter.create("MUL", [x, x], op).result)
    elif is_number(exponent, 0.5) or is_number(exponent, -0.5):
        name = "SQRT" if is_number(exponent, 0.5) else "RSQRT"
        rewriter.replace(op, rewriter.create(name, [x], op).result)
    else:
        return False
    return True


def broadcast_select(rewriter: Rewriter, op: Operation) -> bool:
    """SELECT of a constant that repeats one number is SELECT_V2 of that number (2.21)."""
    if not any(_repeats(value) for value in op.operands[1:]):
        return False
    operands = [rewriter.constant(value) if _repeats(value) else value for value in op.operands]
    rewriter.replace(op, rewriter.create("SELECT_V2", operands, op).result)
    return True


def _repeats(value: Value) -> bool:
    tensor = value.op.load() if value.op is not None and is_constant(value) else None
    return tensor is not None and tensor.size > 1 and len(set(tensor.values())) == 1


def before_broadcast(rewriter: Rewriter, op: Operation) -> bool:
    """An elementwise operation, with scalars at most, changes places with BROADCAST_TO (2.21)."""
    spread = next((found for value in op.operands if (found := producer(value, "BROADCAST_TO"))), None)
    if spread is None or spread.result.use_count != 1:
        return False
    others = [value for value in op.operands if value is not spread.result]
    if any(not is_constant(value) or elements(value.shape or ()) != 1 for value in others):
        return False
    operands = [spread.operands[0] if value is spread.result else value for value in op.operands]
    first = rewriter.create(op.name, operands, op)
    first.activation = op.activation
    first.result.shape = spread.operands[0].shape
    second = rewriter.create("BROADCAST_TO", [first.result, *spread.operands[1:]], op, [spread])
    rewriter.replace(op, second.result)
    return True


def whole_gather(rewriter: Rewriter, op: Operation) -> bool:
    """A GATHER_ND of all rows in order goes."""
    indices = op.operands[1].op
    tensor = indices.load() if indices is not None and is_constant(op.operands[1]) else None
    if tensor is None or len(tensor.shape) != 2 or tensor.shape[1] != 1:
        return False
    if not same_type(op.operands[0], op.result) or tensor.values() != tuple(range(tensor.shape[0])):
        return False
    rewriter.replace(op, op.operands[0])
    return True


# Quantization pairs


def same_again(rewriter: Rewriter, op: Operation) -> bool:
    """A quantize of what was dequantized from the same type goes."""
    before = op.operands[0].op
    if before is None or before.name != "DEQUANTIZE" or before.operands[0].scale != op.result.scale:
        return False
    stored = before.operands[0]
    stored.name = op.result.name
    rewriter.replace(op, stored)
    return True


def equal_pair(rewriter: Rewriter, op: Operation) -> bool:
    """What is multiplied by 1 stays."""
    from minmax_lint.converters.mlir.composition import all_equal

    if op.activation or not same_type(op.operands[0], op.result) or not all_equal(op.operands[1], 1.0):
        return False
    rewriter.replace(op, op.operands[0])
    return True


# Composites


def l2_normalization(root: str) -> Pattern:
    """Recognize x * RSQRT(SUM(SQUARE(x))), or x / SQRT of it, perhaps with a small number added or as a lower bound."""

    def pattern(rewriter: Rewriter, op: Operation) -> bool:
        x, norm = op.operands[0], producer(op.operands[1], root)
        if norm is None or op.activation:
            return False
        total = norm.operands[0].op
        parts = [norm]
        if total is not None and total.name in ("ADD", "MAXIMUM"):
            small = number(total.operands[1])
            if small is None or not abs(small) < 1e-3 or total.activation:
                return False
            parts.append(total)
            total = total.operands[0].op
        if total is None or total.name != "SUM" or not _last_axis(total):
            return False
        square = producer(total.operands[0], "SQUARE")
        if square is None or square.operands[0] is not x:
            return False
        fused = rewriter.create("L2_NORMALIZATION", [x], op, [square, total, *parts])
        rewriter.replace(op, fused.result)
        return True

    return pattern


def _last_axis(op: Operation) -> bool:
    axes = op.operands[1].op
    tensor = axes.load() if axes is not None and is_constant(op.operands[1]) else None
    shape = op.operands[0].shape
    if tensor is None or not tensor.known or tensor.size == 0 or shape is None:
        return False
    listed = [int(axis) for axis in tensor.values()]
    return listed[0] in (len(shape) - 1, -1) or listed == list(range(len(shape)))


def hard_swish(rewriter: Rewriter, op: Operation) -> bool:
    """Recognize x * RELU6(x + 3) / 6, in any order of the factors; also with FakeQuants behind both products."""
    if op.activation:
        return False
    for factors in (_six_outside, _six_inside, _six_outside_quantized):
        found = factors(op)
        if found is not None:
            x, parts = found
            rewriter.replace(op, rewriter.create("HARD_SWISH", [x], op, parts).result)
            return True
    return False


def _gate(value: Value, x: Value) -> Operation | None:
    """RELU6(x + 3), fused."""
    added = producer(value, "ADD")
    if added is None or added.activation != "RELU6" or added.operands[0] is not x:
        return None
    return added if is_number(added.operands[1], 3.0) else None


def _sixth(op: Operation) -> bool:
    return op.name == "MUL" and not op.activation and is_number(op.operands[1], 1 / 6)


def _six_outside(op: Operation) -> tuple[Value, list[Operation]] | None:
    product = producer(op.operands[0], "MUL")
    if not _sixth(op) or product is None or product.activation:
        return None
    x = product.operands[0]
    gate = _gate(product.operands[1], x)
    return None if gate is None else (x, [gate, product])


def _six_inside(op: Operation) -> tuple[Value, list[Operation]] | None:
    for x, other in (op.operands, reversed(op.operands)):
        scaled = producer(other, "MUL")
        if scaled is None or not _sixth(scaled):
            continue
        gate = _gate(scaled.operands[0], x)
        if gate is not None:
            return x, [gate, scaled]
    return None


def _six_outside_quantized(op: Operation) -> tuple[Value, list[Operation]] | None:
    quantize = quantize_of(op.operands[0])
    product = producer(quantize.operands[0], "MUL") if quantize is not None else None
    if not _sixth(op) or product is None or product.activation:
        return None
    inner = quantize_of(product.operands[1])
    gate = _gate(inner.operands[0], product.operands[0]) if inner is not None else None
    return None if gate is None else (product.operands[0], [gate, product])


_PATTERNS: dict[str, list[Pattern]] = {
    **{name: [binary_of_reshapes, binary_before_reshape] for name in BEFORE_RESHAPE},
    **{name: [value_before_move] for name in VALUE_OPS},
}
for _name in ACTIVATIONS:
    _PATTERNS[_name] = [fuse_activation, *_PATTERNS.get(_name, ())]
_PATTERNS["RELU"].insert(1, relu_of_minimum)
_PATTERNS["ADD"] = [add_into_convolution, add_into_dense, two_additions, *_PATTERNS["ADD"]]
_PATTERNS["SUB"] = [add_into_convolution, *_PATTERNS["SUB"]]
_PATTERNS["MUL"] = [
    l2_normalization("RSQRT"),
    hard_swish,
    scale_into_convolution,
    scale_into_dense,
    equal_pair,
    *_PATTERNS["MUL"],
]
_PATTERNS["DIV"] = [l2_normalization("SQRT"), scale_into_convolution, *_PATTERNS["DIV"]]
_PATTERNS["MAXIMUM"] = [
    clamp("MINIMUM", 1.0, -1.0, "RELU_N1_TO_1"),
    leaky_relu,
    maximum_with_zero,
    *_PATTERNS["MAXIMUM"],
]
_PATTERNS["MINIMUM"] = [
    clamp("MAXIMUM", -1.0, 1.0, "RELU_N1_TO_1"),
    minimum_of_relu,
    *_PATTERNS["MINIMUM"],
]
_PATTERNS["SQUEEZE"] = _PATTERNS["EXPAND_DIMS"] = [to_reshape]
_PATTERNS["RESHAPE"] = [reshape_away]
_PATTERNS["TRANSPOSE"] = [trivial_transpose]
_PATTERNS[QUANTIZE] = [same_again]
_PATTERNS["POW"] = [power]
_PATTERNS["GATHER_ND"] = [whole_gather]
_PATTERNS["SLICE"] = _PATTERNS["STRIDED_SLICE"] = [whole_slice]

FIRST = {name: tuple(patterns) for name, patterns in _PATTERNS.items()}
"""The first phase: operation -> patterns, the most specific first."""

SECOND = {
    **FIRST,
    "CONV_2D": (scalar_into_following,),
    "DEPTHWISE_CONV_2D": (scalar_into_following,),
    "FULLY_CONNECTED": (scalar_into_following, vector_into_following_dense),
    "MUL": (*FIRST["MUL"], scale_into_quantized_filters),
}
"""The second phase."""


def _binary_of_any_reshapes(rewriter: Rewriter, op: Operation) -> bool:
    return binary_of_reshapes(rewriter, op, single=False)


EARLIER: dict[str, tuple[Pattern, ...]] = dict.fromkeys(
    ("ADD", "DIV", "MUL", "SUB"), (_binary_of_any_reshapes,)
)
"""What only 2.15 does."""

LATER: dict[str, tuple[Pattern, ...]] = {
    **dict.fromkeys(("DIV", "MAXIMUM", "MINIMUM", "MUL", "SUB", *VALUE_OPS), (before_broadcast,)),
    "ADD": (plus_nothing, before_broadcast),
    "SELECT": (broadcast_select,),
    "STRIDED_SLICE": (whole_slice, plain_slice),
}
"""What only 2.21 does."""

PUSH_TRANSPOSE = dict.fromkeys(("ADD", "DIV", "MAXIMUM", "MINIMUM", "MUL", "SUB"), (transpose_behind,))
"""PushTransposeThroughEwisePass."""

"""Conditions on values and operations that patterns share: constants, shapes, what makes a value."""

import struct
from collections.abc import Sequence

from minmax_lint.converters.mlir.behaviours import FOLDS_SMALL_CONSTANTS
from minmax_lint.converters.mlir.ir import CONST, DEQUANTIZE, QUANTIZE, Operation, Value
from minmax_lint.converters.mlir.version import Version
from minmax_lint.graph.dtype import DType, float32
from minmax_lint.graph.tensor import Shape, Tensor
from minmax_lint.inference.shape_arithmetic import broadcast, elements


def producer(value: Value, name: str) -> Operation | None:
    """The operation of that name that makes `value`, or None."""
    return value.op if value.op is not None and value.op.name == name else None


def producers(value: Value, *names: str) -> list[Operation] | None:
    """The operations of these names: the first makes `value`, each other one operand 0 of the one before it."""
    found: list[Operation] = []
    for name in names:
        op = producer(found[-1].operands[0] if found else value, name)
        if op is None:
            return None
        found.append(op)
    return found


def constant_tensor(value: Value) -> Tensor | None:
    """The tensor of a constant; None for anything else."""
    return value.op.load() if value.op is not None and is_constant(value) else None


def number(value: Value) -> float | None:
    """The value of a constant of one element; None for anything else."""
    tensor = constant_tensor(value) if elements(value.shape or ()) == 1 else None
    return tensor.real() if tensor is not None and tensor.known and tensor.size == 1 else None


def is_number(value: Value, wanted: float) -> bool:
    """Whether `value` is a constant of one element that equals `wanted`."""
    found = number(value)
    return found is not None and found == float32(wanted)


def same_dimensions(a: Value, b: Value) -> bool:
    """Same element type and dimensions, of which some may be open: then they are the same as far as MLIR knows."""
    return a.shape is not None and a.shape == b.shape and a.dtype is b.dtype


def same_type(a: Value, b: Value) -> bool:
    """Same static shape and element type, whose scale is a part of it."""
    same = a.shape == b.shape and a.shape is not None and None not in a.shape and a.dtype is b.dtype
    return same and a.scale == b.scale


def equal_type(a: Value, b: Value) -> bool:
    """The same type: sizes that are open in both count as equal (HasSameType)."""
    return a.shape == b.shape and a.dtype is b.dtype and a.scale == b.scale


def rank(value: Value) -> int:
    """The rank; many where it is not known."""
    return 99 if value.shape is None else len(value.shape)


def static(value: Value) -> bool:
    """Whether every dimension is known."""
    return value.shape is not None and None not in value.shape


def elements_of(value: Value) -> int | None:
    """The number of elements; None where it is not known."""
    return elements(value.shape) if value.shape is not None else None


def sizes_of(value: Value) -> list[int]:
    """The size of each dimension, 0 where it is open; none where the rank is not known."""
    return [size or 0 for size in value.shape or ()]


def broadcast_to(a: Value, b: Value, result: Value) -> bool:
    """Whether a binary operation of `a` and `b` has the shape of `result`, which is static."""
    return static(result) and open_broadcast_to(a, b, result)


def open_broadcast_to(a: Value, b: Value, result: Value) -> bool:
    """Whether a binary operation of `a` and `b` has the shape of `result`, of which dimensions may be open."""
    try:
        return result.shape is not None and broadcast(a.shape, b.shape) == result.shape
    except ValueError:
        return False


def tail_of(short: Shape | None, long: Shape | None) -> bool:
    """Whether `short` is how `long` ends."""
    if short is None or long is None or len(short) > len(long):
        return False
    return not short or long[-len(short) :] == short


def without_leading_ones(shape: Shape | None) -> Shape:
    """The dimensions from the first on that is not 1."""
    sizes = shape or ()
    return sizes[next((place for place, size in enumerate(sizes) if size != 1), len(sizes)) :]


def axes_of(value: Value) -> list[int] | None:
    """The integers of a constant, None where they are not known."""
    tensor = constant_tensor(value)
    return None if tensor is None or not tensor.listed else [int(axis) for axis in tensor.values()]


def all_equal(value: Value, number: float) -> bool:
    """Whether `value` is a float constant whose every element is `number`."""
    op = value.op
    if op is None or not is_constant(value) or not _is_filled_with(op.begin(), number):
        return False
    return op.attrs.get("begin") is None or _is_filled_with(op.load(), number)


def _is_filled_with(tensor: Tensor | None, number: float) -> bool:
    if tensor is None or tensor.dtype is not DType.FLOAT or not tensor.size or tensor.content is None:
        return False
    stored = tensor.stored
    if not stored:
        return number == 0
    # Bytes, because weights are large and numpy is not loaded for this.
    wanted = struct.pack("<f", number)
    content = bytes(tensor.content[: 4 * stored])
    return content[:4] == wanted and content == wanted * stored


def splat(value: Value) -> bool:
    """Whether `value` is a constant that repeats one number."""
    tensor = constant_tensor(value)
    return tensor is not None and tensor.known and len(set(tensor.leading())) == 1


def keeps_dimensions(reduction: Operation) -> bool:
    """Whether a reduction leaves dimensions of size 1 where it has reduced."""
    return bool(reduction.attrs.get("keep_dims") or reduction.attrs["node"].flag("keep_dims"))


def keeps_order(transpose: Operation) -> bool:
    """Whether a TRANSPOSE moves only dimensions of size 1."""
    order, shape = axes_of(transpose.operands[1]), transpose.operands[0].shape
    if order is None or shape is None or None in shape or transpose.result.shape is None:
        return False
    return [axis for axis in order if shape[axis] != 1] == [a for a in range(len(shape)) if shape[a] != 1]


def padding_of(convolution: Operation) -> str:
    """SAME or VALID, by the node or by what the convolution was made of."""
    return str(convolution.attrs.get("padding") or convolution.attrs["node"].text("padding"))


def is_constant(value: Value) -> bool:
    """Whether a constant operation makes it."""
    return value.op is not None and value.op.name == CONST


def is_stored(value: Value) -> bool:
    """Whether `value` is a constant, or the quantized form of one."""
    quantize = producer(value, QUANTIZE)
    return is_constant(value if quantize is None else quantize.operands[0])


def quantized_source(value: Value) -> Value | None:
    """The quantized value in front of the dequantize that makes `value`."""
    op = value.op
    return op.operands[0] if op is not None and op.name == DEQUANTIZE else None


def only_quantize(value: Value) -> Operation | None:
    """The quantize that alone reads `value`."""
    user = value.only_user
    return user if user is not None and user.name == QUANTIZE else None


def quantize_of(value: Value) -> Operation | None:
    """The quantize behind which the dequantized `value` stands."""
    source = quantized_source(value)
    return producer(source, QUANTIZE) if source is not None else None


def constant_behind(value: Value) -> Operation | None:
    """The constant that `value` is, or is the quantized form of."""
    quantize = quantize_of(value)
    source = quantize.operands[0] if quantize is not None else value
    return source.op if is_constant(source) else None


_MOST_READ = 1 << 30
"""Bits of the operands up to which an op is folded, whatever it makes of them."""


def should_be_folded(version: Version, result: Value, operands: Sequence[Value]) -> bool:
    """ShouldBeFolded (constant_fold.cc): up to a threshold, in bits, or twice the size of the operands."""
    most = 1 << (16 if version.has(FOLDS_SMALL_CONSTANTS) else 23)
    size, read = _bits(result), sum(map(_bits, operands))
    return read <= _MOST_READ and size <= max(most, 2 * read)


def _bits(value: Value) -> int:
    """0 of the types whose width MLIR does not know, and of an unknown shape."""
    if value.dtype.struct_code is None:
        return 0
    return (elements_of(value) or 0) * (1 if value.dtype is DType.BOOL else 8 * value.dtype.width)

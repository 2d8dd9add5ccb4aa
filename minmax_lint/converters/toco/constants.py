"""Values of constant arrays: questions TOCO asks about them, and what it computes from them."""

import math
import struct
from collections.abc import Callable

from minmax_lint.converters.toco.model import Model
from minmax_lint.converters.toco.operator import Constant
from minmax_lint.graph.dtype import DType, float32
from minmax_lint.graph.tensor import Tensor

_SMALL = 4096
_FEW = 64
"""Elements up to which all are computed as fast as the first alone."""


def filled_with(buffer: Constant | None, value: float) -> bool:
    """Whether every float element equals `value`; False where the value is not known."""
    if buffer is None or not _is_filled_with(buffer.first.tensor(), value):
        return False
    return buffer.first is buffer or _is_filled_with(buffer.tensor(), value)


def _is_filled_with(tensor: Tensor | None, value: float) -> bool:
    if tensor is None or tensor.dtype is not DType.FLOAT or tensor.content is None:
        return False
    stored = tensor.stored
    if stored == 0:
        return value == 0.0
    if struct.unpack_from("<f", tensor.content)[0] != value:
        return False
    if stored <= _SMALL:
        return struct.unpack_from(f"<{stored}f", tensor.content).count(value) == stored
    content = bytes(tensor.content[: 4 * stored])
    return content == struct.pack("<f", value) * stored


def known_zero(buffer: Constant | None) -> bool:
    """Whether the array certainly holds zeros only, of whatever type."""
    tensor = buffer.first.tensor() if buffer is not None else None
    if tensor is not None and tensor.dtype is DType.FLOAT:
        return filled_with(buffer, 0.0)
    return tensor is not None and no_bit_set(tensor)


def no_bit_set(tensor: Tensor) -> bool:
    """Whether every byte of a tensor is zero; False where its value is not known."""
    return tensor.content is not None and not any(bytes(tensor.content))


Elementwise = Callable[..., list[float]]
"""Computes a column from columns of equal length."""


def combine(model: Model, function: Elementwise, *names: str) -> Constant:
    """The float32 value of `function` over constant arrays that broadcast only from one element."""

    def compute(*tensors: Tensor | None) -> Tensor | None:
        known = [tensor for tensor in tensors if tensor is not None]
        return _elementwise(function, *known) if len(known) == len(tensors) else None

    def begin(*tensors: Tensor | None) -> Tensor | None:
        return compute(*[None if tensor is None else tensor.first() for tensor in tensors])

    arrays = [model.arrays[name] for name in names]
    sources = [array.buffer for array in arrays]
    if all(math.prod(array.shape or ()) <= _FEW for array in arrays):
        return Constant(compute, *sources)
    firsts = [None if source is None else source.first for source in sources]
    return Constant(compute, *sources, first=Constant(begin, *firsts))


def _elementwise(function: Elementwise, *known: Tensor) -> Tensor | None:
    size = max(tensor.size for tensor in known)
    if any(tensor.size not in (1, size) for tensor in known):
        return None
    count = max(min(max(tensor.stored, 1), tensor.size) for tensor in known)
    columns = [_elements(tensor, count) for tensor in known]
    shape = next(tensor.shape for tensor in known if tensor.size == size)
    try:
        return Tensor.of(DType.FLOAT, shape, function(*columns))
    except (ArithmeticError, ValueError):
        return None


def _elements(tensor: Tensor, count: int) -> list[float]:
    stored = [*Tensor(tensor.dtype, [min(tensor.stored, count)], tensor.content).reals()]
    filler = stored[-1] if stored else 0.0
    return stored + [filler] * (count - len(stored))


def single_float(model: Model, name: str, value: float) -> bool:
    """CheckArrayIsScalarFloat: a constant of one float element that equals `value` in float32."""
    array = model.arrays[name]
    if array.buffer is None or array.dtype is not DType.FLOAT:
        return False
    scalar = array.buffer.scalar()
    return scalar is not None and scalar == float32(value)

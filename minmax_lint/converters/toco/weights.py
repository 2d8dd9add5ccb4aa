"""Weights as TOCO rewrites them, and the check of their bytes that aborts a conversion.

numpy is imported here only, and only where weights really have to be looked at.
Sources: resolve_constant_fake_quant.cc, resolve_reorder_axes.cc,
ensure_uint8_weights_safe_for_fast_int8_kernels.cc.
"""

from typing import Any

from minmax_lint.converters.toco.operator import MinMax
from minmax_lint.converters.toco.quantization_util import Parameters, parameters
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import VALID_BITS
from minmax_lint.graph.tensor import Tensor

BAD_DISTANCE = 16
"""kMinDistanceBetweenBadValues."""
_AT_ONCE = 1 << 18
"""Elements looked at at once, so that weights are not copied whole."""

_MOST = 1 << 26
"""Elements of the largest tensor that is computed; the value of a larger one counts as not known."""


def _too_large(tensor: Tensor) -> bool:
    return tensor.stored > _MOST or tensor.size > _MOST


def fake_quantized(tensor: Tensor, minmax: MinMax, narrow: bool, bits: int) -> Tensor | None:
    """The tensor on the grid of a FakeQuant; None where the range is not known, or no kernel takes `bits`."""
    import numpy

    if minmax.min != minmax.min or minmax.max == minmax.min or _too_large(tensor) or bits not in VALID_BITS:
        return None
    low, high = int(narrow), 2**bits - 1
    grid = parameters(minmax, low, high)
    with numpy.errstate(all="ignore"):
        scale = numpy.float32(grid.scale)
        inverse = numpy.float32(1) / scale
        least, most = (low - grid.zero_point) * scale, (high - grid.zero_point) * scale
        values = numpy.asarray(numpy.clip(tensor.numpy().astype("<f4", copy=False), least, most))
        values -= least
        values *= inverse
        whole = numpy.floor(values)
        values = whole + (values - whole >= numpy.float32(0.5))  # TfLiteRound: a half goes away from zero
        values *= scale
        values += least
    return _tensor(values)


def transpose(tensor: Tensor, perm: tuple[int, ...]) -> Tensor | None:
    """The tensor with its dimensions in the order of `perm`."""
    if not tensor.known or len(perm) != len(tensor.shape):
        return None
    shape = tuple(tensor.shape[axis] for axis in perm)
    if tensor.stored <= 1:
        return Tensor(tensor.dtype, shape, tensor.content)
    if _too_large(tensor):
        return None
    return _tensor(tensor.numpy().transpose(perm), tensor.dtype)


def scale_by_channel(tensor: Tensor, factor: Tensor, *, divide: bool, last_axis: bool) -> Tensor | None:
    """Weights whose output channel (the last axis, or the first) is multiplied by one factor each.

    Of factors that vary in space as well TOCO takes the first row (fuse_binary_into_preceding_affine.cc).
    """
    import numpy

    if not (tensor.known and factor.known) or _too_large(tensor):
        return None
    factors = factor.numpy().reshape(-1).astype("<f4")
    values = tensor.numpy()
    factors = factors[: factor.shape[-1] if factor.shape else 1]
    if factors.size > 1 and not last_axis:
        factors = factors.reshape(-1, *[1] * (values.ndim - 1))
    with numpy.errstate(all="ignore"):
        return _tensor(values / factors if divide else values * factors)


def value_range(tensor: Tensor) -> MinMax | None:
    """The range TOCO gives a constant without FakeQuant: its values and zero; [0, 1] for zeros alone."""
    if not tensor.known or tensor.dtype is not DType.FLOAT:
        return None
    if tensor.stored <= 1 or not tensor.size:
        value = float(tensor.leading()[0]) if tensor.size else 0.0
        low, high = min(value, 0.0), max(value, 0.0)
    else:
        array = tensor.numpy()
        low, high = min(float(array.min()), 0.0), max(float(array.max()), 0.0)
    return MinMax(0.0, 1.0) if low == high == 0.0 else MinMax(low, high)


def bad_pair(tensor: Tensor, quantized: Parameters) -> tuple[int, int] | None:
    """The first two elements quantized to byte 0 that are less than BAD_DISTANCE apart, or None."""
    import numpy

    if not tensor.known or quantized.scale == 0 or _too_large(tensor):
        return None
    values = tensor.numpy().reshape(-1)
    if not numpy.isfinite(values).all():
        return None
    last: int | None = None
    for start in range(0, values.size, _AT_ONCE):
        # Quantize<uint8> (quantize.cc): std::round of zero point + value * (1 / scale). The least value of weights in
        # [-a, a] lies in the middle between bytes 0 and 1, so the last bit of the product decides.
        scaled = values[start : start + _AT_ONCE].astype("<f8")
        scaled *= 1 / quantized.scale
        scaled += quantized.zero_point
        zeros = numpy.flatnonzero(scaled < 0.5) + start
        if last is not None:
            zeros = numpy.concatenate([[last], zeros])
        near = numpy.flatnonzero(numpy.diff(zeros) < BAD_DISTANCE)
        if near.size:
            return int(zeros[near[0]]), int(zeros[near[0] + 1])
        last = int(zeros[-1]) if zeros.size else None
    return None


def _tensor(array: Any, dtype: DType = DType.FLOAT) -> Tensor:
    """A tensor over the memory of `array`, which is copied only where it is not in order."""
    import numpy

    values = numpy.ascontiguousarray(array, dtype=dtype.numpy_name)
    return Tensor(dtype, array.shape, values.reshape(-1).view("u1").data)

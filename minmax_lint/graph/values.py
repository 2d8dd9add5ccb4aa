"""Numbers as TensorFlow stores them."""

from __future__ import annotations

import math
import struct


def float32(value: float) -> float:
    """The nearest number that fits in 32 bits; infinite where it is beyond them."""
    try:
        rounded: float = struct.unpack("<f", struct.pack("<f", value))[0]
    except OverflowError:
        return math.copysign(math.inf, value)
    return rounded

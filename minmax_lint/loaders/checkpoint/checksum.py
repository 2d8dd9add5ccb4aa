"""CRC-32C (Castagnoli), as checkpoints use it. Source: tensorflow/core/lib/hash/crc32c.h."""

from collections.abc import Iterable
from functools import cache

_POLYNOMIAL = 0x82F63B78
_MASK_DELTA = 0xA282EAD8


def crc32c(content: Iterable[int]) -> int:
    """The checksum of some bytes."""
    table = _table()
    value = 0xFFFFFFFF
    for byte in content:
        value = table[(value ^ byte) & 0xFF] ^ (value >> 8)
    return value ^ 0xFFFFFFFF


def unmask(masked: int) -> int:
    """The checksum behind the masked form that files store."""
    rotated = (masked - _MASK_DELTA) & 0xFFFFFFFF
    return ((rotated >> 17) | (rotated << 15)) & 0xFFFFFFFF


@cache
def _table() -> tuple[int, ...]:
    table = []
    for value in range(256):
        for _ in range(8):
            value = value >> 1 ^ (_POLYNOMIAL if value & 1 else 0)
        table.append(value)
    return tuple(table)

"""The order in which TOCO walks its arrays: that of a std::unordered_map with their names as keys.

Source: model.h (ArrayMap) and libstdc++: hash_bytes.cc (MurmurHash64A), hashtable.h (a new element stands in front of
those in its bucket, or of all where it has none), hashtable_c++0x.cc (the numbers of buckets).
"""

from collections.abc import Iterable
from itertools import count

_SEED = 0xC70F6907
_MULTIPLIER = 0xC6A4A7935BD1E995
_BITS = (1 << 64) - 1
_BUCKETS = (13, 29, 59, 127, 257, 541, 1_109, 2_357, 5_087, 10_273, 20_753, 42_043, 85_229, 172_933, 351_061)


def walk_order(names: Iterable[str]) -> list[str]:
    """The names as the map is walked into which they were put in that order."""
    keys = list(dict.fromkeys(names))
    hashes = {key: hash_of(key) for key in keys}
    order: list[str] = []
    done = 0
    for buckets in _BUCKETS:
        order = _insert(order, keys[done:buckets], hashes, buckets)
        done = buckets
        if done >= len(keys):
            break
    return order


def _insert(before: list[str], more: list[str], hashes: dict[str, int], buckets: int) -> list[str]:
    """Walk a map of so many buckets into which `before` goes, then `more`."""
    ages = count()
    chains: dict[int, tuple[int, list[str]]] = {}
    for key in (*before, *more):
        chains.setdefault(hashes[key] % buckets, (next(ages), []))[1].append(key)
    return [key for _, chain in sorted(chains.values(), reverse=True) for key in reversed(chain)]


def hash_of(name: str) -> int:
    """std::hash of a string."""
    text = name.encode()
    found = _SEED ^ (len(text) * _MULTIPLIER & _BITS)
    for at in range(0, len(text), 8):
        block = int.from_bytes(text[at : at + 8], "little")
        if at + 8 <= len(text):
            block = _mix(block * _MULTIPLIER & _BITS) * _MULTIPLIER & _BITS
        found = (found ^ block) * _MULTIPLIER & _BITS
    return _mix(_mix(found) * _MULTIPLIER & _BITS)


def _mix(value: int) -> int:
    return value ^ (value >> 47)

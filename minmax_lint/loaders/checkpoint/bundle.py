"""A checkpoint's values (`.index` and `.data-*` files, as Saver and SavedModel write them), read on demand.

Source: tensorflow/core/util/tensor_bundle/tensor_bundle.h. The data files hold raw elements; they are
mapped, so that weights that nothing asks for are never read.
"""

import math
import struct
from collections.abc import Iterable, Mapping
from functools import cache, cached_property
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError

from minmax_lint.errors import UnreadableModel
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.tensor import Tensor
from minmax_lint.loaders.buffers import map_file
from minmax_lint.loaders.checkpoint.slices import FULL, Extent, placed, slice_key
from minmax_lint.loaders.checkpoint.table import entries
from minmax_lint.loaders.wire import varint
from minmax_lint.schema.messages import message_class

_CHECKED = 4096
"""Values up to so many bytes are checked against their checksum; ranges are scalars or one per channel."""

_LITTLE_ENDIAN = 0
_LENGTHS_CHECKSUM = 4
"""Strings lie as all their lengths, a checksum of those, then their bytes."""


class Bundle:
    """The tensors of a checkpoint by key. `prefix` is the path that all its files begin with."""

    def __init__(self, prefix: Path) -> None:
        self.prefix = prefix
        self._shards: dict[int, memoryview] = {}

    @cached_property
    def _index(self) -> Mapping[bytes, bytes]:
        path = Path(f"{self.prefix}.index")
        try:
            raw = dict(entries(map_file(path)))
            header = message_class("BundleHeaderProto").FromString(raw.pop(b"", b""))
        except UnreadableModel as error:
            raise UnreadableModel(f"{path}: {error}") from None
        except DecodeError:
            raise UnreadableModel(f"{path}: the checkpoint's header cannot be read; save it anew") from None
        if header.endianness != _LITTLE_ENDIAN:
            raise UnreadableModel(f"{path}: written on a big-endian machine; save it anew on another")
        self._shard_count: int = header.num_shards
        return raw

    @property
    def keys(self) -> tuple[str, ...]:
        """The names of all tensors, sorted. Raises UnreadableModel."""
        # Keys that begin with a zero byte are the slices of partitioned variables.
        return tuple(key.decode("utf-8", "replace") for key in self._index if key[:1] != b"\0")

    def __contains__(self, key: object) -> bool:
        return isinstance(key, str) and key.encode() in self._index

    def load(self) -> None:
        """Map all files now, so that they may be deleted. Raises UnreadableModel."""
        for number in range(self._shard_count if self._index else 0):
            self._shard(number)

    def tensor(self, key: str) -> Tensor | None:
        """The value under `key`, put together where it is partitioned; None where there is no plain one.

        Raises UnreadableModel for a damaged value or a missing data file.
        """
        entry = self._entry(key.encode())
        if entry is None:
            return None
        dtype = DType.from_number(entry.dtype)
        shape = [dim.size for dim in entry.shape.dim]
        if dtype.struct_code is None or any(size < 0 for size in shape):
            return None
        size = math.prod(shape) * struct.calcsize(f"<{dtype.struct_code}")
        if entry.slices:
            return Tensor(dtype, shape, self._assemble(key, entry, dtype, size))
        if entry.size != size:
            raise UnreadableModel(f"{self.prefix}.index: the size of {key!r} does not fit its shape {shape}")
        return Tensor(dtype, shape, self._content(key, entry))

    def _assemble(self, key: str, entry: Any, dtype: DType, size: int) -> bytes:
        """The value of a partitioned variable from its slices."""
        import numpy

        shape = [dim.size for dim in entry.shape.dim]
        damage = UnreadableModel(f"{self.prefix}.index: the slices of {key!r} do not fit its shape {shape}")
        places = {
            tuple(Extent(one.start, one.length or FULL) for one in part.extent) for part in entry.slices
        }
        parts = {extents: self._entry(slice_key(key, extents)) for extents in sorted(places)}
        contents = [(place, self._content(key, part)) for place, part in parts.items() if part is not None]
        if sum(len(content) for _, content in contents) != size:
            raise damage
        whole = numpy.zeros(shape, dtype.numpy_name)
        if not all(placed(whole, place, content) for place, content in contents):
            raise damage
        return whole.tobytes()

    def text(self, key: str) -> bytes | None:
        """The single string under `key`; None where there is none. Raises UnreadableModel."""
        entry = self._entry(key.encode())
        if entry is None or entry.dtype != DType.STRING or entry.shape.dim:
            return None
        content = self._content(key, entry)
        length, at = varint(content, 0, len(content))
        at += _LENGTHS_CHECKSUM
        return bytes(content[at : at + length])

    def _entry(self, key: bytes) -> Any | None:
        raw = self._index.get(key)
        if raw is None:
            return None
        try:
            return message_class("BundleEntryProto").FromString(raw)
        except DecodeError:
            name = key.decode("utf-8", "replace")
            raise UnreadableModel(f"{self.prefix}.index: the entry of {name!r} is damaged") from None

    def _content(self, key: str, entry: Any) -> memoryview:
        shard = self._shard(entry.shard_id)
        content = shard[entry.offset : entry.offset + entry.size] if entry.offset >= 0 else shard[:0]
        if len(content) < entry.size:
            raise UnreadableModel(
                f"{self._shard_path(entry.shard_id)} is truncated: {key!r} lies past its end"
            )
        if (
            entry.size <= _CHECKED
            and entry.dtype != DType.STRING
            and entry.crc32c
            and unmask(entry.crc32c) != crc32c(content)
        ):
            raise UnreadableModel(f"{self._shard_path(entry.shard_id)} is damaged: checksum of {key!r}")
        return content

    def _shard_path(self, shard: int) -> Path:
        return Path(f"{self.prefix}.data-{shard:05d}-of-{self._shard_count:05d}")

    def _shard(self, number: int) -> memoryview:
        if number not in self._shards:
            path = self._shard_path(number)
            try:
                self._shards[number] = memoryview(map_file(path))
            except UnreadableModel as error:
                raise UnreadableModel(f"{path}: {error}; the checkpoint needs all its .data files") from None
        return self._shards[number]


_POLYNOMIAL = 0x82F63B78
_MASK_DELTA = 0xA282EAD8


def crc32c(content: Iterable[int]) -> int:
    """The checksum of some bytes: CRC-32C (Castagnoli). Source: tensorflow/core/lib/hash/crc32c.h."""
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

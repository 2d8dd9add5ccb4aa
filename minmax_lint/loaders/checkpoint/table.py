"""The sorted string table that checkpoints keep their index in (LevelDB's format, as TensorFlow writes it).

Source: tensorflow/core/lib/io/format.cc and block.cc. TensorFlow reads compressed blocks; its open-source builds
from 1.15 to 2.21 write none, Google's own do (6 of 66 SavedModels made elsewhere).
"""

import struct
from collections.abc import Iterator

from minmax_lint.errors import UnreadableModel
from minmax_lint.loaders.wire import Buffer, varint

FOOTER = 48
MAGIC = struct.pack("<Q", 0xDB4775248B80FB57)
_TRAILER = 5  # one byte of compression, four of checksum
_PLAIN, _SNAPPY = 0, 1
"""What the byte of compression says."""
_LARGEST_BLOCK = 1 << 26
"""Bytes of a decompressed block; writers end a block at 256 KiB, or behind one entry that is larger."""


def is_table(content: Buffer) -> bool:
    """Whether the file ends as a table does: a checkpoint's .index, or a whole checkpoint of version 1."""
    return len(content) >= FOOTER and bytes(content[-8:]) == MAGIC


def entries(content: Buffer) -> Iterator[tuple[bytes, bytes]]:
    """The keys and values of a table, in order. Raises UnreadableModel where it is damaged."""
    if not is_table(content):
        raise UnreadableModel(
            "the checkpoint's index is truncated or damaged: it does not end as a table does"
        )
    at = len(content) - FOOTER
    for _ in range(2):  # the handle of the meta index, which is stepped over
        _, at = varint(content, at, len(content))
    for _, handle in _block(content, *_handle(content, at)):
        yield from _block(content, *_handle(handle, 0))


def _handle(content: Buffer, at: int) -> tuple[int, int]:
    offset, at = varint(content, at, len(content))
    size, _ = varint(content, at, len(content))
    return offset, size


def _block(content: Buffer, offset: int, size: int) -> Iterator[tuple[bytes, bytes]]:
    """Entries of one block: each key shares a prefix with the key before it."""
    end = offset + size
    if end + _TRAILER > len(content) or size < 4:
        raise UnreadableModel("the checkpoint's index is truncated or damaged: a block runs past its end")
    if content[end] == _PLAIN:
        yield from _entries_in(content, offset, end)
    elif content[end] == _SNAPPY:
        plain = _decompress(bytes(content[offset:end]))
        yield from _entries_in(plain, 0, len(plain))
    else:
        raise UnreadableModel(
            f"the checkpoint's index is damaged: a block has the unknown compression {content[end]}"
        )


def _decompress(block: bytes) -> bytes:
    from cramjam import snappy

    damaged = UnreadableModel("the checkpoint's index is damaged: a compressed block cannot be read")
    size, _ = varint(block, 0, len(block))
    if not 4 <= size <= _LARGEST_BLOCK:
        raise damaged
    try:
        return bytes(snappy.decompress_raw(block))
    except Exception as error:  # each release of the library has another class for it
        raise damaged from error


def _entries_in(content: Buffer, offset: int, end: int) -> Iterator[tuple[bytes, bytes]]:
    """Entries of the plain block content[offset:end]."""
    restarts = struct.unpack_from("<I", content, end - 4)[0]
    stop = end - 4 - 4 * restarts
    key, at = b"", offset
    while at < stop:
        shared, at = varint(content, at, stop)
        own, at = varint(content, at, stop)
        length, at = varint(content, at, stop)
        if shared > len(key) or at + own + length > stop:
            raise UnreadableModel("the checkpoint's index is damaged: an entry runs past its block")
        key = key[:shared] + bytes(content[at : at + own])
        yield key, bytes(content[at + own : at + own + length])
        at += own + length

"""Checkpoints and object graphs that say something else: tables built anew, and the two graphs that find variables."""

import io
import struct
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path
from random import Random

from cramjam import snappy

from minmax_lint.loaders.checkpoint.bundle import crc32c
from minmax_lint.loaders.checkpoint.table import MAGIC, entries
from minmax_lint.loaders.wire import varint
from minmax_lint.schema.messages import message_class
from tests.fuzz.mutators import INTEGERS, protobuf

Entry = tuple[bytes, bytes]
OBJECTS = b"_CHECKPOINTABLE_OBJECT_GRAPH"
INDEX, DATA, MODEL = "variables/variables.index", "variables/variables.data-00000-of-00001", "saved_model.pb"


def rebuilt_table(random: Random, content: bytes) -> bytes:
    """An index whose entries are changed, left out, doubled or out of order, in other and compressed blocks."""
    held = list(entries(content))
    for _ in range(random.choice((0, 1, 1, 2, 4))):
        held = _changed(random, held)
    return table(random, held)


def _changed(random: Random, held: list[Entry]) -> list[Entry]:
    if not held:
        return held
    at = random.randrange(len(held))
    key, value = held[at]
    kind = random.choice(("value", "value", "value", "key", "drop", "double", "swap", "bytes"))
    if kind == "value":
        name = "BundleEntryProto" if key else "BundleHeaderProto"
        return [*held[:at], (key, protobuf(name, random, value)), *held[at + 1 :]]
    if kind == "bytes":
        return [*held[:at], (key, random.choice((b"", value[:-1], value * 3, b"\xff" * 9))), *held[at + 1 :]]
    if kind == "key":
        other = random.choice(
            (b"", b"\0", b"\0" + key, key[:-1], key * 40, b"\xff\xfe", random.choice(held)[0])
        )
        return [*held[:at], (other, value), *held[at + 1 :]]
    if kind == "drop":
        return [*held[:at], *held[at + 1 :]]
    if kind == "double":
        return [*held[: at + 1], *held[at:]]
    return sorted(held, key=lambda _: random.random())


def table(random: Random, held: Sequence[Entry]) -> bytes:
    """A table of these entries: sound but for one field, sometimes."""
    written = bytearray()
    handles: list[Entry] = []
    step = random.choice((1, 3, 1000))
    for start in range(0, len(held), step):
        part = held[start : start + step]
        handles.append((part[-1][0] + b"\1", _append(random, written, part)))
    meta = _append(random, written, [])
    footer = meta + _append(random, written, handles)
    return bytes(written) + footer.ljust(40, b"\0")[:40] + MAGIC


def _append(random: Random, written: bytearray, held: Sequence[Entry]) -> bytes:
    """Append a block with its trailer; its handle."""
    block, before, restarts = bytearray(), b"", [0]
    for key, value in held:
        shared = 0
        while shared < min(len(key), len(before)) and key[shared] == before[shared]:
            shared += 1
        lengths = [shared, len(key) - shared, len(value)]
        if random.random() < 0.005:
            lengths[random.randrange(3)] = random.choice(INTEGERS) & ((1 << 64) - 1)
        block += b"".join(map(_varint, lengths)) + key[shared:] + value
        before = key
    count = random.choice((len(restarts),) * 60 + (0, 1 << 31, len(block)))
    block += b"".join(struct.pack("<I", at) for at in restarts) + struct.pack("<I", count)
    plain, packing = bytes(block), random.choice((0, 1) * 30 + (2, 255))
    if packing == 1:
        plain = bytes(snappy.compress_raw(plain))
        if random.random() < 0.05:
            plain = random.choice((plain[:-3], b"\xff" * 5 + plain, _varint(1 << 40) + plain[1:], b""))
    offset = len(written)
    kind = bytes([packing])
    written += plain + kind + struct.pack("<I", _masked(plain + kind))
    return _varint(offset) + _varint(len(plain))


def _varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def _masked(content: bytes) -> int:
    checksum = crc32c(content)
    return (((checksum >> 15) | (checksum << 17)) + 0xA282EAD8) & 0xFFFFFFFF


def packed(folder: Path) -> bytes:
    """The files of a SavedModel as one input."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        for name in (MODEL, INDEX, DATA):
            file.writestr(zipfile.ZipInfo(name), (folder / name).read_bytes())
    return target.getvalue()


def unpacked(content: bytes, folder: Path) -> None:
    """The files of such an input."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        file.extractall(folder)


def object_graphs(random: Random, content: bytes) -> bytes:
    """A SavedModel whose object graph, or that of its checkpoint, is changed; the rest is sound."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        files = {name: file.read(name) for name in file.namelist()}
    which: tuple[Callable[[Random, dict[str, bytes]], None], ...] = (_saved, _checkpointed)
    for change in which if random.random() < 0.2 else (random.choice(which),):
        change(random, files)
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as file:
        for name, held in files.items():
            file.writestr(zipfile.ZipInfo(name), held)
    return target.getvalue()


def _saved(random: Random, files: dict[str, bytes]) -> None:
    model = message_class("SavedModel").FromString(files[MODEL])
    for meta in model.meta_graphs:
        changed = protobuf(
            "SavedObjectGraph", random, meta.object_graph_def.SerializeToString(deterministic=True)
        )
        meta.object_graph_def.ParseFromString(changed)
    files[MODEL] = model.SerializeToString(deterministic=True)


def _checkpointed(random: Random, files: dict[str, bytes]) -> None:
    """The changed graph goes to the end of the data; its entry says so."""
    held = dict(entries(files[INDEX]))
    entry = message_class("BundleEntryProto").FromString(held[OBJECTS])
    old = files[DATA][entry.offset : entry.offset + entry.size]
    graph = old[-_length(old)[0] :]
    graph = protobuf("TrackableObjectGraph", random, graph)
    new = _varint(len(graph)) + old[_length(old)[1] : _length(old)[1] + 4] + graph
    entry.offset, entry.size = len(files[DATA]), len(new)
    files[DATA] += new
    held[OBJECTS] = entry.SerializeToString(deterministic=True)
    files[INDEX] = table(Random(0), sorted(held.items()))


def _length(content: bytes) -> tuple[int, int]:
    """The length of a string tensor's only element, and where its checksum begins."""
    return varint(content, 0, len(content))

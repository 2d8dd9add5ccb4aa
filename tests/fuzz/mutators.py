"""Mutators that know a format: they change one field, block or member, and leave the rest sound.

Flipped bytes hardly ever get past a checksum or a length. Each mutator takes random numbers and a sound input and
returns another input; the same numbers make the same one.
"""

import io
import json
import struct
import warnings
import zipfile
from collections.abc import Iterator
from copy import deepcopy
from random import Random
from typing import Any

from google.protobuf.message import DecodeError, Message

from minmax_lint.loaders.checkpoint.bundle import crc32c
from minmax_lint.loaders.checkpoint.table import FOOTER
from minmax_lint.loaders.wire import varint
from minmax_lint.schema.messages import message_class

INTEGERS = (0, 1, 2, 7, 255, 2**16, 2**31 - 1, 2**31, 2**33, 2**62, 2**63 - 1, -1, -2, -(2**31), -(2**63))
REALS = (0.0, -0.0, 1.0, -1.0, 6.0, 1e-40, 1e38, -3.4e38, float("inf"), float("-inf"), float("nan"))
TEXTS = (
    "",
    "x",
    "^x",
    ":0",
    "x:1",
    "x:99999999999",
    "/",
    "a/b/",
    "\x1b[31m",
    "\u202e",
    "../../x",
    "SAME",
    "loc:@x",
)
_DEEPEST = 40
_LARGEST = 1 << 24
"""Bytes of an input: a larger one takes memory by its own size."""
_MOST = 400
"""Messages of an input among which one is chosen."""


def messages(root: Message) -> Iterator[Message]:
    """A message and those in it."""
    pending = [(root, 0)]
    while pending:
        at, depth = pending.pop()
        yield at
        if depth > _DEEPEST:
            continue
        for field, value in at.ListFields():
            if field.type == field.TYPE_MESSAGE:
                listed = value if field.is_repeated else [value]
                entries = field.message_type.GetOptions().map_entry
                listed = [value[key] for key in value] if entries and _of_messages(field) else listed
                pending += [(one, depth + 1) for one in listed if isinstance(one, Message)]


def _of_messages(field: Any) -> bool:
    value = field.message_type.fields_by_name["value"]
    return bool(value.type == value.TYPE_MESSAGE)


def protobuf(name: str, random: Random, content: bytes) -> bytes:
    """A serialized message of which some fields are changed."""
    root = message_class(name)()
    try:
        root.ParseFromString(content)
    except DecodeError:
        return content
    for _ in range(random.choice((1, 1, 1, 2, 3, 6))):
        found = list(messages(root))
        random.shuffle(found)
        _change(random, random.choice(found[:_MOST]), found)
    written: bytes = root.SerializeToString(deterministic=True)
    return written if len(written) < _LARGEST else content


def _change(random: Random, message: Message, others: list[Message]) -> None:
    """Change one field of a message."""
    field = random.choice(message.DESCRIPTOR.fields) if message.DESCRIPTOR.fields else None
    present = [found for found, _ in message.ListFields()]
    if present and random.random() < 0.8:
        field = random.choice(present)
    if field is None:
        return
    if random.random() < 0.12:
        message.ClearField(field.name)
        return
    if field.type == field.TYPE_MESSAGE:
        _change_message(random, message, field, others)
        return
    value = _value(random, field, getattr(message, field.name), others)
    try:
        if not field.is_repeated:
            setattr(message, field.name, value)
            return
        listed = getattr(message, field.name)
        kind = random.choice(("set", "set", "append", "delete", "many"))
        if kind == "set" and len(listed):
            listed[random.randrange(len(listed))] = value
        elif kind == "delete" and len(listed):
            del listed[random.randrange(len(listed))]
        else:
            listed.extend([value] * (random.choice((2, 50, 5000)) if kind == "many" else 1))
    except (ValueError, TypeError, OverflowError):
        return  # out of the field's range


def _change_message(random: Random, message: Message, field: Any, others: list[Message]) -> None:
    alike = [one for one in others if one.DESCRIPTOR is field.message_type]
    held = getattr(message, field.name)
    if field.message_type.GetOptions().map_entry:
        keys = list(held)
        if keys:
            old = random.choice(keys)
            if _of_messages(field):
                held[random.choice((*TEXTS[:4], *keys)) if isinstance(old, str) else old].CopyFrom(held[old])
            if random.random() < 0.5:
                del held[old]
        return
    if not field.is_repeated:
        if alike:  # as bytes: one may hold the other
            held.ParseFromString(random.choice(alike).SerializeToString())
        else:
            held.SetInParent()
        return
    kind = random.choice(("delete", "double", "add", "swap", "move"))
    if kind == "delete" and len(held):
        del held[random.randrange(len(held))]
    elif kind in ("double", "move") and alike:
        content = random.choice(alike).SerializeToString()
        held.add().ParseFromString(content)
    elif kind == "swap" and len(held) > 1:
        first, second = random.sample(range(len(held)), 2)
        kept = type(held[first])()
        kept.CopyFrom(held[first])
        held[first].CopyFrom(held[second])
        held[second].CopyFrom(kept)
    else:
        held.add()


def _value(random: Random, field: Any, before: Any, others: list[Message]) -> Any:
    if field.type in (field.TYPE_DOUBLE, field.TYPE_FLOAT):
        return random.choice(REALS)
    if field.type == field.TYPE_BOOL:
        return random.random() < 0.5
    if field.type in (field.TYPE_STRING, field.TYPE_BYTES):
        texts: list[Any] = [*TEXTS]
        near = [getattr(one, field.name) for one in others if one.DESCRIPTOR is field.containing_type]
        texts += [one for one in near[:200] if isinstance(one, str)]
        if field.type == field.TYPE_STRING:
            return random.choice((*texts, "n" * random.choice((300, 70_000))))
        held = before if isinstance(before, bytes) else b""
        return random.choice((b"", b"\xff\x00", held[: len(held) // 2], held + b"\0" * 3, held * 2))
    if field.type == field.TYPE_ENUM:
        return random.choice((0, 1, 3, 9, 15, 23, 101, 9999))
    return random.choice(INTEGERS)


def table(random: Random, content: bytes) -> bytes:
    """An index of a checkpoint with changed entries, in blocks whose checksums are right."""
    found = bytearray(content)
    try:
        at = len(content) - FOOTER
        handles = []
        for _ in range(2):
            offset, at = varint(content, at, len(content))
            size, at = varint(content, at, len(content))
            handles.append((offset, size))
        offset, size = random.choice((*handles, (0, handles[0][0] - 5)))  # the data lie in front
    except Exception:
        return content
    for _ in range(random.choice((1, 1, 2, 4))):
        if size > 0 and offset + size <= len(found):
            found[offset + random.randrange(size)] = random.choice(
                (0, 1, 2, 0x7F, 0x80, 0xFF, random.randrange(256))
            )
    checksum = crc32c(bytes(found[offset : offset + size + 1]))
    masked = (((checksum >> 15) | (checksum << 17)) + 0xA282EAD8) & 0xFFFFFFFF
    found[offset + size + 1 : offset + size + 5] = struct.pack("<I", masked)
    return bytes(found)


def flatbuffer(random: Random, content: bytes) -> bytes:
    """A flatbuffer in which offsets, lengths and numbers are others'."""
    found = bytearray(content)
    for _ in range(random.choice((1, 1, 2, 4, 8))):
        width = random.choice((1, 2, 4, 4, 8))
        if len(found) < 16:
            break
        at = random.randrange(0, len(found) - width)
        at -= at % width
        kind = random.random()
        if kind < 0.5:
            value = random.choice((*INTEGERS, len(found), len(found) - at, at)) & ((1 << 8 * width) - 1)
            found[at : at + width] = value.to_bytes(width, "little")
        elif kind < 0.9:
            other = random.randrange(0, len(found) - width) // width * width
            found[at : at + width] = found[other : other + width]
        else:
            del found[at:]
    return bytes(found)


def archive(random: Random, content: bytes) -> bytes:
    """A zip archive with a member changed, renamed, doubled, left out, or a field of its headers changed."""
    if random.random() < 0.4:
        found = bytearray(content)
        marks = [at for mark in (b"PK\x01\x02", b"PK\x03\x04", b"PK\x05\x06") for at in _all(content, mark)]
        for _ in range(random.choice((1, 2, 3))):
            at = random.choice(marks or [0]) + random.randrange(4, 46)
            if at < len(found):
                found[at] = random.choice((0, 1, 8, 0xFF, random.randrange(256)))
        return bytes(found)
    with zipfile.ZipFile(io.BytesIO(content)) as source:
        members = [(name, source.read(name)) for name in source.namelist()]
    at = random.randrange(len(members))
    name, held = members[at]
    kind = random.choice(("json", "json", "json", "rename", "double", "drop", "empty", "cut"))
    if kind == "json" and name.endswith(".json"):
        members[at] = (name, document(random, held))
    elif kind == "rename":
        members[at] = (random.choice(("../x", "/x", "CONFIG.JSON", "a\\b", "x" * 300, "assets/")), held)
    elif kind == "double":
        members.append((name, held))
    elif kind == "drop":
        del members[at]
    else:
        members[at] = (name, b"" if kind == "empty" else held[: random.randrange(len(held) + 1)])
    target = io.BytesIO()
    packing = random.choice((zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED))
    with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(target, "w", packing) as file:
        for name, held in members:
            file.writestr(zipfile.ZipInfo(name), held)
    return target.getvalue()


def _all(content: bytes, mark: bytes) -> Iterator[int]:
    at = content.find(mark)
    while at >= 0:
        yield at
        at = content.find(mark, at + 1)


def hdf5(random: Random, content: bytes) -> bytes:
    """An HDF5 file with bytes changed where its structure lies: the front, and around signatures."""
    found = bytearray(content)
    marks = [at for mark in (b"TREE", b"SNOD", b"HEAP", b"OHDR", b"GCOL") for at in _all(content, mark)]
    for _ in range(random.choice((1, 1, 2, 4))):
        at = random.choice(
            (random.randrange(min(2048, len(found))), random.choice(marks or [0]) + random.randrange(64))
        )
        if at < len(found):
            found[at] = random.choice((0, 1, 0x7F, 0x80, 0xFF, random.randrange(256)))
    return bytes(found)


ODD: tuple[Any, ...] = (
    *(
        None,
        True,
        False,
        0,
        -1,
        2**63,
        10**400,
        1.5,
        float("nan"),
        "",
        "x",
        "MM101",
        "os.system",
        "gs://b/x",
        "\x1b[0m",
    ),
    *([], {}, [[]], [1, 2], ["x"], {"x": 1}, {"class_name": "Lambda"}, {"class_name": {}, "config": []}),
)
"""Values of every kind that JSON and TOML have."""


def document(random: Random, content: bytes) -> bytes:
    """A JSON document with some values changed, moved or left out."""
    try:
        root = [json.loads(content)]
    except (ValueError, RecursionError):
        return content
    for _ in range(random.choice((1, 1, 2, 4))):
        places = list(_places(root))
        holder, key = random.choice(places)
        kind = random.random()
        if kind < 0.6:
            holder[key] = deepcopy(random.choice(ODD))
        elif kind < 0.75:
            other, there = random.choice(places)
            holder[key] = other[there]
        elif isinstance(holder, dict):
            value = holder.pop(key)
            if kind < 0.9:
                holder[random.choice(("x", "class_name", "config", "module", "registered_name", ""))] = value
    try:
        return json.dumps(root[0]).encode()
    except (ValueError, RecursionError):
        return content  # it would hold itself


def _places(root: Any) -> Iterator[tuple[Any, Any]]:
    pending, left = [root], 20_000
    while pending and left:
        left -= 1
        at = pending.pop()
        for key, value in at.items() if isinstance(at, dict) else enumerate(at):
            yield at, key
            if isinstance(value, (dict, list)):
                pending.append(value)


def text(words: tuple[str, ...], random: Random, content: bytes) -> bytes:
    """A text with words put in, left out, repeated and moved; `words` are what its language is made of."""
    held = content.decode("utf-8", "replace")
    for _ in range(random.choice((1, 1, 2, 3, 5))):
        lines = held.split("\n")
        at, kind = random.randrange(len(lines)), random.random()
        spot = random.randrange(len(lines[at]) + 1)
        end = min(len(lines[at]), spot + random.randrange(12))
        if kind < 0.4:
            lines[at] = lines[at][:spot] + random.choice(words) + lines[at][end:]
        elif kind < 0.55:
            lines[at] = (
                lines[at][:spot] + random.choice(words) * random.choice((3, 50, 700)) + lines[at][spot:]
            )
        elif kind < 0.7:
            lines.insert(at, random.choice(lines))
        elif kind < 0.85:
            lines[at] = lines[at][:spot] + lines[at][end:]
        else:
            del lines[at]
        held = "\n".join(lines)[:200_000]
    return held.encode("utf-8", "surrogateescape")

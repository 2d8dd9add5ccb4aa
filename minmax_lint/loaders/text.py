"""Graphs in text form, as the same graph in binary form."""

from __future__ import annotations

from google.protobuf import text_format

from minmax_lint.errors import UnreadableModel
from minmax_lint.loaders.canonical_text import serialized
from minmax_lint.loaders.wire import Buffer
from minmax_lint.schema.messages import message_class


def parsed(content: Buffer, message: str) -> bytes:
    """The serialized `message` (`GraphDef`) whose text is `content`. Raises UnreadableModel with the line."""
    try:
        text = bytes(content).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableModel(f"the text is not UTF-8 at byte {error.start}; save it again") from None
    quick = serialized(text, message)
    if quick is not None:
        return quick
    try:
        found = text_format.Parse(text, message_class(message)())
    except (text_format.ParseError, RecursionError) as error:
        raise UnreadableModel(f"the text is no {message}: {str(error) or 'nested too deeply'}") from None
    binary: bytes = found.SerializeToString(deterministic=True)
    return binary

"""Graphs in text form, as the same graph in binary form."""

from typing import Any

from google.protobuf import text_format

from minmax_lint.errors import UnreadableModel
from minmax_lint.loaders.graphdef.canonical_text import serialize
from minmax_lint.loaders.wire import Buffer
from minmax_lint.schema.messages import message_class

_REFUSED = (ValueError, TypeError, OverflowError)
"""What protobuf raises besides for values that a field cannot hold (found by fuzzing)."""


def parse_text(content: Buffer, message: str) -> bytes:
    """The serialized `message` (`GraphDef`) whose text is `content`. Raises UnreadableModel with the line."""
    try:
        text = bytes(content).decode("utf-8")
    except UnicodeDecodeError as error:
        raise UnreadableModel(f"the text is not UTF-8 at byte {error.start}; save it again") from None
    quick = serialize(text, message)
    if quick is not None:
        return quick
    binary: bytes = message_of(text, message).SerializeToString(deterministic=True)
    return binary


def message_of(text: str, message: str, *, allow_unknown_field: bool = False) -> Any:
    """The `message` whose text is `text`. Raises UnreadableModel with the line."""
    try:
        return text_format.Parse(text, message_class(message)(), allow_unknown_field=allow_unknown_field)
    except (text_format.ParseError, RecursionError, *_REFUSED) as error:
        reason = " ".join(str(error).split())[:300]
        raise UnreadableModel(f"the text is no {message}: {reason or 'nested too deeply'}") from None

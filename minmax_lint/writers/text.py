"""Messages as text, where text can say all that they hold."""

from collections.abc import Iterator

from google.protobuf import text_format

from minmax_lint.errors import UserError
from minmax_lint.loaders.wire import Buffer
from minmax_lint.schema.messages import message_in


def as_text(pieces: Iterator[Buffer], message: str) -> Iterator[bytes]:
    """The text of a serialized `message`.

    Raises UserError for a message with fields we have no names for: text would lose them.
    """
    found = message_in(b"".join(pieces), message)
    size = found.ByteSize()
    found.DiscardUnknownFields()
    if found.ByteSize() != size:
        raise UserError("the graph holds fields that text would lose; write a .pb instead of a .pbtxt")
    yield text_format.MessageToString(found).encode("utf-8")

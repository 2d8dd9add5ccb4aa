"""Text that comes out of models, made fit for a line of a terminal or a log."""

from __future__ import annotations

_ESCAPES = {code: f"\\x{code:02x}" for code in (*range(32), *range(127, 160))}


def one_line(text: str) -> str:
    """The text with control characters escaped: a node's name must not steer the reader's terminal."""
    return text.translate(_ESCAPES)

"""How messages name several things."""

from collections.abc import Iterable

SHOWN = 3
"""How many of several things a message names."""


def list_words(words: Iterable[str]) -> str:
    """The first of one or more words, and how many more there are: `a, b, c and 4 more`."""
    words = list(words)
    more = len(words) - SHOWN
    shown = words[:SHOWN] + ([f"{more} more"] if more > 0 else [])
    return " and ".join(filter(None, (", ".join(shown[:-1]), shown[-1])))

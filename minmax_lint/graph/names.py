"""How TensorFlow spells edges: `node`, `node:1`, `^node`; and how the converters name arrays."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import NamedTuple


class Edge(NamedTuple):
    """One data input of a node: output `port` of node `node`."""

    node: str
    port: int

    @property
    def array(self) -> str:
        """The converters' name of the tensor: port 0 is the bare node name."""
        return self.node if self.port == 0 else f"{self.node}:{self.port}"


def array_name(node: str, port: int = 0) -> str:
    """The converters' name of output `port` of `node` (`split`, `split:1`)."""
    return node if port == 0 else f"{node}:{port}"


def parse_edge(text: str) -> Edge:
    """Read a data input as NodeDef spells it, or an array name as users type it (`x`, `x:0`, `split:1`)."""
    if ":" in text:
        name, _, port = text.rpartition(":")
        if port.isdigit():
            return Edge(name, int(port))
    return Edge(text, 0)


def canonical_array(text: str) -> str:
    """`x:0` becomes `x`; everything else stays."""
    return parse_edge(text).array


_LONGEST = 500
"""Characters of a name that somebody may have meant to type."""


def near_names(wanted: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Names a user may have meant: same last path component first, then by spelling distance."""
    candidates = [name for name in known if len(name) <= _LONGEST]
    wanted = wanted[:_LONGEST]
    tail = wanted.rsplit("/", 1)[-1].lower()
    same_tail = [name for name in candidates if name.rsplit("/", 1)[-1].lower() == tail][:count]
    if len(candidates) > 20_000:
        # Spelling distance is quadratic; on huge graphs compare only names that share a prefix.
        candidates = [name for name in candidates if name[:3].lower() == wanted[:3].lower()][:20_000]
    close = difflib.get_close_matches(wanted, candidates, n=count, cutoff=0.6)
    return list(dict.fromkeys([*same_tail, *close]))[:count]

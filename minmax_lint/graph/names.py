"""How TensorFlow spells edges: `node`, `node:1`, `^node`; and how the converters name arrays."""

from collections.abc import Iterable
from functools import lru_cache
from itertools import islice
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


@lru_cache(maxsize=1 << 16)  # of all that is called for each edge, this is called most
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


_MISTAKEN = str.maketrans("oil_", "011-")
_LEAST_PART = 4
"""Characters of a part by which a longer name is found."""
_LONGEST = 500
"""Characters of a name that may be mistyped."""


def near_names(wanted: str, known: Iterable[str], count: int = 3) -> list[str]:
    """Names a user may have meant.

    First those that only look different (`MM1O1`, `fail_level`), then those with the same last path component, those
    near by spelling, and those that hold the whole of what was typed.
    """
    candidates = [name for name in known if len(name) <= _LONGEST]
    wanted = wanted[:_LONGEST]
    tail = wanted.rsplit("/", 1)[-1].lower()
    look = _look(wanted)
    alike = [name for name in candidates if len(name) == len(wanted) and _look(name) == look][:count]
    same_tail = [name for name in candidates if name.rsplit("/", 1)[-1].lower() == tail][:count]
    if len(candidates) > 20_000:
        # Spelling distance is quadratic; on huge graphs compare only names that share a prefix.
        candidates = [name for name in candidates if name[:3].lower() == wanted[:3].lower()][:20_000]
    import difflib

    close = difflib.get_close_matches(wanted, candidates, n=count, cutoff=0.6)
    holding = (name for name in candidates if len(look) >= _LEAST_PART and look in _look(name))
    return list(dict.fromkeys([*alike, *same_tail, *close, *islice(holding, count)]))[:count]


def as_names(names: str | Iterable[str] | None) -> tuple[str, ...]:
    """Names as a user of Python gives them: several, one alone, or none."""
    return (names,) if isinstance(names, str) else tuple(names or ())


def did_you_mean(wanted: str, known: Iterable[str], otherwise: str = "", count: int = 3) -> str:
    """The end of a message about an unknown name: what was meant, else `otherwise`; empty where there is neither."""
    near = near_names(wanted, known, count)
    if near:
        return f"; did you mean {' or '.join(near)}?"
    return f"; {otherwise}" if otherwise else ""


def _look(name: str) -> str:
    """The name without what is easily mistaken: case, 0 and O, 1 and l and I, dash and underscore."""
    return name.lower().translate(_MISTAKEN)

"""The ops of TensorFlow's registry: which versions have them, and the types of what they take and make.

The table holds every op of TF 1.15, 2.15 and 2.21. It is made and tested by `tests/graph/make_op_registry.py`.
"""

import json
from functools import cache
from pathlib import Path
from typing import NamedTuple

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.node import Node

_KNOWN = ((1, 15), (2, 15), (2, 21))
"""The TensorFlow versions that the table was read from."""


class RegisteredOp(NamedTuple):
    """What the OpDef of one op says."""

    inputs: int
    """How many inputs it has at least."""
    more_inputs: bool
    """Whether one of them is a list, of any length from its least."""
    results: tuple[tuple[int | str, DType | str], ...]
    """(count, type) of each result argument: a count is a number, the attribute that holds it, or `*` where the type is
    a list attribute; a type is a DType or the attribute that holds it."""
    versions: frozenset[tuple[int, int]]
    """The versions of the table that have it."""
    references: frozenset[int]
    """The inputs that must be references to variables."""
    stateful: bool
    """Whether it reads or writes more than its inputs and results: no constant is made of it."""

    def result_type(self, node: Node, port: int) -> DType:
        """The type of output `port` of a node of this op; INVALID where the node does not say or has no such output."""
        for counted, kind in self.results:
            count = _count(node, counted, kind)
            if port >= count:
                port -= count
                continue
            if isinstance(kind, DType):
                return kind
            found = node.attribute(kind)
            one = found[port] if counted == "*" and isinstance(found, list) else found
            return one if isinstance(one, DType) else DType.INVALID
        return DType.INVALID

    def result_count(self, node: Node) -> int:
        """How many outputs a node of this op has."""
        return sum(_count(node, *result) for result in self.results)


def _count(node: Node, count: int | str, kind: DType | str) -> int:
    """How many outputs one result argument stands for."""
    if isinstance(count, int):
        return count
    if count == "*":
        listed = node.attribute(str(kind))
        return len(listed) if isinstance(listed, list) else 0
    return max(node.integer(count, 1), 0)


@cache
def registered_op(op: str) -> RegisteredOp | None:
    """What TensorFlow's registry says of an op; None for an op that is not TensorFlow's."""
    text = _table().get(op)
    if text is None:
        return None
    inputs, results, versions, references = text.rstrip("!").split("|")
    pairs = [word.split("@") if "@" in word else ["1", word] for word in results.split()]
    return RegisteredOp(
        int(inputs.rstrip("+")),
        inputs.endswith("+"),
        tuple(
            (int(count) if count.isdigit() else count, DType.__members__.get(kind, kind))
            for count, kind in pairs
        ),
        frozenset(_KNOWN[int(place)] for place in versions),
        frozenset(int(slot) for slot in references.split()),
        text.endswith("!"),
    )


def is_registered(op: str, version: tuple[int, int]) -> bool:
    """Whether TensorFlow `version` has the op; of a version that the table does not know, the next one counts."""
    found = registered_op(op)
    return found is not None and next((one for one in _KNOWN if one >= version), _KNOWN[-1]) in found.versions


@cache
def _table() -> dict[str, str]:
    content = Path(__file__).with_name("op_registry.json").read_text(encoding="utf-8")
    found: dict[str, str] = json.loads(content)
    return found

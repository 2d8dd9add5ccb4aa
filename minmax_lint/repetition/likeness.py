"""Which nodes of a graph say the same, told by what they say: for graphs that no bytes tell it of."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping
from functools import partial

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph, Likeness
from minmax_lint.graph.node import Attr
from minmax_lint.graph.tensor import Tensor

_PLACES = "_class"
"""The attribute that names the node's companions: it differs in nodes that do the same."""

_SMALL = 1 << 14
"""Bytes of a constant that are compared; a larger one is like no other."""


def likeness(graph: Graph) -> Likeness:
    """See `Likeness`. Decodes every node where the loader cannot tell."""
    if graph.columns.alike is not None:
        return graph.columns.alike()
    numbers: dict[object, int] = {}
    said = [
        numbers.setdefault((node.device, _spelled(node.attrs, partial(_value, node.name))), len(numbers))
        for node in graph
    ]
    times = Counter(said)
    forms: dict[object, int] = {}
    form = [
        forms.setdefault((node.device, _spelled(node.attrs, _form)), len(forms))
        if node.op == "Const" and times[number] == 1 and _varies(node.tensor())
        else -1
        for node, number in zip(graph, said, strict=True)
    ]
    return Likeness(said, form)


def _spelled(attrs: Mapping[str, Attr], of_tensor: Callable[[Tensor], str]) -> object:
    """What attributes say, as something that equals what says the same."""
    return tuple(
        sorted(
            (key, of_tensor(value) if isinstance(value, Tensor) else repr(value))
            for key, value in attrs.items()
            if key != _PLACES
        )
    )


def _value(name: str, value: Tensor) -> str:
    if value.nbytes > _SMALL:
        return name
    strings = value.values() if value.dtype is DType.STRING else ()
    return repr((value.dtype, value.shape, value.known, bytes(value.content or b""), strings))


def _varies(value: Tensor | None) -> bool:
    return value is not None and value.known and value.dtype is DType.FLOAT


def _form(value: Tensor) -> str:
    """What a constant says but for its values."""
    return repr((value.dtype, value.shape, value.nbytes))

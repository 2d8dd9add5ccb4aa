"""Calls of functions while a graph is put together: one frame a call, one site a node in a frame."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from minmax_lint.graph.layers import IMPLEMENTS, LAYER, layer_of
from minmax_lint.loaders.savedmodel.library import Body
from minmax_lint.ops.table import row


@dataclass(eq=False)
class Frame:
    """One call of a function, or the graph itself (`body` None)."""

    path: str
    body: Body | None = None
    caller: Frame | None = None
    inputs: tuple[str, ...] = ()
    """The call's data inputs, in the caller's spelling."""
    attrs: Mapping[str, Any] = field(default_factory=dict)
    depth: int = 0
    arguments_stay: bool = False
    """Whether arguments are inputs of their own and not the caller's arrays: so with branches."""
    calls: dict[str, Frame] = field(default_factory=dict)


@dataclass(eq=False)
class Site:
    """A node that is no call, in one frame."""

    frame: Frame
    node: Any
    position: int
    name: str
    inputs: tuple[str, ...] = ()


def named_functions(op: str, attrs: Any) -> Iterator[tuple[str, str]]:
    """The functions that a control-flow node calls, each with what it is to the node."""
    for key, role in row(op).calls:
        if key not in attrs:
            continue
        listed = [one.name for one in attrs[key].list.func]
        names = listed or [attrs[key].func.name]
        for number, name in enumerate(names):
            yield name, f"{role} {number}" if len(names) > 1 else role


def bind(attrs: Any, given: Mapping[str, Any]) -> Mapping[str, Any]:
    """Attributes of a node of a body, with the call's in place of those the function leaves open."""
    return {
        key: given[value.placeholder] if value.placeholder and value.placeholder in given else value
        for key, value in attrs.items()
    }


def origin(frame: Frame) -> dict[str, bytes]:
    """What is noted on a node of a function about the function and the layer that calls it."""
    while frame.arguments_stay and frame.caller is not None:
        frame = frame.caller
    if frame.body is None or frame.caller is None:
        return {}
    call = frame.path.removeprefix(frame.caller.path).rstrip("/")
    noted = {IMPLEMENTS: frame.body.implements} if frame.body.implements else {}
    return {**noted, LAYER: layer_of(call).encode()} if layer_of(call) != call else noted

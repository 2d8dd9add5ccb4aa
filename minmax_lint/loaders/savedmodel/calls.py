"""What an edge really comes from, where nodes are calls of functions and arguments are the caller's arrays."""

from collections.abc import Sequence
from typing import Any

from minmax_lint.errors import UnreadableModel
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.loaders.savedmodel.frames import Frame, Site, origin
from minmax_lint.loaders.savedmodel.library import Body, Library
from minmax_lint.ops.table import CALLS
from minmax_lint.schema.messages import message_class, message_in

_DEEPEST = 200
_DEEPEST_BRANCH = 40
_MOST_CALLS = 20_000
_MOST_COPIES = 10_000
"""Copies of functions that are bodies of several loops: each loop has its own, and loops in loops double them.

Source: `kMaxClones` in guarantee_all_funcs_one_use.cc.
"""


class Calls:
    """Follows edges of a graph and of the functions it calls, through calls and arguments, to the nodes that
    compute; each node of a frame is one site, under a name that no other has.
    """

    def __init__(self, graph: Graph, library: Library) -> None:
        self._graph = graph
        self._library = library
        self._frames = 1
        self._copies = 0
        self._branched: set[str] = set()
        self._sites: dict[tuple[Frame, str], Site] = {}
        self._taken = set(graph.names)

    def branch(self, site: Site, name: str, passed: tuple[str, ...]) -> Frame:
        """The frame of function `name`, a branch or the body of control-flow node `site`."""
        body = self._library.body(name)
        depth = site.frame.depth + 1
        self._copies += name in self._branched
        self._branched.add(name)
        if depth >= _DEEPEST_BRANCH or self._copies > _MOST_COPIES:
            raise UnreadableModel(f"function {name!r} calls itself, or branches are nested too deeply")
        return Frame(f"{site.name}/", body, site.frame, passed, site.frame.attrs, depth, arguments_stay=True)

    def signature(self, site: Site, name: str, passed: tuple[str, ...]) -> tuple[object, ...]:
        """What distinguishes two calls of function `name` as a branch: the resources they pass and what surrounds them.

        Everything else that is passed stays an argument.
        """
        types = self._library.body(name).argument_types
        resources = [
            self.source(site.frame, text)
            for text, kind in zip(passed, types, strict=False)
            if kind == DType.RESOURCE
        ]
        noted = tuple(sorted(origin(site.frame).items()))
        return name, id(site.frame.attrs), noted, *((id(source), port) for source, port in resources)

    def argument(self, frame: Frame, name: str) -> Site | None:
        """The site of an argument of a branch; None where nothing that is brought in reads it."""
        return self._sites.get((frame, name))

    def inputs(self, site: Site) -> Sequence[str]:
        """The inputs of a node, in the spelling of its frame."""
        if site.frame.body is None:
            return self._graph.columns.inputs[site.position]
        inputs: Sequence[str] = site.node.input
        return inputs

    def message(self, position: int) -> Any:
        """The NodeDef at `position` of the graph; an empty one where the graph was not read from a file."""
        serialized = self._graph.columns.serialized
        origin = serialized.origin(position) if serialized is not None else None
        if serialized is None or origin is None:
            return message_class("NodeDef")()
        return message_in(bytes(serialized.buffer[origin.start : origin.end]), "NodeDef")

    def sources(self, frame: Frame, text: str) -> list[tuple[Site, int]]:
        """What an edge of a frame really comes from: one array, or the nodes behind a control edge."""
        if not text.startswith("^"):
            return [self.source(frame, text)]
        found: list[tuple[Site, int]] = []
        waiting = [(frame, text[1:])]
        seen: set[tuple[Frame, str]] = set()
        while waiting:
            at, name = waiting.pop()
            if (at, name) in seen:
                continue
            seen.add((at, name))
            if at.body is not None and name in at.body.arguments:
                continue  # what waits for an argument waits for the value itself
            call = self._call(at, name)
            if call is None:
                found.append((self.site(at, name), 0))
            elif call.body is not None:
                ends = [*call.body.control_results, *(text.split(":")[0] for text in call.body.results)]
                waiting += [(call, end) for end in ends]
        return found

    def source(self, frame: Frame, text: str) -> tuple[Site, int]:
        """The node, and the number of its output, that an array of a frame really comes from."""
        while True:
            name, port = self._name(frame, text)
            if frame.body is not None and name in frame.body.arguments and frame.caller is not None:
                argument = frame.body.arguments[name]
                if frame.arguments_stay and frame.body.argument_types[argument] != DType.RESOURCE:
                    return self._argument_site(frame, name, argument), 0
                if argument >= len(frame.inputs):
                    raise UnreadableModel(f"a call of {frame.body.name!r} lacks inputs; save the model again")
                frame, text = frame.caller, frame.inputs[argument]
                continue
            call = self._call(frame, name)
            if call is None:
                return self.site(frame, name), port
            assert call.body is not None
            if port >= len(call.body.results) or not call.body.results[port]:
                raise UnreadableModel(f"function {call.body.name!r} lacks results; save the model again")
            frame, text = call, call.body.results[port]

    def _name(self, frame: Frame, text: str) -> tuple[str, int]:
        """The node or argument, and the number of its output, that an edge of a frame names."""
        if frame.body is None:
            return parse_edge(text)
        name, _, output = text.partition(":")
        node = frame.body.nodes.get(name)
        if node is None or not output:
            return name, 0
        output, _, index = output.partition(":")
        if not index:
            return (name, int(output)) if output.isdigit() else (name, self._library.port(node, output, 0))
        return name, self._library.port(node, output, int(index) if index.isdigit() else 0)

    def _call(self, frame: Frame, name: str) -> Frame | None:
        """The frame of the call that node `name` makes; None where it is no call."""
        if name in frame.calls:
            return frame.calls[name]
        if frame.body is None:
            position = self._graph.position(name)
            op, inputs = self._graph.columns.ops[position], self._graph.columns.inputs[position]
            if op not in self._library and op not in CALLS:
                return None
            attrs = self.message(position).attr
        else:
            node = self._body_node(frame.body, name)
            op, inputs, attrs = node.op, tuple(node.input), node.attr
        called = self._library.called(op, attrs)
        if called is None:
            return None
        body = self._library.body(called)
        self._frames += 1
        if frame.depth >= _DEEPEST or self._frames > _MOST_CALLS:
            raise UnreadableModel(f"function {called!r} calls itself, or functions are nested too deeply")
        data = tuple(text for text in inputs if not text.startswith("^"))
        made = Frame(f"{frame.path}{name}/", body, frame, data, attrs, frame.depth + 1)
        frame.calls[name] = made
        return made

    def site(self, frame: Frame, name: str) -> Site:
        """Node `name` of a frame itself, even where it is a call."""
        key = frame, name
        if key not in self._sites:
            if frame.body is None:
                self._sites[key] = Site(frame, None, self._graph.position(name), name)
            else:
                node = self._body_node(frame.body, name)
                self._sites[key] = Site(frame, node, -1, self._free(frame.path, name))
        return self._sites[key]

    def _argument_site(self, frame: Frame, name: str, place: int) -> Site:
        """An argument of a branch, as an input of it."""
        if (frame, name) not in self._sites:
            assert frame.body is not None
            node = message_class("NodeDef")(name=name, op="Placeholder")
            node.attr["dtype"].type = frame.body.argument_types[place]
            self._sites[frame, name] = Site(frame, node, -1, self._free(frame.path, name))
        return self._sites[frame, name]

    def _free(self, path: str, name: str) -> str:
        """The node's own name, as its author knows it; behind the call's path where that is taken."""
        candidate, count = name, 0
        while candidate in self._taken:
            candidate = f"{path}{name}" if count == 0 else f"{path}{name}_{count}"
            count += 1
        self._taken.add(candidate)
        return candidate

    def _body_node(self, body: Body, name: str) -> Any:
        node = body.nodes.get(name)
        if node is None:
            raise UnreadableModel(f"function {body.name!r} has no node {name!r}; save the model again")
        return node

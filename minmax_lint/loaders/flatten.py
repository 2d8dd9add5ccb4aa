"""A graph with the bodies of the functions it calls in place of the calls: what freezing makes of TF2 models.

Only what the wanted arrays depend on is brought in. Everything is a loop over explicit stacks, so that deep
or recursive functions of a broken model end in an error and not in the interpreter's stack.
Source: convert_variables_to_constants_v2, which has Grappler inline all calls.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from minmax_lint.errors import UnreadableModel
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Columns, Details, Function, Graph
from minmax_lint.graph.names import array_name, parse_edge
from minmax_lint.loaders.frames import Frame, Site, bound, named_functions
from minmax_lint.loaders.library import Body, Library
from minmax_lint.loaders.model import CALLS, CONTROL_FLOW
from minmax_lint.schema.attributes import decode_attrs
from minmax_lint.schema.messages import message_class

_DEEPEST = 200
_DEEPEST_BRANCH = 40
_MOST_CALLS = 100_000


class Flattening:
    """Brings what wanted arrays of `graph` depend on into one graph without calls."""

    def __init__(self, graph: Graph, library: Library) -> None:
        self._graph = graph
        self._library = library
        self._top = Frame("")
        self._frames = 1
        self._sites: dict[tuple[Frame, str], Site] = {}
        self._order: list[Site] = []
        self._taken = set(graph.names)

    def want(self, arrays: Iterable[str]) -> list[str]:
        """Bring in arrays of the graph (or `^node`) with all they depend on; their names in the flat graph.

        Wanted together, they have the first choice of names.
        """
        found = [self._resolve(self._top, array) for array in arrays]
        self._bring([site for sources in found for site, _ in sources], self._order)
        return [array_name(sources[0][0].name, sources[0][1]) for sources in found if sources]

    def graph(self) -> Graph:
        """The flat graph, every node after those it depends on, with the branches of its control flow."""
        return self._graph_of(self._order)

    def _graph_of(self, order: list[Site]) -> Graph:
        old = self._graph.columns

        def details(position: int) -> Details:
            site = order[position]
            if site.frame.body is None:
                return old.details(site.position)
            return decode_attrs(bound(site.node.attr, site.frame.attrs)), site.node.device

        ops = [old.ops[s.position] if s.frame.body is None else s.node.op for s in order]
        functions = {
            site.name: self._branches(site, op)
            for site, op in zip(order, ops, strict=True)
            if op in CONTROL_FLOW
        }
        columns = Columns([site.name for site in order], ops, [site.inputs for site in order], details)
        return Graph(columns, functions)

    def _branches(self, site: Site, op: str) -> tuple[Function, ...]:
        """The functions that a control-flow node calls, each with its own calls in place."""
        attrs = self._message(site.position).attr if site.frame.body is None else site.node.attr
        data = tuple(text for text in self._inputs(site) if not text.startswith("^"))
        passed = data if "While" in op else data[1:]
        return tuple(self._branch(site, name, role, passed) for name, role in named_functions(op, attrs))

    def _branch(self, site: Site, name: str, role: str, passed: tuple[str, ...]) -> Function:
        body = self._library.body(name)
        depth = site.frame.depth + 1
        self._frames += 1
        if depth >= _DEEPEST_BRANCH or self._frames > _MOST_CALLS:
            raise UnreadableModel(f"function {name!r} calls itself, or branches are nested beyond measure")
        frame = Frame(f"{site.name}/", body, site.frame, passed, site.frame.attrs, depth, arguments_stay=True)
        order: list[Site] = []
        ends = [self._array(frame, result) for result in body.results if result]
        self._bring([end for end, _ in ends], order)
        inputs: dict[str, str] = {}
        for argument, place in body.arguments.items():
            here = self._sites.get((frame, argument))
            if here is not None and place < len(passed):
                source, port = self._array(site.frame, passed[place])
                inputs[here.name] = array_name(source.name, port)
        outputs = tuple(array_name(end.name, port) for end, port in ends)
        return Function(role, self._graph_of(order), inputs, outputs)

    def _bring(self, starts: Iterable[Site], order: list[Site]) -> None:
        """Depth first, so that each node stands after its inputs."""
        pending: list[tuple[Site, bool]] = [(site, False) for site in reversed(list(starts))]
        entered: set[int] = {id(site) for site in order}
        while pending:
            site, ready = pending.pop()
            if ready:
                order.append(site)
                continue
            if id(site) in entered:
                continue
            entered.add(id(site))
            pending.append((site, True))
            before: list[Site] = []
            spelled: list[str] = []
            for text in self._inputs(site):
                found = self._resolve(site.frame, text)
                before += [source for source, _ in found]
                spelled += [
                    f"^{source.name}" if text.startswith("^") else array_name(source.name, port)
                    for source, port in found
                ]
            site.inputs = tuple(spelled)
            pending += [(source, False) for source in reversed(before)]

    def _inputs(self, site: Site) -> Sequence[str]:
        if site.frame.body is None:
            return self._graph.columns.inputs[site.position]
        inputs: Sequence[str] = site.node.input
        return inputs

    def _resolve(self, frame: Frame, text: str) -> list[tuple[Site, int]]:
        """What an edge of a frame really comes from: one array, or the nodes behind a control edge."""
        if not text.startswith("^"):
            return [self._array(frame, text)]
        found: list[tuple[Site, int]] = []
        waiting = [(frame, text[1:])]
        seen: set[tuple[Frame, str]] = set()
        while waiting:
            at, name = waiting.pop()
            if (at, name) in seen:
                continue
            seen.add((at, name))
            if at.body is not None and name in at.body.arguments:
                continue  # whoever waits for an argument waits for the value itself
            call = self._call(at, name)
            if call is None:
                found.append((self._site(at, name), 0))
            elif call.body is not None:
                ends = [*call.body.control_results, *(text.split(":")[0] for text in call.body.results)]
                waiting += [(call, end) for end in ends]
        return found

    def _array(self, frame: Frame, text: str) -> tuple[Site, int]:
        while True:
            name, port = self._source(frame, text)
            if frame.body is not None and name in frame.body.arguments and frame.caller is not None:
                argument = frame.body.arguments[name]
                if frame.arguments_stay and frame.body.argument_types[argument] != DType.RESOURCE:
                    return self._argument(frame, name, argument), 0
                if argument >= len(frame.inputs):
                    raise UnreadableModel(f"a call of {frame.body.name!r} lacks inputs; save the model again")
                frame, text = frame.caller, frame.inputs[argument]
                continue
            call = self._call(frame, name)
            if call is None:
                return self._site(frame, name), port
            assert call.body is not None
            if port >= len(call.body.results) or not call.body.results[port]:
                raise UnreadableModel(f"function {call.body.name!r} lacks results; save the model again")
            frame, text = call, call.body.results[port]

    def _source(self, frame: Frame, text: str) -> tuple[str, int]:
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
            attrs = self._message(position).attr
        else:
            node = self._body_node(frame.body, name)
            op, inputs, attrs = node.op, tuple(node.input), node.attr
        called = self._library.called(op, attrs)
        if called is None:
            return None
        body = self._library.body(called)
        self._frames += 1
        if frame.depth >= _DEEPEST or self._frames > _MOST_CALLS:
            raise UnreadableModel(f"function {called!r} calls itself, or functions are nested beyond measure")
        data = tuple(text for text in inputs if not text.startswith("^"))
        made = Frame(f"{frame.path}{name}/", body, frame, data, attrs, frame.depth + 1)
        frame.calls[name] = made
        return made

    def _site(self, frame: Frame, name: str) -> Site:
        key = frame, name
        if key not in self._sites:
            if frame.body is None:
                self._sites[key] = Site(frame, None, self._graph.position(name), name)
            else:
                node = self._body_node(frame.body, name)
                self._sites[key] = Site(frame, node, -1, self._free(frame.path, name))
        return self._sites[key]

    def _argument(self, frame: Frame, name: str, place: int) -> Site:
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

    def _message(self, position: int) -> Any:
        serialized = self._graph.columns.serialized
        origin = serialized.origin(position) if serialized is not None else None
        if serialized is None or origin is None:
            return message_class("NodeDef")()
        return message_class("NodeDef").FromString(bytes(serialized.buffer[origin.start : origin.end]))

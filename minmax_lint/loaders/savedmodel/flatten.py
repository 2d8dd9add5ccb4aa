"""A graph with the bodies of the functions it calls in place of the calls: what freezing makes of TF2 models.

Only what the wanted arrays depend on is brought in. Everything is a loop over explicit stacks, so that deep
or recursive functions of a broken model end in an error and not in the interpreter's stack.
Source: convert_variables_to_constants_v2, which has Grappler inline all calls.
"""

from collections.abc import Iterable
from typing import NamedTuple

from minmax_lint.errors import UnreadableModel
from minmax_lint.graph.graph import Columns, Details, Function, Graph
from minmax_lint.graph.names import array_name
from minmax_lint.loaders.savedmodel.calls import Calls
from minmax_lint.loaders.savedmodel.frames import Frame, Site, bind, named_functions, origin
from minmax_lint.loaders.savedmodel.library import Library
from minmax_lint.ops.table import CALLS, CONTROL_FLOW
from minmax_lint.schema.attributes import decode_attrs


class _Body(NamedTuple):
    """A function with its own calls in place, before its arguments are matched with what a caller passes."""

    frame: Frame
    graph: Graph
    outputs: tuple[str, ...]


class Flattening:
    """Brings what wanted arrays of `graph` depend on into one graph without calls."""

    def __init__(self, graph: Graph, library: Library) -> None:
        self._graph = graph
        self._calls = Calls(graph, library)
        self._top = Frame("")
        self._order: list[Site] = []
        self._bodies: dict[tuple[object, ...], _Body] = {}

    def want(self, arrays: Iterable[str]) -> list[str]:
        """Bring in arrays of the graph (or `^node`) with all they depend on; their names in the flat graph.

        Wanted together, they have the first choice of names.
        """
        found = [self._calls.sources(self._top, array) for array in arrays]
        self._bring([site for sources in found for site, _ in sources], self._order)
        return [array_name(sources[0][0].name, sources[0][1]) for sources in found if sources]

    def graph(self) -> Graph:
        """The flat graph, every node after those it depends on, with the branches of its control flow."""
        return self._graph_of(self._order)

    def with_functions(self) -> Graph:
        """The graph as it is, with the branches of its control flow and the functions that it calls."""
        old = self._graph.columns
        functions = {
            name: self._branches(self._calls.site(self._top, name), op)
            for name, op in zip(old.names, old.ops, strict=True)
            if op in CONTROL_FLOW or op in CALLS
        }
        return Graph(old, functions)

    def _graph_of(self, order: list[Site]) -> Graph:
        old = self._graph.columns

        def details(position: int) -> Details:
            site = order[position]
            if site.frame.body is None:
                return old.details(site.position)
            attrs = decode_attrs(bind(site.node.attr, site.frame.attrs))
            # Colocation groups name nodes and arguments of the function, by names that end here.
            attrs = {key: value for key, value in attrs.items() if key != "_class"}
            if site.node.op in CONTROL_FLOW or site.node.op.startswith("TensorList"):
                attrs = {**attrs, **origin(site.frame)}
            return attrs, site.node.device

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
        attrs = self._calls.message(site.position).attr if site.frame.body is None else site.node.attr
        data = tuple(text for text in self._calls.inputs(site) if not text.startswith("^"))
        passed = data if "While" in op or op in CALLS else data[1:]
        named = list(named_functions(op, attrs))
        if len(named) < (1 if op in CALLS or op.endswith("Case") else 2):
            raise UnreadableModel(
                f"{op} {site.name!r} lacks the function that it calls; save the model again"
            )
        return tuple(self._branch(site, name, role, passed) for name, role in named)

    def _branch(self, site: Site, name: str, role: str, passed: tuple[str, ...]) -> Function:
        """A branch is one function for all Ifs that call it, as the converter keeps it; a loop has its own copies.

        Measured with TF 2.15 and 2.21 on frozen graphs and SavedModels.
        """
        if role.startswith("loop"):
            body = self._body(site, name, passed)
        else:
            signature = self._calls.signature(site, name, passed)
            if signature not in self._bodies:
                self._bodies[signature] = self._body(site, name, passed)
            body = self._bodies[signature]
        assert body.frame.body is not None
        inputs: dict[str, str] = {}
        names: list[str] = []
        for argument, place in body.frame.body.arguments.items():
            here = self._calls.argument(body.frame, argument)
            names.append(argument if here is None else here.name)
            if here is not None and place < len(passed):
                source, port = self._calls.source(site.frame, passed[place])
                inputs[here.name] = array_name(source.name, port)
        return Function(role, body.graph, inputs, body.outputs, tuple(names))

    def _body(self, site: Site, name: str, passed: tuple[str, ...]) -> _Body:
        frame = self._calls.branch(site, name, passed)
        assert frame.body is not None
        order: list[Site] = []
        ends = [self._calls.source(frame, result) for result in frame.body.results if result]
        self._bring([end for end, _ in ends], order)
        outputs = tuple(array_name(end.name, port) for end, port in ends)
        return _Body(frame, self._graph_of(order), outputs)

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
            for text in self._calls.inputs(site):
                found = self._calls.sources(site.frame, text)
                before += [source for source, _ in found]
                spelled += [
                    f"^{source.name}" if text.startswith("^") else array_name(source.name, port)
                    for source, port in found
                ]
            site.inputs = tuple(spelled)
            pending += [(source, False) for source in reversed(before)]

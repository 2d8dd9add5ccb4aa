"""A change to a graph, as data: what fixes produce, what writers splice, what `--diff` shows."""

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

from minmax_lint.graph.attr import Attr
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Columns, Details, Function, Graph, Origin, Serialized, raw_inputs
from minmax_lint.graph.names import canonical_array
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Tensor


@dataclass(frozen=True)
class Edit:
    """Node-level changes, all in terms of the graph before the change except `added`.

    They take effect in this order: `removed`, `inputs` and `attrs` of existing nodes, `renamed` (the node
    itself; consumers are NOT followed, list them in `inputs`), then `added` (already in new names; each
    goes right after the node, in new names, that `after` gives for it, else at the end).
    """

    renamed: Mapping[str, str] = field(default_factory=dict)
    inputs: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Old node name -> its complete new inputs, as NodeDef spells them, in new names."""
    attrs: Mapping[str, Mapping[str, Attr]] = field(default_factory=dict)
    """Old node name -> attributes to set."""
    ops: Mapping[str, str] = field(default_factory=dict)
    """Old node name -> new op."""
    added: tuple[Node, ...] = ()
    after: Mapping[str, str] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()

    @property
    def empty(self) -> bool:
        """Whether nothing changes."""
        return not (self.renamed or self.inputs or self.attrs or self.ops or self.added or self.removed)


def content_key(edit: Edit) -> Hashable:
    """A key that two edits share where they change the same."""
    return (
        _key(edit.renamed),
        _key(edit.inputs),
        _key(edit.attrs),
        _key(edit.ops),
        frozenset(
            (node.name, node.op, node.inputs, node.control_inputs, _key(node.attrs), node.device)
            for node in edit.added
        ),
        _key(edit.after),
        edit.removed,
    )


def _key(value: object) -> Hashable:
    if isinstance(value, Mapping):
        return frozenset((name, _key(one)) for name, one in value.items())
    if isinstance(value, (list, tuple)):
        return tuple(map(_key, value))
    if isinstance(value, Tensor):
        strings = value.values() if value.dtype is DType.STRING else ()
        return value.dtype, value.shape, value.content and bytes(value.content), strings
    assert isinstance(value, Hashable)
    return value


def edit_graph(graph: Graph, edit: Edit) -> Graph:
    """The graph after `edit`; untouched nodes keep their order and stay undecoded."""
    old = graph.columns
    following: dict[str, list[Node]] = {}
    for node in edit.added:
        following.setdefault(edit.after.get(node.name, ""), []).append(node)
    names: list[str] = []
    ops: list[str] = []
    inputs: list[tuple[str, ...]] = []
    origins: list[int | Node] = []

    def put_added(after: str) -> None:
        pending = following.pop(after, [])[::-1]
        while pending:  # a stack: each may follow the one before it, however many there are
            node = pending.pop()
            names.append(node.name)
            ops.append(node.op)
            inputs.append(raw_inputs(node.inputs, node.control_inputs))
            origins.append(node)
            pending += following.pop(node.name, [])[::-1]

    for i, name in enumerate(old.names):
        if name in edit.removed:
            continue
        names.append(edit.renamed.get(name, name))
        ops.append(edit.ops.get(name, old.ops[i]))
        inputs.append(edit.inputs.get(name, old.inputs[i]))
        origins.append(i)
        if following:
            put_added(names[-1])
    for after in list(following):
        put_added(after)

    def details(position: int) -> Details:
        origin = origins[position]
        if isinstance(origin, Node):
            return origin.attrs, origin.device
        attrs, device = old.details(origin)
        changed = edit.attrs.get(old.names[origin])
        return ({**attrs, **changed} if changed else attrs), device

    return Graph(
        Columns(names, ops, inputs, details, _serialize(old, edit, origins)), _functions(graph, edit)
    )


def _functions(graph: Graph, edit: Edit) -> dict[str, tuple[Function, ...]]:
    """The functions that nodes call, with what these pass to them now."""
    functions = {}
    for name, called in graph.functions.items():
        if name in edit.removed:
            continue
        if name in edit.inputs:
            before = graph.columns.inputs[graph.position(name)]
            now = dict(
                zip(map(canonical_array, before), map(canonical_array, edit.inputs[name]), strict=False)
            )
            called = tuple(
                one._replace(inputs={to: now.get(array, array) for to, array in one.inputs.items()})
                for one in called
            )
        functions[edit.renamed.get(name, name)] = called
    return functions


def _serialize(old: Columns, edit: Edit, origins: list[int | Node]) -> Serialized | None:
    source = old.serialized
    if source is None:
        return None
    touched = {*edit.renamed, *edit.inputs, *edit.attrs, *edit.ops}
    changed = frozenset(
        position
        for position, index in enumerate(origins)
        if not isinstance(index, Node) and (old.names[index] in touched or index in source.changed)
    )

    def origin(position: int) -> Origin | None:
        index = origins[position]
        found = None if isinstance(index, Node) else source.origin(index)
        if isinstance(index, Node) or found is None or position not in changed:
            return found
        return found._replace(attrs={**found.attrs, **edit.attrs.get(old.names[index], {})})

    return source._replace(origin=origin, changed=changed)

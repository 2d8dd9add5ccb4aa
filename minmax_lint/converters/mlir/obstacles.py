"""Why ops stay float: the roots, each with all that goes float because of it."""

from dataclasses import dataclass, field

from minmax_lint.converters.inputs import not_restored
from minmax_lint.converters.mlir.control_flow.resource_variables import INITIALIZED
from minmax_lint.converters.mlir.ir import CONST, DEQUANTIZE, QUANTIZE, Function, Operation, Value
from minmax_lint.converters.mlir.legalize.flex_ops import is_flex
from minmax_lint.converters.mlir.matchers import only_quantize
from minmax_lint.converters.mlir.prediction import is_float
from minmax_lint.converters.mlir.tables import FIXED
from minmax_lint.converters.mlir.version import Version
from minmax_lint.converters.prediction import Obstacle, ObstacleDetail, ObstacleKind
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.names import parse_edge

_OF_VARIABLES = ("ASSIGN_VARIABLE", "READ_VARIABLE")


@dataclass(eq=False)
class _Root:
    kind: ObstacleKind
    array: str
    node: str | None
    message: str
    detail: ObstacleDetail | None = None
    consequences: dict[str, None] = field(default_factory=dict)


def obstacles(function: Function, version: Version, *, float_boundary: bool) -> tuple[Obstacle, ...]:
    """Every root in the order of the operations. `float_boundary`: float outputs are no obstacle (TF2 flow)."""
    roots: dict[str, _Root] = {}
    of_value: dict[Value, list[_Root]] = {}
    for op in function:
        if op.name in (CONST, QUANTIZE, DEQUANTIZE) or not is_float(op):
            continue
        from_front, own = _causes(op, version, roots, of_value)
        for root in (*from_front, *own):
            root.consequences[op.output] = None
        for result in op.results:
            # Whatever reads it would stay float for the op's own sake as well: so chains of roots stay short.
            of_value[result] = own or from_front
    if not float_boundary:
        _outputs(function, roots, of_value)
    return tuple(
        Obstacle(root.kind, root.array, root.node, root.message, tuple(root.consequences), root.detail)
        for root in roots.values()
    )


def _causes(
    op: Operation, version: Version, roots: dict[str, _Root], of_value: dict[Value, list[_Root]]
) -> tuple[list[_Root], list[_Root]]:
    """The roots that keep the op in float: those of what it reads, and its own."""
    from_front: dict[_Root, None] = {}
    own: list[_Root] = []
    if op.name == "UNIDIRECTIONAL_SEQUENCE_LSTM":
        reason = f"the LSTM layer of {op.placed} becomes {op.name}, which stays float"
        own.append(_root(roots, "control-flow", op.output, parse_edge(op.output).node, reason))
    elif op.attrs.get("denied"):
        reason = f"the debugger's options leave {op.name} float."
        own.append(_root(roots, "other", op.output, op.nodes[-1] if op.nodes else None, reason))
        own[-1].detail = "denied"
    elif op.name in _OF_VARIABLES:
        variable = op.operands[0].name
        handle = op.operands[0].op.attrs.get("node") if op.operands[0].op is not None else None
        if handle is None or handle.flag(INITIALIZED):
            reason = f"The variable {variable} keeps its state in float between two calls."
            own.append(_root(roots, "no-kernel", variable, None, reason))
        else:
            own.append(_root(roots, "other", variable, variable, f"{not_restored(variable)}."))
            own[-1].detail = "uninitialized"
    elif op.name not in version.quantizable:
        # Where an activation is fused, or an identity behind it is gone, the result has that node's name.
        node = parse_edge(op.output).node
        node = op.nodes[0] if op.nodes and (op.activation or node not in op.nodes) else node
        reason = f"MLIR has no quantized form of {op.name}."
        if is_flex(op.name):
            reason = f"{op.name} is an op of TensorFlow (SELECT_TF_OPS), which computes in float."
        own.append(_root(roots, "no-kernel", op.output, node, reason))
    for value in op.operands:
        if not value.real:
            continue
        if value in of_value:
            from_front.update(dict.fromkeys(of_value[value]))
        elif value.op is None:
            message = f"The input {value.name}, which {op.output} reads, has no range."
            from_front[_root(roots, "no-range", value.name, value.name, message)] = None
    passes_on = op.name in version.same_scale or op.name in FIXED
    if op.name in version.quantizable and not (passes_on and from_front):
        own += [
            _lacking(roots, value, version)
            for value in op.results
            if value.real and only_quantize(value) is None
        ]
    return list(from_front), own


def _lacking(roots: dict[str, _Root], value: Value, version: Version) -> _Root:
    node = parse_edge(value.name).node
    raw = [user for user in value.users if user.name != QUANTIZE]
    if not raw:
        message = f"{value.name} is read through {len(value.users)} FakeQuants, whose ranges differ."
        return _root(roots, "scale-conflict", value.name, node, message)
    if len(raw) < len(value.users):
        by = next((user.result.name for user in raw if user.results), "an output")
        return _root(
            roots,
            "raw-consumer",
            value.name,
            node,
            f"{value.name} is read through a FakeQuant, and raw by {by}.",
        )
    root = _root(roots, "no-range", value.name, node, f"{value.name} has no range.")
    if any(_makes_of_itself(user, value, version) for user in raw):
        root.detail = "inside"
    return root


def _makes_of_itself(user: Operation, value: Value, version: Version) -> bool:
    """Whether an op goes on with the node that `value` is of, and hands no range back to it."""
    same_node = any(result.name == value.name for result in user.results)
    return same_node and user.name not in version.same_scale


def _root(roots: dict[str, _Root], kind: ObstacleKind, array: str, node: str | None, message: str) -> _Root:
    return roots.setdefault(f"{kind} {array}", _Root(kind, array, node, message))


def _outputs(function: Function, roots: dict[str, _Root], of_value: dict[Value, list[_Root]]) -> None:
    for value in function.returned.operands:
        if value.dtype is DType.FLOAT and value.scale is None and value not in of_value:
            node = parse_edge(value.name).node
            message = f"The output {value.name} is float."
            _root(roots, "output", value.name, node, message).consequences[value.name] = None

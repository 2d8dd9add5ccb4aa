"""Why the legacy quantizer leaves operators in float: each is decided by itself."""

from minmax_lint.converters.mlir.ir import CONST, Function, Operation
from minmax_lint.converters.mlir.legacy.operator_property import PROPERTIES
from minmax_lint.converters.mlir.legacy.quantize_model import LegacyCall, property_of
from minmax_lint.converters.mlir.prediction import is_float
from minmax_lint.converters.mlir.version import Version
from minmax_lint.converters.prediction import Obstacle
from minmax_lint.graph.names import parse_edge


def obstacles(function: Function, version: Version, call: LegacyCall) -> tuple[Obstacle, ...]:
    """One an operator that stays float, in their order."""
    return tuple(_obstacle(op, version, call) for op in function if op.name != CONST and is_float(op))


def _obstacle(op: Operation, version: Version, call: LegacyCall) -> Obstacle:
    array = op.output
    node = op.nodes[0] if op.activation and op.nodes else parse_edge(array).node
    return Obstacle("no-kernel", array, node, _reason(op, version, call), (array,))


def _reason(op: Operation, version: Version, call: LegacyCall) -> str:
    if property_of(op, version, call) is not None:
        values = [value.name for value in (*op.operands, *op.results) if value.real]
        return f"{op.name} keeps {values[0]} in float, which the {call.title} leaves out."
    if op.name in PROPERTIES:
        return f"{op.name} has an integer form for activations of 8 bits, and none for 16."
    return f"The {call.title} has no integer form of {op.name}."

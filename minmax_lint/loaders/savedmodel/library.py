"""The function library of a GraphDef: bodies by name, and how their nodes spell edges.

Inside a body an edge is an argument (`x`), an output by its name in the op's definition (`node:y:0`) or a
control edge (`^node`). Source: tensorflow/core/framework/function.proto.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from google.protobuf.message import DecodeError

from minmax_lint.errors import UnreadableModel
from minmax_lint.graph.op_defaults import op_defaults
from minmax_lint.loaders.wire import LENGTH_DELIMITED, Buffer, fields
from minmax_lint.ops.table import CALLS
from minmax_lint.schema.attributes import decode_attr
from minmax_lint.schema.messages import message_class

LIBRARY = 2
"""GraphDef.library"""


class Body:
    """One function: its nodes by name, its arguments and results in order."""

    def __init__(self, message: Any) -> None:
        self.name: str = message.signature.name
        self.nodes: Mapping[str, Any] = {node.name: node for node in message.node_def}
        self.arguments: Mapping[str, int] = {
            argument.name: i for i, argument in enumerate(message.signature.input_arg)
        }
        self.results: tuple[str, ...] = tuple(
            message.ret.get(result.name, "") for result in message.signature.output_arg
        )
        self.result_names: tuple[str, ...] = tuple(result.name for result in message.signature.output_arg)
        # A map of protobuf has another order in every process.
        self.control_results: tuple[str, ...] = tuple(sorted(message.control_ret.values()))
        self.implements: bytes = message.attr["api_implements"].s if "api_implements" in message.attr else b""
        """What Keras says that the function implements."""
        self.argument_types: tuple[int, ...] = tuple(one.type for one in message.signature.input_arg)


@dataclass(frozen=True)
class Library:
    """All functions of a graph, and the definitions of the ops they use."""

    functions: Mapping[str, Any]
    ops: Mapping[str, Any]
    _bodies: dict[str, Body] = field(default_factory=dict, init=False)

    def __contains__(self, name: object) -> bool:
        return name in self.functions

    def body(self, name: str) -> Body:
        """The function `name`. Raises UnreadableModel where the library has none."""
        if name not in self._bodies:
            if name not in self.functions:
                raise UnreadableModel(
                    f"function {name!r} is not in the model's library; save the model again"
                )
            self._bodies[name] = Body(self.functions[name])
        return self._bodies[name]

    def called(self, op: str, attrs: Any) -> str | None:
        """The function that a node calls; None where it is an op of its own."""
        if op in CALLS:
            name: str = attrs["f"].func.name if "f" in attrs else ""
            return name
        return op if op in self.functions else None

    def port(self, node: Any, output: str, index: int) -> int:
        """The number of output `index` of the output named `output` of a node of a body.

        An op whose definition the model does not carry is taken to have one output name.
        """
        if node.op in self.functions:
            names = self.body(node.op).result_names
            return names.index(output) + index if output in names else index
        definition = self.ops.get(node.op)
        if definition is None:
            return index
        before = 0
        for argument in definition.output_arg:
            if argument.name == output:
                return before + index
            before += _width(argument, node)
        raise UnreadableModel(f"{node.op} {node.name!r} has no output {output!r}; save the model again")


def read_library(buffer: Buffer, start: int, end: int, ops: Iterable[Any]) -> Library:
    """The library of the GraphDef in buffer[start:end]; `ops` are the OpDefs that the model carries."""
    functions: dict[str, Any] = {}
    for found in fields(buffer, start, end):
        if found.number == LIBRARY and found.wire_type == LENGTH_DELIMITED:
            try:
                message = message_class("FunctionDefLibrary").FromString(
                    bytes(buffer[found.start : found.end])
                )
            except DecodeError:
                raise UnreadableModel("the model's functions are damaged; save the model again") from None
            functions.update({function.signature.name: function for function in message.function})
    return Library(functions, {op.name: op for op in ops})


def _width(argument: Any, node: Any) -> int:
    """How many outputs an output argument of an op stands for."""
    key = argument.number_attr or argument.type_list_attr
    if not key:
        return 1
    value = decode_attr(node.attr[key]) if key in node.attr else op_defaults(node.op).get(key, 1)
    return len(value) if isinstance(value, list) else max(value, 0) if isinstance(value, int) else 1

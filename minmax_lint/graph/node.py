"""One node of a GraphDef, as data."""

from collections.abc import Mapping
from typing import NamedTuple

from minmax_lint.graph.attr import Attr
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.names import Edge, array_name
from minmax_lint.graph.op_defaults import op_defaults
from minmax_lint.graph.tensor import Tensor


class Node(NamedTuple):
    """A node: op, data inputs in slot order (parallel edges kept), control inputs, attributes.

    `attrs` are the attributes that the file states, for writers. What a node says is asked for with `attribute`
    and its kin, which know the defaults of those that the file leaves out.
    """

    name: str
    op: str
    inputs: tuple[Edge, ...] = ()
    control_inputs: tuple[str, ...] = ()
    attrs: Mapping[str, Attr] = {}
    device: str = ""

    @property
    def array(self) -> str:
        """The name of output 0."""
        return self.name

    def output(self, port: int) -> str:
        """The name of output `port` as the converters spell it."""
        return array_name(self.name, port)

    def attribute(self, key: str) -> Attr | None:
        """Attribute `key`, or the default that TensorFlow gives it; None where it has neither."""
        value = self.attrs.get(key)
        return op_defaults(self.op).get(key) if value is None else value

    def attributes(self) -> Mapping[str, Attr]:
        """All attributes, those at their default included."""
        return {**op_defaults(self.op), **self.attrs}

    def integer(self, key: str, default: int) -> int:
        """Attribute `key` as an int, or `default` where it has none or one of another kind."""
        value = self.attribute(key)
        return int(value) if isinstance(value, int) else default

    def real(self, key: str, default: float) -> float:
        """Attribute `key` as a float, or `default`."""
        value = self.attribute(key)
        return float(value) if isinstance(value, (int, float)) else default

    def flag(self, key: str, default: bool = False) -> bool:
        """Attribute `key` as a bool, or `default`."""
        value = self.attribute(key)
        return bool(value) if isinstance(value, (bool, int)) else default

    def text(self, key: str, default: str = "") -> str:
        """Attribute `key` as text, or `default`."""
        value = self.attribute(key)
        return value.decode("utf-8", "replace") if isinstance(value, bytes) else default

    def dtype(self, key: str = "T") -> DType | None:
        """Attribute `key` as an element type, or None."""
        value = self.attribute(key)
        return value if isinstance(value, DType) else None

    def integers(self, key: str) -> tuple[int, ...]:
        """Attribute `key` as a list of ints; empty where absent."""
        value = self.attribute(key)
        return tuple([int(v) for v in value if isinstance(v, int)]) if isinstance(value, list) else ()

    def tensor(self, key: str = "value") -> Tensor | None:
        """Attribute `key` as a constant; None where it is none, or of another type than the node declares."""
        value, declared = self.attribute(key), self.attribute("dtype")
        fits = isinstance(value, Tensor) and (not isinstance(declared, DType) or declared is value.dtype)
        return value if isinstance(value, Tensor) and fits else None


def const_node(name: str, tensor: Tensor) -> Node:
    """The Const that holds a tensor."""
    return Node(name, "Const", attrs={"dtype": tensor.dtype, "value": tensor})

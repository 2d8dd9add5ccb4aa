"""Small graphs in a few lines: for rules' examples and for tests."""

from collections.abc import Sequence

from minmax_lint.graph.attr import Attr
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph, graph_of
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Scalar, Tensor

_OPS_WITHOUT_T = frozenset(
    {
        "FakeQuantWithMinMaxVars",
        "FakeQuantWithMinMaxArgs",
        "FakeQuantWithMinMaxVarsPerChannel",
        "Const",
        "GatherV2",
        "LoopCond",
        "Placeholder",
        "PlaceholderWithDefault",
    }
)


class Builder:
    """Collects nodes; every method returns the new node's name, so that calls nest.

    >>> b = Builder()
    >>> x = b.placeholder("input", [1, 8])
    >>> y = b.fake_quant("y/fq", b.add("Relu6", "y", x), 0, 6)
    >>> len(b.graph())
    5
    """

    def __init__(self) -> None:
        self._nodes: list[Node] = []

    def graph(self) -> Graph:
        """The graph of all nodes so far, in the order they were made."""
        return graph_of(tuple(self._nodes))

    def add(self, op: str, name: str, *inputs: str, after: Sequence[str] = (), **attrs: Attr) -> str:
        """A node of any op; float ops get `T`; `after` are control inputs."""
        if op not in _OPS_WITHOUT_T:
            attrs.setdefault("T", DType.FLOAT)
        self._nodes.append(Node(name, op, tuple(parse_edge(i) for i in inputs), tuple(after), attrs))
        return name

    def placeholder(self, name: str, shape: Sequence[int | None], dtype: DType = DType.FLOAT) -> str:
        """A graph input."""
        return self.add("Placeholder", name, dtype=dtype, shape=tuple(shape))

    def const(
        self,
        name: str,
        values: Scalar | Sequence[Scalar],
        shape: Sequence[int] | None = None,
        dtype: DType = DType.FLOAT,
    ) -> str:
        """A constant; a scalar unless `shape` is given; values repeat to fill the shape."""
        listed = [values] if isinstance(values, (int, float, bytes)) else list(values)
        if shape is None:
            shape = [] if isinstance(values, (int, float, bytes)) else [len(listed)]
        return self.add("Const", name, dtype=dtype, value=Tensor.of(dtype, shape, listed))

    def fake_quant(
        self, name: str, array: str, low: float, high: float, *, num_bits: int = 8, narrow_range: bool = False
    ) -> str:
        """FakeQuantWithMinMaxVars with constant range [low, high]."""
        bounds = (self.const(f"{name}/min", low), self.const(f"{name}/max", high))
        return self.add(
            "FakeQuantWithMinMaxVars", name, array, *bounds, num_bits=num_bits, narrow_range=narrow_range
        )

    def dense(self, name: str, array: str, rows: int, columns: int, *, quantized_weights: bool = True) -> str:
        """MatMul with constant weights [rows, columns], behind a FakeQuant by default, and BiasAdd `name`."""
        weights = self.const(f"{name}/weights", [0.5, -0.5, 0.25], [rows, columns])
        if quantized_weights:
            weights = self.fake_quant(f"{name}/weights_quant", weights, -1.0, 1.0, narrow_range=True)
        product = self.add("MatMul", f"{name}/MatMul", array, weights, transpose_a=False, transpose_b=False)
        return self.add(
            "BiasAdd", name, product, self.const(f"{name}/bias", 0.1, [columns]), data_format=b"NHWC"
        )

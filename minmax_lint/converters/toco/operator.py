"""Operators and arrays: what TOCO's model consists of.

Names follow TOCO's (model.h); arrays keep the names that TOCO's messages use.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import NamedTuple

from minmax_lint.graph.dtype import DType
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape, Tensor
from minmax_lint.inference.inference import Inference

_KEPT_BYTES = 1 << 16


class MinMax(NamedTuple):
    """A range TOCO recorded on an array, in doubles."""

    min: float
    max: float


UNKNOWN = MinMax(float("nan"), float("nan"))
"""The range of a variable whose value is not given; compare with `is`: a FakeQuant may really hold NaN."""


class Constant:
    """A constant array's buffer; its value is computed when it is asked for.

    Weights are computed anew each time: that is seldom, and kept they would fill the memory.
    """

    __slots__ = ("_compute", "_sources", "_tensor", "first")

    def __init__(
        self,
        compute: Callable[..., Tensor | None],
        *sources: "Constant | None",
        first: "Constant | None" = None,
    ) -> None:
        """`compute` makes the value from those of the sources, each None where it is not known."""
        self.first = self if first is None else first
        """A constant that begins with the same element, and is known where this one is."""
        self._compute: Callable[..., Tensor | None] | None = compute
        self._sources = sources
        self._tensor: Tensor | None = None

    def tensor(self) -> Tensor | None:
        """The value; None where it is not known.

        With an explicit stack: constants may be computed from each other in chains longer than Python's recursion.
        """
        values: dict[Constant, Tensor | None] = {}
        pending = [self]
        while pending:
            one = pending[-1]
            waiting = [source for source in one._sources if source is not None and source not in values]
            if waiting and one not in values:
                pending += waiting
                continue
            pending.pop()
            if one not in values:
                values[one] = one._value(values)
        return values[self]

    def _value(self, values: "Mapping[Constant, Tensor | None]") -> Tensor | None:
        if self._compute is None:
            return self._tensor
        found = self._compute(*[values[source] if source is not None else None for source in self._sources])
        known = found if found is not None and found.known else None
        if known is None or known.nbytes <= _KEPT_BYTES:
            self._tensor, self._compute, self._sources = known, None, ()
        return known

    def scalar(self) -> float | None:
        """The value of a one-element array; None if it has more elements or is not known."""
        tensor = self.tensor()
        return tensor.real() if tensor is not None and tensor.size == 1 else None

    def integers(self) -> tuple[int, ...] | None:
        """The elements as ints; None if not known."""
        tensor = self.tensor()
        return None if tensor is None or not tensor.listed else tuple(int(value) for value in tensor.values())


class Array:
    """One array. `source` is the array of the source graph that it stands for, `minmax` its range."""

    __slots__ = (
        "_dtype",
        "_inference",
        "_shape",
        "_shaped",
        "buffer",
        "consumers",
        "minmax",
        "name",
        "narrow_range",
        "producer",
        "source",
    )

    def __init__(self, name: str, source: str, inference: Inference | None, dtype: DType | None) -> None:
        self.name = name
        self.source = source
        self._inference = inference
        self._shape: tuple[int, ...] | None = None
        self._shaped = False
        self._dtype = dtype
        self.buffer: Constant | None = None
        self.minmax: MinMax | None = None
        self.narrow_range = False
        self.producer: Operator | None = None
        self.consumers: dict[Operator, None] = {}

    @property
    def dtype(self) -> DType:
        """The element type; INVALID where TOCO knows none, which counts as not float."""
        if self._dtype is None:
            self._dtype = self._inference.dtype(self.name) if self._inference is not None else DType.INVALID
        return self._dtype

    @dtype.setter
    def dtype(self, dtype: DType) -> None:
        self._dtype = dtype

    @property
    def shape(self) -> tuple[int, ...] | None:
        """The static shape, or None where a dimension is not known (TOCO then waits for it)."""
        if not self._shaped:
            self._shaped = True
            found = self._inference.shape(self.name) if self._inference is not None else None
            self._shape = _static(found)
        return self._shape

    @shape.setter
    def shape(self, shape: Shape | None) -> None:
        self._shape = _static(shape)
        self._shaped = True


def _static(shape: Shape | None) -> tuple[int, ...] | None:
    if shape is None:
        return None
    static = tuple([dim for dim in shape if dim is not None])
    if len(static) != len(shape):
        return None
    # ImportShape: an array without elements counts as a scalar, but for a vector.
    return () if len(static) > 1 and 0 in static else static


class Operator:
    """One operator. `node` is the source node it comes from, `nodes` all that were merged into it."""

    __slots__ = (
        "activation",
        "alive",
        "attrs",
        "following",
        "inputs",
        "node",
        "nodes",
        "outputs",
        "position",
        "preceding",
        "type",
    )

    def __init__(
        self,
        type: str,
        inputs: Iterable[str],
        outputs: Iterable[str],
        node: Node,
        nodes: tuple[str, ...] | None = None,
    ) -> None:
        """`nodes` are `node` alone where none are given."""
        self.type = type
        self.inputs = list(inputs)
        self.outputs = list(outputs)
        self.node = node
        self.nodes: tuple[str, ...] = (node.name,) if nodes is None else nodes
        self.activation: str | None = None
        self.attrs: dict[str, object] = {}
        self.position = 0
        self.preceding: Operator | None = None
        self.following: Operator | None = None
        self.alive = False

    @property
    def output(self) -> str:
        """The first output array."""
        return self.outputs[0]

    @property
    def helpful_type(self) -> str:
        """The type as TOCO's messages spell it."""
        return f"(Unsupported TensorFlow op: {self.node.op})" if self.type == "Unsupported" else self.type

    def __repr__(self) -> str:
        return f"{self.type}({', '.join(self.inputs)}) -> {', '.join(self.outputs)}"

"""The graphs that patterns keep as examples, in one line each."""

from collections.abc import Callable, Mapping, Sequence

from minmax_lint.graph.attr import Attr
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType

_NOT_ADJOINT: Mapping[str, Attr] = {"adj_x": False, "adj_y": False}
_INT32 = DType.INT32
_USUAL: Mapping[str, Mapping[str, Attr]] = {
    "ArgMax": {"Tidx": _INT32},
    "BatchMatMul": _NOT_ADJOINT,
    "BatchMatMulV2": _NOT_ADJOINT,
    "BatchMatMulV3": {**_NOT_ADJOINT, **dict.fromkeys(("Ta", "Tb", "Tout"), DType.FLOAT)},
    "BroadcastTo": {"Tidx": _INT32},
    "Cast": {"SrcT": DType.FLOAT, "DstT": DType.FLOAT},
    "ConcatV2": {"Tidx": _INT32},
    "Cumsum": {"Tidx": _INT32, "exclusive": False, "reverse": False},
    "GatherNd": {"Tindices": _INT32, "Tparams": DType.FLOAT},
    "Max": {"Tidx": _INT32},
    "Mean": {"Tidx": _INT32},
    "Pad": {"Tpaddings": _INT32},
    "Reshape": {"Tshape": _INT32},
    "ScatterNd": {"Tindices": _INT32},
    "Slice": {"Index": _INT32},
    "StridedSlice": {"Index": _INT32},
    "Sum": {"Tidx": _INT32},
    "TensorScatterAdd": {"Tindices": _INT32},
    "TensorScatterUpdate": {"Tindices": _INT32},
    "Tile": {"Tmultiples": _INT32},
    "Transpose": {"Tperm": _INT32},
}
"""Op -> the attributes of its node where none are given."""
_COUNTED = {"AddN": 0, "ConcatV2": 1, "Pack": 0}
"""Op with the attribute N -> how many of its inputs N does not count."""


class Net(Builder):
    """A Builder that names its nodes itself; every method returns an array."""

    def _name(self, kind: str) -> str:
        return f"{kind.lower()}_{len(self._nodes)}"

    def x(self, *shape: int | None) -> str:
        """The input `input` of that shape ([1, 8] by default) behind a FakeQuant of [-1, 1]."""
        return self.fq(self.placeholder("input", shape or (1, 8)))

    def image(self) -> str:
        """The input as an image of [1, 4, 4, 4]."""
        return self.x(1, 4, 4, 4)

    def fq(self, array: str) -> str:
        """The array behind a FakeQuant of [-1, 1]."""
        return self.fake_quant(self._name("fq"), array, -1.0, 1.0)

    def op(self, op: str, *inputs: str, **attrs: Attr) -> str:
        """A node of that op, with its usual attributes where `attrs` do not say otherwise."""
        given = {**_USUAL.get(op, {}), **attrs}
        if op in _COUNTED:
            given.setdefault("N", len(inputs) - _COUNTED[op])
        return self.add(op, self._name(op), *inputs, after=(), **given)

    def c(self, *values: float, shape: Sequence[int] | None = None) -> str:
        """A float constant: a scalar, a vector, or of the shape given, which the values fill."""
        if shape is None and len(values) == 1:
            return self.const(self._name("c"), values[0])
        return self.const(self._name("c"), list(values), shape)

    def ints(self, *values: int, shape: Sequence[int] | None = None) -> str:
        """A vector of int32."""
        return self.const(self._name("ints"), list(values), shape, DType.INT32)

    def i(self, value: int) -> str:
        """A scalar of int32."""
        return self.const(self._name("i"), value, dtype=DType.INT32)

    def reshape(self, array: str, *shape: int) -> str:
        """The array reshaped to that shape."""
        return self.op("Reshape", array, self.ints(*shape))

    def transpose(self, array: str, *order: int) -> str:
        """The array with its dimensions in that order."""
        return self.op("Transpose", array, self.ints(*order))

    def sum(self, array: str, axis: int = -1, op: str = "Sum", *, keep_dims: bool = True) -> str:
        """A reduction over one axis."""
        return self.op(op, array, self.ints(axis), keep_dims=keep_dims)

    def mat_mul(self, left: str, right: str, *, a: bool = False, b: bool = False) -> str:
        """MatMul; `a` and `b`: whether the operands are transposed."""
        return self.op("MatMul", left, right, transpose_a=a, transpose_b=b)

    def weights(self, *shape: int) -> str:
        """Plain constant weights."""
        return self.c(0.5, -0.5, 0.25, shape=shape or (8, 4))

    def conv(self, image: str, filters: str | None = None, padding: bytes = b"SAME") -> str:
        """Conv2D with filters of 3 x 3 that lead from 4 channels to 4."""
        filters = self.weights(3, 3, 4, 4) if filters is None else filters
        return self.op(
            "Conv2D", image, filters, strides=[1, 1, 1, 1], padding=padding, dilations=[1, 1, 1, 1]
        )

    def per_channel(self, array: str, channels: int) -> str:
        """The array behind a FakeQuant with a range for each channel."""
        low = self.c(*[-1.0] * channels, shape=[channels])
        high = self.c(*[1.0] * channels, shape=[channels])
        return self.op("FakeQuantWithMinMaxVarsPerChannel", array, low, high, num_bits=8, narrow_range=True)


Before = Callable[[Net], str]
"""Builds a graph with the input `input`; returns its output."""

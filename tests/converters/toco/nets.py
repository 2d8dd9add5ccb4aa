"""Small graphs in TOCO's terms, and its answers in one word or two.

`quantized`; `F1 a`, `F2 a`, `F3 a`: one of the three wordings of a missing range, which names array `a`;
`UNIMPL T`: no quantized form of operator type `T`; else what happens, with the start of the message.
"""

from collections.abc import Iterable, Sequence

from minmax_lint.converters.prediction import Prediction
from minmax_lint.graph.attr import Attr
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from tests.converters.predicted import predicted_of

IMAGE = (1, 8, 8, 4)
ROW = (1, 4)

WORDINGS = {
    "F1": "Array {0}, which is an input to the ",
    "F2": "Array {0} does not have MinMax information, and is not a constant array. Cannot proceed with",
    "F3": "Check failed: output_array.minmax Output array named {0} lacks minmax",
}


class Net(Builder):
    """A Builder whose graph starts at `input`; every method adds one operator of TOCO's."""

    def __init__(self, shape: Sequence[int | None] = IMAGE, dtype: DType = DType.FLOAT) -> None:
        super().__init__()
        self.input = self.placeholder("input", shape, dtype)

    def ints(self, name: str, *values: int) -> str:
        """A vector of int32."""
        return self.const(name, values, dtype=DType.INT32)

    def quant(self, name: str, array: str, low: float = -1.0, high: float = 1.0) -> str:
        """A FakeQuant."""
        return self.fake_quant(name, array, low, high)

    def conv(self, name: str, array: str, weights: str | None = None, padding: bytes = b"SAME") -> str:
        """Conv2D of four channels to four, with a FakeQuant on its weights."""
        if weights is None:
            values = self.const(f"{name}/weights", [0.5, -0.5, 0.25], [1, 1, 4, 4])
            weights = self.fake_quant(f"{name}/weights_quant", values, -1, 1, narrow_range=True)
        return self.add("Conv2D", name, array, weights, strides=[1, 1, 1, 1], padding=padding)

    def transpose_conv(self, name: str, array: str) -> str:
        """Conv2DBackpropInput of four channels to four."""
        values = self.const(f"{name}/weights", [0.5, -0.5, 0.25], [1, 1, 4, 4])
        weights = self.fake_quant(f"{name}/weights_quant", values, -1, 1, narrow_range=True)
        size = self.ints(f"{name}/size", *IMAGE)
        return self.add(
            "Conv2DBackpropInput", name, size, weights, array, strides=[1, 1, 1, 1], padding=b"SAME"
        )

    def bias(self, name: str, array: str) -> str:
        """BiasAdd of a constant."""
        return self.add("BiasAdd", name, array, self.const(f"{name}/bias", [0.1], [4]), data_format=b"NHWC")

    def scalar(self, op: str, name: str, array: str, value: float) -> str:
        """A binary op whose second operand is a scalar constant."""
        return self.add(op, name, array, self.const(f"{name}/scalar", value))

    def pool(self, name: str, array: str, op: str = "MaxPool") -> str:
        """MaxPool or AvgPool over 2x2."""
        return self.add(op, name, array, ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding=b"SAME")

    def reshape(self, name: str, array: str, *shape: int) -> str:
        """Reshape to a constant shape."""
        return self.add("Reshape", name, array, self.ints(f"{name}/shape", *shape), Tshape=DType.INT32)

    def transpose(self, name: str, array: str, *perm: int) -> str:
        """Transpose by a constant permutation."""
        return self.add("Transpose", name, array, self.ints(f"{name}/perm", *perm), Tperm=DType.INT32)

    def concat(self, name: str, *arrays: str, axis: int = -1) -> str:
        """ConcatV2, by default along the last axis."""
        at = self.const(f"{name}/axis", axis, dtype=DType.INT32)
        return self.add("ConcatV2", name, *arrays, at, N=len(arrays), Tidx=DType.INT32)

    def over(self, op: str, name: str, array: str, operand: str, **attrs: Attr) -> str:
        """An op with an int32 operand that says where: axes, paddings, sizes."""
        return self.add(op, name, array, operand, **attrs)


def prediction(
    net: Builder, outputs: Iterable[str], version: str = "toco-2.15", inputs: Iterable[str] = ("input",)
) -> Prediction:
    """What TOCO does with the graph."""
    return predicted_of(net, outputs, version, inputs)


def answer(
    net: Builder, *outputs: str, version: str = "toco-2.15", inputs: Iterable[str] = ("input",)
) -> str:
    """The same in a word or two."""
    found = prediction(net, outputs, version, inputs)
    if found.verdict != "abort":
        return found.verdict
    if found.kind == "minmax":
        (code,) = [
            code for code, text in WORDINGS.items() if found.message.startswith(text.format(found.array))
        ]
        return f"{code} {found.array}"
    return f"UNIMPL {found.op}" if found.kind == "unsupported-op" else f"{found.kind}: {found.message}"

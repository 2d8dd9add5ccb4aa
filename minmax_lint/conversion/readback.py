"""Reads a .tflite model back into data: which ops, inputs and outputs are integer, which are float."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

from minmax_lint.converters.profile import Flow
from minmax_lint.errors import UnreadableModel

if TYPE_CHECKING:
    import tflite

_BOUNDARY_OPS = frozenset({"QUANTIZE", "DEQUANTIZE"})
_MAGIC = b"TFL3"


@dataclass(frozen=True, slots=True)
class TensorInfo:
    """A tensor of the model. `scale` and `zero_point` are None unless it is quantized per tensor."""

    name: str
    dtype: str
    """Lower case name of the TFLite tensor type: `float32`, `uint8`, `int32`."""
    shape: tuple[int, ...]
    scale: float | None = None
    zero_point: int | None = None


@dataclass(frozen=True, slots=True)
class OpInfo:
    """An op of the model; tensors that an op leaves out are not listed."""

    name: str
    """TFLite builtin name (`CONV_2D`), or the name of a custom op."""
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]

    @property
    def is_float(self) -> bool:
        """Contract: an op other than QUANTIZE and DEQUANTIZE with a float32 input or output tensor."""
        return self.name not in _BOUNDARY_OPS and any(
            tensor.dtype == "float32" for tensor in (*self.inputs, *self.outputs)
        )


@dataclass(frozen=True, slots=True)
class TFLiteModel:
    """A .tflite model: ops in order (bodies of control flow after the main subgraph), inputs, outputs."""

    ops: tuple[OpInfo, ...]
    inputs: tuple[TensorInfo, ...]
    outputs: tuple[TensorInfo, ...]
    size: int
    """Bytes of the file."""

    @property
    def float_ops(self) -> tuple[tuple[str, str], ...]:
        """(op name, name of its first output tensor) of every float op."""
        return tuple((op.name, op.outputs[0].name if op.outputs else "") for op in self.ops if op.is_float)

    @property
    def output_types(self) -> tuple[str, ...]:
        """Tensor types of the model's outputs."""
        return tuple(tensor.dtype for tensor in self.outputs)

    def verdict(self, flow: Flow) -> Literal["quantized", "float"]:
        """`float` if any op is; in the TF1 flow a float32 model output counts as well."""
        if self.float_ops or (flow == "tf1" and "float32" in self.output_types):
            return "float"
        return "quantized"


def read_model(model: bytes | str | os.PathLike[str]) -> TFLiteModel:
    """The model in the bytes, or in the file, of a .tflite.

    Raises UnreadableModel if it is none, or is damaged.
    """
    content = model if isinstance(model, bytes) else _read_file(Path(model))
    if content[4:8] != _MAGIC:
        raise UnreadableModel("not a .tflite model: the identifier TFL3 is missing")
    import struct

    import tflite

    try:
        return _read(tflite.Model.GetRootAs(content, 0), len(content))
    except (struct.error, IndexError, TypeError, ValueError, AttributeError) as error:
        raise UnreadableModel(f"the .tflite model is damaged or truncated: {error}") from error


def _read_file(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise UnreadableModel(f"cannot read {path}: {error.strerror}") from error


def _read(model: tflite.Model, size: int) -> TFLiteModel:
    names = [_op_name(model.OperatorCodes(i)) for i in range(model.OperatorCodesLength())]
    subgraphs = [model.Subgraphs(i) for i in range(model.SubgraphsLength())]
    tensors = [tuple(_tensors(subgraph)) for subgraph in subgraphs]
    ops = [
        _op(names, tensors[i], subgraph.Operators(k))
        for i, subgraph in enumerate(subgraphs)
        for k in range(subgraph.OperatorsLength())
    ]
    main = subgraphs[0]
    return TFLiteModel(
        ops=tuple(ops),
        inputs=tuple(tensors[0][main.Inputs(i)] for i in range(main.InputsLength())),
        outputs=tuple(tensors[0][main.Outputs(i)] for i in range(main.OutputsLength())),
        size=size,
    )


def _op(names: list[str], tensors: tuple[TensorInfo, ...], op: tflite.Operator) -> OpInfo:
    inputs = (op.Inputs(i) for i in range(op.InputsLength()))
    outputs = (op.Outputs(i) for i in range(op.OutputsLength()))
    return OpInfo(
        names[op.OpcodeIndex()],
        tuple(tensors[i] for i in inputs if i >= 0),
        tuple(tensors[i] for i in outputs if i >= 0),
    )


def _tensors(subgraph: tflite.SubGraph) -> Iterator[TensorInfo]:
    for i in range(subgraph.TensorsLength()):
        tensor = subgraph.Tensors(i)
        scale, zero_point = _scale(tensor.Quantization())
        yield TensorInfo(
            name=(tensor.Name() or b"").decode(errors="replace"),
            dtype=_enum_names("TensorType").get(tensor.Type(), f"type {tensor.Type()}").lower(),
            shape=tuple(tensor.Shape(k) for k in range(tensor.ShapeLength())),
            scale=scale,
            zero_point=zero_point,
        )


def _scale(quantization: tflite.QuantizationParameters | None) -> tuple[float | None, int | None]:
    if quantization is None or quantization.ScaleLength() != 1:
        return None, None
    zero_point = quantization.ZeroPoint(0) if quantization.ZeroPointLength() else 0
    return quantization.Scale(0), zero_point


def _op_name(code: tflite.OperatorCode) -> str:
    # Codes above 127 stand in a field of their own; models older than that field have only the first.
    number = max(code.BuiltinCode(), code.DeprecatedBuiltinCode())
    name = _enum_names("BuiltinOperator").get(number, f"builtin {number}")
    return (code.CustomCode() or b"CUSTOM").decode(errors="replace") if name == "CUSTOM" else name


@lru_cache(maxsize=2)
def _enum_names(enum: str) -> dict[int, str]:
    """Number -> name of one enum of the TFLite schema."""
    import tflite

    return {number: name for name, number in vars(getattr(tflite, enum)).items() if name.isupper()}

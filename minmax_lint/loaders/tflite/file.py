"""Reads a .tflite model into data: which ops, inputs and outputs are integer, which are float.

Source: tensorflow/compiler/mlir/lite/schema/schema.fbs.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minmax_lint.converters.finished import OpInfo, TensorInfo, TFLiteModel
from minmax_lint.errors import UnreadableModel
from minmax_lint.loaders.buffers import map_file
from minmax_lint.loaders.wire import Buffer

if TYPE_CHECKING:
    import tflite

MAGIC = b"TFL3"
_DEEPEST_SHAPE = 64
_SMALL = 64
"""Constants of up to so many whole numbers are read: axes, paddings, strides, a few zeros."""
_WHOLE_NUMBERS = {"int8": "b", "uint8": "B", "int32": "i", "int64": "q"}
_DAMAGE = (struct.error, IndexError, TypeError, ValueError, AttributeError, OverflowError)

OPTIONS = (
    "FusedActivationFunction",
    "DilationWFactor",
    "DilationHFactor",
    "WeightsFormat",
    "Axis",
    "EllipsisMask",
    "NewAxisMask",
    "NumSplits",
)
"""Options that are asked for."""


def read_model(model: Buffer | str | os.PathLike[str]) -> TFLiteModel:
    """The model in the bytes, or in the file, of a .tflite.

    Raises UnreadableModel if it is none, or is damaged.
    """
    content = _read_content(Path(model)) if isinstance(model, (str, os.PathLike)) else model
    if content[4:8] != MAGIC:
        raise UnreadableModel("not a .tflite model: the identifier TFL3 is missing")
    import tflite

    try:
        return _Reader(tflite.Model.GetRootAs(content, 0), len(content)).model()
    except _DAMAGE as error:
        raise UnreadableModel(f"the .tflite model is damaged or truncated: {error}") from error


def _read_content(path: Path) -> Buffer:
    try:
        return map_file(path)
    except UnreadableModel as error:
        raise UnreadableModel(f"cannot read {path}: {error}") from error


class _Reader:
    """One model being read. A damaged length must not make it read more elements than the file can hold."""

    def __init__(self, model: tflite.Model, size: int) -> None:
        self._model = model
        self._size = size
        self._left = size

    def model(self) -> TFLiteModel:
        count = self._count(self._model.OperatorCodesLength())
        names = [_op_name(self._model.OperatorCodes(i)) for i in range(count)]
        subgraphs = [self._model.Subgraphs(i) for i in range(self._count(self._model.SubgraphsLength()))]
        tensors = [tuple(self._tensors(subgraph)) for subgraph in subgraphs]
        ops = tuple(
            self._op(names, tensors[i], subgraph.Operators(k), i)
            for i, subgraph in enumerate(subgraphs)
            for k in range(self._count(subgraph.OperatorsLength()))
        )
        main = subgraphs[0]
        inputs = tuple(tensors[0][main.Inputs(i)] for i in range(self._count(main.InputsLength())))
        outputs = tuple(tensors[0][main.Outputs(i)] for i in range(self._count(main.OutputsLength())))
        return TFLiteModel(ops, inputs, outputs, self._size)

    def _count(self, length: int) -> int:
        self._left -= length
        if self._left < 0:
            raise ValueError("a list is longer than the file")
        return length

    def _op(
        self, names: list[str], tensors: tuple[TensorInfo, ...], op: tflite.Operator, subgraph: int
    ) -> OpInfo:
        inputs = [op.Inputs(i) for i in range(self._count(op.InputsLength()))]
        outputs = [op.Outputs(i) for i in range(self._count(op.OutputsLength()))]
        return OpInfo(
            names[op.OpcodeIndex()],
            tuple(tensors[i] for i in inputs if i >= 0),
            tuple(tensors[i] for i in outputs if i >= 0),
            subgraph,
            _options(op),
        )

    def _tensors(self, subgraph: tflite.SubGraph) -> Iterator[TensorInfo]:
        for i in range(self._count(subgraph.TensorsLength())):
            tensor = subgraph.Tensors(i)
            rank = self._count(tensor.ShapeLength())
            if rank > _DEEPEST_SHAPE:
                raise ValueError(f"a tensor of {rank} dimensions")
            scale, zero_point = _scale(tensor.Quantization())
            dtype = _enum_names("TensorType").get(tensor.Type(), f"type {tensor.Type()}").lower()
            buffer = self._model.Buffers(tensor.Buffer()) if tensor.Buffer() else None
            signature = [tensor.ShapeSignature(k) for k in range(min(tensor.ShapeSignatureLength(), rank))]
            yield TensorInfo(
                name=(tensor.Name() or b"").decode(errors="replace"),
                dtype=dtype,
                shape=tuple(tensor.Shape(k) for k in range(rank)),
                scale=scale,
                zero_point=zero_point,
                index=i,
                constant=buffer is not None and bool(buffer.DataLength() or buffer.Offset() > 1),
                channels=_channels(tensor.Quantization()),
                values=None if buffer is None else _values(buffer, dtype),
                dynamic=any(size < 0 for size in signature[1:]),
            )


def _values(buffer: tflite.Buffer, dtype: str) -> tuple[int, ...] | None:
    code = _WHOLE_NUMBERS.get(dtype)
    length = buffer.DataLength()
    if code is None or not 0 < length <= _SMALL * struct.calcsize(f"<{code}"):
        return None
    content = bytes(buffer.Data(i) for i in range(length))
    return struct.unpack(f"<{length // struct.calcsize(f'<{code}')}{code}", content)


def _scale(quantization: tflite.QuantizationParameters | None) -> tuple[float | None, int | None]:
    if quantization is None or quantization.ScaleLength() != 1:
        return None, None
    zero_point = quantization.ZeroPoint(0) if quantization.ZeroPointLength() else 0
    return quantization.Scale(0), zero_point


def _channels(quantization: tflite.QuantizationParameters | None) -> int:
    scales = 0 if quantization is None else quantization.ScaleLength()
    return scales if scales > 1 else 0


def _options(op: tflite.Operator) -> dict[str, int]:
    table = op.BuiltinOptions()
    form = _option_class(op.BuiltinOptionsType())
    if table is None or form is None:
        return {}
    options = form()
    options.Init(table.Bytes, table.Pos)
    return {name: int(getattr(options, name)()) for name in OPTIONS if hasattr(form, name)}


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


@lru_cache(maxsize=256)
def _option_class(number: int) -> Any:
    """The class that reads one member of the union BuiltinOptions; None where there is none."""
    import tflite

    members = vars(tflite.BuiltinOptions).items()
    name = next((name for name, value in members if value == number and name != "NONE"), None)
    return getattr(tflite, name, None) if name is not None else None

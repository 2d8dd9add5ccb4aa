"""What the rules of post-training advise, by where in the model the cause stands."""

from collections.abc import Callable

import pytest

from minmax_lint.api import lint
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.loaders.parse import parse
from minmax_lint.writers.graphdef import encode


@pytest.mark.parametrize(
    ("front", "advice"), [(True, "begin the model behind it"), (False, "end the model in front of it")]
)
def test_an_op_without_integer_form_is_cut_off_at_the_end_at_which_it_stands(
    front: bool, advice: str
) -> None:
    b = Builder()
    x = b.placeholder("input", [1, 64])
    weights = b.const("weights", [0.5], [64, 64])
    if front:
        output = b.add("MatMul", "y", b.add("Sin", "sin", x), weights)
    else:
        output = b.add("Sin", "sin", b.add("MatMul", "y", x, weights))
    report = lint(parse(encode(b.graph())), {"input": [1, 64]}, [output], ["mlir-2.21-int8"])
    (found,) = [one for one in report.findings if one.code == "MM401"]
    assert advice in found.advice


def half(b: Builder, x: str) -> str:
    cast = b.add("Cast", "half", x, SrcT=DType.FLOAT, DstT=DType.HALF)
    product = b.add("MatMul", "y", cast, cast, T=DType.HALF, transpose_b=True)
    return b.add("Cast", "float", product, SrcT=DType.HALF, DstT=DType.FLOAT)


def quantized_by_keras(b: Builder, x: str) -> str:
    cast = b.add("Cast", "int8", x, SrcT=DType.FLOAT, DstT=DType.INT8)
    product = b.add(
        "BatchMatMulV3", "y", cast, cast, Ta=DType.INT8, Tb=DType.INT8, Tout=DType.INT32, adj_y=True
    )
    return b.add("Cast", "float", product, SrcT=DType.INT32, DstT=DType.FLOAT)


def text(b: Builder, x: str) -> str:
    return b.add("StringToNumber", "y", b.add("AsString", "text", x, T=DType.FLOAT), out_type=DType.FLOAT)


@pytest.mark.parametrize("call", ["int8", "dynamic"])
@pytest.mark.parametrize(
    ("layer", "what", "advice", "flex"),
    [
        (half, "computes in float16", "set_global_policy('float32')", False),
        (quantized_by_keras, "model.quantize('int8') of Keras", "before model.quantize", False),
        (text, "works on text", "without its TextVectorization", True),
    ],
)
def test_layers_that_no_converter_takes_are_called_by_what_keras_calls_them(
    layer: Callable[[Builder, str], str], what: str, advice: str, flex: bool, call: str
) -> None:
    b = Builder()
    output = layer(b, b.placeholder("input", [4, 4]))
    report = lint(parse(encode(b.graph())), {"input": [4, 4]}, [output], [f"mlir-2.21-{call}"])
    (found,) = [one for one in report.findings if one.code in ("MM401", "MM402")]
    assert what in found.message
    assert advice in found.advice
    assert ("SELECT_TF_OPS" in found.advice) == flex

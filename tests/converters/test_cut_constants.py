"""An input may be any array: it is cut there, and no converter knows its value (verdicts of TF 2.15.1 and 2.21)."""

import pytest

from minmax_lint import lint
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph
from minmax_lint.writers.graphdef import encode

SHAPES = {"x": [1, 8], "w": [8, 4], "w/read": [8, 4], "wq": [8, 4], "b": [4], "shape": [2]}
SHAPES |= {"relu": [1, 4], "rq": [1, 4]}


def dense() -> Graph:
    """A quantized dense layer whose weights, bias, bounds and shape are constants."""
    b = Builder()
    b.placeholder("x", [1, 8])
    for name, value in (
        ("xmin", -1.0),
        ("xmax", 1.0),
        ("wmin", -1.0),
        ("wmax", 1.0),
        ("rmin", 0.0),
        ("rmax", 6.0),
    ):
        b.const(name, [value], [])
    b.add("Identity", "xmin/read", "xmin", T=DType.FLOAT)
    b.add("FakeQuantWithMinMaxVars", "xq", "x", "xmin/read", "xmax")
    b.const("w", [0.1] * 31 + [0.7], [8, 4])
    b.add("Identity", "w/read", "w", T=DType.FLOAT)
    b.add("FakeQuantWithMinMaxVars", "wq", "w/read", "wmin", "wmax")
    b.add("MatMul", "mm", "xq", "wq", T=DType.FLOAT)
    b.const("b", [0.5, 0.25, 0.1, 0.2], [4])
    b.add("BiasAdd", "ba", "mm", "b", T=DType.FLOAT)
    b.add("Relu", "relu", "ba", T=DType.FLOAT)
    b.add("FakeQuantWithMinMaxVars", "rq", "relu", "rmin", "rmax")
    b.const("shape", [2, 2], [2], dtype=DType.INT32)
    b.add("Reshape", "out", "rq", "shape", T=DType.FLOAT, Tshape=DType.INT32)
    return b.graph()


@pytest.mark.parametrize(
    ("inputs", "toco", "mlir"),
    [
        ("x", "quantized", "quantized"),
        ("x w", "abort", "quantized"),
        ("x w/read", "quantized", "quantized"),
        ("x wq", "quantized", "quantized"),
        ("x wmin", "abort", "abort"),
        ("x wmin wmax", "abort", "abort"),
        ("x xmin", "abort", "abort"),
        ("x xmin/read", "abort", "abort"),
        ("x rmin rmax", "abort", "abort"),
        ("x b", "abort", "float"),
        ("x shape", "quantized", "quantized"),
        ("relu", "quantized", "quantized"),
        ("rq", "quantized", "quantized"),
    ],
)
def test_an_input_that_the_graph_has_a_value_for_is_unknown(inputs: str, toco: str, mlir: str) -> None:
    report = lint(
        encode(dense()),
        inputs={name: SHAPES.get(name, []) for name in inputs.split()},
        outputs=["out"],
        converters=["toco-2.15", "mlir-2.21"],
    )
    found = {profile: prediction.verdict for profile, prediction in report.predictions.items()}
    assert found == {"toco-2.15": toco, "mlir-2.21": mlir}


BINARY = ("Mul", "AddV2", "Maximum")
"""Of `c` and an input `y`."""
BUFFER = "array->buffer->type == array->data_type Tensor: c"
NO_RANGE = "output_array.minmax Output array named out lacks minmax"
FINAL = (
    'array.data_type == array.final_data_type Array "c" has mis-matching actual and final data types '
    "(data_type=float, final_data_type=uint8)."
)


def around(kind: str) -> Graph:
    """What is computed of a constant `c`, which is an input, as the words of `kind` say: op after op."""
    b = Builder()
    b.const("c", [1.0, 2.0, 3.0, 4.0], [1, 4])
    b.const("axes", [1], [1], dtype=DType.INT32)
    b.const("sizes", [1, 4], [2], dtype=DType.INT32)
    if any(op in kind for op in BINARY):
        b.fake_quant("yq", b.placeholder("y", [1, 4]), -1, 1)
    last, *ops = "c", *kind.split()
    for place, op in enumerate(ops, 1):
        name = "out" if place == len(ops) else f"n{place}"
        if op in ("Min", "Sum", "Mean"):
            b.add(op, name, last, "axes", T=DType.FLOAT, Tidx=DType.INT32, keep_dims=True)
        elif op == "FakeQuant":
            b.fake_quant(name, last, 0, 6)
        elif op == "Reshape":
            b.add(op, name, last, "sizes", T=DType.FLOAT, Tshape=DType.INT32)
        elif op == "Pack":
            b.add(op, name, last, last, T=DType.FLOAT, N=2, axis=0)
        elif op in BINARY:
            b.add(op, name, last, "yq", T=DType.FLOAT)
        elif op == "Twice":
            b.add("AddV2", name, last, last, T=DType.FLOAT)
        else:
            b.add(op, name, last, T=DType.FLOAT)
        last = name
    return b.graph()


@pytest.mark.parametrize(
    ("kind", "message"),
    [
        *((kind, NO_RANGE) for kind in ("Min", "Identity Min", "Pack", "Sum", "Relu", "Twice", "Relu Min")),
        *((kind, FINAL) for kind in ("Identity", "Reshape", "Min FakeQuant", "Twice FakeQuant")),
        *((kind, FINAL) for kind in ("Min AddV2 FakeQuant", "Relu Mul FakeQuant", "Reshape AddV2 FakeQuant")),
        *((kind, BUFFER) for kind in ("Mean", "Softmax", "FakeQuant Min", "Maximum", "Mul FakeQuant")),
        ("Softmax Relu AddV2 FakeQuant", BUFFER),
    ],
)
def test_toco_folds_a_constant_that_is_an_input(kind: str, message: str) -> None:
    """Measured with TF 2.15.1: what folds does so before the input gets its type, a FakeQuant right on it does not."""
    inputs = {name: [1, 4] for name in ("c", "y") if name in around(kind)}
    (found,) = lint(
        encode(around(kind)), inputs=inputs, outputs=["out"], converters=["toco-2.15"]
    ).predictions.values()
    assert (found.verdict, found.message) == ("abort", f"Check failed: {message}")
    assert found.kind == ("minmax" if message is NO_RANGE else "other")


def test_toco_copies_a_constant_that_an_identity_makes_an_output() -> None:
    b = Builder()
    b.placeholder("x", [1])
    b.const("v", [1.0], [1])
    b.add("Identity", "out", "v", T=DType.FLOAT)
    (found,) = lint(
        encode(b.graph()), outputs=["out"], inputs={"x": [1]}, converters=["toco-2.15"]
    ).predictions.values()
    assert (found.kind, found.array) == ("minmax", "out")


def pair() -> Graph:
    """Two ranges in a row, the first of which bounds the sum as well."""
    b = Builder()
    b.placeholder("x", [1, 8])
    for name, value in (("lo", -1.0), ("hi", 1.0), ("rmin", 0.0), ("rmax", 6.0)):
        b.const(name, [value], [])
    b.add("FakeQuantWithMinMaxVars", "xq", "x", "lo", "hi")
    b.add("Relu", "r", "xq", T=DType.FLOAT)
    b.add("FakeQuantWithMinMaxVars", "rq", "r", "rmin", "rmax")
    b.add("AddV2", "add", "rq", "xq", T=DType.FLOAT)
    b.add("FakeQuantWithMinMaxVars", "out", "add", "lo", "hi")
    return b.graph()


def concat() -> Graph:
    """Two inputs of other ranges than their concatenation."""
    b = Builder()
    for name, limit in (("x", 1.0), ("y", 2.0)):
        b.fake_quant(f"{name}q", b.placeholder(name, [1, 4]), -limit, limit)
    b.const("axis", 1, dtype=DType.INT32)
    b.add("ConcatV2", "cat", "xq", "yq", "axis", T=DType.FLOAT, N=2, Tidx=DType.INT32)
    b.fake_quant("out", "cat", -1.0, 1.0)
    return b.graph()


def softmax() -> Graph:
    b = Builder()
    b.add("Softmax", "out", b.fake_quant("q", b.placeholder("x", [1, 4]), -1.0, 1.0), T=DType.FLOAT)
    return b.graph()


@pytest.mark.parametrize(
    ("graph", "inputs", "bounds"),
    [
        (dense(), {"x": [1, 8]}, "xmin xmax wmin wmax rmin rmax"),
        (pair(), {"x": [1, 8]}, "lo hi rmin rmax"),
        (concat(), {"x": [1, 4], "y": [1, 4]}, "xq/min xq/max yq/min yq/max out/min out/max"),
        (softmax(), {"x": [1, 4]}, "q/min q/max"),
    ],
    ids=["dense", "pair", "concat", "softmax"],
)
def test_toco_reads_a_bound_that_is_an_input_and_ends_at_its_type(graph, inputs, bounds) -> None:
    """Measured with TF 2.15.1 on graphs of these forms."""
    for bound in bounds.split():
        (prediction,) = lint(
            encode(graph), inputs={**inputs, bound: []}, outputs=["out"], converters=["toco-2.15"]
        ).predictions.values()
        assert (prediction.verdict, prediction.kind, prediction.array) == ("abort", "other", None)
        assert prediction.message == (
            f'Check failed: array.data_type == array.final_data_type Array "{bound}" has mis-matching actual and '
            "final data types (data_type=float, final_data_type=uint8)."
        )


def test_toco_does_not_know_a_bound_that_is_an_input_behind_an_identity() -> None:
    (prediction,) = lint(
        encode(dense()), inputs={"x": [1, 8], "xmin/read": []}, outputs=["out"], converters=["toco-2.15"]
    ).predictions.values()
    assert (prediction.kind, prediction.array) == ("minmax", "xq")

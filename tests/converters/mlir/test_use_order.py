"""What reads the same dequantized values is met in an order: behind the first that stays float nothing gets integer."""

import pytest

from minmax_lint import lint
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph
from minmax_lint.writers.graphdef import encode

WINDOW = {"strides": [1, 1, 1, 1], "padding": b"SAME", "data_format": b"NHWC"}


def read_twice(first: str, second: str) -> Graph:
    """Values with a range that `first` and then `second` read; results of convolutions have none."""
    b = Builder()
    x = b.fake_quant("xq", b.placeholder("x", [None, 8, 8, 3]), -1, 1)
    for place, op in enumerate((first, second)):
        name = f"y{place}"
        if op == "Shape":
            b.add(op, name, x, T=DType.FLOAT, out_type=DType.INT32)
            continue
        if op == "Floor":
            b.add(op, name, x, T=DType.FLOAT)
            continue
        depth = 1 if op == "DepthwiseConv2dNative" else 3
        filters = b.const(f"w{place}", [0.1, 0.2, 0.3] * (9 * depth), [3, 3, 3, depth])
        filters = b.fake_quant(f"w{place}q", filters, -1, 1)
        made = f"m{place}"
        if op == "Conv2DBackpropInput":
            b.add("Shape", f"s{place}", x, T=DType.FLOAT, out_type=DType.INT32)
            b.add(op, made, f"s{place}", filters, x, T=DType.FLOAT, **WINDOW)
        else:
            b.add(op.removesuffix(" BiasAdd"), made, x, filters, T=DType.FLOAT, **WINDOW)
        if op.endswith("BiasAdd"):
            bias = b.const(f"b{place}", [0.1, 0.2, 0.3], [3])
            made = b.add("BiasAdd", f"a{place}", made, bias, T=DType.FLOAT)
        b.add("Elu", name, made, T=DType.FLOAT)
    return b.graph()


@pytest.mark.parametrize(
    ("first", "second", "shapes"),
    [
        ("Floor", "Shape", 1),
        ("Shape", "Floor", 0),
        ("Conv2D", "Shape", 1),
        ("Shape", "Conv2D", 1),
        ("Shape", "Conv2D BiasAdd", 1),
        ("Shape", "DepthwiseConv2dNative", 1),
        ("Conv2DBackpropInput", "Floor", 1),
    ],
)
def test_convolutions_come_before_what_legalize_makes_and_that_in_its_order(
    first: str, second: str, shapes: int
) -> None:
    """How many SHAPE stay float; converted with TF 2.21."""
    report = lint(encode(read_twice(first, second)), outputs=["y0", "y1"], converters=["mlir-2.21-v2"])
    ops = [op for op, _ in report.predictions["mlir-2.21-v2"].float_ops]
    assert ops.count("SHAPE") == shapes


@pytest.mark.parametrize("profile", ["mlir-2.15", "mlir-2.21"])
@pytest.mark.parametrize(("names", "floats"), [(("a", "b"), "ARG_MAX SIN"), (("b", "a"), "SIN")])
def test_what_reads_an_input_is_met_from_its_last_reader(
    names: tuple[str, str], floats: str, profile: str
) -> None:
    """The importer takes names in their order; converted with TF 2.15.1 and 2.21."""
    b = Builder()
    x, axis = b.placeholder("input", [1, 8]), b.const("axis", 1, dtype=DType.INT32)
    b.add("ArgMax", names[0], x, axis, T=DType.FLOAT, Tidx=DType.INT32, output_type=DType.INT32)
    b.add("Sin", names[1], x, T=DType.FLOAT)
    report = lint(encode(b.graph()), outputs=["a", "b"], converters=[profile])
    assert " ".join(op for op, _ in report.predictions[profile].float_ops) == floats


def constant_read_twice(op: str, other: str, *, one: bool, shape: list[int]) -> Graph:
    """A comparison of the input, and an operation on values without a range in front of it, read equal constants."""
    b = Builder()
    b.placeholder("x", [1, 4])
    b.placeholder("w", [1, 4])
    values = [0.3] if not shape else [0.1, 0.3, -0.2, 0.7]
    constants = [b.const(name, values, shape) for name in ("c", "d")]
    b.add("Exp", "e", "w")
    b.add(other, "B", "e", constants[not one])
    b.add("Cast", "t", "B", SrcT=DType.BOOL if other in COMPARISONS else DType.FLOAT, DstT=DType.INT32)
    b.add(op, "A", "x", "c")
    b.add("Cast", "f", "A", SrcT=DType.BOOL, DstT=DType.FLOAT)
    b.add("Cast", "s", "A", SrcT=DType.BOOL, DstT=DType.INT32)
    b.add("Mul", "m", "x", "f")
    return b.graph()


COMPARISONS = {"Equal", "Less", "NotEqual"}


@pytest.mark.parametrize("version", ["2.15", "2.21"])
@pytest.mark.parametrize("one", [True, False])
@pytest.mark.parametrize("shape", [[], [1, 4]])
@pytest.mark.parametrize(
    ("op", "other", "integer"),
    [
        ("Equal", "AddV2", False),
        ("Equal", "Mul", False),
        ("Equal", "NotEqual", False),
        ("Equal", "Equal", False),
        ("Equal", "Sub", True),
        ("Equal", "Less", True),
        ("Less", "AddV2", False),
        ("Less", "Mul", False),
        ("Less", "NotEqual", False),
        ("Less", "Equal", False),
        ("Less", "Sub", True),
        ("Less", "Less", True),
    ],
)
def test_commutative_operations_come_to_a_constant_in_order_and_before_all_others(
    op: str, other: str, integer: bool, one: bool, shape: list[int], version: str
) -> None:
    """Converted with TF 2.15 and 2.21, each graph."""
    graph = encode(constant_read_twice(op, other, one=one, shape=shape))
    report = lint(graph, outputs=["s", "t", "m"], converters=[f"mlir-{version}"])
    names = [name for _, name in report.predictions[f"mlir-{version}"].float_ops]
    assert ("A" not in names) == integer

"""What a fix says about that which it could not heal."""

from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from tests.fixes.running import MLIR, TOCO, fixed

BOTH = [TOCO, MLIR]


def difference() -> Builder:
    """x - x, added to itself."""
    b = Builder()
    x = b.placeholder("input", [1, 8])
    zero = b.add("Sub", "zero", x, x)
    b.fake_quant("output", b.add("AddV2", "sum", zero, zero), -3, 3)
    return b


def picked_rows() -> Builder:
    """Rows of an array without range: MLIR before 2.16 verifies no integer GATHER_ND, so that a range makes it fail."""
    b = Builder()
    rows = b.const("at", [0, 2], [2, 1], dtype=DType.INT32)
    array = b.add("Relu", "array", b.placeholder("input", [4, 8]))
    b.add("GatherNd", "output", array, rows, Tparams=DType.FLOAT, Tindices=DType.INT32)
    return b


def test_without_a_range_it_asks_for_one() -> None:
    patch = fixed(difference(), "output", converters=BOTH, unsafe=True)
    assert "No range is known for zero: give --ranges, --calibrate or --default-range." in patch.reason
    safe = fixed(difference(), "output", converters=BOTH)
    assert "give --unsafe-fixes and --ranges, --calibrate or --default-range." in safe.reason


def test_a_range_that_harms_another_converter_is_told_with_what_that_converter_says() -> None:
    versions = ["mlir-2.21", "mlir-2.15"]
    patch = fixed(picked_rows(), "output", converters=versions, unsafe=True, default_range=(-6.0, 6.0))
    assert patch.empty
    assert "No range is known" not in patch.reason
    assert "With a range for array, MLIR (TF 2.15) would abort: 'tfl.gather_nd' op operand #0" in patch.reason


def test_no_range_is_asked_for_integers() -> None:
    """The quantizer of 16x8 wants a range of what a comparison reads, indices too, and nothing gives one."""
    b = Builder()
    indices = b.placeholder("indices", [4], DType.INT32)
    b.add("Equal", "output", indices, b.const("two", 2, dtype=DType.INT32), T=DType.INT32)
    patch = fixed(b, "output", converters=["mlir-2.21-16x8"])
    assert patch.after.predictions["mlir-2.21-16x8"].kind == "minmax"
    assert "No range is known" not in patch.reason

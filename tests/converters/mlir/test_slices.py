"""What slices of Python (`x[:, None]`, `x[:, 0:8]`) become; measured with TF 2.15.1, 2.18 and 2.21."""

import pytest

from minmax_lint.converters.example import Net
from minmax_lint.converters.prediction import Prediction
from minmax_lint.graph.dtype import DType
from tests.converters.predicted import predicted_of

PROFILES = ("mlir-2.15-v2", "mlir-2.18", "mlir-2.21-v2")


def sliced(
    shape: tuple[int | None, ...], bounds: list[tuple[int, int]], name: str, **masks: int
) -> Prediction:
    n = Net()
    ends = [n.ints(*numbers) for numbers in zip(*bounds, strict=True)]
    attrs = {f"{key}_mask": mask for key, mask in masks.items()}
    steps = n.ints(*[1] * len(bounds))
    cut = n.op("StridedSlice", n.op("Elu", n.placeholder("input", shape)), *ends, steps, **attrs)
    output = n.op("Elu", cut)
    return predicted_of(n, output, name)


@pytest.mark.parametrize("name", PROFILES)
@pytest.mark.parametrize(
    ("shape", "bounds", "masks", "ops"),
    [
        ((1, 8), [(0, 0), (0, 0)], {"begin": 1, "end": 1, "new_axis": 2}, ["RESHAPE", "STRIDED_SLICE"]),
        ((1, 8), [(0, 0)], {"new_axis": 1}, ["RESHAPE", "STRIDED_SLICE"]),
        ((None, 8), [(0, 0), (0, 0)], {"ellipsis": 1, "new_axis": 2}, ["RESHAPE", "STRIDED_SLICE"]),
        ((4, 8), [(0, 0)] * 3, {"ellipsis": 2, "new_axis": 5}, ["RESHAPE", "STRIDED_SLICE"]),
        ((1, 4, 8), [(0, 0), (2, 5)], {"ellipsis": 1}, ["STRIDED_SLICE"]),
        ((1, 8), [(0, 0), (0, 0)], {"begin": 3, "end": 3}, ["STRIDED_SLICE"]),
        ((1, 8), [(0, 0), (0, 8)], {"begin": 1, "end": 1}, ["STRIDED_SLICE"]),
        ((1, 8), [(0, 1), (0, 8)], {}, []),
    ],
)
def test_a_slice_becomes_the_measured_ops(
    shape: tuple[int | None, ...],
    bounds: list[tuple[int, int]],
    masks: dict[str, int],
    ops: list[str],
    name: str,
) -> None:
    found = sliced(shape, bounds, name, **masks)
    assert [op for op, _ in found.float_ops] == ["ELU", *ops, "ELU"]


@pytest.mark.parametrize("name", PROFILES)
def test_a_new_axis_behind_several_open_sizes_has_no_form(name: str) -> None:
    found = sliced((None, None), [(0, 0)] * 3, name, begin=3, end=3, new_axis=4)
    assert found.verdict == "abort"
    assert found.message == "'tf.StridedSlice' op is neither a custom op nor a flex op"


@pytest.mark.parametrize(
    ("name", "kind", "nets", "array"),
    [
        ("mlir-2.15-16x8-fallback", "slice", 1, "y0_2"),
        ("mlir-2.18-16x8-fallback", "slice", 1, "y0_1"),
        ("mlir-2.21-16x8-fallback", "slice", 1, "y0_1"),
        ("mlir-2.15-16x8-fallback", "expand", 1, "y0_1"),
        ("mlir-2.21-16x8-fallback", "expand", 1, "y0_1"),
        ("mlir-2.15-16x8-fallback", "expand", 2, "y1_"),
        ("mlir-2.21-16x8-fallback", "expand", 2, "y1_"),
    ],
)
def test_arrays_of_one_name_are_numbered_with_the_constants_that_were_not_merged(
    name: str, kind: str, nets: int, array: str
) -> None:
    """Which array of integers has no range: the message has the names of the float model."""
    n = Net()
    x = n.placeholder("input", (4, 16), DType.INT32)
    truths = []
    for number, op in enumerate(("Maximum", "Minimum")[:nets]):
        turned = n.op("Transpose", n.op(op, x, n.i(1), T=DType.INT32), n.ints(1, 0), T=DType.INT32)
        wide = _with_new_axis(n, kind, f"y{number}_", turned)
        truth = n.op("NotEqual", wide, n.op("ExpandDims", turned, n.i(2), T=DType.INT32), T=DType.INT32)
        truths.append(n.op("Cast", truth, SrcT=DType.BOOL, DstT=DType.FLOAT))
    found = predicted_of(n, n.op("AddN", *truths, N=nets), name)
    assert (found.kind, found.array) == ("minmax", array)


def _with_new_axis(n: Net, kind: str, name: str, rows: str) -> str:
    if kind == "expand":
        return n.add("ExpandDims", name, rows, n.i(1), T=DType.INT32)
    attrs = {"begin_mask": 5, "end_mask": 5, "new_axis_mask": 2, "T": DType.INT32, "Index": DType.INT32}
    return n.add("StridedSlice", name, rows, n.ints(0, 0, 0), n.ints(0, 0, 0), n.ints(1, 1, 1), **attrs)

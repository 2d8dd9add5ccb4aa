"""What is taken out of a shape with open sizes: real answers of TF 2.15 and 2.21."""

import pytest

from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from tests.converters.predicted import predicted_of


def part_of_shape(kind: str, *, batches: int) -> Builder:
    """The input times half of one of its sizes, or of two multiplied, which the graph takes out of its shape."""
    b = Builder()
    x = b.add("Relu", "relu", b.placeholder("x", [*[None] * batches, 4, 8]))
    int32 = {"T": DType.INT32}
    dtype = DType.INT64 if kind == "shape of int64" else DType.INT32
    shape = b.add("Shape", "shape", x, out_type=dtype)

    def numbers(name: str, *values: int) -> str:
        return b.const(name, [*values], [len(values)], DType.INT32)

    def one(source: str, dtype: DType = DType.INT32, place: int = batches) -> str:
        places = numbers("b", place), numbers("e", place + 1), numbers("s", 1)
        return b.add("StridedSlice", "one", source, *places, T=dtype, Index=DType.INT32, shrink_axis_mask=1)

    def product(source: str) -> str:
        return b.add(
            "Prod", "product", source, numbers("axes", 0), Tidx=DType.INT32, keep_dims=False, **int32
        )

    def gather(place: str) -> str:
        axis = b.const("axis", 0, [], DType.INT32)
        types = {"Tparams": DType.INT32, "Tindices": DType.INT32, "Taxis": DType.INT32}
        return b.add("GatherV2", "gather", shape, place, axis, **types)

    def piece(count: int) -> str:
        places = numbers("begin", batches), numbers("count", count)
        return b.add("Slice", "piece", shape, *places, Index=DType.INT32, **int32)

    def cast(name: str, source: str, old: DType, new: DType) -> str:
        return b.add("Cast", name, source, SrcT=old, DstT=new)

    if kind == "StridedSlice":
        size = one(shape)
    elif kind == "shape of int64":
        size = cast("narrow", one(shape, DType.INT64), DType.INT64, DType.INT32)
    elif kind == "Slice":
        size = b.add("Squeeze", "size", piece(1), squeeze_dims=[0], **int32)
    elif kind == "Prod of Slice":
        size = product(piece(2))
    elif kind == "GatherV2":
        size = gather(b.const("place", batches, [], DType.INT32))
    elif kind == "Prod of GatherV2":
        size = product(gather(numbers("both", batches, batches + 1)))
    elif kind == "of ConcatV2":
        axis = b.const("axis", 0, [], DType.INT32)
        joined = b.add("ConcatV2", "joined", shape, numbers("seven", 7), axis, N=2, Tidx=DType.INT32, **int32)
        size = one(joined, place=batches + 2)
    elif kind == "of Cast":
        wide = cast("wide", shape, DType.INT32, DType.INT64)
        size = cast("narrow", one(wide, DType.INT64), DType.INT64, DType.INT32)
    else:
        size = one(b.add("Mul", "twice", shape, b.const("two", 2, [], DType.INT32), **int32))
    double = cast("double", size, DType.INT32, DType.DOUBLE)
    half = b.add("RealDiv", "half", double, b.const("2.0", 2.0, [], DType.DOUBLE), T=DType.DOUBLE)
    b.add("Mul", "out", x, cast("single", half, DType.DOUBLE, DType.FLOAT))
    return b


@pytest.mark.parametrize("batches", [1, 2])
@pytest.mark.parametrize(
    ("kind", "known"),
    [
        ("StridedSlice", True),
        ("shape of int64", True),
        ("Slice", False),
        ("Prod of Slice", False),
        ("GatherV2", False),
        ("Prod of GatherV2", False),
        ("of ConcatV2", False),
        ("of Cast", False),
        ("of Mul", False),
    ],
)
@pytest.mark.parametrize("name", ["mlir-2.15-dynamic", "mlir-2.21-dynamic"])
def test_of_a_partly_open_shape_only_a_strided_slice_is_a_constant(name, kind, known, batches):
    """A division of doubles is refused where it is not folded; converted with TF 2.15 and 2.21."""
    found = predicted_of(part_of_shape(kind, batches=batches), "out", name, ("x",))
    assert (found.verdict, found.op) == (("float", None) if known else ("abort", "RealDiv"))

"""Shapes, element types and constants are those that TensorFlow itself infers."""

import os
from collections.abc import Callable
from typing import Any

import numpy
import pytest

from minmax_lint.graph.attr import UnknownRank
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.trace import trace
from minmax_lint.inference.inference import Inference
from minmax_lint.schema.attributes import encode_node
from minmax_lint.schema.messages import message_class

INT = DType.INT32
STRIDED = {"begin_mask": 0, "end_mask": 0, "ellipsis_mask": 0, "new_axis_mask": 0, "shrink_axis_mask": 0}


def ints(b: Builder, name: str, *values: int) -> str:
    return b.const(name, list(values), dtype=INT)


def scalar(b: Builder, name: str, value: int) -> str:
    return b.const(name, value, dtype=INT)


def image(b: Builder) -> str:
    return b.placeholder("image", [2, 9, 8, 4])


def conv(b: Builder, **attrs: Any) -> str:
    weights = b.const("w", [0.5], [3, 2, 4, 6])
    return b.add("Conv2D", "y", image(b), weights, **{"strides": [1, 2, 2, 1], "padding": b"SAME", **attrs})


def volume(b: Builder, depth: int) -> str:
    return b.placeholder("volume", [2, 5, 9, 8, depth])


def conv3d(b: Builder, depth: int, **attrs: Any) -> str:
    weights = b.const("w", [0.5], [2, 3, 2, depth, 6])
    given = {"strides": [1, 2, 2, 1, 1], "padding": b"SAME", **attrs}
    return b.add("Conv3D", "y", volume(b, depth), weights, **given)


def strided_slice(b: Builder, **masks: int) -> str:
    ends = [ints(b, key, *values) for key, values in (("lo", (0, 1)), ("hi", (2, -1)), ("by", (1, 2)))]
    return b.add("StridedSlice", "y", image(b), *ends, Index=INT, **{**STRIDED, **masks})


def flattened(b: Builder) -> str:
    """`tf.reshape(x, [tf.shape(x)[0], -1])`: the shape is arithmetic."""
    shape = b.add("Shape", "shape", image(b), out_type=INT)
    ends = [ints(b, key, value) for key, value in (("lo", 0), ("hi", 1), ("by", 1))]
    batch = b.add(
        "StridedSlice", "batch", shape, *ends, T=INT, Index=INT, **{**STRIDED, "shrink_axis_mask": 1}
    )
    target = b.add("Pack", "target", batch, scalar(b, "rest", -1), T=INT, N=2, axis=0)
    return b.add("Reshape", "y", "image", target, Tshape=INT)


def computed_paddings(b: Builder) -> str:
    """`tf.stack([base[:, 0], base[1]])`: paddings of a dilated convolution are rows and columns of a matrix."""
    base = b.const("base", [1, 2, 2, 1], [2, 2], INT)
    ends = [ints(b, key, *values) for key, values in (("lo", (0, 0)), ("hi", (2, 1)), ("by", (1, 1)))]
    types = {**STRIDED, "T": INT, "Index": INT}
    column = b.add("StridedSlice", "column", base, *ends, **{**types, "begin_mask": 1, "shrink_axis_mask": 2})
    ends = [ints(b, f"row_{key}", value) for key, value in (("lo", 1), ("hi", 2), ("by", 1))]
    row = b.add("StridedSlice", "row", base, *ends, **{**types, "shrink_axis_mask": 1})
    paddings = b.add("Pack", "paddings", column, row, T=INT, N=2, axis=0)
    block = ints(b, "block", 4, 11)
    return b.add("SpaceToBatchND", "y", image(b), block, paddings, Tblock_shape=INT, Tpaddings=INT)


def rows(b: Builder) -> str:
    """The rows of an image, which only a run knows."""
    shape = b.add("Shape", "shape", b.placeholder("open", [2, None, 8, 4]), out_type=INT)
    ends = [ints(b, f"row_{key}", value) for key, value in (("lo", 1), ("hi", 2), ("by", 1))]
    return b.add("StridedSlice", "rows", shape, *ends, T=INT, Index=INT, **STRIDED)


def slice_to_computed_end(b: Builder) -> str:
    end = b.add("ConcatV2", "end", rows(b), ints(b, "hi", 5), scalar(b, "axis", 0), T=INT, N=2, Tidx=INT)
    ends = [ints(b, "lo", 0, 1), end, ints(b, "by", 1, 1)]
    return b.add("StridedSlice", "y", image(b), *ends, Index=INT, **STRIDED)


def range_of_choice(b: Builder) -> str:
    """`tf.linspace` counts to `tf.where(num >= 0, num - 1, -1)`."""
    at_least = b.add("GreaterEqual", "at_least", scalar(b, "num", 16), scalar(b, "zero", 0), T=INT)
    last = b.add("SelectV2", "last", at_least, scalar(b, "last_one", 15), scalar(b, "none", -1), T=INT)
    return b.add("Range", "y", scalar(b, "one", 1), last, "one", Tidx=INT)


CASES: dict[str, Callable[[Builder], str]] = {
    "conv same": conv,
    "computed paddings": computed_paddings,
    "conv valid": lambda b: conv(b, padding=b"VALID"),
    "conv dilated": lambda b: conv(b, strides=[1, 1, 1, 1], dilations=[1, 2, 3, 1], padding=b"VALID"),
    "conv explicit": lambda b: conv(b, padding=b"EXPLICIT", explicit_paddings=[0, 0, 1, 2, 0, 3, 0, 0]),
    "depthwise": lambda b: b.add(
        "DepthwiseConv2dNative",
        "y",
        image(b),
        b.const("w", [0.5], [3, 3, 4, 2]),
        strides=[1, 2, 2, 1],
        padding=b"VALID",
    ),
    "conv transposed": lambda b: b.add(
        "Conv2DBackpropInput",
        "y",
        ints(b, "size", 2, 18, 16, 5),
        b.const("w", [0.5], [3, 3, 5, 4]),
        image(b),
        strides=[1, 2, 2, 1],
        padding=b"SAME",
    ),
    "pool": lambda b: b.add(
        "MaxPool", "y", image(b), ksize=[1, 3, 2, 1], strides=[1, 2, 2, 1], padding=b"SAME"
    ),
    "conv 3D": lambda b: conv3d(b, 4),
    "conv 3D dilated": lambda b: conv3d(b, 4, strides=[1] * 5, dilations=[1, 2, 3, 3, 1], padding=b"VALID"),
    "conv 3D transposed": lambda b: b.add(
        "Conv3DBackpropInputV2",
        "y",
        ints(b, "size", 2, 10, 18, 16, 5),
        b.const("w", [0.5], [3, 3, 3, 5, 4]),
        volume(b, 4),
        Tshape=INT,
        strides=[1, 2, 2, 2, 1],
        padding=b"SAME",
    ),
    "pool 3D": lambda b: b.add(
        "AvgPool3D", "y", volume(b, 4), ksize=[1, 2, 3, 2, 1], strides=[1, 2, 2, 1, 1], padding=b"VALID"
    ),
    "dense": lambda b: b.dense("y", b.placeholder("x", [3, 8]), 8, 5),
    "matmul transposed": lambda b: b.add(
        "MatMul",
        "y",
        b.placeholder("x", [8, 3]),
        b.const("w", 0.5, [5, 8]),
        transpose_a=True,
        transpose_b=True,
    ),
    "broadcast": lambda b: b.add("AddV2", "y", image(b), b.const("c", 1.0, [8, 1])),
    "mean": lambda b: b.add("Mean", "y", image(b), ints(b, "axes", 1, 2), Tidx=INT, keep_dims=False),
    "mean kept": lambda b: b.add("Mean", "y", image(b), ints(b, "axes", -1), Tidx=INT, keep_dims=True),
    "reshape": lambda b: b.add("Reshape", "y", image(b), ints(b, "to", 2, -1, 4), Tshape=INT),
    "reshape by arithmetic": flattened,
    "squeeze": lambda b: b.add("Squeeze", "y", b.placeholder("x", [1, 3, 1]), squeeze_dims=[0]),
    "expand": lambda b: b.add("ExpandDims", "y", image(b), scalar(b, "axis", -1), Tdim=INT),
    "concat": lambda b: b.add("ConcatV2", "y", image(b), "image", scalar(b, "axis", 3), N=2, Tidx=INT),
    "pack": lambda b: b.add("Pack", "y", image(b), "image", N=2, axis=1),
    "unpack": lambda b: b.add("Unpack", "y", image(b), num=4, axis=-1),
    "split": lambda b: b.add("Split", "y", scalar(b, "axis", 3), image(b), num_split=2),
    "splitv": lambda b: b.add(
        "SplitV", "y", image(b), ints(b, "sizes", 3, -1), scalar(b, "axis", 2), num_split=2, Tlen=INT
    ),
    "slice": lambda b: b.add(
        "Slice", "y", image(b), ints(b, "lo", 0, 1, 2, 0), ints(b, "n", 2, 3, -1, 4), Index=INT
    ),
    "strided slice": strided_slice,
    "strided slice shrinks": lambda b: strided_slice(b, shrink_axis_mask=1),
    "strided slice adds axis": lambda b: strided_slice(b, new_axis_mask=2),
    "strided slice open end": lambda b: strided_slice(b, begin_mask=2, end_mask=2),
    "strided slice to a computed end": slice_to_computed_end,
    "range to a choice": range_of_choice,
    "reshape by parts": lambda b: b.add(
        "Reshape",
        "y",
        image(b),
        b.add("ConcatV2", "to", rows(b), ints(b, "rest", 72, 4), scalar(b, "axis", 0), T=INT, N=2, Tidx=INT),
        Tshape=INT,
    ),
    "concat of open rows and fixed ones": lambda b: b.add(
        "ConcatV2", "y", b.placeholder("x", [2, None, 8, 4]), image(b), scalar(b, "axis", 3), N=2, Tidx=INT
    ),
    "dynamic update slice": lambda b: b.add(
        "XlaDynamicUpdateSlice",
        "y",
        image(b),
        b.const("part", [0.5], [1, 2, 2, 4]),
        ints(b, "at", 0, 0, 0, 0),
        Tindices=INT,
    ),
    "gather": lambda b: b.add(
        "GatherV2",
        "y",
        image(b),
        ints(b, "at", 0, 2, 1),
        scalar(b, "axis", 1),
        Tparams=DType.FLOAT,
        Tindices=INT,
        Taxis=INT,
        batch_dims=0,
    ),
    "pad": lambda b: b.add(
        "Pad", "y", image(b), b.const("pads", [0, 0, 1, 2, 3, 0, 0, 0], [4, 2], INT), Tpaddings=INT
    ),
    "tile": lambda b: b.add("Tile", "y", image(b), ints(b, "times", 1, 2, 1, 3), Tmultiples=INT),
    "transpose": lambda b: b.add("Transpose", "y", image(b), ints(b, "perm", 0, 3, 1, 2), Tperm=INT),
    "resize": lambda b: b.add("ResizeBilinear", "y", image(b), ints(b, "size", 18, 16)),
    "space to batch": lambda b: b.add(
        "SpaceToBatchND",
        "y",
        image(b),
        ints(b, "block", 2, 2),
        b.const("pads", [0, 1, 0, 0], [2, 2], INT),
        Tblock_shape=INT,
        Tpaddings=INT,
    ),
    "space to depth": lambda b: b.add("SpaceToDepth", "y", b.placeholder("x", [1, 4, 4, 3]), block_size=2),
    "arg max": lambda b: b.add(
        "ArgMax", "y", image(b), scalar(b, "axis", 3), Tidx=INT, output_type=DType.INT64
    ),
    "compare": lambda b: b.add("Greater", "y", image(b), b.const("c", 0.0)),
    "cast": lambda b: b.add("Cast", "y", image(b), SrcT=DType.FLOAT, DstT=DType.UINT8),
    "batch norm": lambda b: b.add(
        "FusedBatchNormV3",
        "y",
        image(b),
        *(b.const(name, 1.0, [4]) for name in ("scale", "offset", "mean", "variance")),
        U=DType.FLOAT,
        is_training=False,
    ),
    "fake quant": lambda b: b.fake_quant("y", image(b), 0, 6),
    "top k": lambda b: b.add("TopKV2", "y", image(b), scalar(b, "k", 3)),
    "bucketize": lambda b: b.add("Bucketize", "y", image(b), boundaries=[0.5, 1.0]),
    "to bool": lambda b: b.add("ToBool", "y", image(b)),
    "segment sum": lambda b: b.add("SegmentSum", "y", image(b), ints(b, "ids", 0, 1), Tindices=INT),
    "where": lambda b: b.add("Where", "y", image(b)),
    "random integers": lambda b: b.add(
        "RandomUniformInt",
        "y",
        ints(b, "sizes", 2, 3),
        scalar(b, "least", 0),
        scalar(b, "most", 9),
        T=INT,
        Tout=INT,
        seed=1,
        seed2=2,
    ),
    "random numbers": lambda b: b.add(
        "StatelessRandomUniform",
        "y",
        ints(b, "sizes", 2, 3),
        ints(b, "seed", 1, 2),
        T=INT,
        Tseed=INT,
        dtype=DType.FLOAT,
    ),
    "one hot": lambda b: b.add(
        "OneHot",
        "y",
        ints(b, "at", 1, 2, 3),
        scalar(b, "depth", 5),
        b.const("on", 1.0),
        b.const("off", 0.0),
        axis=-1,
        TI=INT,
    ),
}


def inferred_by_tensorflow(graph: Graph) -> dict[str, tuple[int, list[int | None] | None]]:
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")
    tensorflow = pytest.importorskip("tensorflow")
    message = message_class("GraphDef")(node=[encode_node(node) for node in graph])
    found = {}
    with tensorflow.Graph().as_default() as imported:
        definition = tensorflow.compat.v1.GraphDef.FromString(message.SerializeToString())
        tensorflow.import_graph_def(definition, name="")
        for operation in imported.get_operations():
            for port, tensor in enumerate(operation.outputs):
                name = operation.name if port == 0 else f"{operation.name}:{port}"
                shape = tensor.shape.as_list() if tensor.shape.rank is not None else None
                found[name] = (tensor.dtype.as_datatype_enum, shape)
    return found


@pytest.mark.slow
@pytest.mark.parametrize("case", CASES)
def test_shapes_and_types_are_tensorflows(case: str) -> None:
    b = Builder()
    output = CASES[case](b)
    graph = b.graph()
    inference = Inference(trace(graph, [], [output]), {})
    expected = inferred_by_tensorflow(graph)
    shapes = {array: inference.shape(array) for array in expected}
    ours = {
        array: (int(inference.dtype(array)), None if shape is None else list(shape))
        for array, shape in shapes.items()
    }
    # Where TensorFlow's C++ shape function is content with less, we may know more, never something else.
    wider = {
        array: (dtype, ours[array][1] if shape is None or None in shape else shape)
        for array, (dtype, shape) in expected.items()
    }
    assert ours == wider


@pytest.mark.slow
def test_an_op_that_takes_one_rank_alone_tells_the_shape_of_what_has_none() -> None:
    b = Builder()
    b.add("Placeholder", "x", dtype=DType.FLOAT, shape=UnknownRank())
    weights = [b.const("w", 0.5, [4, 6]), b.const("filters", 0.5, [3, 3, 4, 6])]
    b.add("MatMul", "rows", "x", weights[0])
    b.add("Conv2D", "images", "x", weights[1], strides=[1, 2, 2, 1], padding=b"SAME")
    b.add("Relu", "any", "x")
    graph = b.graph()
    found = Inference(trace(graph, ["x"], ["rows", "images", "any"]), {})
    shapes = {name: shape and list(shape) for name in graph.names for shape in [found.shape(name)]}
    assert shapes == {name: shape for name, (_, shape) in inferred_by_tensorflow(graph).items()}
    assert shapes["rows"] == [None, 6]


def test_an_unknown_batch_is_one_as_the_converters_set_it() -> None:
    b = Builder()
    b.add("Relu", "y", b.placeholder("x", [None, 8]))
    assert Inference(trace(b.graph(), ["x"], ["y"]), {}).shape("y") == (1, 8)


def test_the_users_shape_of_an_input_counts() -> None:
    b = Builder()
    b.add("Relu", "y", b.placeholder("x", [None, None]))
    assert Inference(trace(b.graph(), ["x"], ["y"]), {"x": (4, 7)}).shape("y") == (4, 7)


def test_weights_are_folded_through_batch_norm_arithmetic() -> None:
    b = Builder()
    weights = b.const("w", [1.0, 2.0, 3.0, 4.0], [2, 2])
    scale = b.add(
        "Mul", "scale", b.add("Rsqrt", "rsqrt", b.const("variance", 4.0, [2])), b.const("gamma", 3.0)
    )
    b.add("Mul", "y", weights, scale)
    folded = Inference(trace(b.graph(), [], ["y"]), {}).constant("y")
    assert folded is not None
    numpy.testing.assert_allclose(folded.numpy(), [[1.5, 3.0], [4.5, 6.0]])


def test_what_depends_on_an_input_or_a_fakequant_is_no_constant() -> None:
    b = Builder()
    b.add("Mul", "y", b.placeholder("x", [2]), b.fake_quant("fq", b.const("w", 1.0, [2]), 0, 1))
    inference = Inference(trace(b.graph(), ["x"], ["y"]), {})
    assert [inference.constant(array) for array in ("x", "fq", "y")] == [None, None, None]
    assert inference.is_constant("w")


def test_a_malformed_node_has_no_shape_and_stops_nothing() -> None:
    b = Builder()
    b.add("Conv2D", "broken", b.placeholder("x", [1, 8]), strides=[], padding=b"SAME")
    b.add("Relu", "y", "broken")
    assert Inference(trace(b.graph(), ["x"], ["y"]), {}).shape("y") is None


def test_a_long_chain_of_constants_is_folded_without_recursion() -> None:
    b = Builder()
    last = b.const("c", 0.0)
    for i in range(3000):
        last = b.add("Add", f"n{i}", last, b.const(f"c{i}", 1.0))
    folded = Inference(trace(b.graph(), [], [last]), {}).constant(last)
    assert folded is not None
    assert folded.item() == 3000

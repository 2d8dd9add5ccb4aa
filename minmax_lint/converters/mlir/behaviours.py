"""What the converters of some versions do and others do not, one entry each; patterns have bounds of their own.

The bounds were found with the real converters of TensorFlow 2.12 to 2.22, and for what has a name in TensorFlow's
source by looking for that name in the libraries of these releases.
"""

from minmax_lint.converters.mlir.version import Behaviour
from minmax_lint.graph.dtype import DType

INT32 = DType.INT32

QUANTIZE_CONCAT_RESULT = Behaviour(
    (2, 18),
    name="QuantizeConcatResult",
    before=lambda n: n.op(
        "Maximum",
        both := n.op("ConcatV2", x := n.x(), n.fake_quant("wide", n.op("Relu", x), -2, 2), n.i(1)),
        n.fake_quant("wider", n.op("Abs", both), -4, 4),
    ),
)
"""CONCATENATION of FakeQuants takes the scale of the first where it has none of its own (prepare_tf.cc)."""

QUANTIZE_MEAN_RESULT = Behaviour((2, 19), name="QuantizeMeanResult", before=lambda n: n.sum(n.x(), op="Mean"))
"""MEAN of a FakeQuant takes its scale where it has none of its own (prepare_tf.cc)."""

QUANTIZE_RESULT_OF_SHARED = Behaviour(
    (2, 20),
    name="QuantizeMeanResult where others read the FakeQuant as well",
    before=lambda n: n.op("AddV2", n.sum(x := n.x(), op="Mean"), n.op("Elu", x)),
)
"""The same where the MEAN is not all that reads the FakeQuant."""

UNITES_UNSIGNED_CONCATENATIONS = Behaviour(
    (2, 20),
    name="union of the scales of an unsigned CONCATENATION",
    before=lambda n: n.op(
        "Sub",
        both := n.op("ConcatV2", n.fq(y := n.op("Abs", n.x())), y, n.i(1)),
        n.fake_quant("wide", both, -2, 2),
    ),
)
"""CONCATENATION of uint8 leaves trained scales alone, and takes the union of them where it has none."""

STORES_UNSIGNED_WIDTHS = Behaviour(
    (2, 16),
    name="unsigned types of 4 and 16 bits in a .tflite file",
    before=lambda n: n.fake_quant("wide", n.op("Elu", n.x()), -1, 1, num_bits=16),
)
"""Unsigned types of 4 and 16 bits can be written."""

SQUASH_DQ_Q = Behaviour(
    (2, 20), name="SquashDqQ", before=lambda n: n.op("Elu", n.fake_quant("again", n.x(), -2, 2))
)
"""A second quantize of another range is dropped behind the quantization; earlier versions drop it during it."""

REORDERS_SHARED_FAKE_QUANTS = Behaviour(
    until=(2, 14),
    name="ReorderFakeQuantPattern without hasOneUse",
    before=lambda n: n.op(
        "AddV2", n.op("Elu", twice := n.fake_quant("wide", n.op("Elu", n.x()), -2, 2)), n.reshape(twice, 8)
    ),
)
"""A RESHAPE or TRANSPOSE comes in front of a FakeQuant whatever else reads it."""

UNROLL_BATCH_MATMUL = Behaviour(
    until=(2, 13),
    name="UnrollBatchMatMulPass",
    before=lambda n: n.fq(n.op("BatchMatMulV2", x := n.x(2, 4, 4), n.fq(n.op("Abs", x)))),
)
"""BATCH_MATMUL of known shapes is a FULLY_CONNECTED for each of its matrices."""

CONVERT_BATCH_MATMUL_EARLY = Behaviour(
    (2, 20),
    name="ConvertBatchMatMulOp2FullyConnectedOp_Rank2ConstantRhs",
    before=lambda n: n.fq(n.op("BatchMatMulV2", n.x(1, 4, 8), n.fq(n.weights(8, 4)))),
)
"""BATCH_MATMUL with constant weights is FULLY_CONNECTED from the start; else only what is float, at the end."""

CHECKS_CHANNELS_OF_RESHAPES = Behaviour(
    (2, 20),
    name="verifier of quantized dimensions of RESHAPE",
    before=lambda n: n.reshape(n.per_channel(n.image(), 4), 1, 8, 8),
)
"""RESHAPE must leave the dimension that the scales of a FakeQuant for each channel belong to."""

CRASHES_ON_NAN = Behaviour(
    until=(2, 18),
    name="crash on a range of NaN",
    before=lambda n: n.fake_quant("nan", n.op("Elu", n.x()), float("nan"), 1),
)
"""A range of NaN ends the process; later it is taken for a scale like any other."""

FOLDS_OPEN_BATCHES = Behaviour(
    (2, 18),
    name="foldIdentityArithmetic with an open batch",
    before=lambda n: n.op("Elu", n.op("AddV2", n.x(None, 8), n.c(0.0, shape=[8]))),
)
"""A neutral constant of any shape is folded away where the batch is open; earlier only a scalar is."""

DIV_WITH_CONST_DIVISOR = Behaviour(
    (2, 19),
    name="RealDivWithConstDivisor of Div",
    before=lambda n: n.op("Div", n.op("Elu", n.x()), n.c(3.0)),
)
"""Div by a constant is multiplication as well; earlier only RealDiv is (2.18 and 2.19 measured)."""

FILLS_OPEN_BROADCASTS = Behaviour(
    until=(2, 19),
    name="ConvertTFBroadcastTo with an open shape",
    before=lambda n: n.op(
        "BroadcastTo", n.sum(e := n.op("Elu", n.x(None, 8))), n.op("Shape", e, T=DType.FLOAT, out_type=INT32)
    ),
)
"""BROADCAST_TO of an open shape is a product with FILL (2.12 to 2.21 measured)."""

OPTIMIZE_BATCH_MATMUL_FIRST = Behaviour(
    (2, 15),
    (2, 17),
    name="order of OptimizeBatchMatmulPass and OptimizePass",
    before=lambda n: n.op("Relu", n.mat_mul(n.op("Elu", x := n.x(8, 8)), n.op("Exp", x))),
)
"""OptimizeBatchMatmulPass comes in front of OptimizePass.

In 2.14 its patterns belong to OptimizePass; from 2.18 on it comes behind, and both run twice (dumps of the passes).
"""

LEAVES_REPEATED_BIASES_FLOAT = Behaviour(
    (2, 19),
    (2, 19),
    name="FULLY_CONNECTED with a splat bias",
    before=lambda n: n.fq(n.op("BiasAdd", n.mat_mul(n.x(), n.fq(n.weights(8, 4))), n.c(0.5, shape=[4]))),
)
"""FULLY_CONNECTED stays float where its trained weights were transposed and its bias repeats one number, not 0."""

SLICES_SIX_DIMENSIONS = Behaviour(
    (2, 21),
    name="SLICE of six dimensions",
    before=lambda n: n.op("Slice", n.op("Elu", n.x(1, 1, 1, 1, 2, 2)), n.ints(*[0] * 6), n.ints(*[1] * 6)),
)
"""SLICE and STRIDED_SLICE take six dimensions, rather than five."""

KEEPS_TRANSPOSED_CONSTANTS = Behaviour(
    (2, 17),
    name="Transpose of a sum with a constant, behind a Transpose",
    before=lambda n: n.transpose(
        n.op(
            "AddV2",
            n.mat_mul(n.reshape(n.op("Elu", n.x(2, 8)), 2, 8), n.weights(8, 4)),
            n.c(0.5, 0.25, 0.5, 0.25, shape=[1, 4]),
        ),
        1,
        0,
    ),
)
"""MoveTransposesPass does not fold a TRANSPOSE of a constant, and so brings it behind the sum again."""

FLATTENS_ROWS_WITH_ACTIVATION = Behaviour(
    (2, 20),
    name="Relu of a row added to a dense layer",
    before=lambda n: n.op(
        "Relu", n.op("AddV2", n.mat_mul(n.x(), n.weights(8, 4)), n.c(0.5, 0.25, shape=[1, 4]))
    ),
)
"""UndoBroadcastFullyConnectedBiasAdd takes an ADD that an activation is fused with, and one of an open batch."""

KEEPS_DIMENSIONS_OF_ROWS = Behaviour(
    (2, 21),
    name="row of three dimensions added to a dense layer",
    before=lambda n: n.op("AddV2", n.mat_mul(n.x(), n.weights(8, 4)), n.c(0.5, 0.25, shape=[1, 1, 4])),
)
"""UndoBroadcastFullyConnectedBiasAdd gives back the dimensions that a row adds, by a RESHAPE."""

FOLDS_SLICE_FIRST = Behaviour(
    (2, 18),
    name="StridedSlice that ends behind the array",
    before=lambda n: n.op("StridedSlice", n.op("Elu", n.x()), n.ints(0, 0), n.ints(3, 9), n.ints(1, 1)),
)
"""A SLICE of everything goes before its sizes are compared with the array's."""

DIVIDES_SIX_DIMENSIONS = Behaviour(
    (2, 21),
    name="DIV of six dimensions",
    before=lambda n: n.op("RealDiv", n.op("Elu", x := n.x(2, 1, 1, 1, 2, 2)), n.op("Exp", n.sum(x, 0))),
)
"""DIV broadcasts six dimensions itself, rather than five."""

DIVIDES_EIGHT_BITS = Behaviour(
    (2, 20),
    (2, 20),
    name="DIV of 8 bits",
    before=lambda n: n.op(
        "Elu",
        n.fake_quant(
            "y",
            n.op("RealDiv", w := n.fake_quant("w", n.op("Abs", n.x()), -1, 1, num_bits=16), w),
            -1,
            1,
            num_bits=16,
        ),
    ),
)
"""DIV takes no quantized type but those of 8 bits."""

FOLDS_CONSTANT_BROADCASTS = Behaviour(
    (2, 16),
    name="BroadcastToOp::fold",
    before=lambda n: n.fq(n.op("AddV2", x := n.x(), n.op("OnesLike", x))),
)
"""BROADCAST_TO of a constant is a constant."""

FOLDS_WIDE_BROADCASTS = Behaviour(
    (2, 16),
    (2, 19),
    name="BroadcastToOp::fold with sizes of int64",
    before=lambda n: n.op(
        "TensorScatterUpdate",
        x := n.x(4, 2),
        n.ints(1, shape=[1, 1]),
        n.op("Slice", n.op("Elu", x), n.ints(0, 0), n.ints(1, 2)),
    ),
)
"""The same where its sizes are of int64."""

HARD_SWISH_OF_ANY_SHAPE = Behaviour(
    (2, 19),
    name="MatchHardSwishPattern2 with numbers of more dimensions",
    before=lambda n: n.op(
        "Mul",
        x := n.x(),
        n.op("Mul", n.op("Relu6", n.op("AddV2", x, n.c(3.0, shape=[1]))), n.c(1 / 6, shape=[1])),
    ),
)
"""Its numbers need not be scalars."""

QUANTIZES_GATHER_ND = Behaviour(
    (2, 16),
    name="quantized types of tfl.gather_nd",
    before=lambda n: n.op("GatherNd", n.x(4, 2), n.ints(1, shape=[1, 1])),
)
"""GATHER_ND can be integer; earlier its verifier refuses the type that the quantization gives it."""

FOLDS_SMALL_CONSTANTS = Behaviour(
    (2, 18),
    name="kSizeThreshold of ShouldBeFolded",
    before=lambda n: n.op("AddV2", n.x(1, 3000), n.op("Tile", n.c(0.25, 0.5), n.ints(1500))),
)
"""An op of constants is computed while converting up to 8 KiB, not up to 1 MiB (constant_fold.cc; measured)."""

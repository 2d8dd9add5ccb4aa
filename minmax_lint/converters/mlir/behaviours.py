"""What the converters of some versions do and others do not, one entry each; patterns have bounds of their own.

The bounds were found with the real converters of TensorFlow 2.12 to 2.22, and for what has a name in TensorFlow's
source by looking for that name in the libraries of these releases.
"""

from __future__ import annotations

from minmax_lint.converters.mlir.version import Behaviour

QUANTIZE_CONCAT_RESULT = Behaviour((2, 18), name="QuantizeConcatResult")
"""CONCATENATION of FakeQuants takes the scale of the first where it has none of its own (prepare_tf.cc)."""

QUANTIZE_MEAN_RESULT = Behaviour((2, 19), name="QuantizeMeanResult")
"""MEAN of a FakeQuant takes its scale where it has none of its own (prepare_tf.cc)."""

UNITES_UNSIGNED_CONCATENATIONS = Behaviour((2, 20), name="union of the scales of an unsigned CONCATENATION")
"""CONCATENATION of uint8 leaves trained scales alone, and takes the union of them where it has none."""

STORES_UNSIGNED_WIDTHS = Behaviour((2, 16), name="unsigned types of 4 and 16 bits in a .tflite file")
"""Unsigned types of 4 and 16 bits can be written."""

SQUASH_DQ_Q = Behaviour((2, 20), name="SquashDqQ")
"""A second quantize of another range is dropped behind the quantization; earlier versions drop it during it."""

CONVERT_BROADCAST_TO_MUL = Behaviour(until=(2, 19), name="ConvertTFBroadcastTo, ConvertTFLBroadcastToMulOp")
"""BROADCAST_TO is a product with ones."""

CONVERT_BATCH_MATMUL_EARLY = Behaviour((2, 20), name="ConvertBatchMatMulOp2FullyConnectedOp_Rank2ConstantRhs")
"""BATCH_MATMUL with constant weights is FULLY_CONNECTED from the start; else only what is float, at the end."""

CHECKS_CHANNELS_OF_RESHAPES = Behaviour((2, 20), name="verifier of quantized dimensions of RESHAPE")
"""RESHAPE must leave the dimension that the scales of a FakeQuant for each channel belong to."""

CRASHES_ON_NAN = Behaviour(until=(2, 18), name="crash on a range of NaN")
"""A range of NaN ends the process; later it is taken for a scale like any other."""

FOLDS_OPEN_BATCHES = Behaviour((2, 19), name="foldIdentityArithmetic with an open batch")
"""A neutral constant of any shape is folded away where the batch is open; earlier only a scalar is."""

MERGES_RESHAPES_FIRST = Behaviour((2, 17), name="phase 0 of OptimizePass")
"""RESHAPEs go into FULLY_CONNECTED in front of the first phase."""

OPTIMIZE_BATCH_MATMUL_FIRST = Behaviour(
    until=(2, 16), name="order of OptimizeBatchMatmulPass and OptimizePass"
)
"""BATCH_MATMUL and FULLY_CONNECTED become each other in front of the first phase; later behind the second."""

FOLDS_INTEGER_COMPARISONS = Behaviour((2, 20), name="folding of LESS_EQUAL of constants")
"""LESS_EQUAL of two constants is a constant (2.15 and 2.21 measured, the versions between them not)."""

"""Small graphs, one for each mechanism; what each converter does with it is in its test_mechanisms.py.

Every graph reads `input`; its docstring says what is special about it.
"""

from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType

SHAPE = (1, 4, 4, 4)


def start(b: Builder) -> str:
    """The input behind a FakeQuant of [-1, 1]."""
    return b.fake_quant("input_fq", b.placeholder("input", SHAPE), -1, 1)


def flat(b: Builder) -> str:
    """The same as a matrix of one row."""
    return b.fake_quant("input_fq", b.placeholder("input", (1, 8)), -1, 1)


def trained_output(b: Builder) -> str:
    """Everything is behind a FakeQuant."""
    return b.fake_quant("out", b.add("Relu6", "y", b.dense("fc", flat(b), 8, 3)), 0, 6)


def fake_quant_behind_output(b: Builder) -> str:
    """The output is named in front of its FakeQuant."""
    trained_output(b)
    return "y"


def range_through_reshapes(b: Builder) -> str:
    """Same-scale ops hand on the range of their operand."""
    pooled = b.add("MaxPool", "pool", start(b), ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding=b"VALID")
    return b.add("Reshape", "y", pooled, b.const("sizes", [1, 16], dtype=DType.INT32), Tshape=DType.INT32)


def fixed_range(b: Builder) -> str:
    """SOFTMAX knows its range."""
    return b.add("Softmax", "y", flat(b))


def two_ranges_around_relu(b: Builder) -> str:
    """RELU is fused only into what nothing stands between."""
    first = b.fake_quant("fc_fq", b.dense("fc", flat(b), 8, 3), -4, 4)
    return b.fake_quant("out", b.add("Relu", "y", first), 0, 4)


def raw_reader(b: Builder) -> str:
    """An array is read through its FakeQuant, and raw by another op."""
    total = b.add("Exp", "e", flat(b))
    left = b.fake_quant("e_fq", total, 0, 3)
    one = b.fake_quant("n_fq", b.add("Abs", "n", left), 0, 3)
    other = b.fake_quant("m_fq", b.add("Abs", "m", total), 0, 3)
    return b.fake_quant("out", b.add("Add", "y", one, other), 0, 6)


def two_fake_quants(b: Builder) -> str:
    """An array has two FakeQuants of different ranges."""
    total = b.add("Abs", "e", flat(b))
    one, other = b.fake_quant("a_fq", total, 0, 1), b.fake_quant("b_fq", total, 0, 2)
    return b.fake_quant("out", b.add("Add", "y", one, other), 0, 3)


def chain_at_output(b: Builder) -> str:
    """Two FakeQuants of different ranges in a row are the output."""
    return b.fake_quant("out", b.fake_quant("first", b.add("Abs", "y", flat(b)), 0, 1), 0, 2)


def same_range_twice(b: Builder) -> str:
    """Two FakeQuants of one range in a row are one."""
    return b.fake_quant("out", b.fake_quant("first", b.add("Abs", "y", flat(b)), 0, 1), 0, 1)


def weights_without_range(b: Builder) -> str:
    """Constant weights need no FakeQuant: their range is read off."""
    return b.fake_quant("out", b.dense("fc", flat(b), 8, 3, quantized_weights=False), -4, 4)


def input_without_range(b: Builder) -> str:
    """The input has no FakeQuant."""
    x = b.placeholder("input", (1, 8))
    return b.fake_quant("out", b.dense("fc", x, 8, 3), -4, 4)


def no_kernel(b: Builder) -> str:
    """SIN has no quantized form, whatever ranges stand around it."""
    return b.fake_quant("out", b.add("Sin", "y", flat(b)), -1, 1)


def refused_op(b: Builder) -> str:
    """An op that TFLite has no builtin for."""
    return b.fake_quant("out", b.add("Erf", "y", flat(b)), -1, 1)


def mean(b: Builder) -> str:
    """MEAN has no range of its own behind a FakeQuant."""
    axes = b.const("axes", [1, 2], dtype=DType.INT32)
    return b.add("Mean", "y", start(b), axes, Tidx=DType.INT32, keep_dims=False)


def reduction_of_one(b: Builder) -> str:
    """SUM over an axis of size 1, which is nothing, without a range of its own."""
    front = b.fake_quant("e_fq", b.add("Exp", "e", flat(b)), 0, 3)
    axes = b.const("axes", [0], dtype=DType.INT32)
    total = b.add("Sum", "sum", front, axes, Tidx=DType.INT32, keep_dims=True)
    return b.fake_quant("out", b.add("Abs", "y", total), 0, 3)


def concatenation(b: Builder) -> str:
    """Operands of two ranges, and none on the result."""
    left = flat(b)
    right = b.fake_quant("abs_fq", b.add("Abs", "abs", left), 0, 4)
    return b.add("ConcatV2", "y", left, right, b.const("axis", 1, dtype=DType.INT32), N=2, Tidx=DType.INT32)


def range_not_constant(b: Builder) -> str:
    """A FakeQuant's range is computed from the data."""
    x = flat(b)
    low, high = b.const("low", -1.0), b.const("high", 1.0)
    axes = b.const("axes", [0, 1], dtype=DType.INT32)
    top = b.add("Max", "top", x, axes, Tidx=DType.INT32, keep_dims=False)
    bound = b.add("Maximum", "bound", high, top)
    y = b.add("Abs", "y", x)
    return b.add("FakeQuantWithMinMaxVars", "out", y, low, bound, num_bits=8, narrow_range=False)


def two_missing_in_a_row(b: Builder) -> str:
    """Two dense layers without a range between them, and none behind."""
    first = b.dense("one", flat(b), 8, 3)
    return b.dense("two", first, 3, 3)


def unread_result_of_split(b: Builder) -> str:
    """Only one of two results is read: what the converter makes of it differs from run to run."""
    b.add("Split", "s", b.const("axis", 1, dtype=DType.INT32), flat(b), num_split=2)
    return b.fake_quant("out", b.add("Abs", "y", "s:1"), 0, 1)


def own_op(b: Builder) -> str:
    """An op that this model knows nothing about."""
    return b.fake_quant("out", b.add("OwnOp", "y", flat(b)), 0, 1)


def batch_norm_of_old_graphs(b: Builder) -> str:
    """The batch normalization of TensorFlow's first releases, which GraphDef has lacked since version 9."""
    vectors = [b.const(name, value, [4]) for name, value in (("m", 0.5), ("v", 1.0), ("b", 0.25), ("g", 0.5))]
    attrs = {"variance_epsilon": 0.001, "scale_after_normalization": True}
    return b.add("BatchNormWithGlobalNormalization", "y", start(b), *vectors, **attrs)

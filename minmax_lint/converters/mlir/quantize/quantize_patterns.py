"""The quantization pass: an operation whose every float operand is dequantized and whose every float result
is only quantized becomes an integer operation.

Source: quantize.cc and QuantizationPattern in quantization_utils.h; patterns are rooted at the dequantize in
front of an operation and at the quantize behind it, and the last operation comes first.
"""

from minmax_lint.converters.mlir.behaviours import SQUASH_DQ_Q
from minmax_lint.converters.mlir.failure import Nondeterministic
from minmax_lint.converters.mlir.fake_quant_support import on_grid
from minmax_lint.converters.mlir.ir import DEQUANTIZE, QUANTIZE, RETURN, Function, Operation
from minmax_lint.converters.mlir.matchers import constant_behind, only_quantize, quantized_source
from minmax_lint.converters.mlir.optimize.arithmetic import FOLDS, fold_commutative_operands
from minmax_lint.converters.mlir.pattern import by_root, constant_fold_cc, quantize_cc, quantize_patterns_td
from minmax_lint.converters.mlir.quantize.quantization_config import QuantizationSpecs
from minmax_lint.converters.mlir.rewriter import Patterns, Rewriter
from minmax_lint.converters.mlir.version import Version
from minmax_lint.graph.dtype import DType


def quantize(function: Function, version: Version, specs: QuantizationSpecs) -> None:
    """Rewrite what can be integer. Raises Nondeterministic where chance decides."""
    for op in function:
        if len(op.results) > 1 and is_by_chance(op, version):
            if specs.unread_integer is None:
                raise Nondeterministic(op)
            op.attrs["unread_scales" if specs.unread_integer else "stays_float"] = [
                None if value.only_user is None else value.only_user.result.scale for value in op.results
            ]

    patterns: Patterns = {
        **by_root((*FOLDS, fold_tensorflow_op, fold_commutative_operands), version.number),
        QUANTIZE: (squash_dequantize_quantize, tfl_full_quantization_reverse),
        DEQUANTIZE: (tfl_full_quantization, restore_constant),
    }
    Rewriter(function, patterns, version).run()
    function.sweep()


@quantize_cc(
    QUANTIZE,
    tf_name="TFLFullQuantizationReverse",
    before=lambda n: n.op("AddV2", n.fq(n.op("Relu", x := n.x())), n.op("Elu", x)),
    after="ELU(float) RELU ADD(float)",
)
def tfl_full_quantization_reverse(rewriter: Rewriter, op: Operation) -> bool:
    """What a quantize reads becomes integer."""
    source = op.operands[0]
    if source.scale is not None or source.op is None or source.op.name in (QUANTIZE, DEQUANTIZE):
        return False
    return make_integer(rewriter, source.op)


@quantize_cc(
    DEQUANTIZE,
    tf_name="TFLFullQuantization",
    before=lambda n: n.op("ArgMax", n.x(), n.i(1), output_type=DType.INT32),
    after="ARG_MAX",
)
def tfl_full_quantization(rewriter: Rewriter, op: Operation) -> bool:
    """What reads a dequantize becomes integer, until one reader does not."""
    users = op.result.users
    users.sort(key=lambda user: user.name != RETURN)  # outputs come first (measured)
    return all(
        user.name not in (QUANTIZE, DEQUANTIZE, RETURN) and make_integer(rewriter, user)
        for user in dict.fromkeys(users)
    )


@quantize_patterns_td(
    QUANTIZE,
    tf_name="quantize_patterns::GeneratedConvert0",
    until=(2, 19),
    before=SQUASH_DQ_Q.before,
    after="ELU(float)",
)
def squash_dequantize_quantize(rewriter: Rewriter, op: Operation) -> bool:
    """A quantize of what was dequantized goes, even of another type."""
    source = quantized_source(op.operands[0])
    if source is None or rewriter.version.has(SQUASH_DQ_Q):
        return False
    return rewriter.replace(op, source)


def is_by_chance(op: Operation, version: Version) -> bool:
    """Whether chance makes an operation with an unread result integer or leaves it float.

    The driver puts its pairs behind the results in the order of their addresses, and the pattern meets an
    integer form only before the pair of the unread result is taken out (measured, by repeated runs).
    """
    pairs = [value.only_user for value in op.results if value.dtype is DType.FLOAT]
    quantizes = [pair for pair in pairs if pair is not None and pair.name == QUANTIZE]
    unread = [pair for pair in quantizes if not _reads(pair)]
    if op.name not in version.quantizable or not unread or len(unread) == len(quantizes):
        return False
    if any(value.dtype is DType.FLOAT and quantized_source(value) is None for value in op.operands):
        return False
    return len(quantizes) == len(pairs) and all(pair.attrs.get("inserted") for pair in quantizes)


def _reads(quantize: Operation) -> bool:
    """Whether any operation reads what the quantize stores."""
    return any(user.name != DEQUANTIZE or user.result.use_count for user in quantize.result.users)


def make_integer(rewriter: Rewriter, op: Operation) -> bool:
    """Replace `op` by its integer form. Whether it was possible."""
    if op.name not in rewriter.version.quantizable or op.attrs.get("stays_float"):
        return False
    unread_scales = op.attrs.get("unread_scales") or [None] * len(op.results)
    operands = []
    for value in op.operands:
        source = quantized_source(value)
        if source is not None:
            operands.append(source)
        elif value.dtype is not DType.FLOAT or value.scale is not None:
            operands.append(value)
        else:
            return False
    float_results = [value for value in op.results if value.real]
    if operands == list(op.operands) and not float_results:
        return False  # it is that form: a graph may state no type, or another one
    for result, unread_scale in zip(op.results, unread_scales, strict=True):
        if result.real and only_quantize(result) is None:
            if result.use_count or unread_scale is None:
                return False
            result.scale = unread_scale
    integer = Operation(op.name, operands, op.nodes, **op.attrs)
    integer.activation = op.activation
    rewriter.function.insert_after(op, integer)
    for result in op.results:
        quantize = only_quantize(result) if result.scale is None else None
        old = result if quantize is None else quantize.result
        new = integer.add_result(old.name, result.dtype, result.shape, old.scale)
        rewriter.visit(old.users)
        old.replace_uses(new)
    rewriter.visit([integer, op])
    return True


@quantize_patterns_td(
    DEQUANTIZE,
    tf_name="quantize_patterns::GeneratedConvert1",
    before=lambda n: n.op("Elu", n.op("Mul", n.op("Elu", n.x()), n.fq(n.c(1.0, shape=[8])))),
    after="ELU(float) MUL(float) ELU(float)",
)
def restore_constant(rewriter: Rewriter, op: Operation) -> bool:
    """A quantized constant that float operations read is a constant of the values that its bytes stand for."""
    constant, scale = constant_behind(op.result), op.operands[0].scale
    if constant is None:
        return False
    restored = rewriter.constant(
        constant.result,
        load=lambda: None if scale is None else on_grid(constant.load(), scale),
        begin=lambda: None if scale is None else on_grid(constant.begin(), scale),
    )
    return rewriter.replace(op, restored)


_COMPUTED = """
    Acos Acosh Asin Asinh Atan Atanh BesselI0e BesselI1e Bincount Cholesky ClipByValue Cosh Cross Cumprod DiagPart
    Digamma EluGrad Erf Erfc Erfinv Igamma IgammaGradA Igammac MatrixInverse Mod Ndtri NextAfter Polygamma
    ReciprocalGrad Relu6Grad ReluGrad SegmentMin Sinh SoftplusGrad Softsign SoftsignGrad Tan TruncateMod Zeta
""".split()
"""Ops without builtin that the dialect of TensorFlow declares."""


@constant_fold_cc(
    *_COMPUTED,
    tf_name="ConstantFoldFallbackHook()",
    before=lambda n: n.op("AddV2", n.op("Exp", n.x()), n.op("Tan", n.fq(n.c(0.5, 0.25, shape=[8])))),
    after="EXP(float) ADD(float)",
)
def fold_tensorflow_op(rewriter: Rewriter, op: Operation) -> bool:
    """What TensorFlow computes from constants is one, which needs no builtin (2.15, 2.18 and 2.21 measured)."""
    return rewriter.fold_constants(op)

"""Behind the quantization: adaptors at the boundary and volatile pairs (post_quantize.cc), and the verifiers."""

from minmax_lint.converters.mlir.behaviours import STORES_UNSIGNED_WIDTHS
from minmax_lint.converters.mlir.ir import DEQUANTIZE, QUANTIZE, RETURN, Function, Operation
from minmax_lint.converters.mlir.legalize.lower.einsum import has_weights
from minmax_lint.converters.mlir.matchers import only_quantize, producer
from minmax_lint.converters.mlir.optimize.passes import AFTER_QUANTIZATION, optimize
from minmax_lint.converters.mlir.pattern import (
    post_quantize_cc,
    post_quantize_patterns_td,
    quantization_utils_h,
)
from minmax_lint.converters.mlir.quantize.optimize_op_order import optimize_op_order
from minmax_lint.converters.mlir.rewriter import Rewriter
from minmax_lint.converters.mlir.tables import FIXED
from minmax_lint.converters.mlir.verify.verifiers import (
    check,
    check_builtins,
    check_kernels,
    check_return,
    check_storable,
    check_trained,
)
from minmax_lint.converters.mlir.version import Version


def finish(function: Function, version: Version, *, signed: bool, integer_ends: bool = False) -> None:
    """Raises ConversionError where a check fails. `integer_ends`: the model's ends are not turned into float."""
    check_trained(function, version, signed=signed)
    check(function, version, signed=signed)
    Rewriter(function, {QUANTIZE: (fold_trivial_requantize_op,)}, version).run()
    types = None
    if integer_ends:
        remove_quantization_adaptor_ops(function)
        types = [value.scale for value in function.returned.operands]
    remove_pairs(function, version)
    check(function, version, signed=signed)
    optimize_op_order(function, version)
    make_dense(function)
    optimize(function, AFTER_QUANTIZATION, version)
    function.sweep()
    check(function, version, signed=signed)
    if types is not None:
        check_return(function, types)
    check_kernels(function, version, signed=signed)
    check_builtins(function)
    if not signed and not version.has(STORES_UNSIGNED_WIDTHS):
        check_storable(function)


def finish_float(function: Function) -> None:
    """The same for a call that quantizes nothing. Raises ConversionError for an op that cannot be written."""
    function.sweep()
    check_builtins(function)


def remove_pairs(function: Function, version: Version) -> None:
    """Take out what the driver alone put in."""
    patterns = {DEQUANTIZE: (remove_volatile_ops,), QUANTIZE: (fold_trivial_requantize_op,)}
    Rewriter(function, patterns, version).run()


def make_dense(function: Function) -> None:
    """BATCH_MATMUL that stays float, with constant weights, is FULLY_CONNECTED: its weights take the other order."""
    for op in function:
        if op.name == "BATCH_MATMUL" and op.result.real and has_weights(op.operands[1]):
            op.name = "FULLY_CONNECTED"


@post_quantize_cc(
    tf_name="RemoveQuantizationAdaptorOps()", before=lambda n: n.fq(n.op("Relu", n.x())), after="RELU"
)
def remove_quantization_adaptor_ops(function: Function) -> None:
    """Inputs and outputs take the quantized type where a quantize or dequantize stands alone."""
    for argument in function.arguments:
        user = only_quantize(argument)
        if user is not None:
            argument.scale = user.result.scale
            user.result.replace_uses(argument)
            function.erase(user)
    for slot, value in enumerate(list(function.returned.operands)):
        dequantize = producer(value, DEQUANTIZE)
        if dequantize is not None and value.use_count == 1:
            function.returned.set_operand(slot, dequantize.operands[0])
            function.erase(dequantize)


@quantization_utils_h(
    DEQUANTIZE,
    before=lambda n: n.op("Elu", n.op("Softmax", n.op("Elu", n.x()))),
    after="ELU(float) SOFTMAX(float) ELU(float)",
)
def remove_volatile_ops(rewriter: Rewriter, op: Operation) -> bool:
    """A pair that only the driver put in goes, but at inputs and outputs; of a requantization, its dequantize reads
    what stands in front.
    """
    quantize = producer(op.operands[0], QUANTIZE)
    if quantize is None or not quantize.attrs.get("volatile"):
        return False
    source = quantize.operands[0]
    if source.op is None:
        return False
    reader = op.result.only_user
    if reader is not None and reader.name == RETURN:
        return False
    if source.scale is not None:
        rewriter.set_operand(op, 0, source)
    else:
        rewriter.replace(op, source)
    return True


@post_quantize_patterns_td(
    QUANTIZE,
    tf_name="FoldTrivalRequantizeOp",
    before=lambda n: n.op(
        "Maximum", n.fq(n.op("Relu", x := n.x())), n.fake_quant("wide", n.op("Relu6", x), -2, 2)
    ),
    after="RELU6 RELU MAXIMUM",
)
def fold_trivial_requantize_op(rewriter: Rewriter, op: Operation) -> bool:
    """What can make any scale makes that of the quantize behind it."""
    source = op.operands[0]
    producer = source.op
    if source.scale is None or producer is None or source.use_count != 1:
        return False
    bound = producer.name in FIXED or producer.name in rewriter.version.same_scale
    if bound or producer.name not in rewriter.version.quantizable:
        return False
    source.scale = op.result.scale
    source.name = op.result.name
    return rewriter.replace(op, source)

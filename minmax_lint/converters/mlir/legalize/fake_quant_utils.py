"""FakeQuants: the quantize/dequantize pairs they become, and the operations they are moved over.

Sources: fake_quant_utils.h, prepare_patterns.td; measured in research/mlir_quantization.md, section 2.
"""

from collections.abc import Iterable
from functools import partial

from minmax_lint.converters.mlir.behaviours import (
    CRASHES_ON_NAN,
    QUANTIZE_CONCAT_RESULT,
    QUANTIZE_MEAN_RESULT,
    QUANTIZE_RESULT_OF_SHARED,
)
from minmax_lint.converters.mlir.failure import ConversionError, Unmodeled, no_builtin
from minmax_lint.converters.mlir.fake_quant_support import Channels, Scale, on_grid, scale_of
from minmax_lint.converters.mlir.ir import Function, Operation, Value
from minmax_lint.converters.mlir.legalize.importer import Importer
from minmax_lint.converters.mlir.matchers import constant_tensor, is_constant, quantize_of
from minmax_lint.converters.mlir.pattern import fake_quant_utils_h
from minmax_lint.converters.mlir.qdq import quantize_behind
from minmax_lint.converters.mlir.version import Version
from minmax_lint.graph.fakequant import (
    FAKE_QUANTS,
    RANGE_FROM_ATTRS,
    UNKNOWN_RANGE,
    FakeQuant,
    Range,
    read_fake_quant,
)
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Tensor


@fake_quant_utils_h(
    *sorted(FAKE_QUANTS),
    tf_name="InsertTFLQuantOpsAfterTFFakeQuantOp::matchAndRewrite()",
    before=lambda n: n.fq(n.op("Relu", n.x())),
    after="RELU",
)
def insert_tfl_quant_ops_after_tf_fake_quant_op(importer: Importer, node: Node) -> Value:
    """A FakeQuant is a quantize and a dequantize, of one scale or of one for each channel.

    Of a constant with several readers it is a constant, so all that reads constants alone is one as well (2.15, 2.18
    and 2.21 measured).
    """
    source = importer.operand(node)
    found = read_fake_quant(importer.kept.graph, node)
    if node.op in RANGE_FROM_ATTRS and found.range is not None and found.range.min >= found.range.max:
        raise _reversed_range(node, found.range)
    if found.per_channel and not is_constant(source):
        reason = f"{node.name} has a range for each channel of an activation."
        if custom := importer.custom_op(node):
            source = importer.add(custom, node, importer.inputs(node))
        else:
            source = importer.add(node.op, node, [source], refused=no_builtin(node, "bad-range", reason))
        if importer.reader_count(node.name) > 1:  # it is no quantize then (fake_quant_utils.h)
            return source
    scale = _scale(importer, node, found)
    if is_constant(source) and importer.reader_count(node.name) > 1 and _is_constant(importer, node):
        values = partial(on_grid, constant_tensor(source), scale)
        return importer.constant(node.name, source.dtype, source.shape, values)
    return importer.quantized(source, scale, node, movable=node.op not in RANGE_FROM_ATTRS)


def _is_constant(importer: Importer, node: Node) -> bool:
    return all(map(is_constant, importer.inputs(node)))


def _reversed_range(node: Node, given: Range) -> ConversionError:
    return ConversionError.at(
        node,
        "other",
        f"'tf.{node.op}' op range is invalid: [{given.min:f},{given.max:f}]",
        "bad-range",
        reason=f"The range of {node.name} is {given}; its minimum must be below its maximum.",
    )


_COVERED = {"MEAN": QUANTIZE_MEAN_RESULT, "CONCATENATION": QUANTIZE_CONCAT_RESULT}


def quantize_results(function: Function, version: Version) -> None:
    """MEAN, and CONCATENATION of FakeQuants only, get a FakeQuant where they have none of their own.

    Its range is that of the (first) operand, even if the others differ. Read off the dumps of PrepareTFPass:
    no other operation is treated so, and ranges in attributes or of constants do not count.
    """
    for op in function:
        behaviour = _COVERED.get(op.name)
        if behaviour is None:
            continue
        quantizes = [quantize_of(value) for value in (op.operands if op.name != "MEAN" else op.operands[:1])]
        first = quantizes[0]
        if first is None or first.result.scale is None or not all(map(_passes_on, quantizes)):
            continue
        if any(user.attrs.get("movable") for user in op.result.users) or not version.has(behaviour):
            continue
        if op.name != "MEAN" or op.operands[0].use_count == 1 or version.has(QUANTIZE_RESULT_OF_SHARED):
            quantize_behind(function, op.result, first.result.scale, first.nodes, movable=True)


def _passes_on(quantize: Operation | None) -> bool:
    return (
        quantize is not None and bool(quantize.attrs.get("movable")) and not is_constant(quantize.operands[0])
    )


def _scale(importer: Importer, node: Node, found: FakeQuant) -> Scale:
    lows, highs = (found.lows, found.highs) if found.constant else _compute_bounds(importer, node)
    if found.degenerate or not found.constant:
        _refuse_endless(importer, node, map(Range, lows, highs))
    if found.unknown:
        lows = highs = UNKNOWN_RANGE[:1]
    first = scale_of(Range(lows[0], highs[0]), found.num_bits, found.narrow_range)
    if not found.per_channel:
        return first
    return first._replace(channels=Channels(lows, highs, found.num_bits, found.narrow_range))


def _refuse_endless(importer: Importer, node: Node, ranges: Iterable[Range]) -> None:
    for one in ranges:
        if not one.finite and (not one.has_nan or importer.version.has(CRASHES_ON_NAN)):
            raise ConversionError(
                "other",
                "crashed without a message (signal 11)",
                "bad-range",
                node=node.name,
                array=node.name,
                reason=f"The range of {node.name} is {one}; the converter crashes on it.",
            )


def _compute_bounds(importer: Importer, node: Node) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """A range that constant folding finds."""
    bounds = [edge.array for edge in node.inputs[1:3]]
    if len(bounds) < 2 or not all(importer.inference.is_constant(array) for array in bounds):
        raise no_builtin(node, "range-not-constant", f"The range of {node.name} is not a constant.")
    low, high = (_known_tensor(importer.inference.constant(array), node) for array in bounds)
    return low.reals(), high.reals()


def _known_tensor(tensor: Tensor | None, node: Node) -> Tensor:
    if tensor is None or not tensor.listed or not tensor.size:
        raise Unmodeled(f"the range of {node.name} is a constant that this model cannot compute", node.name)
    return tensor

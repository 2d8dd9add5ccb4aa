"""FakeQuants: reading their ranges, folding them over constants, dropping them; and the inputs' Dequantize.

Sources: resolve_fake_quant_args_from_vars.cc, read_array_minmax_and_narrow_range_from_fake_quant.cc,
resolve_constant_fake_quant.cc, drop_fake_quant.cc, make_initial_dequantize_operator.cc.
"""

from minmax_lint.converters.toco.failure import Fatal
from minmax_lint.converters.toco.model import Model
from minmax_lint.converters.toco.operator import UNKNOWN, Constant, MinMax, Operator
from minmax_lint.converters.toco.transformations.trivial import remove_passthrough
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.tensor import Tensor

SILENT_ABORT = "crashed without a message (abort)"
"""ChooseQuantizationParams asserts min <= 0 <= max in a build without messages."""


def check_contains_zero(minmax: MinMax, array: str, node: str | None) -> None:
    """Raises Fatal where choosing scale and zero point for this range aborts (NaN included)."""
    if minmax is not UNKNOWN and not (minmax.min <= 0 <= minmax.max):
        raise Fatal(SILENT_ABORT, array=array, node=node)


def resolve_fake_quant_args_from_vars(model: Model, op: Operator) -> bool:
    """The range of a FakeQuant becomes known when its min and max are constants; it is widened to hold 0."""
    if "minmax" in op.attrs:
        return False
    if op.node.op == "FakeQuantWithMinMaxArgs":
        low, high = op.node.real("min", -6.0), op.node.real("max", 6.0)
        op.attrs["minmax"] = MinMax(low, high)
        return True
    if len(op.inputs) < 3 or not all(model.is_constant(name) for name in op.inputs[1:]):
        return False
    bounds = [_bound(model, op, name) for name in op.inputs[1:]]
    known = [bound for bound in bounds if bound is not None]
    minmax = MinMax(_widen(known[0], -1), _widen(known[1], 1)) if len(known) == 2 else UNKNOWN
    op.attrs["minmax"] = minmax
    for name in op.inputs[1:]:
        model.arrays[name].consumers.pop(op, None)
    dropped, op.inputs = op.inputs[1:], op.inputs[:1]
    for name in dropped:
        if name in op.inputs:
            model.arrays[name].consumers[op] = None
        model.drop_array_if_unused(name)
    return True


def _bound(model: Model, op: Operator, name: str) -> float | None:
    tensor = model.tensor(name)
    if tensor is None:
        return None
    if tensor.size != 1:
        raise Fatal.at(
            op, f"Check failed: RequiredBufferSizeForShape({name}) == 1 ({tensor.size} vs. 1)", name
        )
    return tensor.real()


def _widen(bound: float, sign: int) -> float:
    """std::min(bound, 0.) and std::max(bound, 0.): a NaN stays."""
    return 0.0 if bound * sign < 0 else bound


def read_array_minmax_and_narrow_range(model: Model, op: Operator) -> bool:
    """ReadArrayMinmaxAndNarrowRangeFromFakeQuant: both arrays get the range, each only if it has none."""
    minmax = op.attrs.get("minmax")
    if not isinstance(minmax, MinMax):
        return False
    changed = False
    narrow = op.node.flag("narrow_range")
    for name in (op.inputs[0], op.output):
        array = model.arrays[name]
        if array.minmax is None:
            array.minmax = minmax
            changed = True
        if narrow and not array.narrow_range:
            array.narrow_range = changed = True
    return changed


def resolve_constant_fake_quant(model: Model, op: Operator) -> bool:
    """A FakeQuant over a constant is applied to it; the result keeps the range."""
    minmax, source = op.attrs.get("minmax"), model.arrays[op.inputs[0]]
    if not isinstance(minmax, MinMax) or source.buffer is None:
        return False
    bits = op.node.integer("num_bits", 8)
    check_contains_zero(minmax, source.source, op.node.name)
    buffer, narrow, name = source.buffer, op.node.flag("narrow_range"), op.output

    def compute(tensor: Tensor | None) -> Tensor | None:
        from minmax_lint.converters.toco.weights import fake_quantized

        return fake_quantized(tensor, minmax, narrow, bits) if tensor is not None else None

    array = model.arrays[name]
    array.minmax = minmax
    array.narrow_range = array.narrow_range or narrow
    array.producer = None
    op.outputs = []
    model.remove(op)
    model.arrays[name].buffer = Constant(compute, buffer)
    return True


def drop_fake_quant(model: Model, op: Operator) -> bool:
    """DropFakeQuant: every FakeQuant whose range is known goes."""
    return "minmax" in op.attrs and remove_passthrough(model, op)


def make_initial_dequantize_operator(model: Model, op: Operator) -> bool:
    """An input of type float becomes uint8, with a Dequantize for its first reader.

    The Dequantize goes to the front of the order. Where it takes the place of the reader itself, it is what the
    pass looks at next, and its size is known at once.
    """
    changed = False
    for name in dict.fromkeys(op.inputs):
        if model.is_input(name) and op.type != "Dequantize" and _dequantize(model, op, name):
            changed = True
    return changed


def _dequantize(model: Model, op: Operator, name: str) -> bool:
    array = model.arrays[name]
    if array.producer is not None or array.dtype is not DType.FLOAT or model.first is None:
        return False
    if len(array.consumers) > 1 and op is not model.first_consumer(name):
        return False
    check_contains_zero(array.minmax or UNKNOWN, name, array.source)
    dequantized = model.available_name(f"{name}_dequantized")
    made = model.new_array(dequantized, array.source, DType.FLOAT)
    made.minmax = array.minmax
    model.redirect_consumers(name, dequantized)
    array.dtype = DType.UINT8
    if array.buffer is not None:
        # A Const that is named as an input: its buffer stays float.
        message = f"Check failed: array->buffer->type == array->data_type Tensor: {name}"
        model.misfit = Fatal.at(op, message, array.source)
    dequantize = Operator("Dequantize", [name], [dequantized], op.node, nodes=())
    if op is model.first:
        made.shape = array.shape
    else:
        model.unsized[dequantize] = array.shape
    model.insert_before(model.first, dequantize)
    return True

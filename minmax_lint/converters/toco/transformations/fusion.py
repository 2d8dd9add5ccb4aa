"""Fusing biases, scales, activations and broadcasts into the operators around them.

Sources: ensure_bias_vectors.cc, fuse_binary_into_preceding_affine.cc, fuse_binary_into_following_affine.cc,
fuse_activation_functions.cc, fuse_broadcast_into_following_binary.cc,
propagate_activation_function_into_constants.cc.
"""

from collections.abc import Iterable

from minmax_lint.converters.toco.constants import no_bit_set
from minmax_lint.converters.toco.failure import Fatal
from minmax_lint.converters.toco.model import Model
from minmax_lint.converters.toco.operator import Array, Constant, Operator
from minmax_lint.converters.toco.tables import CLAMPS, FUSES_ACTIVATION
from minmax_lint.converters.toco.transformations.trivial import (
    BINARIES,
    constant_and_variable,
    remove_passthrough,
)
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.tensor import Tensor

BIAS_SLOT = {"Conv": 2, "DepthwiseConv": 2, "FullyConnected": 2, "TransposeConv": 3}
_KEEPS_SHAPE = frozenset({*CLAMPS, "FakeQuant", "Identity", "Logistic", "Tanh"})
FOLLOWING = frozenset({"Conv", "DepthwiseConv", "FullyConnected"})


def ensure_bias_vectors(model: Model, op: Operator) -> bool:
    """A zero bias for every affine operator that has none."""
    if len(op.inputs) > BIAS_SLOT[op.type]:
        return False
    shape = model.arrays[op.inputs[1]].shape
    if not shape:
        return False
    depth = shape[-1] if op.type == "DepthwiseConv" else shape[0]
    name = model.available_name(f"{op.output}_bias")
    model.new_array(name, model.arrays[op.output].source, DType.FLOAT, (depth,))
    model.arrays[name].buffer = Constant(lambda: Tensor(DType.FLOAT, [depth], b""))
    model.add_input(op, name)
    return True


def fuse_binary_into_preceding_affine(model: Model, op: Operator) -> bool:
    """Add, Sub, Mul, Div with a constant, right behind an affine operator that nothing else reads."""
    slots = constant_and_variable(model, op)
    if slots is None or (op.type == "Div" and slots[0] == 0):
        return False
    constant, variable = op.inputs[slots[0]], op.inputs[slots[1]]
    affine = model.producer(variable)
    if affine is None or model.is_output(affine.output) or affine.type not in BIAS_SLOT:
        return False
    if affine.type == "TransposeConv" and op.type != "Add":
        return False
    slot = BIAS_SLOT[affine.type]
    if affine.activation is not None or len(affine.inputs) <= slot:
        return False
    weights, bias = model.arrays[affine.inputs[1]], model.arrays[affine.inputs[slot]]
    if weights.dtype is not DType.FLOAT or bias.dtype is not DType.FLOAT:
        return False
    if bias.buffer is None or len(bias.consumers) > 1 or model.count_consumers(variable) > 1:
        return False
    scales = op.type in ("Mul", "Div")
    if scales and (weights.buffer is None or len(weights.consumers) > 1):
        return False
    operand = model.arrays[constant]
    _check_operand_shape(op, operand, bias)
    if scales:
        weights.minmax = None
        weights.buffer = _rescale(weights.buffer, weights, affine.type, op.type, operand)
    bias.minmax = None
    bias.buffer = _fuse_bias(bias.buffer, op.type, operand)
    _take_output(model, affine, op)
    return True


def _check_operand_shape(op: Operator, operand: Array, bias: Array) -> None:
    shape, depth = operand.shape, bias.shape
    if shape and depth and shape[-1] not in (1, depth[-1]):
        raise Fatal.at(op, "Operand shape mismatch.", operand.source)


def _take_output(model: Model, kept: Operator, absorbed: Operator) -> None:
    output, activation = absorbed.output, absorbed.activation
    kept.nodes = (*kept.nodes, *absorbed.nodes)
    model.remove(absorbed)
    if output not in model.arrays:
        model.source_array(output)
    model.set_output(kept, 0, output)
    kept.activation = activation


def _fuse_bias(bias: Constant, type: str, operand: Array) -> Constant:
    """The new bias; only ever asked whether it is all zero, so a zero bias plus the operand is enough."""

    def compute(old: Tensor | None, added: Tensor | None) -> Tensor | None:
        if old is None or not no_bit_set(old):
            return None
        return old if type in ("Mul", "Div") else added

    return Constant(compute, bias, operand.buffer)


def _rescale(buffer: Constant | None, weights: Array, affine: str, type: str, operand: Array) -> Constant:
    shape = weights.shape

    def compute(tensor: Tensor | None, factor: Tensor | None) -> Tensor | None:
        from minmax_lint.converters.toco.weights import scale_by_channel

        if tensor is None or factor is None or shape is None:
            return None
        return scale_by_channel(tensor, factor, divide=type == "Div", last_axis=affine == "DepthwiseConv")

    return Constant(compute, buffer, operand.buffer)


def fuse_binary_into_following_affine(model: Model, op: Operator) -> bool:
    """The same with a scalar constant, right in front of an affine operator with constant weights."""
    slots = constant_and_variable(model, op)
    affine = _following_affine(model, op)
    if affine is None or slots is None or (op.type == "Div" and slots[0] == 0):
        return False
    operand = model.arrays[op.inputs[slots[0]]]
    if operand.shape is None or any(dim > 1 for dim in operand.shape):
        return False
    weights, bias = model.arrays[affine.inputs[1]], model.arrays[affine.inputs[2]]
    if weights.buffer is None or bias.buffer is None:
        return False
    if op.type in ("Add", "Sub"):
        if affine.type != "FullyConnected" and _padding(affine) != "VALID":
            return False
        if op.type == "Sub" and slots[0] == 0:
            raise Fatal.at(
                op, "Check failed: add_or_sub_op->type != OperatorType::kSub || index_of_constant_input == 1"
            )
        bias.buffer = Constant(lambda: None)
    else:
        weights.minmax = None
        weights.buffer = _rescale(weights.buffer, weights, "Conv", op.type, operand)
    if model.is_output(op.output):
        raise Fatal.at(op, f"Check failed: model.HasArray(output_array) Output array not found: {op.output}")
    bias.minmax = None
    affine.nodes = (*affine.nodes, *op.nodes)
    source = op.inputs[slots[1]]
    for slot, name in enumerate(affine.inputs):
        if name == op.output:
            model.set_input(affine, slot, source)
    model.remove(op)
    return True


def _following_affine(model: Model, op: Operator) -> Operator | None:
    """The affine operator with a bias that alone reads what `op` makes."""
    if op.activation is not None or model.count_consumers(op.output) != 1:
        return None
    affine = model.first_consumer(op.output)
    return affine if affine is not None and affine.type in FOLLOWING and len(affine.inputs) >= 3 else None


def _padding(affine: Operator) -> str:
    return "SAME" if affine.attrs.get("dilated") else affine.node.text("padding", "SAME")


def fuse_broadcast_into_following_binary(model: Model, op: Operator) -> bool:
    """A binary that reads a Concatenation of one array with itself reads that array instead."""
    if len(op.inputs) != 2:
        return False
    found = [slot for slot in (0, 1) if _is_broadcast(model.producer(op.inputs[slot]))]
    if len(found) != 1:
        return False
    producer = model.producer(op.inputs[found[0]])
    if producer is None:
        return False
    model.set_input(op, found[0], producer.inputs[0])
    propagate_shape(model, op)
    return True


def propagate_shape(model: Model, op: Operator) -> None:
    """PropagateFixedSizes behind a binary whose operand shrank. Raises Fatal where shapes no longer fit."""
    pending = [op]
    while pending:
        op = pending.pop()
        shapes = [model.arrays[name].shape for name in op.inputs]
        if op.type in BINARIES and len(shapes) == 2:
            shape = broadcast(op, *shapes)
        elif op.type in _KEEPS_SHAPE:
            shape = shapes[0]
        else:
            continue
        output = model.arrays[op.output]
        if shape is not None and shape != output.shape:
            output.shape = shape
            pending += output.consumers


def broadcast(
    op: Operator, left: tuple[int, ...] | None, right: tuple[int, ...] | None
) -> tuple[int, ...] | None:
    """ComputeBinaryOperatorOutputSize (propagate_fixed_sizes.cc); None where a shape is not known.

    Raises Fatal for shapes that do not fit: some rewrites ask for them.
    """
    if left is None or right is None:
        return None
    rank = max(len(left), len(right))
    pairs = list(zip((1,) * (rank - len(left)) + left, (1,) * (rank - len(right)) + right, strict=True))
    for x, y in reversed(pairs):
        if x != y and 1 not in (x, y):
            raise Fatal.at(op, f"Check failed: dim_x == dim_y ({x} vs. {y})Dimensions must match")
    return tuple(max(pair) for pair in pairs)


def _is_broadcast(op: Operator | None) -> bool:
    return op is not None and op.type == "Concatenation" and len(set(op.inputs)) == 1


def fuse_activation_functions(model: Model, op: Operator) -> bool:
    """Relu, Relu1 and Relu6 into the producer, if nothing else reads what it writes."""
    source = op.inputs[0]
    producer = model.producer(source)
    if producer is None or _several_used(model, producer.outputs):
        return False
    if producer.output != source:
        raise Fatal.at(
            op, f"Check failed: op->outputs[0] == ac_op->inputs[0] ({producer.output} vs. {source})", source
        )
    if producer.type not in FUSES_ACTIVATION or producer.activation is not None:
        return False
    if model.count_consumers(source) > 1 or not model.is_discardable(source):
        return False
    activation = op.type
    _take_output(model, producer, op)
    producer.activation = activation
    return True


def _several_used(model: Model, names: Iterable[str]) -> bool:
    used = (name for name in names if model.is_output(name) or model.arrays[name].consumers)
    return next(used, None) is not None and next(used, None) is not None


def propagate_activation_function_into_constants(model: Model, op: Operator) -> bool:
    """A Relu behind a Gather from a constant is applied to the constant."""
    producer = model.producer(op.inputs[0])
    if producer is None or producer.type != "Gather" or not model.is_constant(producer.inputs[0]):
        return False
    table = model.arrays[producer.inputs[0]]
    if table.dtype is not DType.FLOAT:
        return False
    table.buffer = Constant(lambda: None)
    return remove_passthrough(model, op)

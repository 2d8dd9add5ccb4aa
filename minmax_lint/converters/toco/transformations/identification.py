"""Recognizing subgraphs as one operator: Relu1, HardSwish, L2Normalization, L2Pool, PRelu, dilated Conv.

Sources: identify_relu1.cc, identify_hardswish.cc, identify_l2_normalization.cc, identify_l2_pool.cc,
identify_prelu.cc, identify_dilated_conv.cc.
"""

from minmax_lint.converters.toco.constants import single_float
from minmax_lint.converters.toco.failure import Fatal
from minmax_lint.converters.toco.model import Model
from minmax_lint.converters.toco.operator import Operator

SEGFAULT = "crashed without a message (signal 11)"
"""TOCO follows a null pointer."""


def _scalar_slot(model: Model, op: Operator, value: float) -> int | None:
    """GetSingleScalarInputIndexOfBinaryOp: the one operand that is the constant `value`."""
    first, second = (single_float(model, name, value) for name in op.inputs[:2])
    if first == second:
        return None
    return 0 if first else 1


def identify_relu1(model: Model, op: Operator) -> bool:
    """Minimum with 1 and Maximum with -1, in either order."""
    following = model.first_consumer(op.output)
    if following is None or {op.type, following.type} != {"Minimum", "Maximum"}:
        return False
    bound = {"Minimum": 1.0, "Maximum": -1.0}
    slot = _scalar_slot(model, op, bound[op.type])
    if slot is None or _scalar_slot(model, following, bound[following.type]) is None:
        return False
    nodes = (*op.nodes, *following.nodes)
    relu = Operator("Relu1", [op.inputs[1 - slot]], following.outputs, following.node, nodes)
    _replace_all(model, op, relu, [op, following])
    return True


def _replace_all(model: Model, place: Operator, new: Operator, old: list[Operator]) -> None:
    """Put `new` before `place`, then delete `old`; `new` writes what one of `old` wrote."""
    for name in new.outputs:
        model.arrays[name].producer = None
    model.insert_before(place, new)
    for op in old:
        op.outputs = [name for name in op.outputs if name not in new.outputs]
        model.remove(op)


def identify_hardswish(model: Model, op: Operator) -> bool:
    """X * relu6(x + 3) * (1/6), with FakeQuants behind the Relu6 and the first Mul allowed.

    An Add with fused Relu6 that nothing reads makes TOCO follow a null pointer (probes b42a, b42b).
    """
    if op.activation != "Relu6":
        return False
    chain = [op]
    multiply = _following(model, op, chain)
    if multiply is None or not _is_plain_mul(multiply):
        return False
    output = _following(model, multiply, chain)
    slot = _scalar_slot(model, op, 3.0)
    if output is None or not _is_plain_mul(output) or slot is None:
        return False
    source = op.inputs[1 - slot]
    factors = [*multiply.inputs, *output.inputs]
    if source not in factors or not any(single_float(model, name, 1 / 6) for name in factors):
        return False
    nodes = tuple(name for part in chain for name in part.nodes)
    swish = Operator("HardSwish", [source], output.outputs, output.node, nodes)
    _replace_all(model, op, swish, list(dict.fromkeys(reversed(chain))))
    return True


def _following(model: Model, op: Operator, chain: list[Operator]) -> Operator | None:
    """The first reader of an operator, or of the FakeQuant behind it; what is passed goes to the chain."""
    found = model.first_consumer(op.output)
    if found is None:
        raise Fatal.at(op, SEGFAULT)
    chain.append(found)
    if found.type == "FakeQuant":
        found = model.first_consumer(found.output)
        if found is not None:
            chain.append(found)
    return found


def _is_plain_mul(op: Operator) -> bool:
    return op.type == "Mul" and op.activation is None


def identify_l2_normalization(model: Model, op: Operator) -> bool:
    """X * rsqrt(sum(x^2)) or x / sqrt(...), with a small constant added or as lower bound."""
    root = model.producer(op.inputs[1])
    if root is None or root.type != ("Sqrt" if op.type == "Div" else "Rsqrt"):
        return False
    total = model.producer(root.inputs[0])
    if total is None:
        return False
    guard = None
    if total.type in ("Add", "Maximum"):
        guard = total
        slot = next((slot for slot in (0, 1) if _is_small(model, guard.inputs[slot])), None)
        total = model.producer(guard.inputs[1 - slot]) if slot is not None else None
        if slot is None:
            return False
        if total is None:
            raise Fatal.at(guard, SEGFAULT)
    if total.type != "Sum":
        return False
    square = model.producer(total.inputs[0])
    if square is None:
        raise Fatal.at(total, SEGFAULT)
    if square.type != "Square" or square.inputs[0] != op.inputs[0]:
        return False
    norm = Operator("L2Normalization", [op.inputs[0]], op.outputs, op.node)
    parts = [square, total, *([guard] if guard is not None else []), root, op]
    norm.nodes = tuple(name for part in parts for name in part.nodes)
    _replace_all(model, op, norm, parts)
    return True


def _is_small(model: Model, name: str) -> bool:
    scalar = model.scalar(name)
    return scalar is not None and abs(scalar) <= 1e-3


def identify_l2_pool(model: Model, op: Operator) -> bool:
    """sqrt(average_pool(x^2))."""
    pool = model.producer(op.inputs[0])
    if pool is None or pool.type != "AveragePool":
        return False
    square = model.producer(pool.inputs[0])
    if square is None:
        raise Fatal.at(pool, SEGFAULT)
    if square.type != "Square":
        return False
    nodes = (*square.nodes, *pool.nodes, *op.nodes)
    l2 = Operator("L2Pool", [square.inputs[0]], op.outputs, op.node, nodes)
    _replace_all(model, op, l2, [square, pool, op])
    return True


def identify_prelu(model: Model, op: Operator) -> bool:
    """relu(x) + (-a) * relu(-x), the Mul's constant first."""
    if op.activation is not None or len(op.inputs) != 2:
        return False
    relu, scaled = model.producer(op.inputs[0]), model.producer(op.inputs[1])
    if relu is None or relu.type != "Relu" or scaled is None or not _is_plain_mul(scaled):
        return False
    mirrored = model.producer(scaled.inputs[1])
    if mirrored is None or mirrored.type != "Relu":
        return False
    negation = model.producer(mirrored.inputs[0])
    if negation is None or len(negation.inputs) != 1 or negation.inputs[0] != relu.inputs[0]:
        return False
    alpha = scaled.inputs[0]
    source = model.arrays[alpha]
    negated = model.available_name(f"{alpha}_neg")
    model.new_array(negated, source.source, source.dtype, source.shape)
    negate = Operator("Neg", [alpha], [negated], scaled.node, nodes=())
    if model.is_full:
        # Measured with 7, 15, 31 and 63 operators: identify_prelu.cc puts two in with the same iterator.
        raise Fatal.at(op, SEGFAULT)
    prelu = Operator("PRelu", [relu.inputs[0], negated], op.outputs, op.node)
    prelu.nodes = tuple(
        dict.fromkeys((*relu.nodes, *negation.nodes, *mirrored.nodes, *scaled.nodes, *op.nodes))
    )
    model.insert_before(op, negate)
    _replace_all(model, negate, prelu, [op])
    model.misplaced = True
    return True


def identify_dilated_conv(model: Model, op: Operator) -> bool:
    """SpaceToBatchND, Conv, BatchToSpaceND and a bias on either side of the latter become one Conv."""
    if not model.is_constant(op.inputs[1]):
        return False
    behind = model.first_consumer(op.output)
    if behind is None:
        return False
    expand = behind if behind.type == "ExpandDims" else None
    conv = model.first_consumer(expand.output) if expand is not None else behind
    if conv is None or conv.type not in ("Conv", "DepthwiseConv") or len(conv.inputs) != 2:
        return False
    squeeze = model.first_consumer(conv.output)
    if squeeze is None or (expand is not None and squeeze.type != "Squeeze"):
        return False
    last = squeeze if expand is not None else conv
    following = model.first_consumer(last.output)
    pad = following if following is not None and following.type == "Pad" else None
    following = model.first_consumer(pad.output) if pad is not None else following
    if following is None:
        raise Fatal.at(conv, SEGFAULT)
    bias_first = following.type == "Add"
    final = model.first_consumer(following.output)
    to_space, bias = (final, following) if bias_first else (following, final)
    if to_space is None or bias is None or final is None:
        if bias_first or following.type == "BatchToSpaceND":
            raise Fatal.at(following, SEGFAULT)
        return False
    if to_space.type != "BatchToSpaceND" or bias.type != "Add":
        return False
    source = op.inputs[0]
    before = model.producer(source)
    if pad is None and before is not None and before.type == "Pad":
        pad, source = before, before.inputs[0]
    _bypass(model, op, expand, conv, squeeze if expand is not None else None, bias, final, source)
    for part in (to_space, op, pad):
        if part is not None:
            conv.nodes = (*conv.nodes, *part.nodes)
            model.remove(part)
    return True


def _bypass(
    model: Model,
    op: Operator,
    expand: Operator | None,
    conv: Operator,
    squeeze: Operator | None,
    bias: Operator,
    final: Operator,
    source: str,
) -> None:
    conv.attrs["dilated"] = True
    output = final.output
    if final is not bias:
        final.outputs = []
        model.arrays[output].producer = None
        model.set_output(bias, 0, output)
    model.set_input(bias, 0, (squeeze or conv).output)
    model.set_input(expand or conv, 0, source)
    shape = model.arrays[output].shape
    for part in (conv, squeeze):
        if part is not None and expand is None:
            model.arrays[part.output].shape = shape

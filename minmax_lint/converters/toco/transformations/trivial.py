"""Removing operators that do nothing: identities, trivial reshapes, slices, binaries, FakeQuants.

Sources: remove_trivial_passthrough.cc, remove_trivial_*.cc, remove_tensorflow_*.cc, remove_unused_op.cc.
"""

from minmax_lint.converters.toco.constants import filled_with
from minmax_lint.converters.toco.model import Model
from minmax_lint.converters.toco.operator import Array, Operator
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import reached

BINARIES = frozenset({"Add", "Div", "Mul", "Sub"})


def remove_passthrough(model: Model, op: Operator, main: int | None = None) -> bool:
    """RemoveTrivialPassthroughOp: `op` only hands on its main input (default: its only one not constant)."""
    if main is None:
        variable = [slot for slot, name in enumerate(op.inputs) if not model.is_constant(name)]
        main = variable[0] if variable else 0
    source, output = op.inputs[main], op.output
    if model.is_discardable(output):
        _inherit(model, output, source)
        _absorb(model.arrays[source].producer, op)
        model.redirect_consumers(output, source)
        model.remove(op)
        return True
    if model.is_discardable(source) and not model.is_constant(source):
        producer = model.arrays[source].producer
        _inherit(model, source, output)
        _absorb(producer, op)
        model.redirect_consumers(source, output)
        model.remove(op)
        if producer is not None:
            model.set_output(producer, producer.outputs.index(source), output)
        return True
    if op.type == "Reshape" or model.arrays[source].shape is None:
        return False
    insert_copy(model, op, source, output)
    return True


def insert_copy(model: Model, op: Operator, source: str, target: str) -> None:
    """InsertCopyOperator in the place of `op`: a Reshape at the end of the order that copies `source`."""
    kept = {name: model.arrays[name] for name in (source, target)}
    model.remove(op)
    model.arrays.update(kept)
    copy = Operator("Reshape", [source], [target], op.node)
    copy.nodes = op.nodes
    model.append(copy)
    model.misplaced = True


def _inherit(model: Model, old: str, new: str) -> None:
    source, target = model.arrays[old], model.arrays[new]
    if source.minmax is not None and target.minmax is None:
        target.minmax = source.minmax
        target.narrow_range = source.narrow_range


def _absorb(producer: Operator | None, op: Operator) -> None:
    if producer is not None:
        producer.nodes = (*producer.nodes, *op.nodes)


def remove_tensorflow_identity(model: Model, op: Operator) -> bool:
    """An Identity goes; its readers read its input."""
    return remove_passthrough(model, op)


def remove_trivial_concatenation(model: Model, op: Operator) -> bool:
    """A Concatenation of one array."""
    return len(op.inputs) == 1 and remove_passthrough(model, op)


def remove_trivial_concatenation_input(model: Model, op: Operator) -> bool:
    """Scalars among the inputs of a Concatenation count as empty."""
    kept = [name for name in op.inputs if model.arrays[name].shape != ()]
    if len(kept) == len(op.inputs) or not kept:
        return False
    replacement = Operator("Concatenation", kept, op.outputs, op.node)
    model.replace(op, replacement)
    return True


def remove_trivial_fake_quant(model: Model, op: Operator) -> bool:
    """A FakeQuant right behind one with the same range and number of bits."""
    minmax, producer = op.attrs.get("minmax"), model.producer(op.inputs[0])
    if minmax is None or producer is None or producer.type != "FakeQuant":
        return False
    same = producer.attrs.get("minmax") == minmax and op.node.integer("num_bits", 8) == producer.node.integer(
        "num_bits", 8
    )
    return same and remove_passthrough(model, op)


def remove_trivial_slice(model: Model, op: Operator) -> bool:
    """A Slice of all elements goes."""
    shape = model.arrays[op.inputs[0]].shape
    return shape is not None and shape == model.arrays[op.output].shape and remove_passthrough(model, op)


def remove_trivial_reshape(model: Model, op: Operator) -> bool:
    """A Reshape to the same shape, or one that only another Reshape reads."""
    shape = model.arrays[op.inputs[0]].shape
    if shape is not None and shape == model.arrays[op.output].shape:
        return remove_passthrough(model, op)
    if model.count_consumers(op.output) != 1:
        return False
    following = model.first_consumer(op.output)
    if following is None or following.type != "Reshape" or not model.is_discardable(following.output):
        return False
    return remove_passthrough(model, op)


def remove_trivial_binary_operator(model: Model, op: Operator) -> bool:
    """x+0, x-0, x*1, x/1 with a constant that does not broadcast x (or is of another rank).

    One that has taken a Relu stays.
    """
    return op.activation is None and remove_trivial_binary_operator_and_activation(model, op)


def remove_trivial_binary_operator_and_activation(model: Model, op: Operator) -> bool:
    """The same before TF 2: the Relu that the operator has taken is lost (1.15.5 measured)."""
    slots = constant_and_variable(model, op)
    if slots is None:
        return False
    constant, variable = slots
    if constant == 0 and op.type in ("Sub", "Div"):
        return False
    fixed, free = model.arrays[op.inputs[constant]], model.arrays[op.inputs[variable]]
    if fixed.shape is None or free.shape is None or fixed.dtype is not DType.FLOAT:
        return False
    if len(fixed.shape) == len(free.shape) and fixed.shape != free.shape:
        return False
    neutral = 0.0 if op.type in ("Add", "Sub") else 1.0
    if not filled_with(fixed.buffer, neutral) or not _is_propagated(model, free):
        return False
    return remove_passthrough(model, op)


def _is_propagated(model: Model, array: Array) -> bool:
    """Whether PropagateFixedSizes has reached the array: not behind a layer that has just been made."""

    def sources(one: Array) -> list[Array]:
        return [model.arrays[name] for name in one.producer.inputs] if one.producer is not None else []

    found = reached([array] if model.unsized else [], sources)
    return all(one is array or one.shape is not None for one in found)


def constant_and_variable(model: Model, op: Operator) -> tuple[int, int] | None:
    """The slots of the constant and of the other operand of a binary; None unless exactly one is constant."""
    first, second = model.is_constant(op.inputs[0]), model.is_constant(op.inputs[1])
    if first == second:
        return None
    return (0, 1) if first else (1, 0)


def remove_unused_op(model: Model, op: Operator) -> bool:
    """An operator whose outputs have no reader, or are inputs of the model."""
    for name in op.outputs:
        if model.is_input(name):
            continue
        if model.is_output(name) or model.arrays[name].consumers or name in model.rnn_states.values():
            return False
    model.remove(op)
    return True


def remove_successive_transpose(model: Model, op: Operator) -> bool:
    """Two Transposes that undo each other."""
    perm = op.attrs.get("perm")
    if not isinstance(perm, tuple) or model.count_consumers(op.output) != 1:
        return False
    following = model.first_consumer(op.output)
    if following is None or following.type != "Transpose" or not model.count_consumers(following.output):
        return False
    undo = following.attrs.get("perm")
    if not isinstance(undo, tuple) or [perm[axis] for axis in undo] != list(range(len(perm))):
        return False
    model.redirect_consumers(following.output, op.inputs[0])
    model.remove(following)
    model.remove(op)
    return True

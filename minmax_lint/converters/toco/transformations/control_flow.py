"""Control flow that a constant decides: Switch and Merge. Sources: resolve_tensorflow_switch.cc, _merge.cc."""

from minmax_lint.converters.toco.failure import Fatal, Unmodeled
from minmax_lint.converters.toco.model import Model
from minmax_lint.converters.toco.operator import Operator


def resolve_tensorflow_switch(model: Model, op: Operator) -> bool:
    """Once the predicate is constant: readers of the chosen output read the input, Merges lose the other one."""
    if not model.is_constant(op.inputs[1]):
        return False
    values = model.integers(op.inputs[1])
    if values is None or len(values) != 1:
        raise Unmodeled(f"the predicate of {op.node.name} is constant, but its value is not known")
    chosen = 1 if values[0] else 0
    dropped = op.outputs[1 - chosen]
    model.redirect_consumers(op.outputs[chosen], op.inputs[0])
    for reader in list(model.arrays[dropped].consumers):
        if reader.type != "Merge":
            raise Fatal.at(
                op,
                f"Found {reader.helpful_type} as non-selected output from Switch, but only Merge supported. Control "
                "flow ops like Switch and Merge are not generally supported.",
                model.arrays[dropped].source,
            )
        model.drop_input(reader, dropped)
    model.remove(op)
    return True


def resolve_tensorflow_merge(model: Model, op: Operator) -> bool:
    """A Merge of which one input is left hands it on; as an output of the model it is lost."""
    if len(op.inputs) != 1:
        return False
    model.redirect_consumers(op.output, op.inputs[0])
    model.remove(op)
    return True

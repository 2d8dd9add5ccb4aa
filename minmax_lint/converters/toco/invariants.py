"""What TOCO checks of its model after every pass that changed something.

Source: tooling_util.cc (CheckInvariants). Names and buffers are not looked at: they are right by construction.
"""

from minmax_lint.converters.toco.failure import Fatal
from minmax_lint.converters.toco.model import Model


def check_invariants(model: Model) -> None:
    """Raises Fatal where TOCO aborts."""
    for name in model.outputs:
        if name in model.inputs:
            raise input_as_output(name)
        array = model.arrays.get(name)
        if array is None or (array.producer is None and array.buffer is None):
            raise Fatal(
                f'Check failed: GetOpWithOutput(model, output_array) Specified output array "{name}" is not '
                "produced by any op in this graph.",
                array=name,
            )
    for name in model.narrowed & model.arrays.keys():
        message = f"Check failed: array->buffer->type == array->data_type Tensor: {name}"
        raise Fatal(message, array=model.arrays[name].source)
    if model.misfit is not None:
        raise model.misfit
    if model.misplaced:
        model.misplaced = False
        _check_order(model)


def _check_order(model: Model) -> None:
    """CheckOperatorOrdering: an operator in front of one whose result it reads."""
    for op in model.operators():
        for name in op.inputs:
            producer = model.arrays[name].producer
            if producer is not None and producer.position >= op.position:
                raise misplaced_abort(model.arrays[name].source, op.node.name)


def input_as_output(name: str, node: str | None = None) -> Fatal:
    """The abort where an input is an output as well (CheckInputArraysAreNotOutputArrays)."""
    return Fatal(
        f"Check failed: input_array.name() != output_array ({name} vs. {name})The array {name} is listed in both "
        "--input_arrays and --output_arrays.",
        array=name,
        node=node,
    )


def misplaced_abort(array: str, node: str) -> Fatal:
    """The abort where an operator stands in front of the one that makes `array`."""
    return Fatal("Check failed: arrays_behind_us.count(input)", array=array, node=node)

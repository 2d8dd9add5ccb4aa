"""What TOCO checks before and after it quantizes: the order, missing ranges, inputs that nothing reads.

Source: tooling_util.cc (FixOperatorOrdering, CheckIsReadyForQuantization, CheckFinalDataTypesSatisfied).
"""

from collections.abc import Iterable
from heapq import heappop, heappush

from minmax_lint.converters.toco.array_map import walk_order
from minmax_lint.converters.toco.failure import NEEDS_CUSTOM, Fatal, MissingRange, Unmodeled
from minmax_lint.converters.toco.invariants import input_as_output
from minmax_lint.converters.toco.model import Model
from minmax_lint.converters.toco.operator import Operator
from minmax_lint.graph.dtype import DType


def fix_operator_ordering(model: Model) -> list[Operator]:
    """FixOperatorOrdering: again and again the first operator whose inputs are there."""
    missing: dict[Operator, int] = {}
    readers: dict[Operator, list[Operator]] = {}
    for op in model.operators():
        producers = {model.arrays[name].producer for name in op.inputs} - {None, op}
        missing[op] = len(producers)
        for producer in producers:
            if producer is not None:
                readers.setdefault(producer, []).append(op)
    ready = [(op.position, op) for op, count in missing.items() if not count]
    result: list[Operator] = []
    while ready:
        _, op = heappop(ready)
        result.append(op)
        for reader in readers.get(op, ()):
            missing[reader] -= 1
            if not missing[reader]:
                heappush(ready, (reader.position, reader))
    if len(result) < len(missing):
        raise Unmodeled("the graph has a cycle")
    return result


def lacks_range(model: Model, name: str) -> bool:
    """Whether an array would need a range and has none."""
    array = model.arrays[name]
    return array.dtype is DType.FLOAT and array.minmax is None and array.buffer is None


def check_ready(model: Model, operators: list[Operator]) -> None:
    """The first input that lacks a range aborts (wording F1)."""
    untyped: set[str] | None = None
    for op in operators:
        for name in op.inputs:
            if lacks_range(model, name):
                untyped = _arrays_without_type(model, operators) if untyped is None else untyped
                if name in untyped:
                    continue
                raise MissingRange.at(
                    op,
                    f"Array {name}, which is an input to the {op.helpful_type} operator producing the output "
                    f"array {op.output}, is lacking min/max data, which is necessary for quantization. If "
                    "accuracy matters, either target a non-quantized output format, or run quantized training "
                    "with your model from a floating point checkpoint to change the input graph to contain "
                    "min/max information. If you don't care about accuracy, you can pass "
                    "--default_ranges_min= and --default_ranges_max= for easy experimentation.",
                    name,
                )


def _arrays_without_type(model: Model, operators: list[Operator]) -> set[str]:
    """Variants and all that is computed from them: PropagateArrayDataTypes gives them no type."""
    found: set[str] = set()
    for op in operators:
        if op.type == "Unsupported":
            found.update(name for name in op.outputs if model.arrays[name].dtype is DType.VARIANT)
        if found and not found.isdisjoint(op.inputs):
            found.update(op.outputs)
    return found


def check_inputs_listed(model: Model) -> None:
    """CheckInputArraysAreNotOutputArrays, and CheckNonExistentIOArrays in front of all transformations (1.13)."""
    for name in model.inputs:
        if model.is_output(name):
            raise input_as_output(name)
        if name in model.arrays and not model.arrays[name].consumers:
            message = (
                f'Check failed: GetOpWithInput(model, input_array.name()) Specified input array "{name}" is not '
                "consumed by any op in this graph. Is it a typo?"
            )
            raise Fatal(message, array=name)


def check_inputs_consumed(model: Model) -> None:
    """CheckFinalDataTypesSatisfied: a float input that nothing reads any more keeps its type (probe b25)."""
    unread = [name for name in model.inputs if _keeps_its_type(model, name)]
    if not unread:
        return
    name = unread[0] if len(unread) == 1 else next(one for one in walk_order(model.imported) if one in unread)
    raise Fatal(
        f'Check failed: array.data_type == array.final_data_type Array "{name}" has mis-matching actual and '
        "final data types (data_type=float, final_data_type=uint8).",
        array=name,
    )


def check_kernels(operators: Iterable[Operator]) -> None:
    """The export without allow_custom_ops: TFLite has none of what TOCO knows as unsupported (2.15 measured)."""
    custom = [op for op in operators if op.type == "Unsupported"]
    if custom:
        names = ", ".join(sorted({op.node.op for op in custom}))
        raise Fatal.at(custom[0], f"{NEEDS_CUSTOM}{names}.")


def _keeps_its_type(model: Model, name: str) -> bool:
    array = model.arrays.get(name)
    return array is None or (array.dtype is DType.FLOAT and not array.consumers and not model.is_output(name))

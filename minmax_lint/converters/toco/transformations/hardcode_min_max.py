"""HardcodeMinMax: which operators pass ranges on, and which way.

Source: hardcode_min_max.cc. Everything not listed passes nothing on.
"""

from collections.abc import Callable

from minmax_lint.converters.toco.failure import Fatal
from minmax_lint.converters.toco.model import Model
from minmax_lint.converters.toco.operator import UNKNOWN, MinMax, Operator
from minmax_lint.converters.toco.tables import FIXED_RANGE, FORWARD, Version

Propagation = Callable[[Model, Operator], bool]


def _give(model: Model, name: str, minmax: MinMax) -> bool:
    model.arrays[name].minmax = minmax
    return True


def hardcode_min_max_from_first_input(model: Model, op: Operator) -> bool:
    """The output takes input 0's range."""
    given = model.arrays[op.inputs[0]].minmax
    return given is not None and model.arrays[op.output].minmax is None and _give(model, op.output, given)


def hardcode_min_max_for_average_or_max_pool(model: Model, op: Operator) -> bool:
    """Average and max pooling: input 0's range, widened to hold 0."""
    given = model.arrays[op.inputs[0]].minmax
    if given is None or model.arrays[op.output].minmax is not None:
        return False
    if given is UNKNOWN:
        return _give(model, op.output, given)
    # std::min(x, 0.) and std::max(x, 0.), for which a NaN stays.
    widened = MinMax(0.0 if given.min > 0 else given.min, 0.0 if given.max < 0 else given.max)
    return _give(model, op.output, widened)


def hardcode_min_max_for_output(model: Model, op: Operator) -> bool:
    """Logistic, Softmax, Tanh: a range of their own, once the input has one."""
    if model.arrays[op.inputs[0]].minmax is None or model.arrays[op.output].minmax is not None:
        return False
    return _give(model, op.output, MinMax(*FIXED_RANGE[op.type]))


def hardcode_min_max_for_l2_normalization(model: Model, op: Operator) -> bool:
    """[-1, 1], or the half of it that the input's sign leaves."""
    given = model.arrays[op.inputs[0]].minmax
    if given is None or model.arrays[op.output].minmax is not None:
        return False
    return _give(model, op.output, MinMax(0.0 if given.min >= 0 else -1.0, 0.0 if given.max <= 0 else 1.0))


def hardcode_input_min_max_from_output(model: Model, op: Operator) -> bool:
    """An unfused Relu gives its output's range to its input; never the other way."""
    given = model.arrays[op.output].minmax
    return (
        given is not None and model.arrays[op.inputs[0]].minmax is None and _give(model, op.inputs[0], given)
    )


def for_reshape(points_agree: bool) -> Propagation:
    """HardcodeMinMaxForReshape: whichever side has a range gives it to the other.

    PropagateMinMaxAmongArrays first compares the range with itself, up to a millionth of its width.
    """

    def hardcode_min_max_for_reshape(model: Model, op: Operator) -> bool:
        source, output = model.arrays[op.inputs[0]], model.arrays[op.output]
        given = source.minmax if source.minmax is not None else output.minmax
        if given is None or (source.minmax is not None and output.minmax is not None):
            return False
        width = given.max - given.min
        if given is not UNKNOWN and not (width > 0 or (width == 0 and points_agree)):
            raise Fatal.at(
                op, "Check failed: MinMaxApproximatelyEqual(*array.minmax, *reference_minmax)", source.source
            )
        return hardcode_min_max_from_first_input(model, op) or hardcode_input_min_max_from_output(model, op)

    return hardcode_min_max_for_reshape


def hardcode_min_max_for_concatenation(model: Model, op: Operator) -> bool:
    """The output takes the union of what ranges the inputs have."""
    if model.arrays[op.output].minmax is not None:
        return False
    known = [minmax for name in op.inputs if (minmax := model.arrays[name].minmax) is not None]
    if not known:
        return False
    if any(minmax is UNKNOWN for minmax in known):
        return _give(model, op.output, UNKNOWN)
    return _give(model, op.output, MinMax(min(r.min for r in known), max(r.max for r in known)))


def hardcode_min_max_for_split(model: Model, op: Operator) -> bool:
    """Every output takes the data's range, even over its own."""
    given = model.arrays[op.inputs[1]].minmax
    if given is None:
        return False
    different = [name for name in op.outputs if not _same(model.arrays[name].minmax, given)]
    for name in different:
        _give(model, name, given)
    return bool(different)


def hardcode_min_max_for_pack(model: Model, op: Operator) -> bool:
    """The output takes the range that all inputs share."""
    ranges = [model.arrays[name].minmax for name in op.inputs]
    first = ranges[0]
    if model.arrays[op.output].minmax is not None or first is None:
        return False
    return all(_same(other, first) for other in ranges) and _give(model, op.output, first)


def hardcode_min_max_for_select(model: Model, op: Operator) -> bool:
    """A constant branch takes the other's range; both must then agree, else TOCO aborts (probe b13)."""
    if model.arrays[op.output].minmax is not None:
        return False
    names = op.inputs[1:3]
    for name, other in (names, reversed(names)):
        array, given = model.arrays[name], model.arrays[other].minmax
        if array.minmax is None and array.buffer is not None and given is not None:
            array.minmax = given
    first, second = (model.arrays[name].minmax for name in names)
    if first is None or second is None:
        return False
    if first is not UNKNOWN and second is not UNKNOWN:
        for bound in ("min", "max"):
            a, b = getattr(first, bound), getattr(second, bound)
            if a != b:
                raise Fatal.at(
                    op,
                    f"Check failed: input_minmax_1.{bound} == input_minmax_2.{bound} ({a:g} vs. {b:g})",
                    model.arrays[names[1]].source,
                )
    return _give(model, op.output, first)


def _same(a: MinMax | None, b: MinMax) -> bool:
    return a is b or (a is not None and a == b)


_COMMON: dict[str, Propagation] = {
    **dict.fromkeys(FORWARD, hardcode_min_max_from_first_input),
    **dict.fromkeys(FIXED_RANGE, hardcode_min_max_for_output),
    "AveragePool": hardcode_min_max_for_average_or_max_pool,
    "Concatenation": hardcode_min_max_for_concatenation,
    "L2Normalization": hardcode_min_max_for_l2_normalization,
    "MaxPool": hardcode_min_max_for_average_or_max_pool,
    "Relu": hardcode_input_min_max_from_output,
    "Select": hardcode_min_max_for_select,
    "Split": hardcode_min_max_for_split,
}


def hardcode_min_max(version: Version) -> dict[str, Propagation]:
    """Operator type -> how it hands its range on."""
    found = {**_COMMON, "Reshape": for_reshape(version.points_agree)}
    return {**found, "Pack": hardcode_min_max_for_pack} if version.pack_forwards else found

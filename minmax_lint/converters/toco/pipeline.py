"""TOCO from the imported graph on: the transformations, the checks, the quantization."""

from minmax_lint.converters.inputs import unsettled_shape, unsupported_input, zero_output_index
from minmax_lint.converters.prediction import Obstacle, Prediction
from minmax_lint.converters.profile import Profile
from minmax_lint.converters.toco.failure import Fatal, NoQuantizedForm, Unmodeled
from minmax_lint.converters.toco.import_tensorflow.attributes import unknown_attribute
from minmax_lint.converters.toco.import_tensorflow.import_graph import import_graph
from minmax_lint.converters.toco.model import Model
from minmax_lint.converters.toco.operator import MinMax, Operator
from minmax_lint.converters.toco.prediction import (
    abort_prediction,
    kernel_obstacles,
    missing_ranges,
    outcomes,
)
from minmax_lint.converters.toco.quantize.check_ready import (
    check_inputs_consumed,
    check_inputs_listed,
    check_kernels,
    check_ready,
    fix_operator_ordering,
)
from minmax_lint.converters.toco.quantize.quantize import Quantizer
from minmax_lint.converters.toco.schedule import prepare
from minmax_lint.converters.toco.tables import version_of
from minmax_lint.converters.training import refusal
from minmax_lint.graph.trace import Kept
from minmax_lint.inference.inference import Inference

MEAN, STD = 128.0, 64.0
"""quantized_input_stats of every input; values matter only for trivial clamps."""


def predict_toco(kept: Kept, inference: Inference, profile: Profile) -> Prediction:
    """What TOCO does with the kept subgraph."""
    refused = (
        refusal(kept, profile.name)
        or unsupported_input(kept, inference, profile)
        or unsettled_shape(kept, inference, profile)
        or zero_output_index(kept, profile)
        or unknown_attribute(kept, profile.version, profile.name)
    )
    if refused is not None:
        return refused
    version = version_of(profile.version)
    model: Model | None = None
    operators: list[Operator] = []
    obstacles: list[Obstacle] = []
    try:
        model = import_graph(kept, inference, profile.version)
        if version.refuses_unread_inputs:
            check_inputs_listed(model)
        for name in kept.inputs:
            model.source_array(name).minmax = MinMax((0 - MEAN) / STD, (255 - MEAN) / STD)
        prepare(model, version)
        operators = fix_operator_ordering(model)
        obstacles = [*missing_ranges(model, operators), *kernel_obstacles(operators, version)]
        check_ready(model, operators)
        quantizer = Quantizer(model, version)
        quantizer.run(operators)
        check_inputs_consumed(model)
        if not profile.custom_ops:
            check_kernels(quantizer.done)
    except Unmodeled as error:
        cause = Obstacle("unknown-op", None, None, str(error))
        return Prediction(profile.name, "undetermined", message=str(error), obstacles=(cause,))
    except Fatal as error:
        ops = outcomes(model, operators, version) if model is not None else ()
        if isinstance(error, NoQuantizedForm):
            obstacles.sort(key=lambda found: found.kind != "no-kernel")
        return abort_prediction(profile.name, error, obstacles, ops)
    message = "TOCO quantizes every operator."
    ops = outcomes(model, quantizer.done, version)
    return Prediction(profile.name, "quantized", message=message, ops=ops, ranges=_ranges(model, quantizer))


def _ranges(model: Model, quantizer: Quantizer) -> dict[str, tuple[float, float]]:
    return {
        model.arrays[name].source: (known.lowest, known.highest)
        for name, known in quantizer.parameters.items()
        if known is not None and name in model.arrays
    }

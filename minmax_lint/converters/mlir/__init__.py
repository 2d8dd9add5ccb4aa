"""The MLIR converter of TF 2.15 and 2.21: when an op goes integer, when it silently stays float."""

from __future__ import annotations

from collections.abc import Mapping

from minmax_lint.converters.mlir.boundary import quantize_inputs, return_quantized
from minmax_lint.converters.mlir.composites import COMPOSITES
from minmax_lint.converters.mlir.composition import COMPOSED
from minmax_lint.converters.mlir.driver import Driver
from minmax_lint.converters.mlir.explaining import obstacles
from minmax_lint.converters.mlir.failure import ByChance, Refused, Unfollowed
from minmax_lint.converters.mlir.fakequants import pass_fake_quants_on
from minmax_lint.converters.mlir.finishing import finish
from minmax_lint.converters.mlir.importing import Importer
from minmax_lint.converters.mlir.merging import merge_operations
from minmax_lint.converters.mlir.optimizing import optimize
from minmax_lint.converters.mlir.prediction import outcomes, ranges
from minmax_lint.converters.mlir.quantizing import quantize
from minmax_lint.converters.mlir.tables import VERSIONS
from minmax_lint.converters.mlir.verifying import check_states
from minmax_lint.converters.prediction import Obstacle, Prediction, Verdict, float_message
from minmax_lint.converters.profile import Profile
from minmax_lint.converters.training import refusal
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.inference import Inference
from minmax_lint.graph.trace import Kept


def predict(
    kept: Kept,
    inference: Inference,
    profile: Profile,
    stats: Mapping[str, tuple[float, float]] | None = None,
    infers: bool | None = None,
) -> Prediction:
    """What the MLIR converter of `profile` does with the kept subgraph.

    `stats`: (mean, std) of single inputs. `infers`: whether constants get scales, where not this graph decides it
    but one around it.
    """
    refused = refusal(kept, profile.name)
    if refused is not None:
        return refused
    try:
        return _followed(kept, inference, profile, stats or {}, infers)
    except ByChance as error:
        lucky, unlucky = (
            _followed(kept, inference, profile, stats or {}, infers, luck) for luck in (True, False)
        )
        if _answer(lucky) == _answer(unlucky):
            return lucky
        cause = Obstacle("other", None, error.node, str(error))
        return Prediction(profile.name, "undetermined", message=str(error), obstacles=(cause,))


def _answer(prediction: Prediction) -> object:
    return prediction.verdict, prediction.kind, sorted(name for name, _ in prediction.float_ops)


def _followed(
    kept: Kept,
    inference: Inference,
    profile: Profile,
    stats: Mapping[str, tuple[float, float]],
    infers: bool | None = None,
    luck: bool | None = None,
) -> Prediction:
    """The prediction where chance always decides for integer (`luck`) or for float; without it raises ByChance."""
    version = VERSIONS[profile.version]
    signed = profile.flow == "tf2"
    try:
        function = Importer(kept, inference, version, {**COMPOSED, **COMPOSITES}).run()
        if version.passes_fake_quants_on:
            pass_fake_quants_on(function)
        optimize(function, version)
        merge_operations(function)
        if not signed:
            quantize_inputs(function, stats)
        return_quantized(function)
        Driver(function, version, signed=signed, infers=infers).run()
        check_states(function)
        quantize(function, version, luck)
        finish(function, version, signed=signed)
    except Unfollowed as error:
        cause = Obstacle("unknown-op" if error.unknown_op else "other", None, error.node, str(error))
        return Prediction(profile.name, "undetermined", message=str(error), obstacles=(cause,))
    except Refused as error:
        cause = Obstacle(error.obstacle, error.array, error.node, error.reason)
        return Prediction(
            profile.name, "abort", error.kind, op=error.op, message=error.message, obstacles=(cause,)
        )
    ops = outcomes(function)
    float_ops = tuple((op.op, op.output) for op in ops if not op.integer)
    plain = [v for v in function.returned.operands if v.dtype is DType.FLOAT and v.scale is None]
    verdict: Verdict = "float" if float_ops or (plain and not signed) else "quantized"
    if verdict == "quantized":
        message = "MLIR quantizes every operator."
        return Prediction(profile.name, verdict, message=message, ops=ops, ranges=ranges(function))
    causes = obstacles(function, version, float_boundary=signed)
    return Prediction(
        profile.name,
        verdict,
        float_ops=float_ops,
        message=float_message(causes, len(float_ops)),
        ops=ops,
        obstacles=causes,
        ranges=ranges(function),
    )

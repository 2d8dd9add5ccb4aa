"""What the converter imports no graph with: ops that are not TensorFlow's, or no longer.

Measured with TF 2.15.1 and 2.21.0; allow_custom_ops changes nothing, a library that registers the op does.
"""

from minmax_lint.converters.prediction import Obstacle, Prediction
from minmax_lint.converters.profile import Profile
from minmax_lint.graph.op_registry import is_registered
from minmax_lint.graph.trace import Kept

REGISTERED_BY_CONVERTER = frozenset({"TFLite_Detection_PostProcess"})
"""Ops that the converter itself adds to the registry (graphdef_to_tfl_flatbuffer.cc)."""

MADE_HERE = frozenset({"UnidirectionalSequenceLSTM"})
"""Names that the models of passes in front of the import give to nodes of their own."""


def unregistered_abort(kept: Kept, profile: Profile) -> Prediction | None:
    """The abort on an op that is not TensorFlow's; None where every op is."""
    graph = kept.graph
    ops = {graph.op(name) for name in kept.nodes} - REGISTERED_BY_CONVERTER - MADE_HERE
    foreign = {op for op in ops if not is_registered(op, profile.version)}
    node = next((name for name in kept.order if graph.op(name) in foreign and not kept.is_cut(name)), None)
    if node is None:
        return None
    op = graph.op(node)
    message = (
        f"Op type not registered '{op}' in binary running on this machine. Make sure the Op and Kernel are registered "
        "in the binary running in this process."
    )
    release = ".".join(map(str, profile.version))
    reason = f"{op} is no op of TensorFlow {release}: load the library that registers it, or cut the graph at {node}."
    return _refusal(profile, op, node, message, reason)


REMOVED_IN = {
    "AdjustContrast": 2,
    "BatchFFT": 15,
    "BatchMatrixBandPart": 14,
    "BatchMatrixDiag": 14,
    "BatchMatrixDiagPart": 14,
    "BatchMatrixSetDiag": 14,
    "BatchNormWithGlobalNormalization": 9,
    "PlaceholderV2": 23,
    "QuantizeAndDequantize": 22,
    "RandomCrop": 8,
    "TopK": 7,
}
"""Op -> the version of GraphDef that removed it (`deprecation` of its OpDef): old graphs still have it."""


def removed_abort(kept: Kept, profile: Profile) -> Prediction | None:
    """The abort of the TF2 flow, whose functions are new graphs, on an op that those lack; None where they have all."""
    graph = kept.graph
    found = (name for name in graph.of_ops(REMOVED_IN.keys()) if name in kept and not kept.is_cut(name))
    node = next(found, None) if profile.flow == "tf2" else None
    if node is None:
        return None
    op = graph.op(node)
    message = (
        f"UnimplementedError: Op {op} is not available in the GraphDef version of this TensorFlow. It has been removed "
        f"in version {REMOVED_IN[op]}."
    )
    reason = f"{op} is for graphs of TensorFlow 1: convert with tf.compat.v1.lite.TFLiteConverter.from_frozen_graph."
    return _refusal(profile, op, node, message, reason)


def _refusal(profile: Profile, op: str, node: str, message: str, reason: str) -> Prediction:
    cause = Obstacle("no-kernel", node, node, reason)
    return Prediction(profile.name, "abort", "other", op=op, message=message, obstacles=(cause,))

"""What calibration makes of a loop that hands on a real-valued argument unchanged: the process ends.

Measured with TF 2.15 and 2.21 on GRU, SimpleRNN and scan layers (the sequence is such an argument) and on plain
loops, in int8 and 16x8: only constants, integers and what stands behind a FakeQuant may pass through. A loop that
writes into a list whose items get a batch of 1 survives: twelve RNN layers do, a map_fn does not.
"""

from collections.abc import Iterator

from minmax_lint.converters.mlir.control_flow.loop_arguments import maker
from minmax_lint.converters.mlir.control_flow.lower_static_tensor_list import SINGLE_BATCH
from minmax_lint.converters.prediction import Obstacle, Prediction
from minmax_lint.converters.profile import Profile
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import FAKE_QUANTS
from minmax_lint.graph.graph import Function, Graph
from minmax_lint.graph.layers import place_in_layer
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.trace import Kept
from minmax_lint.inference.element_types import element_type
from minmax_lint.inference.inference import Inference

CRASH = "the process ends with a signal (SIGSEGV) during calibration"


def crash(kept: Kept, inference: Inference, profile: Profile) -> Prediction | None:
    """The abort, where a loop of the kept subgraph brings it about."""
    if profile.ranges != "calibrated":
        return None
    for node in kept.order:
        if profile.single_batch and _has_single_batch(kept.graph, node):
            continue
        for function in kept.graph.functions.get(node, ()):
            for argument in _handed_on(function) if function.role == "loop body" else ():
                if _is_calibrated(function, argument, kept.graph, inference):
                    return _abort(kept.graph, node, function.inputs[argument], profile)
    return None


def _has_single_batch(graph: Graph, node: str) -> bool:
    """Whether a loop is passed a list whose items get a batch of 1."""
    return any(f"{_source(graph, edge.array)}{SINGLE_BATCH}" in graph for edge in graph[node].inputs)


def _handed_on(function: Function) -> Iterator[str]:
    """Arguments that the body returns as they are."""
    for array in function.outputs:
        name = _source(function.graph, array)
        if name in function.inputs:
            yield name


def _is_calibrated(function: Function, argument: str, graph: Graph, inference: Inference) -> bool:
    if element_type(function.graph[argument], 0) is not DType.FLOAT:
        return False
    passed = function.inputs[argument]
    return inference.constant(passed) is None and graph.op(_source(graph, passed)) not in FAKE_QUANTS


def _source(graph: Graph, array: str) -> str:
    """The node that makes an array, identities looked through."""
    return parse_edge(maker(graph, array)).node


def _abort(graph: Graph, node: str, passed: str, profile: Profile) -> Prediction:
    handing = f"{place_in_layer(graph[node])} hands {passed!r} from iteration to iteration unchanged"
    reason = f"{handing}, and calibration ends the process there"
    cause = Obstacle("control-flow", passed, node, reason, (node,), "loop-invariant")
    return Prediction(profile.name, "abort", "other", message=CRASH, obstacles=(cause,))

"""Graphs with If and While: what an MLIR converter does with each branch, and with the op itself.

The converter keeps IF and WHILE as ops, and their branches as functions of their own. It quantizes every
function by itself: what a branch is passed has no range in there, and what it returns is float again.
The body of a While is a region of the function around it while that is quantized, so that one decides whether
constants get scales. In the TF1 flow a branch of an If gives up its float borders, and the If then does not
fit it. Measured with TF 2.15 and 2.21; the other passes see the op as one that cannot be quantized.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any, NamedTuple, TypeVar

from minmax_lint.converters.mlir.bounds import Bounds
from minmax_lint.converters.mlir.control_flow.branch import Branch, obstacles_of
from minmax_lint.converters.mlir.control_flow.loop_arguments import loop_graph, maker, place_of_variable
from minmax_lint.converters.mlir.control_flow.loop_invariants import crash
from minmax_lint.converters.mlir.control_flow.resource_variables import effects, reaching
from minmax_lint.converters.mlir.version import Version
from minmax_lint.converters.prediction import (
    Obstacle,
    Prediction,
    Verdict,
    computing,
    not_imported,
    shared_versions,
)
from minmax_lint.converters.profile import Profile
from minmax_lint.graph.fakequant import FAKE_QUANTS
from minmax_lint.graph.graph import Function, Graph
from minmax_lint.graph.names import parse_edge
from minmax_lint.graph.trace import Kept, trace
from minmax_lint.inference.inference import Inference
from minmax_lint.inference.misfit import misfit


class EnclosingContext(NamedTuple):
    """What the graph around a branch decides for it."""

    infer_tensor_range: bool | None = None
    """Whether constants get scales; None where the branch decides it itself."""
    strict: bool = False
    """Whether the outermost graph is converted in the TF1 flow."""
    inputs_have_ranges: bool = False
    """Whether that graph stands right around, whose inputs have ranges in the TF1 flow."""


Predict = Callable[[Kept, Inference, Profile, EnclosingContext], Prediction]
_WORST_FIRST: tuple[Verdict, ...] = ("abort", "undetermined", "float", "quantized")
_IDENTITIES = 4
"""Identities in a row that are looked through."""
_Outcome = TypeVar("_Outcome")
_NAMED_AFTER_FUNCTIONS = Bounds(since=(2, 18))
"""An argument is called after its function (`while_cond_arg0`); earlier it is `arg0` (2.15 to 2.21 measured)."""


def with_branches(
    prediction: Prediction,
    kept: Kept,
    inference: Inference,
    profile: Profile,
    predict: Predict,
    around: EnclosingContext,
) -> Prediction:
    """The prediction with those for the branches of every kept control-flow op."""
    functions = kept.graph.functions
    nodes = [name for name in kept.order if name in functions] if functions else []
    if not nodes or prediction.verdict == "abort":
        return prediction
    strict = around.strict or profile.flow == "tf1"
    if strict:
        refused = next(filter(None, (_misfit(kept.graph, name) for name in nodes)), None)
        if refused is not None:
            return replace(prediction, verdict="abort", kind="other", float_ops=(), **refused)
    infer_tensor_range = around.infer_tensor_range
    if infer_tensor_range is None:
        infer_tensor_range = bool(prediction.ranges)
    predicted = _Branches(inference, profile, predict, infer_tensor_range, strict)
    branches = [
        Branch(name, function, predicted.of(name, function))
        for name in nodes
        for function in kept.graph.functions[name]
    ]
    crashed = crash(kept, inference, profile)
    return _unite(prediction, kept.graph, nodes, branches, crashed)


class _Branches(NamedTuple):
    """How the branches of one graph are predicted."""

    inference: Inference
    profile: Profile
    predict: Predict
    infer_tensor_range: bool
    """Whether constants in the body of a loop get scales."""
    strict: bool

    def of(self, node: str, function: Function) -> Prediction:
        """The prediction for one branch of a node."""
        inner = replace(self.profile, flow="tf2")
        if _is_loop(function):
            of_loop = EnclosingContext(self.infer_tensor_range, self.strict, self.profile.flow == "tf1")
            found = _branch(function, self.inference, inner, self.predict, of_loop)
            return _name_argument(found, self.inference.kept, node, function, self.profile)
        # Several Ifs may call one function, which is predicted once for all that pass arrays of the same shapes.
        of_choice = EnclosingContext(None, self.strict)
        shapes = tuple(self.inference.shape(passed) for passed in function.inputs.values())
        key = shapes, self.inference.batch, inner, of_choice
        known: dict[object, Prediction] = function.graph.memo.setdefault(_branch, {})
        if key not in known:
            known[key] = _branch(function, self.inference, inner, self.predict, of_choice)
        return known[key]


def _unite(
    prediction: Prediction,
    graph: Graph,
    nodes: Sequence[str],
    branches: Sequence[Branch],
    crashed: Prediction | None,
) -> Prediction:
    """The prediction for the whole model: the worst of all functions, and the ops of them all."""
    everything = [prediction, *_of_functions(branches)]
    if crashed is not None and not any(one.kind == "unsupported-op" for one in everything):
        return replace(crashed, versions=shared_versions(everything))
    worst = min(everything, key=_rank)
    own = [obstacle for obstacle in prediction.obstacles if obstacle.node not in nodes]
    floats = _each_once(pair for one in everything for pair in one.float_ops)
    return replace(
        prediction,
        verdict=worst.verdict,
        kind=worst.kind,
        op=worst.op,
        message=_sentence(len(computing(floats) or floats)) if worst.verdict == "float" else worst.message,
        array=worst.array,
        runs=_all_run(everything) if worst.verdict in ("quantized", "float") else None,
        refused=next((one.refused for one in everything if one.refused), ""),
        float_ops=floats if worst.verdict == "float" else (),
        ops=_each_once(op for one in everything for op in one.ops),
        obstacles=(*own, *obstacles_of(graph, nodes, branches, prediction)),
        versions=shared_versions(everything),
    )


def _rank(prediction: Prediction) -> int:
    return _WORST_FIRST.index(prediction.verdict)


def _of_functions(branches: Iterable[Branch]) -> Iterable[Prediction]:
    """One a function: the worst, where it is called with several shapes."""
    found: dict[int, Prediction] = {}
    for one in branches:
        key = id(one.function.graph)
        found[key] = min(found.get(key, one.prediction), one.prediction, key=_rank)
    return found.values()


def _each_once(found: Iterable[_Outcome]) -> tuple[_Outcome, ...]:
    """The same outcome comes from several Ifs where they call one function."""
    return tuple({id(one): one for one in found}.values())


def _name_argument(
    prediction: Prediction, kept: Kept, node: str, function: Function, profile: Profile
) -> Prediction:
    """The prediction, where it names an argument of a loop, with the converter's own name of it."""
    argument = prediction.array
    if argument is None or argument not in function.inputs:
        return prediction
    name = f"arg{place_of_variable(kept, node, function, argument)}"
    version = Version(profile.version)
    if version.has(_NAMED_AFTER_FUNCTIONS):
        name = f"{node}_{'cond' if function.role == 'loop condition' else 'body'}_{name}"
    message = prediction.message.replace(f" {argument}", f" {name}")
    (first, last), span = prediction.versions, version.span
    versions = max(first, span.first), min(last, span.last)
    return replace(prediction, array=name, message=message, versions=versions)


def _all_run(predictions: Sequence[Prediction]) -> bool | None:
    """Whether the interpreter can run them all: no where it cannot run one, unknown where that is not known of one."""
    known = {one.runs for one in predictions}
    return False if False in known else None if None in known else True


def _sentence(count: int) -> str:
    return f"{'One op stays' if count == 1 else f'{count} ops stay'} float, branches included."


def _is_loop(function: Function) -> bool:
    return function.role.startswith("loop")


def _misfit(graph: Graph, node: str) -> dict[str, Any] | None:
    """What the abort says where a FakeQuant stands at the border of a branch: at an argument or a result."""
    for function in graph.functions[node]:
        if _is_loop(function):
            continue
        body = function.graph
        reads = any(_only_reader(body, name) in FAKE_QUANTS for name in function.inputs)
        gives = any(body.op(parse_edge(maker(body, array)).node) in FAKE_QUANTS for array in function.outputs)
        if reads or gives:
            key, what = function.role.replace(" ", "_"), "input" if reads else "result"
            message = f"'tf.If' op '{key}' {what} type"
            text = (
                f"a FakeQuant stands at the border of the {function.role} of {node!r}, and in the TF1 flow the "
                "If no longer fits it"
            )
            return {"message": message, "obstacles": (Obstacle("control-flow", node, node, text, (node,)),)}
    return None


def _only_reader(body: Graph, argument: str) -> str:
    """The op of the one reader of an argument, identities looked through; empty where there are several."""
    for _ in range(_IDENTITIES):
        uses = body.uses(argument)
        if len(uses) != 1:
            return ""
        op = body.op(uses[0].node)
        if op != "Identity":
            return op
        argument = uses[0].node
    return ""


def _branch(
    function: Function, inference: Inference, profile: Profile, predict: Predict, around: EnclosingContext
) -> Prediction:
    graph = function.graph
    if _is_loop(function):
        graph = loop_graph(function, inference, inputs_have_ranges=around.inputs_have_ranges)
    made = [maker(function.graph, array) for array in function.outputs]
    made = [array for array in made if graph.op(parse_edge(array).node) not in ("Placeholder", "Const")]
    kept = trace(graph, [name for name in function.inputs if graph.op(name) == "Placeholder"], made)
    kept = reaching(kept, effects(graph))
    shapes = {name: inference.shape(passed) for name, passed in function.inputs.items()}
    if not any(graph.op(name) not in ("Const", "Placeholder", "NoOp", "Identity") for name in kept.nodes):
        return Prediction(profile.name, "quantized", runs=True)
    inside = Inference(kept, shapes, inference.batch)
    refused = misfit(inside)
    return not_imported(profile.name, *refused) if refused else predict(kept, inside, profile, around)

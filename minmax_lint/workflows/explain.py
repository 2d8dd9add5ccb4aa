"""Links the float ops of a finished model back to the graph that it was made from."""

import re
from collections.abc import Iterator, Mapping

from minmax_lint.converters.finished import OpInfo, TFLiteModel
from minmax_lint.converters.prediction import Obstacle, OpOutcome, Prediction
from minmax_lint.graph.names import canonical_array, parse_edge
from minmax_lint.report.report import Report
from minmax_lint.rules.framework.finding import Explanation

_CALL = re.compile(r"(Stateful)?PartitionedCall(_\d+)?")


def explanations(model: TFLiteModel, made_from: Report) -> Mapping[str, Explanation]:
    """Tensor of a float op -> what is wrong in the graph, as the prediction of its converter says.

    Ops are found by their tensors' names, which the converter mostly keeps (several joined by `;` where it fused
    ops, see `spellings`); one whose name it changed, by its place among the ops of its kind that stay float.
    """
    found: dict[str, Explanation] = {}
    predictions = [prediction for prediction in made_from.predictions.values() if prediction.obstacles]
    for op, place in _float_ops(model):
        for prediction in predictions:
            obstacle = _obstacle(op, place, prediction)
            if obstacle is not None:
                found[op.output] = _explain(obstacle, made_from)
                break
    return found


def _float_ops(model: TFLiteModel) -> Iterator[tuple[OpInfo, int]]:
    """Each float op, with the number of those of its kind before it."""
    seen: dict[str, int] = {}
    for op in model.ops:
        if op.is_float:
            place = seen.get(op.name, 0)
            seen[op.name] = place + 1
            yield op, place


def _obstacle(op: OpInfo, place: int, prediction: Prediction) -> Obstacle | None:
    names = {canonical_array(name) for name in op.output.split(";")}
    alike = [outcome for outcome in prediction.ops if outcome.op == op.name and not outcome.integer]
    outcome = next((one for one in alike if names & _names(one)), None)
    if outcome is None:
        names |= {other for name in names for other in spellings(name)}
        outcome = next((one for one in alike if names & _names(one)), None)
    if outcome is None and place < len(alike):
        outcome = alike[place]
    if outcome is not None:
        names |= _names(outcome)
    nodes = {parse_edge(name).node for name in names}
    blamed = (
        obstacle
        for obstacle in prediction.obstacles
        if names & {obstacle.array, *obstacle.consequences} or obstacle.node in nodes
    )
    return next(blamed, None)


def spellings(name: str) -> Iterator[str]:
    """What a tensor of a model made of a SavedModel may be called in the graph.

    The converter gives outputs the name of the call around the graph, where the graph says Identity, and adds a number
    to a name that is taken. Of 1395 float ops of SavedModels 1171 keep the name, 150 got a number and 38 are outputs
    (measured with TF 2.15 and 2.21).
    """
    node, port = parse_edge(name)
    if _CALL.fullmatch(node):
        yield "Identity" if port == 0 else f"Identity_{port}"
    for length in (1, 2):
        if name[-length:].isdigit() and len(name) > length:
            yield name[:-length]


def _names(outcome: OpOutcome) -> set[str]:
    return {outcome.output, *outcome.nodes}


def _explain(obstacle: Obstacle, made_from: Report) -> Explanation:
    places = {name for name in (obstacle.array, obstacle.node) if name is not None}
    finding = next(
        (one for one in made_from.findings if places & {one.array, one.node, *one.consequences}), None
    )
    array = obstacle.array or obstacle.node or ""
    if finding is None:
        return Explanation(made_from.path, array, obstacle.message)
    advice = finding.advice or (finding.fix.description if finding.fix is not None else "")
    return Explanation(made_from.path, array, finding.message, finding.code, advice)

"""Batch: inputs of any batch get a batch of one, where a recurrent layer does not convert otherwise."""

from minmax_lint.fixes.edit.draft import Draft
from minmax_lint.fixes.edit.repair import CannotRepair, Repair
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import canonical_array, parse_edge
from minmax_lint.graph.tensor import Shape
from minmax_lint.inference.inference import Inference
from minmax_lint.rules.framework.replaceable import open_batches


def batch(graph: Graph, inference: Inference, lists: tuple[str, ...]) -> Repair:
    """Give every input whose first dimension alone is open a batch of 1; heals `lists`, whose items have that batch.

    MLIR lowers a TensorList only where the shape of its items is known (lower_static_tensor_list.cc). Unsafe: the
    model takes one sample at a time. Raises CannotRepair where no input is so.
    """
    found: dict[str, Shape] = {}
    draft = Draft(graph)
    for array, shape in open_batches(inference) if lists else ():
        found[array] = (1, *shape[1:])
        draft.set_attrs(parse_edge(array).node, {"shape": found[array]})
    if not found:
        raise CannotRepair("no input has an open batch and is known otherwise")
    shapes = {
        name: found[canonical_array(name)] for name in inference.kept.inputs if canonical_array(name) in found
    }
    return draft.repair("batch", safe=False, heals=lists, shapes=shapes)

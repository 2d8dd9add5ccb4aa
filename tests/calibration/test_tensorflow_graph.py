"""The facts about a frozen graph that are known before it runs."""

from minmax_lint.backends.calibration.tensorflow_graph import called_functions
from minmax_lint.schema.messages import message_class


def test_functions_are_those_that_nodes_call_and_that_these_call_in_turn() -> None:
    graph_def = message_class("GraphDef")()
    for name in ("body", "cond", "inner", "other"):
        graph_def.library.function.add().signature.name = name
    graph_def.library.function[0].node_def.add().attr["branches"].list.func.add().name = "inner"
    loop = graph_def.node.add()
    loop.attr["body"].func.name = "body"
    loop.attr["cond"].func.name = "cond"
    assert sorted(called_functions(graph_def)) == ["body", "cond", "inner"]

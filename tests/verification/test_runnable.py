"""What TensorFlow is given of a model to run."""

from pathlib import Path

from minmax_lint.backends.verification import runnable
from minmax_lint.graph.build import Builder
from minmax_lint.loaders.parse import parse, whole_graph
from minmax_lint.ops.table import ASSIGNMENTS
from minmax_lint.workflows.opened import open_model
from minmax_lint.writers.graphdef import encode
from tests.cli.founding import FOUNDING


def test_of_a_training_graph_the_values_at_inference_are_compared() -> None:
    """Its FakeQuants read what is assigned as it runs, and TensorFlow assigns to no constant."""
    opened = open_model(FOUNDING / "train-checkpoint-tf1.15.5")
    ends = opened.ends.inputs, opened.ends.outputs
    as_it_is = runnable(opened.model, *ends, None, Path())
    compared = runnable(opened.model, *ends, None, Path(), at_inference=True)
    assert isinstance(as_it_is, bytes)
    assert isinstance(compared, bytes)
    assert not ASSIGNMENTS.isdisjoint(whole_graph(as_it_is).ops)
    assert ASSIGNMENTS.isdisjoint(whole_graph(compared).ops)
    assert ends[1][0] in whole_graph(compared)


def test_an_input_that_no_output_depends_on_is_an_input_all_the_same() -> None:
    """The exports of agents have them; a converter looks for every input that it is given."""
    b = Builder()
    b.placeholder("reward", [1])
    b.add("Relu", "middle", b.placeholder("step", [1]))
    b.add("Relu", "out", b.placeholder("x", [1]))
    given = runnable(
        parse(encode(b.graph())), dict.fromkeys(("x", "reward", "middle")), ["out"], None, Path()
    )
    assert isinstance(given, bytes)
    graph = whole_graph(given)
    assert {name: graph.op(name) for name in graph.names} == {
        **dict.fromkeys(("reward", "middle", "x"), "Placeholder"),
        "out": "Relu",
    }

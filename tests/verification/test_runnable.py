"""What TensorFlow is given of a model to run."""

from pathlib import Path

from minmax_lint.backends.verification import runnable
from minmax_lint.loaders.parse import whole_graph
from minmax_lint.ops.table import ASSIGNMENTS
from minmax_lint.workflows.opened import open_model
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

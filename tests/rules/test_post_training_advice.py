"""What the rules of post-training advise, by where in the model the cause stands."""

import pytest

from minmax_lint.api import lint
from minmax_lint.graph.build import Builder
from minmax_lint.loaders.parse import parse
from minmax_lint.writers.graphdef import encode


@pytest.mark.parametrize(
    ("front", "advice"), [(True, "begin the model behind it"), (False, "end the model in front of it")]
)
def test_an_op_without_integer_form_is_cut_off_at_the_end_at_which_it_stands(
    front: bool, advice: str
) -> None:
    b = Builder()
    x = b.placeholder("input", [1, 64])
    weights = b.const("weights", [0.5], [64, 64])
    if front:
        output = b.add("MatMul", "y", b.add("Sin", "sin", x), weights)
    else:
        output = b.add("Sin", "sin", b.add("MatMul", "y", x, weights))
    report = lint(parse(encode(b.graph())), {"input": [1, 64]}, [output], ["mlir-2.21-int8"])
    (found,) = [one for one in report.findings if one.code == "MM401"]
    assert advice in found.advice

"""What the converter models read without asking: every op they know comes with as many inputs as it has."""

import pytest

from minmax_lint.converters.mlir.legalize.legalize_patterns import LEGALIZED, REMOVED
from minmax_lint.converters.mlir.legalize.rules import RULES_BY_OP
from minmax_lint.converters.toco.import_tensorflow.converter_map import IMPORTED
from minmax_lint.graph.arity import has_array, input_counts, misfit
from minmax_lint.graph.build import Builder

NEEDS_NONE = {"HashTableV2", "StatelessWhile", "VarHandleOp", "While"}


@pytest.mark.parametrize("known", [LEGALIZED, REMOVED, RULES_BY_OP, IMPORTED])
def test_the_number_of_inputs_of_every_known_op_is_known(known) -> None:
    assert {op for op in known if not input_counts(op)[0]} <= NEEDS_NONE


def test_a_node_with_too_few_inputs_is_refused_in_tensorflows_words() -> None:
    b = Builder()
    b.add("Identity", "alone")
    found = misfit(b.graph(), ["alone"])
    assert found is not None
    assert found[1].startswith(
        "ValueError: NodeDef expected inputs of Identity do not match 0 inputs specified"
    )


@pytest.mark.parametrize(
    ("array", "there"), [("x", True), ("x:1", False), ("split:1", True), ("gone", False), ("own:7", True)]
)
def test_an_array_is_an_output_that_the_op_has(array: str, there: bool) -> None:
    b = Builder()
    x = b.placeholder("x", [2, 2])
    b.add("Split", "split", b.const("axis", 0), x, num_split=2)
    b.add("OpOfSomebodyElse", "own", x)
    assert has_array(b.graph(), array) == there

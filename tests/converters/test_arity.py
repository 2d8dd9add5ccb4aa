"""What the converter models read without asking: every op they know comes with as many inputs as it has."""

from __future__ import annotations

import pytest

from minmax_lint.converters.mlir.legalize.legalize_patterns import LEGALIZED, REMOVED
from minmax_lint.converters.mlir.legalize.lower_tf import COMPOSITES
from minmax_lint.converters.mlir.legalize.lower_tf_ops import LOWERED
from minmax_lint.converters.mlir.legalize.prepare_patterns import COMPOSED
from minmax_lint.converters.toco.import_tensorflow.converter_map import IMPORTED
from minmax_lint.graph.arity import INPUT_COUNTS, misfit
from minmax_lint.graph.build import Builder

AS_MANY_AS_THE_LOOP_HAS = {"While", "StatelessWhile"}


@pytest.mark.parametrize("known", [LEGALIZED, REMOVED, COMPOSED, COMPOSITES, LOWERED, IMPORTED])
def test_the_number_of_inputs_of_every_known_op_is_known(known) -> None:
    assert set(known) - INPUT_COUNTS.keys() <= AS_MANY_AS_THE_LOOP_HAS


def test_a_node_with_too_few_inputs_is_refused_in_tensorflows_words() -> None:
    b = Builder()
    b.add("Identity", "alone")
    found = misfit(b.graph(), ["alone"])
    assert found is not None
    assert found[1].startswith(
        "ValueError: NodeDef expected inputs of Identity do not match 0 inputs specified"
    )

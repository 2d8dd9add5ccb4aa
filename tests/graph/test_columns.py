"""What stands for a million strings or sets without holding them says what they would say."""

from __future__ import annotations

from minmax_lint.graph.chosen import Chosen
from minmax_lint.graph.inputs import Inputs


def test_inputs_are_a_sequence_of_tuples() -> None:
    inputs = Inputs()
    inputs.append(("a", "b:1"))
    inputs.extend(["^c", "d", "e"], [0, 1, 2])
    inputs.append(())
    expected = [("a", "b:1"), (), ("^c",), ("d", "e"), ()]
    assert list(inputs) == [inputs[place] for place in range(5)] == expected
    assert inputs[1:3] == expected[1:3]
    assert (inputs[-2], len(inputs)) == (("d", "e"), 5)


def test_chosen_nodes_are_a_set_of_names() -> None:
    chosen = Chosen({"a": 0, "b": 1, "c": 2}, bytes([1, 0, 1]))
    assert chosen == {"a", "c"}
    assert ("b" in chosen, "a" in chosen, "x" in chosen, len(chosen)) == (False, True, False, 2)
    assert chosen | {"x"} == {"a", "c", "x"}
    assert chosen & frozenset({"c", "b"}) == {"c"}
    assert {"b", "c"} & chosen == {"c"}
    assert not chosen.isdisjoint({"a"})

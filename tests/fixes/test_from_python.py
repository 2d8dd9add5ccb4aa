"""`minmax_lint.fix` and `minmax_lint.guard`, as a user's script calls them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

import minmax_lint
from minmax_lint.errors import UserError
from tests.cli.founding import FOUNDING

EVAL = FOUNDING / "eval.pb"
PRUNED = FOUNDING / "eval-frozen-pruned.pb"


def test_a_patch_holds_the_fixed_graph_and_says_what_changed() -> None:
    patch = minmax_lint.fix(EVAL)
    assert patch.outputs == ("output",)
    assert patch.safe
    assert [(change.kind, change.node) for change in patch.changes] == [
        ("renamed", "output/unquantized"),
        ("renamed", "output"),
        ("rewired", "output"),
    ]
    assert minmax_lint.lint(patch.graph_def, outputs=patch.outputs).findings == ()


def test_nothing_is_written_before_save(tmp_path: Path) -> None:
    patch = minmax_lint.fix(str(EVAL), inputs=["input"], outputs="output", strategy="guard")
    assert list(tmp_path.iterdir()) == []
    saved = patch.save(tmp_path / "fixed.pb")
    assert minmax_lint.lint(saved, outputs=["output"]).count("error") == 0
    assert minmax_lint.fix(saved, outputs=["output"]).empty


def test_a_message_is_fixed_as_a_file_is() -> None:
    first = minmax_lint.fix(EVAL)
    second = minmax_lint.fix(_message(EVAL), outputs=["output"])
    assert second.graph_def.SerializeToString(deterministic=True) == first.graph_def.SerializeToString(
        deterministic=True
    )


def _message(path: Path) -> object:
    from minmax_lint.schema.messages import message_class

    return message_class("GraphDef").FromString(path.read_bytes())


def test_the_users_range_is_inserted_where_unsafe_fixes_are_wanted() -> None:
    patch = minmax_lint.fix(PRUNED, outputs=["output"], unsafe=True, ranges={"output": (0.0, 4.0)})
    assert not patch.safe
    (added,) = [change for change in patch.changes if change.kind == "added"]
    assert added.text == "FakeQuantWithMinMaxArgs(output/unquantized), range [0, 4]"


def test_what_is_missing_is_said() -> None:
    patch = minmax_lint.fix(PRUNED, outputs=["output"])
    assert patch.empty
    assert "No range is known for output: give --unsafe-fixes and --ranges" in patch.reason


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"outputs": ["outptu"]}, "has no output 'outptu'; did you mean output"),
        ({"ranges": {"outptu": (0, 1)}}, "has no array of the given ranges 'outptu'; did you mean output"),
        ({"strategy": "gaurd"}, "no strategy 'gaurd'; did you mean guard"),
        ({"strategy": "guard", "bound": 5.0}, "bound 5 would clip"),
        ({"converters": ["tocoo"]}, "no converter 'tocoo'; did you mean toco"),
    ],
)
def test_a_wrong_argument_is_told(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(minmax_lint.UserError, match=message):
        minmax_lint.fix(FOUNDING / "eval-frozen.pb", **arguments)  # type: ignore[arg-type]


class TestGuard:
    def test_the_rewriters_fake_quant_falls_in_front_of_it(self) -> None:
        tf = pytest.importorskip("tensorflow")
        with tf.Graph().as_default() as graph:
            x = tf.compat.v1.placeholder(tf.float32, [None, 4], name="x")
            y = minmax_lint.guard(tf.nn.relu6(x), name="y")
        assert y.op.type == "Minimum"
        assert y.op.name == "y"
        constant = y.op.inputs[1].op
        assert constant.type == "Const"
        assert tf.make_ndarray(constant.get_attr("value")) == 1e6
        assert graph.get_tensor_by_name("y:0") is y

    def test_each_guard_has_a_constant_of_its_own(self) -> None:
        tf = pytest.importorskip("tensorflow")
        with tf.Graph().as_default():
            x = tf.compat.v1.placeholder(tf.float32, [None, 4])
            first, second = minmax_lint.guard(x), minmax_lint.guard(x)
        assert first.op.inputs[1].op is not second.op.inputs[1].op

    def test_a_function_of_tensorflow_2_keeps_its_values(self) -> None:
        tf = pytest.importorskip("tensorflow")

        @tf.function(input_signature=[tf.TensorSpec([None, 2], tf.float32)])
        def net(x: object) -> object:
            return minmax_lint.guard(tf.nn.relu(x), bound=100.0)

        assert net(tf.constant([[-1.0, 7.0]])).numpy().tolist() == [[0.0, 7.0]]
        ops = [op.type for op in net.get_concrete_function().graph.get_operations()]
        assert "Minimum" in ops

    @pytest.mark.parametrize("bound", [float("inf"), float("nan"), 1e39, -2.0, 0, "x", None])
    def test_a_bound_that_is_no_positive_finite_number_is_refused(self, bound: Any) -> None:
        with pytest.raises(UserError, match=r"^the bound must be a finite number above [^\n]*$"):
            minmax_lint.guard(object(), bound=bound)

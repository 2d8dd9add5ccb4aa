"""The scoring rule itself: what counts as right."""

from typing import Any

import pytest

from minmax_lint.converters.prediction import Prediction
from tests.corpus.scoring import Score, detail_right

MINMAX = {"verdict": "abort", "kind": "minmax", "array": "Relu6"}
FLOAT = {"verdict": "float", "float_ops": [["ADD", "a;b"], ["ADD", "c"]]}


def prediction(verdict: Any, **more: Any) -> Prediction:
    return Prediction("toco-2.15", verdict, **more)


@pytest.mark.parametrize(
    ("expected", "predicted", "right"),
    [
        (MINMAX, prediction("abort", kind="minmax", array="Relu6"), True),
        (MINMAX, prediction("abort", kind="minmax", array="Relu"), False),
        (MINMAX, prediction("abort", kind="other"), False),
        (MINMAX, prediction("undetermined"), False),
        ({"verdict": "abort", "kind": "other"}, prediction("abort", kind="other"), True),
        (FLOAT, prediction("float", float_ops=(("ADD", "x"), ("ADD", "y"))), True),
        (FLOAT, prediction("float", float_ops=(("ADD", "x"),)), False),
        ({"verdict": "quantized"}, prediction("quantized"), True),
    ],
)
def test_a_detail_is_right_where_kind_and_array_or_float_ops_are(
    expected: dict[str, Any], predicted: Prediction, right: bool
) -> None:
    assert detail_right(expected, predicted) is right


def test_score_tells_false_alarms_from_misses() -> None:
    score = Score()
    score.add("alarm", {"verdict": "quantized"}, prediction("float"))
    score.add("miss", MINMAX, prediction("quantized"))
    score.add("right", MINMAX, prediction("abort", kind="minmax", array="Relu6"))
    assert (score.false_alarms, score.misses) == (["alarm"], ["miss"])
    assert (score.verdict_share, score.detail_share) == (1 / 3, 1 / 2)

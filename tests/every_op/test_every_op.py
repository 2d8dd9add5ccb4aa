"""What TOCO and MLIR do with every op of TensorFlow's registry (fixtures/every_op.jsonl), against the predictions."""

from collections import Counter

import pytest

from minmax_lint.api import lint
from minmax_lint.graph.op_registry import registered_op
from minmax_lint.loaders.parse import parse
from minmax_lint.writers.graphdef import encode
from tests.every_op.exceptions import EXCEPTIONS, OPEN_EXCEPTIONS
from tests.every_op.graph import OpCase, cases

CASES = tuple(cases())


def right(case: OpCase, profile: str) -> bool:
    """Whether the verdict, the kind of an abort and the multiset of float ops are the converter's own."""
    verdict, *rest = case.answer(profile)
    model = parse(encode(case.graph))
    report = lint(model, inputs=case.inputs, outputs=case.outputs, converters=[profile])
    prediction = report.predictions[profile]
    if verdict == "abort":
        return (prediction.verdict, prediction.kind) == ("abort", rest[0])
    predicted = Counter(name for name, _ in prediction.float_ops)
    return prediction.verdict == verdict and predicted == Counter(rest[1].split())


def test_the_table_holds_most_of_the_registry() -> None:
    assert len(CASES) > 1600
    assert len({case.op for case in CASES}) == len(CASES)
    assert all(registered_op(case.op) is not None for case in CASES)


@pytest.mark.parametrize("profile", EXCEPTIONS)
def test_every_op_is_answered_as_the_converter_answers(profile: str) -> None:
    measured = [case for case in CASES if case.answer(profile) is not None]
    wrong = {case.op for case in measured if not right(case, profile)}
    assert wrong == EXCEPTIONS[profile], (
        "where the prediction is right and the list is not, change tests/every_op/exceptions.py; the answers are in "
        f"fixtures/every_op.jsonl: `.venv/bin/python -m tests.every_op fixtures/every_op.jsonl {profile} --only OP` "
        "measures an op anew"
    )


@pytest.mark.parametrize("profile", OPEN_EXCEPTIONS)
def test_every_op_of_an_open_size_is_answered_as_the_converter_answers(profile: str) -> None:
    opened = [case for one in CASES if (case := one.opened) is not None and case.answer(profile) is not None]
    assert len(opened) > 700
    wrong = {case.op for case in opened if not right(case, profile)}
    assert wrong == OPEN_EXCEPTIONS[profile], "`--open` of the same command measures an op anew"

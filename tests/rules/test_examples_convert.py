"""Every rule's examples through real converters: they do what the rule says, and what the model says."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from minmax_lint.rules.framework.rule import Example, rules
from minmax_lint.writers.graphdef import encode
from tests.corpus.scoring import detail_right
from tests.differential.batch import Asked, answers_of
from tests.interpreters import tf215, tf221
from tests.rules.linted import lint_example

NOT_CONVERTED = {
    "MM402": "TensorFlow does not know the op, and refuses the graph where nobody registered it",
    "MM405": "branches are functions of the graph's library, which no Builder writes",
    "MM902": "about something that is no graph",
    "MM903": "the converter answers by chance",
    "MM905": "nobody writes 3 GiB for a test",
}
CONVERTERS: dict[str, Callable[[], Path]] = {"toco-2.15": tf215, "mlir-2.15": tf215, "mlir-2.21": tf221}


def _examples(profile: str) -> Iterator[tuple[str, Example]]:
    for rule in rules():
        examples = {} if rule.code in NOT_CONVERTED else rule.examples()._asdict()
        for kind, shown in examples.items():
            if profile in shown.profiles and not (shown.finished or shown.variables):
                yield f"{rule.code} {kind}", shown


@pytest.mark.parametrize("profile", CONVERTERS)
def test_the_converter_does_what_the_model_says(profile: str) -> None:
    examples = list(_examples(profile))
    asked = [Asked(profile, encode(one.graph), one.inputs, one.outputs) for _, one in examples]
    wrong = []
    for (name, example), real in zip(examples, answers_of(CONVERTERS[profile](), asked), strict=True):
        predicted = lint_example(example).predictions[profile]
        if not detail_right(real, predicted) or "NodeDef" in real.get("message", ""):
            wrong.append((name, real, predicted.verdict, predicted.message))
    assert not wrong

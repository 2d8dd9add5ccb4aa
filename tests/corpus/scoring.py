"""How a prediction is held against what a real converter did: the rule of the contract, in one place."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from minmax_lint.converters.prediction import Prediction

Expected = Mapping[str, Any]
"""What a real converter did: `verdict`, and `kind`, `array`, `op`, `float_ops`, `message`, `unstable`."""


def verdict_right(expected: Expected, prediction: Prediction) -> bool:
    """Whether the verdict is the converter's own."""
    return prediction.verdict == expected["verdict"]


def detail_right(expected: Expected, prediction: Prediction) -> bool:
    """Whether the kind of abort and the array it names, or the multiset of float ops, is right as well."""
    if not verdict_right(expected, prediction):
        return False
    if expected["verdict"] == "abort":
        if prediction.kind != expected["kind"]:
            return False
        return expected["kind"] != "minmax" or prediction.array == expected.get("array")
    predicted = Counter(name for name, _ in prediction.float_ops)
    return predicted == Counter(name for name, _ in expected.get("float_ops", ()))


@dataclass
class Score:
    """Counts of one profile over a corpus."""

    cases: int = 0
    right: int = 0
    broken: int = 0
    """Cases that do not end as an all-integer model."""
    detailed: int = 0
    """Broken cases whose detail is right."""
    false_alarms: list[str] = field(default_factory=list)
    misses: list[str] = field(default_factory=list)
    wrong: list[str] = field(default_factory=list)
    """Ids of all cases with a wrong verdict or detail."""

    def add(self, case: str, expected: Expected, prediction: Prediction) -> None:
        """Count one case."""
        verdict, detail = verdict_right(expected, prediction), detail_right(expected, prediction)
        broken = expected["verdict"] != "quantized"
        self.cases += 1
        self.right += verdict
        self.broken += broken
        self.detailed += broken and detail
        if not broken and not verdict:
            self.false_alarms.append(case)
        if broken and prediction.verdict == "quantized":
            self.misses.append(case)
        if not detail:
            self.wrong.append(case)

    @property
    def verdict_share(self) -> float:
        """Share of right verdicts."""
        return self.right / max(1, self.cases)

    @property
    def detail_share(self) -> float:
        """Share of broken cases whose detail is right."""
        return self.detailed / max(1, self.broken)

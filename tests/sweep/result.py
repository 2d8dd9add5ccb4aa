"""What a sweep found: crashes, refusals, disagreements and the slowest models."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from minmax_lint.converters.prediction import Prediction
from tests.corpus.scoring import Expected, detail_right, verdict_right
from tests.sweep.ours import Looked

SLOWEST = 5


@dataclass
class Sweep:
    """All models of a folder."""

    looked: dict[str, Looked] = field(default_factory=dict)
    """Model -> what the project did with it."""
    ended: dict[str, str] = field(default_factory=dict)
    """Model -> how the process ended that was to look at it."""
    answers: dict[tuple[str, str], Expected] = field(default_factory=dict)
    """(model, profile) -> what the real converter did."""

    @property
    def crashes(self) -> Iterator[tuple[str, str]]:
        """(model, how), for each that a fault of ours ended."""
        yield from self.ended.items()
        for model, looked in self.looked.items():
            for run in looked.runs:
                if run.crashed:
                    yield model, f"{run.command}: {run.reason}"

    @property
    def refusals(self) -> Iterator[tuple[str, str]]:
        """(model, reason), for each that a command refuses or no converter can be given."""
        for model, looked in self.looked.items():
            reasons = [run.reason for run in looked.runs if run.refused] or [looked.ungiven]
            yield from ((model, reason) for reason in dict.fromkeys(reasons) if reason)

    @property
    def compared(self) -> Iterator[tuple[str, Prediction, Expected]]:
        """(model, prediction, answer), for each that has both."""
        for model, looked in self.looked.items():
            for name, prediction in looked.predictions.items():
                if (model, name) in self.answers:
                    yield model, prediction, self.answers[model, name]

    @property
    def disagreements(self) -> Iterator[tuple[str, Prediction, Expected]]:
        """Those of them that differ in verdict or detail."""
        for model, prediction, real in self.compared:
            if not detail_right(real, prediction):
                yield model, prediction, real

    @property
    def tally(self) -> dict[str, Counter[str]]:
        """Profile -> how many models were compared, and how many are right."""
        found: dict[str, Counter[str]] = {}
        for _, prediction, real in self.compared:
            counts = found.setdefault(prediction.profile, Counter())
            counts["models"] += 1
            counts["verdict"] += verdict_right(real, prediction)
            counts["detail"] += detail_right(real, prediction)
            counts["undetermined"] += prediction.verdict == "undetermined"
        return found

    @property
    def slowest(self) -> list[tuple[str, float]]:
        """(model, seconds of all its commands), the slowest first."""
        seconds = {model: sum(run.seconds for run in one.runs) for model, one in self.looked.items()}
        return sorted(seconds.items(), key=lambda pair: -pair[1])[:SLOWEST]

    @property
    def clean(self) -> bool:
        """Whether nothing crashed and nothing disagrees."""
        return not any(self.crashes) and not any(self.disagreements)

    def data(self) -> dict[str, Any]:
        """All of it for JSON."""
        return {
            "models": len(self.looked) + len(self.ended),
            "crashes": [{"model": model, "how": how} for model, how in self.crashes],
            "refusals": [{"model": model, "reason": reason} for model, reason in self.refusals],
            "disagreements": [
                {"model": model, "profile": p.profile, "predicted": shown(p), "real": real}
                for model, p, real in self.disagreements
            ],
            "slowest": [{"model": model, "seconds": round(seconds, 3)} for model, seconds in self.slowest],
            "tally": {name: dict(counts) for name, counts in self.tally.items()},
        }


def shown(prediction: Prediction) -> Mapping[str, Any]:
    """A prediction in the form of an answer."""
    p = prediction
    found = {"verdict": p.verdict, "kind": p.kind, "array": p.array, "op": p.op, "message": p.message}
    return {k: v for k, v in found.items() if v} | {"float_ops": [list(op) for op in p.float_ops]}


def difference(prediction: Prediction, real: Expected) -> str:
    """One line: in what the two differ."""
    if not verdict_right(real, prediction):
        return f"{prediction.verdict} predicted, {real['verdict']} really; {_why(prediction, real)}"
    if real["verdict"] == "abort":
        return f"abort {prediction.kind} {prediction.array} predicted; {real.get('kind')} {real.get('array')}"
    ours = Counter(op for op, _ in prediction.float_ops)
    theirs = Counter(op for op, _ in real.get("float_ops", ()))
    return f"float ops: {_listed(ours - theirs)} predicted alone, {_listed(theirs - ours)} really alone"


def _why(prediction: Prediction, real: Expected) -> str:
    abort = real.get("message", "") if real["verdict"] == "abort" else prediction.message
    floats = Counter(op for op, _ in real.get("float_ops", ()))
    return f"real float ops: {_listed(floats)}" if floats else abort[:160]


def _listed(ops: Counter[str]) -> str:
    return " ".join(sorted(ops.elements())) or "none"

"""The form of a rule about the converter's call: what a script, the configuration or a converter object sets."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any

from minmax_lint.converters.call import ConverterCall
from minmax_lint.converters.prediction import Prediction
from minmax_lint.graph.build import Builder
from minmax_lint.rules.framework.finding import Finding
from minmax_lint.rules.framework.rule import Example, Rule
from minmax_lint.rules.framework.subject import Subject


class CallRule(Rule):
    """A rule with one finding a call and fault; each names the line of the call."""

    @abstractmethod
    def faults(self, call: ConverterCall, subject: Subject) -> Iterator[tuple[str, str]]:
        """(what is wrong with the call, what to write instead)."""

    def check(self, subject: Subject) -> Iterator[Finding]:
        """One finding a call and fault."""
        for call in subject.calls:
            for message, advice in self.faults(call, subject):
                yield self.finding(f"{call.origin}: {message}", outputs=(call.origin,), advice=advice)


def predictions_of(call: ConverterCall, subject: Subject) -> Iterator[Prediction]:
    """What the judged profiles that are called in the same way say of the graph."""
    mode = call.mode(bool(subject.kept_fake_quants))
    for profile in subject.profiles:
        if not profile.device and profile.call == ("" if mode == "tf1" else mode):
            yield subject.predictions[profile.name]


CALIBRATED = ("mlir-2.21-int8",)
"""The profile of examples that are quantized after training."""


def float_example(*calls: ConverterCall) -> Example:
    """A graph without FakeQuants, and how it is converted."""
    b = Builder()
    b.add("Relu6", "output", b.placeholder("input", [1, 4]))
    return Example(b.graph(), {"input": (1, 4)}, ("output",), CALIBRATED, calls=calls)


def calibrated_example(**flags: Any) -> Example:
    """The same graph, converted after training with a dataset; `flags` is what else the call sets."""
    call = ConverterCall("export.py:12", "tf2", optimizations=True, representative_dataset=True, **flags)
    return float_example(call)


def trained_example(*calls: ConverterCall) -> Example:
    """A graph with FakeQuants, and how it is converted."""
    b = Builder()
    x = b.fake_quant("input_quant", b.placeholder("input", [1, 4]), 0.0, 6.0)
    b.fake_quant("output", b.add("Relu6", "Relu6", x), 0.0, 6.0)
    return Example(b.graph(), {"input": (1, 4)}, ("output",), calls=calls)

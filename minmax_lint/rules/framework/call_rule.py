"""The form of a rule about the converter's call: what a script, the configuration or a converter object sets."""

from abc import abstractmethod
from collections.abc import Iterator
from typing import Any, ClassVar, NamedTuple

from minmax_lint.converters.call import ConverterCall
from minmax_lint.converters.call_site import YIELD, Changes, TextEdit
from minmax_lint.converters.dataset import Dataset, SampleArray
from minmax_lint.converters.prediction import Prediction
from minmax_lint.converters.profile import Flow
from minmax_lint.graph.build import Builder
from minmax_lint.rules.framework.finding import Finding, ScriptOffer, Severity
from minmax_lint.rules.framework.rule import Example, Rule
from minmax_lint.rules.framework.subject import Part, Subject


class Fault(NamedTuple):
    """What is wrong with a call."""

    message: str
    advice: str
    """What to write instead."""
    changes: Changes = {}
    """The same as attributes of the converter, where a script can be changed so."""
    safe: bool = True
    """Whether the changed script makes a model with the ends that it has now."""
    severity: Severity | None = None
    """Where it is not the rule's."""


class CallRule(Rule):
    """A rule with one finding a call and fault; each names the line of the call, and the lines to change."""

    needs: ClassVar[Part | None] = "call"

    @abstractmethod
    def faults(self, call: ConverterCall, subject: Subject) -> Iterator[Fault]:
        """What is wrong with the call."""

    def check(self, subject: Subject) -> Iterator[Finding]:
        """One finding a call and fault."""
        for call in subject.calls:
            for fault in self._faults(call, subject):
                offer = ScriptOffer(call.site, fault.changes, fault.safe) if call.site else None
                edits = offer.edits if offer else ()
                yield self.finding(
                    f"{call.origin}: {fault.message}",
                    severity=fault.severity,
                    outputs=(call.origin,),
                    advice=" ".join([fault.advice, *_places(call.origin, edits)]),
                    script=offer if edits else None,
                )

    def _faults(self, call: ConverterCall, subject: Subject) -> Iterator[Fault]:
        """The faults of the call; one that is not on every way through its script is uncertain."""
        on_each_way = [list(self.faults(one, subject)) for one in (call, *call.alternatives)]
        known = [{fault.message for fault in found} for found in on_each_way]
        for message, fault in {one.message: one for found in on_each_way[::-1] for one in found}.items():
            if all(message in one for one in known):
                yield fault
            else:
                text = f"{message}; uncertain: set in a branch of the script: {call.branched}"
                severity: Severity = "warning" if (fault.severity or self.severity) == "error" else "info"
                # A flag that nothing reads may go on whatever way it is set; another value would change that way.
                changes = {} if any(fault.changes.values()) else fault.changes
                yield fault._replace(message=text, severity=severity, changes=changes)


def _places(origin: str, edits: tuple[TextEdit, ...]) -> Iterator[str]:
    """The lines to change in the script, and what they become: one sentence, or none."""
    by_line: dict[str, list[str]] = {}
    for edit in edits:
        by_line.setdefault(edit.where, []).append(edit.words)
    if by_line:
        lines = "; ".join(f"{where}: {'; '.join(words)}" for where, words in by_line.items())
        yield f"In {origin.rpartition(':')[0]}, {lines}."


def dataset_expression(call: ConverterCall, number: int) -> str:
    """The expression of an array that the script's dataset yields; empty where samples come from elsewhere."""
    found = call.site.settings.get(f"{YIELD}{number}", ()) if call.site is not None else ()
    origin = "" if call.dataset is None else call.dataset.origin
    return found[0].text if len(found) == 1 and origin.endswith(f".py:{found[0].line}") else ""


def dataset_yields(subject: Subject) -> str:
    """What a representative dataset yields for this model, as Python text."""
    names = list(subject.kept.inputs)
    return "[sample]" if len(names) == 1 else f"[{', '.join(f'sample[{name!r}]' for name in names)}]"


def predictions_of(call: ConverterCall, subject: Subject) -> Iterator[Prediction]:
    """What the judged profiles that are called in the same way say of the graph."""
    mode = call.mode(bool(subject.kept_fake_quants))
    for profile in subject.profiles:
        own = not profile.origins or call.origin in profile.origins
        if own and not profile.device and profile.call == ("" if mode == "tf1" else mode):
            yield subject.predictions[profile.name]


CALIBRATED = ("mlir-2.21-int8",)
"""The profile of examples that are quantized after training."""


def float_example(flow: Flow = "tf2", **flags: Any) -> Example:
    """A graph without FakeQuants, and what the call that converts it sets."""
    b = Builder()
    b.add("Relu6", "output", b.placeholder("input", [1, 4]))
    return Example(b.graph(), profiles=CALIBRATED, calls=(example_call(flow, **flags),))


def calibrated_example(**flags: Any) -> Example:
    """The same graph, converted after training with a dataset; `flags` is what else the call sets."""
    return float_example(optimizations=True, representative_dataset=True, **flags)


def example_call(flow: Flow = "tf2", **flags: Any) -> ConverterCall:
    """A call of the converter in a script."""
    return ConverterCall("export.py:12", flow, **flags)


def op_example(op: str, **flags: Any) -> Example:
    """A graph that ends in that op of two operands, converted in the same way."""
    b = Builder()
    x = b.placeholder("input", [1, 4])
    b.add(op, "output", b.add("Relu6", "Relu6", x), x)
    call = example_call(optimizations=True, representative_dataset=True, **flags)
    return Example(b.graph(), profiles=CALIBRATED, calls=(call,))


WITHIN_ONE = SampleArray(dtype="float32", low=-1.0, high=1.0)


def dataset_example(*sample: SampleArray) -> Example:
    """The same with a dataset that yields these arrays; empty where there are none."""
    return calibrated_example(dataset=Dataset("export.py:4", sample, empty=not sample))


def trained_example(**flags: Any) -> Example:
    """A graph with FakeQuants, and what the call that converts it sets."""
    b = Builder()
    x = b.fake_quant("input_quant", b.placeholder("input", [1, 4]), 0.0, 6.0)
    b.fake_quant("output", b.add("Relu6", "Relu6", x), 0.0, 6.0)
    return Example(b.graph(), calls=(example_call(**flags),))

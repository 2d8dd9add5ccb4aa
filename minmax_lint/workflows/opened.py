"""The one front door: a model with its inputs and outputs, ready to be linted, fixed or converted.

`cli`, `api`, `checked`, the assertion and the pytest plugin all open a model here and go on from it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minmax_lint.converters.call import ConverterCall, Maker
from minmax_lint.converters.dataset import Dataset, as_fed, by_input, with_signatures
from minmax_lint.converters.profile import Flow, Profile, profile
from minmax_lint.errors import UnknownName, UserError
from minmax_lint.graph.names import as_names, did_you_mean, parse_edge
from minmax_lint.graph.tensor import Shape
from minmax_lint.loaders.endpoints import Endpoints, endpoints
from minmax_lint.loaders.load import load
from minmax_lint.loaders.model import DEFAULT_SIGNATURE, Model
from minmax_lint.report.report import Report
from minmax_lint.rules.framework.model_subject import make_subject
from minmax_lint.rules.framework.selection import Selection
from minmax_lint.workflows.choice import Choice, choice
from minmax_lint.workflows.explain import explanations
from minmax_lint.workflows.lint import collection_paused, report_on
from minmax_lint.workflows.signatures import Part, parts, signatures_of, without_others

if TYPE_CHECKING:
    from minmax_lint.backends.conversion.child import Watch
    from minmax_lint.fixes.edit.options import FixOptions
    from minmax_lint.fixes.engine.patch import Patch
    from minmax_lint.workflows.converter import Converter


@dataclass(frozen=True)
class Opened:
    """One model, as the user named it."""

    model: Model
    ends: Endpoints
    path: str
    """As reports call it."""
    named: tuple[str, ...] = ()
    """The profiles that the user names; empty: the call or the kind of model chooses them."""
    calls: tuple[ConverterCall, ...] = ()
    """How the converter is called, as a script or the configuration says."""
    tensorflow: tuple[int, int] | None = None
    """The version to judge, where neither a profile nor a call names one."""
    made_from: Opened | None = None
    """The graph that a finished model was made from."""
    report_on_source: Report | None = None
    """The report on that graph, where there is one already."""
    conversion: Choice | None = None
    """The one profile of a conversion, with its call."""
    others: tuple[Opened, ...] = ()
    """The same model with the other signatures that calls of the script convert."""
    whole: bool = False
    """Whether the user names no signature, input or output of it: a repair is then one of every signature."""

    @cached_property
    def choice(self) -> Choice:
        """The profiles to judge, and why."""
        if self.conversion is not None:
            return self.conversion
        return choice(self.model, self.named, self.calls, self.tensorflow)

    def called(self, path: str) -> Opened:
        """The same model under the name that the user gave it."""
        return replace(self, path=path, others=tuple(one.called(path) for one in self.others))

    def for_profiles(self, *chosen: Profile) -> Opened:
        """The same model, for these profiles alone."""
        return replace(self, named=tuple(one.name for one in chosen))

    def for_conversion(self, converter: Converter, watch: Watch | None = None) -> Opened:
        """The same model, for a conversion with that converter; the first samples of its dataset are looked at.

        The flags of a call that no script and no configuration makes are ours, so rules judge its samples alone.
        Raises UserError where the samples cannot be read.
        """
        chosen, call = converter.profile, converter.call
        dataset = self._first_samples(converter, watch)
        if call is None or not (dataset or any(call.origin == one.origin for one in self.calls)):
            ends = {chosen.name: (replace(call, tensorflow=chosen.version),)} if call and call.ends else {}
            return replace(self, calls=(), conversion=Choice((chosen,), "", ends))
        if dataset is not None:
            named = by_input(dataset, self.model.input_keys(self.ends.inputs))
            dataset = as_fed(named, list(self.ends.inputs), named=call.flow == "tf2")
        call = replace(call, tensorflow=chosen.version, dataset=dataset or call.dataset)
        return replace(self, calls=(call,), conversion=Choice((chosen,), "", {chosen.name: (call,)}))

    def _first_samples(self, converter: Converter, watch: Watch | None) -> Dataset | None:
        from minmax_lint.backends.calibration.check import first_samples

        if converter.data is None:
            return None
        ends = self.ends
        return first_samples(
            converter.data, self.model.graph, ends.inputs, ends.outputs, python=converter.python, watch=watch
        )

    def ending_in(self, output: str, inputs: Mapping[str, Shape | None] | None) -> Opened:
        """The same model with that output; without inputs, those that lead to it. Raises UserError where none do."""
        return replace(self, ends=endpoints(self.model, inputs, [output]))

    def check_ends(self) -> Opened:
        """The same. Raises UnknownName for an input or output that the graph does not have."""
        graph = self.model.graph
        for kind, flag, names in (("input", "-i", self.ends.inputs), ("output", "-o", self.ends.outputs)):
            for name in names:
                if parse_edge(name).node not in graph:
                    meant = did_you_mean(name, graph.names, f"name an array with {flag}")
                    raise UnknownName(f"{self.path} has no {kind} {name!r}{meant}")
        return self

    def lint(self, selection: Selection | None = None) -> Report:
        """The report of the judged profiles: every finding of every rule."""
        finished, chosen, source = self.model.finished, self.choice, self._report_on_the_source()
        accepts = (selection or Selection()).accepts
        with collection_paused():
            subject = make_subject(
                self.model, self.ends.inputs, self.ends.outputs, chosen.profiles, chosen.calls_by_profile
            )
            subject = replace(subject, calls=self.calls)
            if finished is not None and source is not None:
                subject = replace(subject, explanations=explanations(finished, source))
            return report_on(subject, self.model, self.ends, self.path, accepts=accepts, why=chosen.why)

    def _report_on_the_source(self) -> Report | None:
        """The report on `made_from`, for the MLIR profiles asked for, else the one whose flow has such ends."""
        if self.made_from is None or self.model.finished is None:
            return self.report_on_source
        flow = self.model.finished.flow
        chosen = tuple(
            one for one in self.choice.profiles if one.engine == "mlir" and one.flow == flow and self.named
        )
        return self.made_from.for_profiles(
            *(chosen or (profile("mlir-v2" if flow == "tf2" else "mlir"),))
        ).lint()

    def fix(self, options: FixOptions) -> Patch:
        """Its repair: an empty patch where none is needed, or none fits."""
        from minmax_lint.workflows.fix import fix_model
        from minmax_lint.workflows.fix_signatures import Served, fix_signatures

        profiles = self.choice.profiles
        if not self.whole or self.conversion is not None or options.freeze:
            return fix_model(self.model, self.ends, profiles, options, self.path)
        further = [Served(signatures_of(one.model, one.ends), one.choice.profiles) for one in self.others]
        if not self.calls:
            own = {*signatures_of(self.model, self.ends)}
            names = sorted({*self.model.signatures, *self.model.others} - own)
            further = [Served((name,), self._profiles_of(name)) for name in names]
        return fix_signatures(self.model, self.ends, profiles, further, options, self.path)

    def _profiles_of(self, signature: str) -> tuple[Profile, ...]:
        """The profiles to judge of another signature."""
        model = self.model.of_signatures([signature])
        return choice(model, self.named, tensorflow=self.tensorflow).profiles


def open_model(
    source: Any,
    inputs: Mapping[str, Sequence[int | None] | None] | Sequence[str] | None = None,
    outputs: Sequence[str] | str | None = None,
    *,
    signature: str | None = None,
    checkpoint: str | PathLike[str] | None = None,
    trust: bool = False,
    python: str | PathLike[str] | None = None,
    converters: Sequence[str] | None = None,
    calls: Sequence[ConverterCall] = (),
    tensorflow: tuple[int, int] | None = None,
) -> Opened:
    """Load a model and complete what the user gave of its inputs and outputs.

    Raises UserError, which names the path, where it cannot be read; UnknownName for a signature that is not there.
    """
    model = source if isinstance(source, Model) else load_named(source, signature, checkpoint, trust, python)
    if signature is not None:
        calls = without_others(calls, model, signature)
    found = []
    named = bool(signature or inputs or outputs)
    for part in [Part((), tuple(calls))] if named or not calls else parts(model, calls):
        own = model.of_signatures(part.signatures) if part.signatures else model
        outputs = None if outputs is None else as_names(outputs)
        ends = endpoints(own, _shapes(inputs), outputs, signature, part.calls)
        given = (replace(call, tensorflow=call.tensorflow or tensorflow) for call in part.calls)
        path, converters = display_path(source, own), as_names(converters)
        calls = calls_on(own, ends, given)
        found.append(Opened(own, ends, path, converters, calls, tensorflow, whole=not named))
    return replace(found[0], others=tuple(found[1:]))


def calls_on(model: Model, ends: Endpoints, calls: Iterable[ConverterCall]) -> tuple[ConverterCall, ...]:
    """The calls on a model: their samples by the inputs of its graph, and its flow where a call names none."""
    keys = model.input_keys(ends.inputs)
    flow: Flow = "tf2" if model.of_tf2 else "tf1"
    form = model.format.partition("-")[0]
    maker: Maker = "saved_model" if form == "savedmodel" else "keras" if form == "keras" else ""
    calls = [call if call.flow_named else replace(call, flow=flow) for call in calls]
    calls = [call if call.maker else replace(call, maker=maker) for call in calls]
    if form == "savedmodel":
        # The converter passes over the names of several signatures where Keras 3 exported the model.
        calls = [
            call if model.copies and len(call.signatures) > 1 else replace(call, known_signatures=model.keys)
            for call in calls
        ]
    return tuple(
        call
        if call.dataset is None
        else replace(
            call, dataset=by_input(with_signatures(call.dataset, _signatures_converted(model, call)), keys)
        )
        for call in calls
    )


def _signatures_converted(model: Model, call: ConverterCall) -> Sequence[str]:
    """The signatures that a call converts; none where that is not known, or the converted model has none."""
    if call.unsigned:
        return []
    if call.signatures:
        return call.signatures
    if "serve" in model.signatures:  # what Keras 3 exports: its serving_default alone
        return [DEFAULT_SIGNATURE] if DEFAULT_SIGNATURE in model.signatures else []
    return list(model.signatures) if call.every_signature else []


def load_named(
    source: Any,
    signature: str | None,
    checkpoint: str | PathLike[str] | None,
    trust: bool,
    python: str | PathLike[str] | None,
) -> Model:
    """The model. Raises UserError that names the path."""
    try:
        return load(source, signature=signature, values=checkpoint, trust=trust, python=python)
    except UserError as error:
        if not isinstance(source, (str, Path)) or str(source) in str(error):
            raise
        raise type(error)(f"{source}: {error}") from None


def _shapes(
    inputs: Mapping[str, Sequence[int | None] | None] | Sequence[str] | None,
) -> Mapping[str, Shape | None] | None:
    """Inputs as users give them, as array -> shape."""
    if inputs is None:
        return None
    if isinstance(inputs, Mapping):
        return {name: None if shape is None else tuple(shape) for name, shape in inputs.items()}
    return dict.fromkeys(as_names(inputs))


def display_path(source: Any, model: Model) -> str:
    """How reports call the source."""
    if isinstance(source, (str, Path)):
        return str(source)
    return str(model.path) if model.path is not None else "<memory>"

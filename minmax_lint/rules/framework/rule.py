"""The form of a rule, and the registry of all of them."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
import re
from abc import ABC, abstractmethod
from collections.abc import Iterable, Iterator
from functools import cache
from typing import ClassVar, NamedTuple, Unpack

from minmax_lint.converters.call import ConverterCall
from minmax_lint.converters.finished import TFLiteModel
from minmax_lint.converters.profile import FAKE_QUANT_PROFILES
from minmax_lint.errors import UnknownName
from minmax_lint.graph.build import Builder
from minmax_lint.graph.fakequant import FakeQuant
from minmax_lint.graph.freeze import VariableValues
from minmax_lint.graph.graph import Graph
from minmax_lint.graph.names import did_you_mean
from minmax_lint.graph.tensor import Shape
from minmax_lint.rules.framework.attribution import Cause, profiles_of
from minmax_lint.rules.framework.finding import Finding, FindingFields, Severity
from minmax_lint.rules.framework.subject import About, Part, Subject


class Example(NamedTuple):
    """A graph that shows a rule, with the call that lints it."""

    graph: Graph
    inputs: dict[str, Shape] = {"input": (1, 4)}
    outputs: tuple[str, ...] = ("output",)
    profiles: tuple[str, ...] = tuple(FAKE_QUANT_PROFILES)
    finished: TFLiteModel | None = None
    """The .tflite model that `graph` shows, for rules about those."""
    variables: VariableValues | None = None
    """The checkpoint, for rules about those."""
    calls: tuple[ConverterCall, ...] = ()
    """How the converter is called, for rules about that."""

    @classmethod
    def of_range(cls, low: float, high: float) -> Example:
        """A dense layer of an input in [0, 1], with that range behind it."""
        b = Builder()
        x = b.fake_quant("input/quant", b.placeholder("input", [1, 4]), 0, 1)
        b.fake_quant("output", b.dense("dense", x, 4, 2), low, high)
        return cls(b.graph())


def quantized_input() -> tuple[Builder, str]:
    """The graph of an example up to its input `input`, of [1, 4], behind a FakeQuant of [-1, 1]; that array."""
    b = Builder()
    return b, b.fake_quant("input/quant", b.placeholder("input", [1, 4]), -1, 1)


class Examples(NamedTuple):
    """What shows a rule."""

    failing: Example
    """The rule finds something."""
    passing: Example
    """It finds nothing."""


class Rule(ABC):
    """One rule. The class docstring is its documentation, in the sections that `SECTIONS` names.

    `explain`, the README's table, SARIF's help and the documentation site are all made from it.
    """

    code: ClassVar[str]
    """The name of its file, in capitals."""
    name: ClassVar[str]
    severity: ClassVar[Severity]
    """The usual severity; a finding may carry another where the profile says so."""
    about: ClassVar[frozenset[About]] = frozenset({"graph"})
    """What it looks at: a graph that will be converted, a .tflite model that was, or both."""
    needs: ClassVar[Part | None] = None
    """What it looks at beside the model; without that it finds nothing."""
    fixes: ClassVar[tuple[str, ...]] = ()
    """Names of the repairs that can heal it; empty where only the user can."""

    def __init_subclass__(cls) -> None:
        cls.code = cls.__module__.rpartition(".")[2].upper()

    @abstractmethod
    def check(self, subject: Subject) -> Iterator[Finding]:
        """Every finding of this rule in `subject`."""

    @abstractmethod
    def examples(self) -> Examples:
        """A graph on which the rule finds something, and the same put right, on which it finds nothing."""

    @classmethod
    def summary(cls) -> str:
        """The first line of the documentation."""
        return cls.documentation().split("\n", 1)[0]

    @classmethod
    def documentation(cls) -> str:
        """The whole documentation, Markdown."""
        return inspect.cleandoc(cls.__doc__ or "")

    @classmethod
    def section(cls, title: str) -> str:
        """One section of the documentation, without its heading; empty where it is missing."""
        found = re.search(rf"^## {re.escape(title)}\n(.*?)(?=^## |\Z)", cls.documentation(), re.M | re.S)
        return found.group(1).strip() if found else ""

    def finding(
        self, message: str, *, severity: Severity | None = None, **fields: Unpack[FindingFields]
    ) -> Finding:
        """A finding of this rule, of the rule's severity where none is given."""
        return Finding(self.code, self.name, severity or self.severity, message, **fields)

    def from_cause(
        self, subject: Subject, cause: Cause, message: str, **fields: Unpack[FindingFields]
    ) -> Finding:
        """A finding about one cause: severity, profiles and consequences are the converters'."""
        output = subject.coverage.output_of(cause.array or cause.node)
        about: FindingFields = {
            "node": cause.node,
            "array": cause.array,
            "outputs": (output,) if output is not None else (),
            "profiles": cause.profiles,
            "consequences": cause.consequences,
        }
        about.update(fields)
        return self.finding(message, severity=subject.severity(cause.profiles), **about)

    def about_fake_quant(
        self,
        subject: Subject,
        found: FakeQuant,
        causes: Iterable[Cause],
        message: str,
        **fields: Unpack[FindingFields],
    ) -> Finding:
        """A finding about one FakeQuant: a warning where `causes` name no converter."""
        profiles = profiles_of(causes)
        severity = subject.severity(profiles, otherwise="warning")
        about: FindingFields = {"node": found.node, "array": found.array, "profiles": profiles}
        about.update(fields)
        return self.finding(message, severity=severity, **about)


SECTIONS = ("What it does", "Why", "Symptom", "Fix", "Converters")
"""The sections of every rule's documentation, in this order. `Symptom` holds converter messages verbatim."""


@cache
def rules() -> tuple[Rule, ...]:
    """All rules, by code: every module of this package whose name starts with `mm` and a digit."""
    package = importlib.import_module("minmax_lint.rules")
    found: list[Rule] = []
    for module in pkgutil.iter_modules(package.__path__):
        if re.match(r"mm\d", module.name):
            members = vars(importlib.import_module(f"{package.__name__}.{module.name}")).values()
            found += [
                member()
                for member in members
                if inspect.isclass(member) and issubclass(member, Rule) and not inspect.isabstract(member)
            ]
    return tuple(sorted(found, key=lambda rule: rule.code))


def about_samples(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Those about the samples of a representative dataset."""
    codes = {one.code for one in rules() if one.needs == "dataset"}
    return tuple(one for one in findings if one.code in codes)


def rule(wanted: str) -> Rule:
    """The rule of that code or name. Raises UnknownName with near ones."""
    for found in rules():
        if wanted.upper() == found.code or wanted.lower() == found.name:
            return found
    known = [text for found in rules() for text in (found.code, found.name)]
    meant = did_you_mean(wanted, known, "`minmax-lint rules` lists them")
    raise UnknownName(f"there is no rule {wanted!r}{meant}")

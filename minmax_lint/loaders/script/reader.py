"""The converters of a script: where each is made, what is set on it, and when it converts."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from minmax_lint.converters.call import ConverterCall
from minmax_lint.loaders.script.assigned import (
    CONVERT,
    DELETED,
    GIVEN_AWAY,
    KEYWORDS,
    Assigned,
    by_call,
    keywords,
)
from minmax_lint.loaders.script.branches import Path as Branches
from minmax_lint.loaders.script.branches import beyond, in_order, never
from minmax_lint.loaders.script.conversions import Conversions, Made
from minmax_lint.loaders.script.datasets.dataset import arrays_of, dataset_of
from minmax_lint.loaders.script.definitions import Function, parameters
from minmax_lint.loaders.script.environments import Conditions, pass_parameters
from minmax_lint.loaders.script.flags import DENIED, Setting, settings
from minmax_lint.loaders.script.holders import Holders
from minmax_lint.loaders.script.names import arguments, by_name, dotted, last, root_of, spelled
from minmax_lint.loaders.script.saved import Savings
from minmax_lint.loaders.script.signature import (
    MADE_FROM,
    MAKERS,
    complete,
    lacks_object,
    model_converted,
)
from minmax_lint.loaders.script.source import ON_TARGET_SPEC, Sites
from minmax_lint.loaders.script.tensors import Tensors
from minmax_lint.loaders.script.values import Values

_NOT_CONVERTING = frozenset("setattr getattr hasattr print isinstance type vars dir id".split())
_MOST_PENDING = 32
"""Settings of one parameter of a function."""
_MOST_SETTINGS = 400
"""Of one converter: what is set on it after that many is not read."""


@dataclass
class Reader:
    """What is made, set and converted, gathered from the statements of a script in their order."""

    path: Path
    sites: Sites
    values: Values
    savings: Savings
    calls: list[ConverterCall] = field(default_factory=list)
    _made: list[Made] = field(default_factory=list)
    _specs: set[str] = field(default_factory=set)
    """Variables that hold a converter's target_spec."""
    _specs_set: dict[str, list[Assigned]] = field(default_factory=dict)
    """Variable -> what is set on it by the names of a target_spec's attributes."""
    _pending: dict[tuple[Function, str], list[Assigned]] = field(default_factory=dict)
    """Function and parameter -> what the function sets on the converter that it is given."""
    _modules: dict[str, str] = field(default_factory=dict)
    """Name -> what an import made it stand for."""
    _tensors: Tensors = field(default_factory=Tensors)
    _frozen: tuple[str, ...] = ()
    """The outputs with which the graph is frozen."""

    def __post_init__(self) -> None:
        self._conditions = Conditions(self.values, str(self.path))
        self._holders = Holders(self.values)

    def read(self, tree: ast.AST) -> None:
        """Statements in the order in which they stand; branches one after the other."""
        self.values.decide_branches(self.values.truth, self.values.followed)
        for node in in_order(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self._import(node)
            elif isinstance(node, ast.Return) and node.value is not None:
                function = self.values.owner.get(node)
                self._tensors.returns(function.name if function is not None else "", node.value)
                self._holders.returns(node)
            elif isinstance(node, ast.Call):
                self._make(node)
                self._set_in_function(node)
                self._converts(node)
            elif isinstance(node, (ast.For, ast.AsyncFor, ast.comprehension)):
                self._holders.hold(node.target, self._holders.of(node.iter))
            elif isinstance(node, ast.NamedExpr):
                self._assign(node.target, node.value)
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    self._assign(target, node.value, node)
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                self._assign(node.target, node.value, node)
            elif isinstance(node, ast.Delete):
                self._delete(node)
            elif isinstance(node, ast.AugAssign):
                name, _, attribute = spelled(node.target).rpartition(".")
                self._set(Assigned(name, attribute, node.value, None, node.target, True))
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                for given in by_call(self.values, node, node.value):
                    self._set(given)
        runs = any(not never(one.start) for one in self._made)
        read = Conversions(self.path, self.values, self._conditions, self.sites, self._modules)
        for place, one in enumerate(self._made):
            if one.call.flow == "tf1" and not one.call.outputs:
                one.call = replace(one.call, outputs=self._frozen)
            if not (runs and never(one.start)):
                self.calls += read.of(place, one)

    def _delete(self, statement: ast.Delete) -> None:
        for target in statement.targets:
            name, _, attribute = spelled(target).rpartition(".")
            if name:
                gone = ast.copy_location(ast.Constant(attribute), target)
                self._set(Assigned(name, DELETED, gone, None, target))

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        module = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        for name in node.names:
            self._modules[name.asname or name.name] = f"{module}{name.name}"

    def _make(self, node: ast.Call) -> None:
        """A converter, if the call makes one."""
        asked = complete(self.values, node)
        full_name = dotted(self.values.followed(asked.func))
        root, _, rest = full_name.partition(".")
        root, _, begin = (dotted(self.values.followed(root_of(asked.func))) or root).partition(".")
        full = ".".join(filter(None, (self._modules.get(root, root), begin, rest)))
        maker = full.rpartition(".")[2]
        self._frozen = self._tensors.frozen_outputs(maker, asked) or self._frozen
        if maker not in MAKERS or "." not in full_name:
            return
        flow = "tf1" if ".v1." in f".{full}." else MAKERS[maker]
        inputs, outputs = self._tensors.ends(maker, asked)
        call = ConverterCall(
            f"{self.path}:{node.lineno}",
            flow,
            inputs=inputs,
            outputs=outputs,
            saved=self.savings.of(maker, asked),
            maker=MADE_FROM.get(maker, ""),
            unsigned=maker == "from_concrete_functions" and lacks_object(self.values, asked),
            **model_converted(self.values, maker, flow, asked),
        )
        self._holders.made[node] = len(self._made)
        self.sites.module(len(self._made), full_name)
        self._made.append(Made(call, node, asked, maker, self.values.paths.get(node, ())))

    def _assign(self, target: ast.expr, value: ast.expr, statement: ast.stmt | None = None) -> None:
        targets, values = (one.elts if isinstance(one, ast.Tuple) else [] for one in (target, value))
        if targets and len(targets) == len(values):
            for one, given in zip(targets, values, strict=True):
                self._assign(one, given)
            return
        full_name, held = spelled(target), self._holders.of(value)
        self._tensors.assign(target, value)
        spec = dotted(value).endswith(".target_spec")
        held = self._holders.named(dotted(value).removesuffix(".target_spec"), value) if spec else held
        elsewhere = isinstance(value, ast.Call) and self.values.function(value.func) is None
        if (
            not held
            and isinstance(value, ast.Call)
            and elsewhere
            and full_name in map(dotted, arguments(value))
        ):
            return  # `converter = library.prepare(converter)` gives it back
        self._holders.hold(target, held)
        self._holders.hold_elements(target, value)
        if held and full_name:
            self._specs.update({full_name} if spec else ())
            if statement is not None and len(held) == 1 and not spec:
                self.sites.made(held[0], full_name, statement)
        elif "." in full_name:
            name, _, attribute = full_name.rpartition(".")
            self._set(Assigned(name, attribute, value, statement, target))
            if attribute == "target_spec" and isinstance(value, ast.Name):
                self._take_spec(value, name, target)
            elif attribute in ON_TARGET_SPEC:
                self._specs_set.setdefault(name, []).append(Assigned(name, attribute, value, None, target))

    def _take_spec(self, spec: ast.Name, converter: str, target: ast.expr) -> None:
        """What was set on the object that becomes a converter's target_spec, and will be."""
        made = self.values.followed(spec)
        if isinstance(made, ast.Call) and dotted(made.func).endswith("TargetSpec"):
            for one in self._specs_set.get(spec.id, []):
                self._set(one._replace(name=f"{converter}.target_spec", holder=target))
            self._specs.add(spec.id)
            self._holders.hold(spec, self._holders.named(converter, target))

    def _path(self, node: ast.AST) -> Branches:
        return self.values.paths.get(node, ())

    def _set_in_function(self, call: ast.Call) -> None:
        """What a function of the script sets on a converter that the call gives it."""
        function = self.values.function(call.func)
        if function is None or not any(one is function for one, _ in self._pending):
            return
        given = self.values.passed(function, call)
        before = self.values.bound
        self.values.bound = {**before, **pass_parameters(function, given)}
        for parameter, argument in given.items():
            for one in tuple(self._pending.get((function, parameter), ())):
                suffix = one.name.removeprefix(parameter)
                one = one._replace(name=f"{spelled(argument)}{suffix}", holder=argument)
                for given_here in keywords(self.values, one, call) if one.attribute == KEYWORDS else (one,):
                    self._set(given_here)
        self.values.bound = before

    def _converts(self, call: ast.Call) -> None:
        """Note a call of `convert`, and one of a function elsewhere that is given a converter and may call it."""
        if isinstance(call.func, ast.Attribute) and call.func.attr == "convert":
            self._set(Assigned(spelled(call.func.value), CONVERT, call, None, call.func))
        name = last(call.func)
        if name == "QuantizationDebugger":
            self._debug(call)
        elif self.values.function(call.func) is None and name not in _NOT_CONVERTING:
            for one in arguments(call):
                self._set(Assigned(spelled(one), GIVEN_AWAY, call, None, one))

    def _debug(self, call: ast.Call) -> None:
        """Note a QuantizationDebugger, which converts, and leaves the ops float that its options name."""
        given = by_name(call)
        converter, options = given.get("converter"), given.get("debug_options")
        if converter is None:
            return
        nothing = ast.copy_location(ast.Constant(None), call)
        options = nothing if options is None else options
        made = self.values.followed(options)
        named = by_name(made) if isinstance(made, ast.Call) else {}
        for attribute in DENIED:
            later = self.values.reaching(call, None, f"{dotted(options)}.{attribute}")
            value = later[-1].value if later else named.get(attribute)
            if value is not None:
                self._set(Assigned(spelled(converter), attribute, value, None, converter))
        self._set(Assigned(spelled(converter), CONVERT, call, None, converter))
        for attribute in DENIED:  # the converter itself does not know of them
            self._set(Assigned(spelled(converter), attribute, nothing, None, converter))

    def _set(self, given: Assigned) -> None:
        attribute = given.attribute
        spec = given.name.endswith(".target_spec") or given.name in self._specs
        if attribute == "supported_ops" and not spec:
            attribute = "target_ops"  # converter.supported_ops: an attribute that nothing reads
        name, path = given.name.removesuffix(".target_spec"), self._path(given.target)
        places = self._holders.named(name, given.holder or given.target)
        function = self.values.owner.get(given.holder or given.target)
        if not places and function is not None and name in parameters(function):
            pending = self._pending.setdefault((function, name), [])
            pending += [given] if len(pending) < _MOST_PENDING else []
        at = given.holder if attribute == CONVERT else None  # where a function that converts is called
        if places and attribute == KEYWORDS:
            for keyword in keywords(self.values, given):
                self._set(keyword)
            return
        for place in places:
            if given.statement is not None:
                several = len(places) > 1
                self.sites.set(place, attribute, given.statement, given.target, given.value, shared=several)
            under = beyond(path, self._made[place].start)
            if never(under):
                continue
            for each in self._all_set(under, attribute, given):
                one = each._replace(function=function, value=at or each.value)
                if attribute == "representative_dataset":
                    one = one._replace(dataset=dataset_of(self.values, one.value, str(self.path)))
                    self.sites.yields(place, arrays_of(self.values, one.value))
                resolved = self._conditions.resolved(one) if self.values.bound else (one,)
                settled = self._made[place].settings
                settled += resolved if len(settled) < _MOST_SETTINGS else ()

    def _all_set(self, under: Branches, attribute: str, given: Assigned) -> Iterator[Setting]:
        """What is set, and what is added to the list that it names."""
        value = given.value
        added = self.values.joined(value)
        first = self.values.elements(value) if added else None
        if first is not None:
            always = [
                one
                for node, more in added
                if not self._path(node)
                for one in self.values.elements(more) or ()
            ]
            value = ast.copy_location(ast.List([*first, *always], ast.Load()), value)
        yield from settings(self.values, under, attribute, value, given.adds)
        for node, more in added if first is not None else ():
            if self._path(node):
                yield from settings(self.values, (*under, *self._path(node)), attribute, more, True)

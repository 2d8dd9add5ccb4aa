"""Python scripts and notebooks that call the TFLite converter: read as text, with `ast`, and never run."""

import ast
import warnings
from dataclasses import dataclass, field, replace
from pathlib import Path

from minmax_lint.converters.call import ConverterCall, Maker
from minmax_lint.converters.profile import Flow
from minmax_lint.errors import UserError
from minmax_lint.loaders.buffers import small_file
from minmax_lint.loaders.script.assigned import KEYWORDS, Assigned, by_call, keywords
from minmax_lint.loaders.script.branches import Path as Branches
from minmax_lint.loaders.script.branches import beyond, exclusive, in_order, paths
from minmax_lint.loaders.script.conversions import CONVERT, GIVEN_AWAY, conversions
from minmax_lint.loaders.script.dataset import arrays_of, dataset_of
from minmax_lint.loaders.script.flags import Setting, settings, with_settings
from minmax_lint.loaders.script.names import dotted
from minmax_lint.loaders.script.notebook import notebook_of
from minmax_lint.loaders.script.signature import converted, lacks_object, signature_of
from minmax_lint.loaders.script.source import Sites, Source
from minmax_lint.loaders.script.tensors import Tensors
from minmax_lint.loaders.script.values import Values, parameters

_MAKERS: dict[str, Flow] = {
    "from_frozen_graph": "tf1",
    "from_session": "tf1",
    "from_keras_model_file": "tf1",
    "from_saved_model": "tf2",
    "from_keras_model": "tf2",
    "from_concrete_functions": "tf2",
}
"""Class methods of TFLiteConverter. The last three are TF1's where the converter is `tf.compat.v1`'s."""

_MADE_FROM: dict[str, Maker] = {
    "from_saved_model": "saved_model",
    "from_keras_model": "keras",
    "from_concrete_functions": "functions",
}
_NOT_CONVERTING = frozenset(
    {"setattr", "getattr", "hasattr", "print", "isinstance", "type", "vars", "dir", "id"}
)
_LARGEST = 16 << 20
_MOST_PENDING = 32
"""Settings of one parameter of a function."""


def read_script(path: Path) -> bytes:
    """The content of a script. Raises UserError."""
    try:
        content = small_file(path)
    except OSError as error:
        raise UserError(f"{path} cannot be read: {error.strerror}") from None
    if len(content) > _LARGEST:
        raise UserError(f"{path} is too large for a script")
    return content


def converter_calls(path: Path, content: bytes | None = None) -> tuple[ConverterCall, ...]:
    """Every converter that a script or a notebook makes, with the flags that it sets. Raises UserError.

    `content`: of a script that is not written yet.
    """
    content = read_script(path) if content is None else content
    notebook = notebook_of(content)
    if notebook is not None:
        content = notebook.text.encode()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of the script's own style: it is read, not run
            tree = ast.parse(content, filename=str(path))
        source = Source(content)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        where = f" (line {error.lineno})" if isinstance(error, SyntaxError) and error.lineno else ""
        raise UserError(
            f"{path} is no Python script{where}; --script reads the script that converts"
        ) from None
    reader = _Reader(path, Sites(source, tree), Values(tree))
    try:
        reader.read(tree)
    except RecursionError:
        raise UserError(f"{path} nests its expressions too deeply to be read") from None
    if not reader.calls:
        raise UserError(f"{path} makes no TFLiteConverter (no call of TFLiteConverter.from_...)")
    return tuple(reader.calls if notebook is None else map(notebook.placed, reader.calls))


@dataclass
class _Reader:
    path: Path
    sites: Sites
    values: Values
    calls: list[ConverterCall] = field(default_factory=list)
    _starts: list[Branches] = field(default_factory=list)
    """Converter -> the branches in which it is made."""
    _made: dict[ast.AST, int] = field(default_factory=dict)
    """Call that makes a converter -> its place in `calls`."""
    _names: dict[str, list[tuple[Branches, tuple[int, ...]]]] = field(default_factory=dict)
    """Variable -> the converters that it may hold, each with the branches in which it gets them."""
    _returned: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Function -> the converters it may return."""
    _specs: set[str] = field(default_factory=set)
    """Variables that hold a converter's target_spec."""
    _pending: dict[tuple[str, str], list[Assigned]] = field(default_factory=dict)
    """Function and parameter -> what the function sets on the converter that it is given."""
    _modules: dict[str, str] = field(default_factory=dict)
    """Name -> what an import made it stand for."""
    _tensors: Tensors = field(default_factory=Tensors)
    _settings: dict[int, list[Setting]] = field(default_factory=dict)
    """Converter -> what is set on it, in order."""
    _paths: dict[ast.AST, Branches] = field(default_factory=dict)
    """Node of a branch -> the branches that lead to it."""
    _frozen: tuple[str, ...] = ()
    """The outputs with which the graph is frozen."""

    def read(self, tree: ast.AST) -> None:
        """Statements in the order in which they stand; branches one after the other."""
        self._paths = paths(tree, self.values.truth)
        for node in in_order(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self._import(node)
            elif isinstance(node, ast.Return) and node.value is not None:
                function = self.values.owner.get(node)
                name = function.name if function is not None else ""
                self._tensors.returns(name, node.value)
                held = (*self._returned.get(name, ()), *self._held(node.value))
                self._returned[name] = tuple(dict.fromkeys(held))
            elif isinstance(node, ast.Call):
                self._make(node)
                self._set_in_function(node)
                self._converts(node)
            elif isinstance(node, ast.NamedExpr):
                self._assign(node.target, node.value)
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    self._assign(target, node.value, node)
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                self._assign(node.target, node.value, node)
            elif isinstance(node, ast.AugAssign):
                name, _, attribute = dotted(node.target).rpartition(".")
                self._set(Assigned(name, attribute, node.value, None, node.target, True))
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                for given in by_call(self.values, node, node.value):
                    self._set(given)
        made = self.calls
        self.calls = []
        for place, one in enumerate(made):
            outputs = self._frozen if one.flow == "tf1" and not one.outputs else one.outputs
            found = conversions(self._settings.get(place, []))
            for number, (convert, given_for_it) in enumerate(found, 1):
                call = with_settings(one, given_for_it, self.values)
                site = None
                if number == len(found):  # what an earlier one is given holds for the later ones as well
                    site = self.sites.site(
                        place, self._modules, [once.convert for once in found if once.convert]
                    )
                origin = f"{self.path}:{convert.lineno}" if convert and len(found) > 1 else one.origin
                self.calls.append(replace(call, origin=origin, outputs=outputs, site=site))

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        module = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        for name in node.names:
            self._modules[name.asname or name.name] = f"{module}{name.name}"

    def _make(self, node: ast.Call) -> None:
        """A converter, if the call makes one."""
        full_name = dotted(self.values.followed(node.func))
        root, _, rest = full_name.partition(".")
        full = ".".join(filter(None, (self._modules.get(root, root), rest)))
        maker = full.rpartition(".")[2]
        self._frozen = self._tensors.frozen_outputs(maker, node) or self._frozen
        if maker not in _MAKERS or "." not in full_name:
            return
        flow = "tf1" if ".v1." in f".{full}." else _MAKERS[maker]
        self._made[node] = len(self.calls)
        self.sites.module(len(self.calls), full_name)
        inputs, outputs = self._tensors.ends(maker, node)
        signature = signature_of(self.values, maker, node)
        self.calls.append(
            ConverterCall(
                f"{self.path}:{node.lineno}",
                flow,
                inputs=inputs,
                outputs=outputs,
                signature=signature,
                converted=converted(self.values, node),
                maker=_MADE_FROM.get(maker, ""),
                unsigned=maker == "from_concrete_functions" and lacks_object(self.values, node),
                every_signature=flow == "tf2" and maker == "from_saved_model" and not signature,
            )
        )
        self._starts.append(self._paths.get(node, ()))

    def _held(self, value: ast.expr) -> tuple[int, ...]:
        """The converters that an expression may give; of a conditional chain, those of every branch."""
        held: list[int] = []
        pending = [value]
        while pending:
            one = pending.pop()
            if one in self._made:
                held.append(self._made[one])
            elif isinstance(one, ast.Call):
                held += self._returned.get(dotted(one.func).rpartition(".")[2], ())
            elif isinstance(one, ast.NamedExpr):
                pending.append(one.value)
            elif isinstance(one, ast.IfExp):
                pending += [one.orelse, one.body]
            else:
                held += self._named(dotted(one), self._paths.get(one, ()))
        return tuple(dict.fromkeys(held))

    def _named(self, name: str, path: Branches) -> tuple[int, ...]:
        """The converters that a variable may hold where that path leads."""
        held: list[int] = []
        for start, converters in reversed(self._names.get(name, [])):
            if not exclusive(start, path):
                held = [*converters, *held]
            if not beyond(start, path):  # this one replaces all before it
                break
        return tuple(dict.fromkeys(held))

    def _assign(self, target: ast.expr, value: ast.expr, statement: ast.stmt | None = None) -> None:
        targets, values = (one.elts if isinstance(one, ast.Tuple) else [] for one in (target, value))
        if targets and len(targets) == len(values):
            for one, given in zip(targets, values, strict=True):
                self._assign(one, given)
            return
        full_name, held = dotted(target), self._held(value)
        self._tensors.assign(target, value)
        spec = dotted(value).endswith(".target_spec")
        held = self._named(dotted(value).removesuffix(".target_spec"), self._path(value)) if spec else held
        if held and full_name:
            self._names.setdefault(full_name, []).append((self._path(target), held))
            self._specs.update({full_name} if spec else ())
            if statement is not None and len(held) == 1 and not spec:
                self.sites.made(held[0], full_name, statement)
        elif "." in full_name:
            name, _, attribute = full_name.rpartition(".")
            self._set(Assigned(name, attribute, value, statement, target))

    def _path(self, node: ast.AST) -> Branches:
        return self._paths.get(node, ())

    def _set_in_function(self, call: ast.Call) -> None:
        """What a function of the script sets on a converter that the call gives it."""
        function = self.values.functions.get(dotted(call.func).rpartition(".")[2])
        if function is None or not any(name == function.name for name, _ in self._pending):
            return
        given = next((found for one, found in self.values.arguments(function) if one is call), {})
        for parameter, argument in given.items():
            for one in tuple(self._pending.get((function.name, parameter), ())):
                suffix = one.name.removeprefix(parameter)
                one = one._replace(name=f"{dotted(argument)}{suffix}", holder=argument)
                for given_here in keywords(self.values, one, call) if one.attribute == KEYWORDS else (one,):
                    self._set(given_here)

    def _converts(self, call: ast.Call) -> None:
        """Note a call of `convert`, and one of a function elsewhere that is given a converter and may call it."""
        if isinstance(call.func, ast.Attribute) and call.func.attr == "convert":
            self._set(Assigned(dotted(call.func.value), CONVERT, call, None, call.func))
        name = dotted(call.func).rpartition(".")[2]
        if name not in self.values.functions and name not in _NOT_CONVERTING:
            for one in (*call.args, *(keyword.value for keyword in call.keywords)):
                self._set(Assigned(dotted(one), GIVEN_AWAY, call, None, one))

    def _set(self, given: Assigned) -> None:
        attribute = given.attribute
        spec = given.name.endswith(".target_spec") or given.name in self._specs
        if attribute == "supported_ops" and not spec:
            attribute = "target_ops"  # converter.supported_ops: an attribute that nothing reads
        name, path = given.name.removesuffix(".target_spec"), self._path(given.target)
        places = self._named(name, self._path(given.holder or given.target))
        function = self.values.owner.get(given.holder or given.target)
        if not places and function is not None and name in parameters(function):
            pending = self._pending.setdefault((function.name, name), [])
            pending += [given] if len(pending) < _MOST_PENDING else []
        at = (
            given.holder if attribute == CONVERT else None
        )  # the place where a function that converts is called
        if places and attribute == KEYWORDS:
            for keyword in keywords(self.values, given):
                self._set(keyword)
            return
        for place in places:
            if given.statement is not None:
                several = len(places) > 1
                self.sites.set(place, attribute, given.statement, given.target, given.value, shared=several)
            under = beyond(path, self._starts[place])
            for one in settings(self.values, under, attribute, given.value, given.adds):
                one = one._replace(function=function, value=at or one.value)
                if attribute == "representative_dataset":
                    one = one._replace(dataset=dataset_of(self.values, one.value, str(self.path)))
                    self.sites.yields(place, arrays_of(self.values, one.value))
                self._settings.setdefault(place, []).append(one)

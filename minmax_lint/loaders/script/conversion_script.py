"""Python scripts that call the TFLite converter: read as text, with `ast`, and never run."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

from minmax_lint.converters.call import ConverterCall
from minmax_lint.converters.profile import Flow
from minmax_lint.errors import UserError
from minmax_lint.loaders.buffers import small_file
from minmax_lint.loaders.script.branches import Path as Branches
from minmax_lint.loaders.script.branches import beyond, exclusive, paths
from minmax_lint.loaders.script.dataset import arrays_of, dataset_of
from minmax_lint.loaders.script.flags import Setting, settings, with_settings
from minmax_lint.loaders.script.names import dotted
from minmax_lint.loaders.script.source import Sites, Source
from minmax_lint.loaders.script.tensors import Tensors

_MAKERS: dict[str, Flow] = {
    "from_frozen_graph": "tf1",
    "from_session": "tf1",
    "from_keras_model_file": "tf1",
    "from_saved_model": "tf2",
    "from_keras_model": "tf2",
    "from_concrete_functions": "tf2",
}
"""Class methods of TFLiteConverter. The last three are TF1's where the converter is `tf.compat.v1`'s."""

_LARGEST = 16 << 20


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
    """Every converter that a script makes, with the flags that it sets. Raises UserError.

    `content`: of a script that is not written yet.
    """
    content = read_script(path) if content is None else content
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
    reader = _Reader(path, Sites(source, tree))
    reader.read(tree)
    if not reader.calls:
        raise UserError(f"{path} makes no TFLiteConverter (no call of TFLiteConverter.from_...)")
    return tuple(reader.calls)


@dataclass
class _Reader:
    path: Path
    sites: Sites
    calls: list[ConverterCall] = field(default_factory=list)
    _starts: list[Branches] = field(default_factory=list)
    """Converter -> the branches in which it is made."""
    _made: dict[ast.AST, int] = field(default_factory=dict)
    """Call that makes a converter -> its place in `calls`."""
    _names: dict[str, list[tuple[Branches, tuple[int, ...]]]] = field(default_factory=dict)
    """Variable -> the converters that it may hold, each with the branches in which it gets them."""
    _returned: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Function -> the converters it may return."""
    _functions: dict[ast.AST, str] = field(default_factory=dict)
    """Return statement -> the function that it belongs to."""
    _definitions: dict[str, ast.AST] = field(default_factory=dict)
    """Function -> its definition, for what a dataset yields."""
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
        self._paths = paths(tree)
        for node in _in_order(tree):
            if isinstance(node, (ast.Import, ast.ImportFrom)):
                self._import(node)
            elif isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)):
                self._definitions[node.name] = node
                self._functions.update(
                    (one, node.name) for one in ast.walk(node) if isinstance(one, ast.Return)
                )
            elif isinstance(node, ast.Return) and node.value is not None:
                name = self._functions.get(node, "")
                self._tensors.returns(name, node.value)
                held = (*self._returned.get(name, ()), *self._held(node.value))
                self._returned[name] = tuple(dict.fromkeys(held))
            elif isinstance(node, ast.Call):
                self._make(node)
            elif isinstance(node, ast.NamedExpr):
                self._assign(node.target, node.value)
            elif isinstance(node, ast.Assign):
                for target in node.targets:
                    self._assign(target, node.value, node)
            elif isinstance(node, ast.AnnAssign) and node.value is not None:
                self._assign(node.target, node.value, node)
            elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Call):
                self._set_by_name(node, node.value)
        for place, one in enumerate(self.calls):
            one = with_settings(one, self._settings.get(place, []))
            outputs = self._frozen if one.flow == "tf1" and not one.outputs else one.outputs
            self.calls[place] = replace(one, outputs=outputs, site=self.sites.site(place, self._modules))

    def _import(self, node: ast.Import | ast.ImportFrom) -> None:
        module = f"{node.module}." if isinstance(node, ast.ImportFrom) else ""
        for name in node.names:
            self._modules[name.asname or name.name] = f"{module}{name.name}"

    def _make(self, node: ast.Call) -> None:
        """A converter, if the call makes one."""
        full_name = dotted(node.func)
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
        self.calls.append(ConverterCall(f"{self.path}:{node.lineno}", flow, inputs=inputs, outputs=outputs))
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
        full_name, held = dotted(target), self._held(value)
        self._tensors.assign(target, value)
        if held and full_name:
            self._names.setdefault(full_name, []).append((self._paths.get(target, ()), held))
            if statement is not None and len(held) == 1:
                self.sites.made(held[0], full_name, statement)
        elif "." in full_name:
            name, _, attribute = full_name.rpartition(".")
            self._set(name, attribute, value, statement, target)

    def _set_by_name(self, statement: ast.Expr, call: ast.Call) -> None:
        """A flag of a converter, if the statement is a `setattr` of one."""
        if dotted(call.func) == "setattr" and len(call.args) == 3 and isinstance(call.args[1], ast.Constant):
            holder, attribute, value = call.args
            self._set(dotted(holder), str(call.args[1].value), value, statement, attribute)

    def _set(
        self, name: str, attribute: str, value: ast.expr, statement: ast.stmt | None, target: ast.expr
    ) -> None:
        if attribute == "supported_ops" and not name.endswith(".target_spec"):
            attribute = "target_ops"  # converter.supported_ops: an attribute that nothing reads
        path = self._paths.get(target, ())
        places = self._named(name.removesuffix(".target_spec"), path)
        for place in places:
            if statement is not None:
                self.sites.set(place, attribute, statement, target, value, shared=len(places) > 1)
            for one in settings(beyond(path, self._starts[place]), attribute, value):
                if attribute == "representative_dataset":
                    one = one._replace(dataset=dataset_of(self._definitions, one.value, str(self.path)))
                    self.sites.yields(place, arrays_of(self._definitions, one.value))
                self._settings.setdefault(place, []).append(one)


def _in_order(tree: ast.AST) -> Iterator[ast.AST]:
    """Every node before what stands behind it, a call before the assignment that takes its value."""
    pending: list[tuple[ast.AST, bool]] = [(tree, False)]
    while pending:
        node, ready = pending.pop()
        if ready or not isinstance(node, (ast.Assign, ast.AnnAssign, ast.NamedExpr, ast.Return)):
            yield node
        else:
            pending.append((node, True))
        if not ready:
            pending += [(child, False) for child in reversed(list(ast.iter_child_nodes(node)))]

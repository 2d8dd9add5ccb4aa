"""Python scripts that call the TFLite converter: read as text, with `ast`, and never run."""

from __future__ import annotations

import ast
import warnings
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from minmax_lint.converters.call import COMPUTED, OPS_SETS, ConverterCall
from minmax_lint.converters.profile import Flow
from minmax_lint.errors import UserError
from minmax_lint.loaders.buffers import small_file
from minmax_lint.loaders.script.dataset import dataset_of
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

_TYPES = frozenset({"inference_type", "inference_input_type", "inference_output_type"})
_SWITCHES = frozenset({"experimental_new_quantizer", "experimental_new_converter"})
_PER_CHANNEL = {
    "_experimental_disable_per_channel": "per_channel",
    "_experimental_disable_per_channel_quantization_for_dense_layers": "per_channel_dense",
}
"""Attribute -> the flag that it turns off."""
WITHOUT_EFFECT = frozenset({"target_ops", "post_training_quantize"})
"""Attributes that scripts set and TF2's converter does not read."""
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
    _made: dict[ast.AST, int] = field(default_factory=dict)
    """Call that makes a converter -> its place in `calls`."""
    _names: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Variable -> the converters it may hold now."""
    _returned: dict[str, tuple[int, ...]] = field(default_factory=dict)
    """Function -> the converters it may return."""
    _functions: dict[ast.AST, str] = field(default_factory=dict)
    """Return statement -> the function that it belongs to."""
    _definitions: dict[str, ast.AST] = field(default_factory=dict)
    """Function -> its definition, for what a dataset yields."""
    _modules: dict[str, str] = field(default_factory=dict)
    """Name -> what an import made it stand for."""
    _tensors: Tensors = field(default_factory=Tensors)
    _frozen: tuple[str, ...] = ()
    """The outputs with which the graph is frozen."""

    def read(self, tree: ast.AST) -> None:
        """Statements in the order in which they stand; branches one after the other."""
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
                held += self._names.get(dotted(one), ())
        return tuple(dict.fromkeys(held))

    def _assign(self, target: ast.expr, value: ast.expr, statement: ast.stmt | None = None) -> None:
        full_name, held = dotted(target), self._held(value)
        self._tensors.assign(target, value)
        if held and full_name:
            self._names[full_name] = held
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
        places = self._names.get(name.removesuffix(".target_spec"), ())
        for place in places:
            if statement is not None:
                self.sites.set(place, attribute, statement, target, value, shared=len(places) > 1)
            call = _with_flag(self.calls[place], attribute, value)
            if attribute == "representative_dataset":
                call = replace(call, dataset=dataset_of(self._definitions, value, str(self.path)))
            self.calls[place] = call


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


def _with_flag(call: ConverterCall, attribute: str, value: ast.expr) -> ConverterCall:
    given = not (isinstance(value, ast.Constant) and not value.value)
    if attribute in _TYPES:
        return replace(call, **_named(attribute, _type(value)))
    if attribute in _SWITCHES:
        if isinstance(value, ast.Constant):
            return replace(call, **_named(attribute, bool(value.value)))
        return call
    if attribute in _PER_CHANNEL:
        return replace(call, **_named(_PER_CHANNEL[attribute], not given))
    if attribute == "quantized_input_stats":
        return replace(call, input_stats=_stats(value) if given else None)
    if attribute == "optimizations" or (attribute == "post_training_quantize" and call.flow == "tf1"):
        some = given and not (isinstance(value, (ast.List, ast.Tuple, ast.Set)) and not value.elts)
        return replace(call, optimizations=some)
    if attribute == "representative_dataset":
        return replace(call, representative_dataset=given)
    if attribute == "supported_ops":
        return replace(call, supported_ops=_members(value))
    if attribute == "supported_types":
        return replace(call, supported_types=frozenset(map(_type, _elements(value))))
    if attribute == "default_ranges_stats":
        return replace(call, default_ranges=given)
    if call.flow == "tf1" and attribute == "target_ops":
        return replace(call, supported_ops=_members(value))
    if attribute in WITHOUT_EFFECT:
        return replace(call, without_effect=(*call.without_effect, attribute))
    return call


def _named(attribute: str, value: Any) -> dict[str, Any]:
    return {attribute: value}


def _type(value: ast.expr) -> str:
    """`tf.uint8`, `np.int8` or `lite.constants.QUANTIZED_UINT8` as `uint8`; `?` for what is computed."""
    text = str(value.value or "") if isinstance(value, ast.Constant) else dotted(value).rpartition(".")[2]
    known = text.lower().removeprefix("quantized_")
    known = "float32" if known == "float" else known
    return known if known in ("", "uint8", "int8", "int16", "float16", "bfloat16", "float32") else COMPUTED


def _elements(value: ast.expr) -> list[ast.expr]:
    return value.elts if isinstance(value, (ast.List, ast.Tuple, ast.Set)) else []


def _members(value: ast.expr) -> frozenset[str]:
    """Members of tf.lite.OpsSet; none where they cannot be read."""
    names = {dotted(element).rpartition(".")[2] for element in _elements(value)}
    return frozenset(names) if names <= {*OPS_SETS} else frozenset()


def _stats(value: ast.expr) -> dict[str, tuple[float, float] | None]:
    if not isinstance(value, ast.Dict):
        return {}
    found: dict[str, tuple[float, float] | None] = {}
    for key, pair in zip(value.keys, value.values, strict=True):
        if not isinstance(key, ast.Constant) or not isinstance(key.value, str):
            return {}
        found[key.value] = _pair(pair)
    return found


def _pair(value: ast.expr) -> tuple[float, float] | None:
    try:
        mean, std = ast.literal_eval(value)
        return float(mean), float(std)
    except (ValueError, TypeError):
        return None

"""What a conversion script calls the inputs and outputs of its graph: read off its source, never run.

A variable stands for what it holds where the call stands, the last value before it; `values.py` follows names that have
one value in the whole script.
"""

import ast
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple

from minmax_lint.graph.names import canonical_array
from minmax_lint.graph.tensor import Shape
from minmax_lint.loaders.script.definitions import passed_by
from minmax_lint.loaders.script.names import by_name, dotted, last, text_of

_MOST_STEPS = 64
"""Assignments and calls that are followed for one name."""
_NAME_AT = {"placeholder": 2}
"""Function -> the position of its argument `name`, where that is not the last one that is given."""
_BY_NAME = frozenset({"get_tensor_by_name", "get_operation_by_name"})
_ARRAYS: Mapping[str, tuple[str, ...]] = {
    "from_frozen_graph": ("graph_def_file", "input_arrays", "output_arrays", "input_shapes"),
    "from_session": ("sess", "input_tensors", "output_tensors"),
}
"""Function that makes a converter -> its parameters in order: what names inputs, outputs and shapes."""
_FREEZERS: Mapping[str, tuple[str, int]] = {
    "convert_variables_to_constants": ("output_node_names", 2),
    "freeze_graph": ("output_node_names", 4),
    "freeze_graph_with_def_protos": ("output_node_names", 4),
}
"""Function that freezes -> the parameter that names outputs, and its position."""


class _Value(NamedTuple):
    """An expression, or one element of what it gives."""

    expression: ast.expr | None
    element: int | None = None


@dataclass
class Tensors:
    """The variables and functions of a script that may stand for tensors."""

    _values: dict[str, _Value] = field(default_factory=dict)
    """Variable -> what it holds now."""
    _returned: dict[str, tuple[_Value, ...]] = field(default_factory=dict)
    """Function -> the elements of what it returns, last of all."""

    def assign(self, target: ast.expr, value: ast.expr) -> None:
        """Note an assignment, of several variables at once as well."""
        if isinstance(target, (ast.Tuple, ast.List)):
            for element, one in enumerate(target.elts):
                self._values[dotted(one)] = self._follow(value, element)
        else:
            self._values[dotted(target)] = self._follow(value)

    def returns(self, function: str, value: ast.expr) -> None:
        """Note what a function returns."""
        elements = value.elts if isinstance(value, ast.Tuple) else [value]
        self._returned[function] = tuple(map(self._follow, elements))

    def ends(self, maker: str, call: ast.Call) -> tuple[Mapping[str, Shape | None], tuple[str, ...]]:
        """Inputs (array -> shape) and outputs that a call of TFLiteConverter.`maker` names, where they can be read."""
        _, inputs, outputs, *shapes = (*_ARRAYS.get(maker, ("", "", "")), "")
        given = passed_by(call, _ARRAYS.get(maker, ()))
        sizes = self._shapes(given.get(shapes[0]))
        return {name: sizes.get(name) for name in self._names(given.get(inputs))}, self._names(
            given.get(outputs)
        )

    def frozen_outputs(self, function: str, call: ast.Call) -> tuple[str, ...]:
        """The outputs that a call of `function` names which freezes a graph; empty for any other call."""
        parameter, position = _FREEZERS.get(function, ("", 0))
        found = by_name(call).get(parameter)
        if found is None and parameter and len(call.args) > position:
            found = call.args[position]
        return self._names(found)

    def _names(self, value: ast.expr | None) -> tuple[str, ...]:
        """Arrays of a list of tensors or of names; a text may name several (freeze_graph). All or none."""
        value, _ = self._follow(value)
        if text_of(value):
            return tuple(canonical_array(one.strip()) for one in text_of(value).split(",") if one.strip())
        if not isinstance(value, (ast.List, ast.Tuple)):
            return ()
        found = [self._name(one) for one in value.elts]
        return tuple(found) if all(found) else ()

    def _shapes(self, value: ast.expr | None) -> Mapping[str, Shape]:
        value, _ = self._follow(value)
        try:
            found = ast.literal_eval(value) if value is not None else {}
            return {canonical_array(name): tuple(shape) for name, shape in found.items()}
        except (ValueError, TypeError, AttributeError):
            return {}

    def _name(self, value: ast.expr) -> str:
        """The array that an expression gives; empty where the source does not say it."""
        followed, port = self._follow(value)
        if text_of(followed):
            return canonical_array(text_of(followed))
        if not isinstance(followed, ast.Call):
            return ""
        function = last(followed.func) or getattr(followed.func, "attr", "")
        named = by_name(followed).get("name")
        position = _NAME_AT.get(function, len(followed.args) - 1)
        if named is None and (position > 0 or function in _BY_NAME) and position < len(followed.args):
            named = followed.args[position]
        named, _ = self._follow(named)
        if not text_of(named):
            return ""
        name = canonical_array(text_of(named))
        return f"{name}:{port}" if port and ":" not in name else name

    def _follow(self, value: ast.expr | None, element: int | None = None) -> _Value:
        """What an expression stands for behind variables, functions of the script and elements."""
        for _ in range(_MOST_STEPS):
            if isinstance(value, ast.Subscript) and isinstance(value.slice, ast.Constant):
                place = value.slice.value
                value, element = value.value, place if isinstance(place, int) else None
            elif isinstance(value, ast.Attribute) and value.attr in ("outputs", "name", "op"):
                value = value.value
            elif isinstance(value, (ast.Tuple, ast.List)) and element is not None:
                chosen = value.elts[element : element + 1]
                value, element = chosen[0] if chosen else None, None
            elif isinstance(value, ast.Call) and (given := self._returned.get(dotted(value.func))):
                chosen_value = given[element or 0] if (element or 0) < len(given) else _Value(None)
                value, element = chosen_value
            elif isinstance(value, (ast.Name, ast.Attribute)) and dotted(value) in self._values:
                held = self._values[dotted(value)]
                value, element = held.expression, element if held.element is None else held.element
            else:
                break
        return _Value(value, element)

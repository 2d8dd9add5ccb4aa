"""What a script's representative dataset yields, as far as its text shows it."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple, TypeVar

from minmax_lint.converters.dataset import (
    COMPUTED_SIGNATURE,
    NO_DICTIONARY,
    NOT_CALLABLE,
    SHORT_TUPLE,
    Dataset,
)
from minmax_lint.loaders.script.datasets.arrays import Arrays
from minmax_lint.loaders.script.datasets.empty import is_empty, unmatched_pattern
from minmax_lint.loaders.script.definitions import Function
from minmax_lint.loaders.script.names import dotted, last, text_of
from minmax_lint.loaders.script.values import Values

_WRAPPERS = frozenset({"RepresentativeDataset", "partial"})
"""Functions whose first argument is the dataset."""
_MOST_STEPS = 16
_Node = TypeVar("_Node", bound=ast.AST)


class _Sample(NamedTuple):
    """The expression of one sample, and the function whose variables it reads."""

    value: ast.expr
    function: Function | ast.Lambda
    elements: tuple[ast.comprehension, ...] = ()
    """The loops of a comprehension around it."""


def dataset_of(values: Values, value: ast.expr, path: str) -> Dataset | None:
    """The dataset that an expression names; None where it cannot be read."""
    function = _function(values, value)
    if isinstance(function, ast.Call):
        return Dataset(f"{path}:{function.lineno}", refused=NOT_CALLABLE)
    if function is None:
        return None
    over = list(_gone_over(function))
    if any(is_empty(values, one) for one in over):
        return Dataset(f"{path}:{function.lineno}", empty=True)
    sample = _sample(function)
    found = None if sample is None else _of_sample(values, sample, path)
    folders = (Path.cwd(), Path(path).absolute().parent)
    unmatched = next(filter(None, (unmatched_pattern(values, one, folders) for one in over)), "")
    if not unmatched:
        return found
    return (found or Dataset(f"{path}:{function.lineno}"))._replace(unmatched=unmatched)


def _gone_over(function: Function | ast.Lambda) -> Iterator[ast.expr]:
    """What each loop around the only sample goes over, and what is returned instead of a generator."""
    if not isinstance(function, ast.Lambda) and _yields(function):
        yielded = [*_own(function, ast.Yield), *_own(function, ast.YieldFrom)]
        if len(yielded) == 1:
            yield from (one.iter for one in _own(function, ast.For) if yielded[0] in ast.walk(one))
        if len(yielded) == 1 and isinstance(yielded[0], ast.YieldFrom):
            yield yielded[0].value
        return
    body = _body(function)
    if isinstance(body, (ast.GeneratorExp, ast.ListComp)):
        yield from (one.iter for one in body.generators)
    elif body is not None:
        yield body


def _of_sample(values: Values, sample: _Sample, path: str) -> Dataset | None:
    owner = values.owner.get(sample.value)
    arrays = Arrays.within(values, sample.function if not isinstance(sample.function, ast.Lambda) else owner)
    for one in sample.elements:
        arrays.iterate(one.target, one.iter)
    origin = f"{path}:{sample.value.lineno}"
    found, signature = _dictionary(sample.value), ""
    if isinstance(found, ast.Tuple) and len(found.elts) == 2 and isinstance(found.elts[1], ast.Dict):
        signature, found = _signature(values, found.elts[0]), found.elts[1]
    if isinstance(found, ast.Dict):
        keyed = tuple(
            arrays.array(one)._replace(key=text_of(key))
            for key, one in zip(found.keys, found.values, strict=True)
        )
        return Dataset(origin, keyed, signature=signature, blank="" if found.keys else "{}")
    if isinstance(found, ast.Tuple):
        refused = NO_DICTIONARY if len(found.elts) > 1 else SHORT_TUPLE
        return Dataset(origin, tuple(map(arrays.array, found.elts)), refused=refused)
    if isinstance(found, ast.List):
        return Dataset(origin, tuple(map(arrays.array, found.elts)), blank="" if found.elts else "[]")
    one_array = arrays.array(found)
    return Dataset(origin, (one_array,), listed=False) if one_array.dtype else None


def _signature(values: Values, key: ast.expr) -> str:
    return text_of(values.followed(key)) or COMPUTED_SIGNATURE


def arrays_of(values: Values, value: ast.expr) -> list[ast.expr]:
    """The expressions of the arrays that a dataset's function yields, in their order; none where it is no function."""
    function = _function(values, value)
    if function is None or isinstance(function, (ast.Lambda, ast.Call)):
        return []
    found = _sample(function)
    if found is None or not _yields(function):
        return []
    if isinstance(found.value, ast.Dict):
        return found.value.values
    return found.value.elts if isinstance(found.value, (ast.List, ast.Tuple)) else [found.value]


def _function(values: Values, value: ast.expr) -> Function | ast.Lambda | ast.Call | None:
    """The function that is called for samples; a call where the converter is given its result instead."""
    for _ in range(_MOST_STEPS):
        value = values.followed(value)
        if isinstance(value, ast.Lambda):
            made = values.function(value.body.func) if isinstance(value.body, ast.Call) else None
            return made if made is not None and _yields(made) else value
        if not isinstance(value, ast.Call):
            return values.function(value)
        name = last(value.func)
        called = values.function(value.func)
        given = value.args or [one.value for one in value.keywords if one.arg == "input_gen"]
        if name in _WRAPPERS and given:
            value = given[0]
        elif called is None:
            return None
        elif _yields(called):
            return value
        else:
            returned = [one for one in _own(called, ast.Return) if one.value is not None]
            if len(returned) != 1 or returned[0].value is None:
                return None
            value = returned[0].value
    return None


def _own(function: Function, kind: type[_Node]) -> list[_Node]:
    """The nodes of that kind in a function, and in none inside it."""
    found: list[_Node] = []
    pending: list[ast.AST] = list(function.body)
    while pending:
        node = pending.pop()
        if isinstance(node, kind):
            found.append(node)
        if not isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
            pending += ast.iter_child_nodes(node)
    return found


def _yields(function: Function) -> bool:
    return bool(_own(function, ast.Yield) or _own(function, ast.YieldFrom))


def _sample(function: Function | ast.Lambda) -> _Sample | None:
    """One sample, where it stands at one place: what is yielded, or an element of the list that is returned."""
    if not isinstance(function, ast.Lambda) and _yields(function):
        yielded = [one.value for one in _own(function, ast.Yield) if one.value is not None]
        alone = len(yielded) == 1 and not _own(function, ast.YieldFrom)
        return _Sample(yielded[0], function) if alone else None
    body = _body(function)
    if isinstance(body, (ast.GeneratorExp, ast.ListComp)):
        return _Sample(body.elt, function, tuple(body.generators))
    if isinstance(body, (ast.List, ast.Tuple)) and body.elts:
        return _Sample(body.elts[0], function)
    return None


def _body(function: Function | ast.Lambda) -> ast.expr | None:
    """The one expression that a function returns, without `iter` and `list` around it."""
    if isinstance(function, ast.Lambda):
        body: ast.expr | None = function.body
    else:
        returned = _own(function, ast.Return)
        body = returned[0].value if len(returned) == 1 else None
    if isinstance(body, ast.Call) and dotted(body.func) in ("iter", "list") and len(body.args) == 1:
        body = body.args[0]
    return body


def _dictionary(value: ast.expr) -> ast.expr:
    """`dict(x=value)` as `{"x": value}`; anything else as it is."""
    if isinstance(value, ast.Call) and dotted(value.func) == "dict" and value.keywords and not value.args:
        keys: list[ast.expr | None] = [ast.Constant(one.arg) if one.arg else None for one in value.keywords]
        return ast.copy_location(ast.Dict(keys, [one.value for one in value.keywords]), value)
    return value

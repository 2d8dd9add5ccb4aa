"""What a script's representative dataset yields, as far as its text shows it: types and value ranges."""

from __future__ import annotations

import ast
from collections.abc import Iterator

from minmax_lint.converters.dataset import Dataset, SampleArray
from minmax_lint.loaders.script.names import dotted

_UNIT = frozenset({"rand", "random", "random_sample", "uniform"})
_DOUBLE = frozenset({"normal", "randn", "standard_normal", "zeros", "ones", "empty", "linspace", "full"})
"""numpy's functions that make float64 where no dtype is given."""
_INTEGER = frozenset({"integers", "randint"})
_TYPES = frozenset(
    "float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool".split(),
)
_WRAPPERS = frozenset({"array", "asarray", "expand_dims", "reshape", "constant", "convert_to_tensor", "cast"})


def dataset_of(functions: dict[str, ast.AST], value: ast.expr, path: str) -> Dataset | None:
    """The dataset that an expression names; None where it names none."""
    if isinstance(value, ast.Lambda):
        yields = _listed_in(value.body)
        return None if yields is None else Dataset(f"{path}:{value.lineno}", tuple(map(_array, yields)))
    found = _yielded(functions, value)
    if found is None:
        return None
    origin = f"{path}:{found.lineno}"
    if isinstance(found, ast.Dict):
        return Dataset(origin, tuple(_keyed(found)))
    if isinstance(found, (ast.List, ast.Tuple)):
        return Dataset(origin, tuple(map(_array, found.elts)))
    one = _array(found)
    return Dataset(origin, (one,), listed=False) if one.dtype else None


def arrays_of(functions: dict[str, ast.AST], value: ast.expr) -> list[ast.expr]:
    """The expressions of the arrays that a dataset's function yields, in their order; none where it is no function."""
    found = None if isinstance(value, ast.Lambda) else _yielded(functions, value)
    if isinstance(found, ast.Dict):
        return found.values
    if isinstance(found, (ast.List, ast.Tuple)):
        return found.elts
    return [] if found is None else [found]


def _yielded(functions: dict[str, ast.AST], value: ast.expr) -> ast.expr | None:
    """What the function that an expression names yields, where that stands at one place."""
    function = functions.get(dotted(value).rpartition(".")[2])
    if function is None:
        return None
    found = [one.value for one in ast.walk(function) if isinstance(one, ast.Yield) and one.value is not None]
    return found[0] if len(found) == 1 else None


def _listed_in(body: ast.expr) -> list[ast.expr] | None:
    """The arrays of one sample, where a lambda gives a list or a generator of lists."""
    if isinstance(body, (ast.GeneratorExp, ast.ListComp)):
        body = body.elt
    return body.elts if isinstance(body, ast.List) else None


def _keyed(value: ast.Dict) -> Iterator[SampleArray]:
    for key, one in zip(value.keys, value.values, strict=True):
        name = key.value if isinstance(key, ast.Constant) and isinstance(key.value, str) else ""
        yield _array(one)._replace(key=name)


def _array(value: ast.expr) -> SampleArray:
    """What is known of an expression's value; nothing of a variable."""
    if isinstance(value, ast.BinOp):
        return _scaled(value)
    if isinstance(value, ast.Subscript):
        return _array(value.value)._replace(shape=None)
    if not isinstance(value, ast.Call):
        return SampleArray()
    name = dotted(value.func).rpartition(".")[2]
    if isinstance(value.func, ast.Attribute) and value.func.attr in ("astype", "reshape"):
        found = _array(value.func.value)
        kind = _type(value.args[0]) if value.func.attr == "astype" and value.args else found.dtype
        return found._replace(dtype=kind)
    if name in _TYPES and len(value.args) == 1:
        return _array(value.args[0])._replace(dtype=name)
    given = next((_type(one.value) for one in value.keywords if one.arg == "dtype"), "")
    if name in _WRAPPERS and value.args:
        found = _array(value.args[0])
        if name == "cast" and len(value.args) > 1:
            given = _type(value.args[1])
        return found._replace(dtype=given or found.dtype)
    made = _made(name, value.args)
    return made._replace(dtype=given or made.dtype)


def _made(name: str, args: list[ast.expr]) -> SampleArray:
    """What one of numpy's functions makes."""
    if name in _INTEGER:
        bounds = [one.value for one in args[:2] if isinstance(one, ast.Constant)]
        if len(bounds) == 2 and all(isinstance(one, int) for one in bounds):
            return SampleArray(dtype="int64", low=float(bounds[0]), high=float(bounds[1]) - 1, whole=True)  # type: ignore[arg-type]
        return SampleArray(dtype="int64", whole=True)
    if name in _UNIT:
        return SampleArray(dtype="float64", low=0.0, high=1.0) if name != "uniform" else _DOUBLES
    return _DOUBLES if name in _DOUBLE else SampleArray()


_DOUBLES = SampleArray(dtype="float64")


def _scaled(value: ast.BinOp) -> SampleArray:
    """An array times, or through, a number of Python: the type of floats stays, the range is scaled."""
    found, by = _array(value.left), value.right
    if not isinstance(by, ast.Constant) or not isinstance(by.value, (int, float)) or not by.value:
        return SampleArray(dtype=found.dtype if found.dtype.startswith("float") else "")
    kind = found.dtype if found.dtype.startswith("float") or not found.dtype else "float64"
    if not isinstance(value.op, (ast.Div, ast.Mult)) or found.low is None or found.high is None:
        return SampleArray(dtype=kind)
    factor = 1 / by.value if isinstance(value.op, ast.Div) else by.value
    low, high = sorted((found.low * factor, found.high * factor))
    return SampleArray(dtype=kind, low=low, high=high)


def _type(value: ast.expr) -> str:
    """`np.float32`, `tf.float32`, `'float32'`; empty for what is computed."""
    text = str(value.value) if isinstance(value, ast.Constant) else dotted(value).rpartition(".")[2]
    text = {"float": "float64", "int": "int64"}.get(text, text)
    return text if text in _TYPES else ""

"""What the arrays of a script are, as far as its text shows it: types, shapes and value ranges."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from minmax_lint.converters.dataset import SampleArray
from minmax_lint.loaders.script.definitions import Function
from minmax_lint.loaders.script.names import by_name, dotted, last
from minmax_lint.loaders.script.values import Values

_TYPES = frozenset("float16 float32 float64 int8 int16 int32 int64 uint8 uint16 uint32 uint64 bool".split())
_WRAPPERS = frozenset({"array", "asarray", "constant", "convert_to_tensor", "cast"})
_TYPED = frozenset(
    {"array", "asarray", "cast", "zeros", "ones", "empty", "full", "constant", "convert_to_tensor"}
)
"""Functions that take the type as their last argument."""
_MADE = {
    "rand": None,
    "randn": None,
    "random": 0,
    "random_sample": 0,
    "standard_normal": 0,
    "zeros": 0,
    "ones": 0,
    "empty": 0,
    "full": 0,
    "normal": 2,
    "uniform": 2,
    "integers": 2,
    "randint": 2,
    "linspace": None,
}
"""numpy's function -> the place of its shape, None where each argument is one of its sizes."""
_INTEGER = frozenset({"integers", "randint"})
_UNIT = frozenset({"rand", "random", "random_sample"})
_IMAGES = {"mnist": (28, 28), "fashion_mnist": (28, 28), "cifar10": (32, 32, 3), "cifar100": (32, 32, 3)}
"""Data set of Keras -> the shape of an image, in bytes."""
_SAME_ELEMENTS = frozenset({"take", "shuffle", "prefetch", "repeat", "skip", "cache"})
_NEW_AXES = ("np.newaxis", "tf.newaxis", "numpy.newaxis")
_DEEPEST = 60
UNKNOWN = SampleArray()


@dataclass
class Arrays:
    """The arrays that variables hold when a function runs."""

    values: Values
    _held: dict[str, SampleArray] = field(default_factory=dict)
    _depth: int = 0

    @classmethod
    def within(cls, values: Values, function: Function | None) -> Arrays:
        """Those of a function, and of what stands around it; of the script itself for None."""
        around: list[Function | None] = []
        while function is not None:
            around.append(function)
            function = values.owner.get(function)
        found = cls(values)
        for one in [None, *around[::-1]]:
            found._run(one)
        return found

    def _run(self, function: Function | None) -> None:
        """Every assignment, in order; what a branch sets may hold or not."""
        root: ast.AST = self.values.tree if function is None else function
        pending: list[tuple[ast.AST, bool]] = [(child, False) for child in _children(root)]
        while pending:
            node, unsure = pending.pop()
            if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)):
                continue
            self._note(node, unsure)
            unsure = unsure or isinstance(node, (ast.If, ast.ExceptHandler))
            pending += [(child, unsure) for child in _children(node)]

    def _note(self, node: ast.AST, unsure: bool) -> None:
        if isinstance(node, ast.Assign):
            for target in node.targets:
                self.assign(target, node.value, unsure)
        elif isinstance(node, (ast.AnnAssign, ast.NamedExpr)) and node.value is not None:
            self.assign(node.target, node.value, unsure)
        elif isinstance(node, ast.AugAssign):
            by = ast.BinOp(node.target, node.op, node.value)
            self._hold(dotted(node.target), self.array(by), unsure)
        elif isinstance(node, (ast.For, ast.AsyncFor)):
            self.iterate(node.target, node.iter)

    def assign(self, target: ast.expr, value: ast.expr, unsure: bool = False) -> None:
        """Note an assignment, of the images that a data set of Keras loads as well."""
        if isinstance(target, (ast.Tuple, ast.List)):
            images = _load(value)
            for one in target.elts:
                first = one.elts[0] if isinstance(one, (ast.Tuple, ast.List)) and one.elts else None
                if first is not None:
                    self._hold(dotted(first), images, unsure)
            return
        self._hold(dotted(target), self.array(value), unsure)

    def iterate(self, target: ast.expr, over: ast.expr) -> None:
        """Note what the variable of a loop holds."""
        if isinstance(over, ast.Call) and dotted(over.func) == "enumerate" and over.args:
            if isinstance(target, ast.Tuple) and len(target.elts) == 2:
                self._hold(dotted(target.elts[1]), self.element(over.args[0]), False)
            return
        self._hold(dotted(target), self.element(over), False)

    def _hold(self, name: str, found: SampleArray, unsure: bool) -> None:
        if unsure and self._held.get(name, UNKNOWN) != found:
            found = UNKNOWN
        self._held[name] = found

    def element(self, over: ast.expr) -> SampleArray:
        """One element of what a loop goes over: an array's rows, those of a tf.data.Dataset."""
        if not isinstance(over, ast.Call) or not isinstance(over.func, ast.Attribute):
            return _row(self.array(over))
        inner, name = over.func.value, over.func.attr
        if name == "from_tensor_slices" and over.args:
            return _row(self.array(over.args[0]))
        if name in _SAME_ELEMENTS:
            return self.element(inner)
        if name == "batch" and over.args:
            found = self.element(inner)
            size = _sizes(over.args[:1])
            return found._replace(
                shape=None if found.shape is None or size is None else (*size, *found.shape)
            )
        return _row(self.array(over)) if name in ("astype", "reshape") else UNKNOWN

    def array(self, value: ast.expr) -> SampleArray:
        """What is known of an expression's value; nothing of one that is nested very deeply."""
        if self._depth >= _DEEPEST:
            return UNKNOWN
        self._depth += 1
        try:
            return self._array(value)
        finally:
            self._depth -= 1

    def _array(self, value: ast.expr) -> SampleArray:
        if isinstance(value, (ast.Name, ast.Attribute)):
            return self._held.get(dotted(value), UNKNOWN)
        if isinstance(value, ast.BinOp):
            return self._scale(value)
        if isinstance(value, ast.Subscript):
            return _index(self.array(value.value), value.slice)
        return self._call(value) if isinstance(value, ast.Call) else UNKNOWN

    def _call(self, value: ast.Call) -> SampleArray:
        root, _, name = dotted(value.func).rpartition(".")
        given = _type(by_name(value).get("dtype"))
        if name in _TYPED and len(value.args) > 1:
            given = given or _type(value.args[-1])
        if isinstance(value.func, ast.Attribute) and value.func.attr in ("astype", "reshape"):
            found = self.array(value.func.value)
            if value.func.attr == "astype":
                return found._replace(dtype=_type(value.args[0]) if value.args else given)
            if dotted(value.func.value) not in ("np", "numpy", "tf", "tensorflow"):
                return found._replace(shape=_sizes(_sizes_listed(value.args)))
        if name in _TYPES and len(value.args) == 1:
            return self.array(value.args[0])._replace(dtype=name)
        if name in ("expand_dims", "reshape") and value.args:
            found = self.array(value.args[0])
            sizes = value.args[1:] or [one.value for one in value.keywords if one.arg in ("axis", "shape")]
            if name == "reshape":
                return found._replace(shape=_sizes(_sizes_listed(sizes)))
            front = found.shape is not None and _sizes(sizes) == (0,)
            return found._replace(shape=(1, *(found.shape or ())) if front else None)
        if name in _WRAPPERS and value.args:
            found = self.array(value.args[0])
            return found._replace(dtype=given or found.dtype)
        made = _make(name, value, root.partition(".")[0] in ("tf", "tensorflow"))
        return made._replace(dtype=given or made.dtype)

    def _scale(self, value: ast.BinOp) -> SampleArray:
        """An array times, or through, a number of Python: the type of floats stays, the range is scaled."""
        found, by = self.array(value.left), value.right
        if not isinstance(by, ast.Constant) or not isinstance(by.value, (int, float)) or not by.value:
            return SampleArray(
                dtype=found.dtype if found.dtype.startswith("float") else "", shape=found.shape
            )
        integer = found.dtype and not found.dtype.startswith("float")
        float64 = integer and (isinstance(by.value, float) or isinstance(value.op, ast.Div))
        kept = SampleArray(dtype="float64" if float64 else found.dtype, shape=found.shape)
        if not isinstance(value.op, (ast.Div, ast.Mult)) or found.low is None or found.high is None:
            return kept
        factor = 1 / by.value if isinstance(value.op, ast.Div) else by.value
        low, high = sorted((found.low * factor, found.high * factor))
        return kept._replace(low=low, high=high)


def _children(node: ast.AST) -> Iterable[ast.AST]:
    return reversed(list(ast.iter_child_nodes(node)))


def _row(found: SampleArray) -> SampleArray:
    return found._replace(shape=found.shape[1:] if found.shape else None)


def _index(found: SampleArray, index: ast.expr) -> SampleArray:
    """A row, rows, or the same with a batch dimension in front: `x[i]`, `x[i:i + 1]`, `x[None]`."""
    indices = index.elts if isinstance(index, ast.Tuple) else [index]
    new = [one for one in indices if dotted(one) in _NEW_AXES or getattr(one, "value", ...) is None]
    shape = found.shape
    if shape is not None and len(indices) - len(new) <= sum(_whole(one) for one in indices) + 1:
        first = indices[0]
        if new and first is new[0] and len(new) == 1 and all(_whole(one) for one in indices[1:]):
            return found._replace(shape=(1, *shape))
        if len(indices) == 1 and isinstance(first, ast.Slice):
            return found._replace(shape=(1, *shape[1:]) if _one_row(first) else None)
        if len(indices) == 1 and not new:
            return _row(found)
    return found._replace(shape=None)


def _whole(one: ast.expr) -> bool:
    """Whether an index takes whole dimensions: `:` and `...`."""
    if isinstance(one, ast.Slice):
        return one.lower is None and one.upper is None
    return isinstance(one, ast.Constant) and one.value is ...


def _one_row(one: ast.Slice) -> bool:
    """Whether a slice is `i:i + 1`."""
    if one.lower is None or not isinstance(one.upper, ast.BinOp) or not isinstance(one.upper.op, ast.Add):
        return False
    by = one.upper.right
    return ast.dump(one.upper.left) == ast.dump(one.lower) and isinstance(by, ast.Constant) and by.value == 1


def _sizes_listed(sizes: Sequence[ast.expr]) -> Sequence[ast.expr]:
    """The sizes, each one, where they are given as one list."""
    one = sizes[0] if len(sizes) == 1 else None
    return one.elts if isinstance(one, (ast.List, ast.Tuple)) else sizes


def _sizes(values: Sequence[ast.expr]) -> tuple[int, ...] | None:
    """Sizes that are numbers; None where one is not."""
    found = [one.value if isinstance(one, ast.Constant) else None for one in values]
    return tuple(one for one in found if isinstance(one, int)) if found and all(map(_size, found)) else None


def _size(value: object) -> bool:
    return isinstance(value, int) and value >= 0


def _make(name: str, call: ast.Call, tensorflow: bool) -> SampleArray:
    """What one of the functions of numpy or TensorFlow makes."""
    if name not in _MADE:
        return UNKNOWN
    place = 0 if tensorflow else _MADE[name]
    given = [one.value for one in call.keywords if one.arg in ("size", "shape")]
    given = given or (call.args if place is None else call.args[place : place + 1])
    kind = "float32" if tensorflow else "int64" if name in _INTEGER else "float64"
    made = SampleArray(dtype=kind, shape=None if name == "linspace" else _sizes(_sizes_listed(given)))
    bounds = _bounds(name, call, tensorflow)
    if name in _INTEGER:
        made = made._replace(whole=True)
    if bounds is not None:
        made = made._replace(low=bounds[0], high=bounds[1] - 1 if name in _INTEGER else bounds[1])
    return made


def _bounds(name: str, call: ast.Call, tensorflow: bool) -> tuple[float, float] | None:
    """Between which numbers random values lie; None where that is not known."""
    if name in _UNIT:
        return 0.0, 1.0
    if name not in (*_INTEGER, "uniform"):
        return None
    args = call.args[1:] if tensorflow else call.args[:2]
    named = by_name(call)
    given = [*args, *(named[key] for key in ("low", "minval", "high", "maxval") if key in named)]
    try:
        numbers = [float(ast.literal_eval(one)) for one in given]
    except (ValueError, TypeError):
        return None
    if not numbers and name == "uniform":
        return 0.0, 1.0
    return (numbers[0], numbers[1]) if len(numbers) == 2 else None


def _load(value: ast.expr) -> SampleArray:
    """The images of `tf.keras.datasets.mnist.load_data()` and its like."""
    holder, _, name = dotted(value.func).rpartition(".") if isinstance(value, ast.Call) else ("", "", "")
    shape = _IMAGES.get(holder.rpartition(".")[2]) if name == "load_data" else None
    return UNKNOWN if shape is None else SampleArray("", "uint8", (1, *shape), 0.0, 255.0, whole=True)


def _type(value: ast.expr | None) -> str:
    """`np.float32`, `tf.float32`, `'float32'`; empty for what is computed."""
    if value is None:
        return ""
    text = str(value.value) if isinstance(value, ast.Constant) else last(value)
    text = {"float": "float64", "int": "int64"}.get(text, text)
    return text if text in _TYPES else ""

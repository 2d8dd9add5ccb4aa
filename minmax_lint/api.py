"""The Python interface: `lint`, and what `fix`, `convert` and `checked` build on."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from minmax_lint.converters.profile import profiles
from minmax_lint.graph.tensor import Shape
from minmax_lint.linting import lint_model
from minmax_lint.loaders.endpoints import endpoints
from minmax_lint.loaders.load import load
from minmax_lint.loaders.model import Model
from minmax_lint.report import Report
from minmax_lint.rules.rule import rule
from minmax_lint.rules.selection import Selection
from minmax_lint.source_guard import DEFAULT_BOUND

if TYPE_CHECKING:
    from minmax_lint.fixes.patch import Patch

Inputs = Mapping[str, Sequence[int | None] | None] | Sequence[str]


def lint(
    source: Any,
    inputs: Inputs | None = None,
    outputs: Sequence[str] | str | None = None,
    converters: Sequence[str] | None = None,
    *,
    signature: str | None = None,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
    made_from: Any = None,
) -> Report:
    """Lint a model.

    `source`: a path, a GraphDef or MetaGraphDef message, a tf.Graph, a tf.compat.v1.Session, a concrete
    function or a Keras model. `inputs`: array names, or a mapping to shapes (None is an unknown
    dimension). Inputs and outputs not given are inferred. `converters`: profile names (default: `toco`
    and `mlir`). `select` and `ignore`: rule codes, code prefixes (`MM1`) or rule names. `made_from`: the
    graph that a .tflite `source` was made from, or the report on it: it explains why ops are float.

    Raises UserError (with what to do) where the source cannot be read or a name is unknown.
    """
    model = source if isinstance(source, Model) else load(source, signature=signature)
    if isinstance(outputs, str):
        outputs = [outputs]
    ends = endpoints(model, shapes_by_input(inputs), outputs, signature)
    selection = Selection(tuple(select), tuple(ignore))
    return lint_model(
        model,
        ends.inputs,
        ends.outputs,
        profiles(converters),
        path=display_path(source, model),
        inferred_how=ends.how if ends.inferred else "",
        accepts=selection.accepts,
        made_from=_report_on(made_from, model),
    )


def _report_on(made_from: Any, model: Model) -> Report | None:
    if made_from is None or isinstance(made_from, Report):
        return made_from
    flow = model.finished.flow if model.finished is not None else "tf1"
    return lint(made_from, converters=["mlir-v2" if flow == "tf2" else "mlir"])


def fix(
    source: Any,
    inputs: Inputs | None = None,
    outputs: Sequence[str] | str | None = None,
    strategy: str = "auto",
    *,
    converters: Sequence[str] | None = None,
    signature: str | None = None,
    bound: float = DEFAULT_BOUND,
    new_name: bool = False,
    unsafe: bool = False,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    calibrated: Mapping[str, tuple[float, float]] | None = None,
    default_range: tuple[float, float] | None = None,
    freeze: bool = False,
) -> Patch:
    """Repair a model; nothing is written before `patch.save(path)`.

    `source`, `inputs`, `outputs`, `converters` and `signature` are those of `lint`. `strategy`: how an output
    is repaired whose FakeQuant no converter sees (`auto`, `guard`, `retarget`). `bound` is the guard's,
    `new_name` leaves the output's name to the old op. With `unsafe`, arrays without range get a FakeQuant as
    well, whose range comes from `ranges`, `calibrated` (both array -> (min, max)), what the op itself fixes,
    or `default_range`. With `freeze`, variables become constants.

    The patch has the fixed `graph_def`, its `changes`, its `outputs` and whether it is `safe`. Raises
    UserError where a repair is needed and none fits, or the result does not lint as promised.
    """
    from minmax_lint.fixes.options import FixOptions
    from minmax_lint.fixing import fix_model

    model = source if isinstance(source, Model) else load(source, signature=signature)
    ends = endpoints(
        model, shapes_by_input(inputs), [outputs] if isinstance(outputs, str) else outputs, signature
    )
    options = FixOptions(
        strategy=strategy,
        bound=bound,
        new_name=new_name,
        unsafe=unsafe,
        ranges=ranges or {},
        calibrated=calibrated or {},
        default_range=default_range,
        freeze=freeze,
    )
    return fix_model(
        model,
        ends.inputs,
        tuple(ends.outputs),
        profiles(converters),
        options,
        path=display_path(source, model),
    )


def shapes_by_input(inputs: Inputs | None) -> Mapping[str, Shape | None] | None:
    """Inputs as users give them, as array -> shape."""
    if inputs is None:
        return None
    if isinstance(inputs, Mapping):
        return {name: None if shape is None else tuple(shape) for name, shape in inputs.items()}
    return dict.fromkeys(inputs)


def display_path(source: Any, model: Model) -> str:
    """How reports call the source."""
    if isinstance(source, (str, Path)):
        return str(source)
    return str(model.path) if model.path is not None else "<memory>"


def explain(code: str) -> str:
    """The documentation of a rule, Markdown. Raises UnknownName."""
    return rule(code).documentation()

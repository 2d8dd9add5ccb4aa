"""The Python interface: `lint`, `compare`, `fix`, `convert`, `calibrate`, `explain`."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from os import PathLike, fspath
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from minmax_lint.converters.profile import Flow
from minmax_lint.graph.names import as_names
from minmax_lint.loaders.model import Model
from minmax_lint.loaders.script.conversion_script import converter_calls
from minmax_lint.report.report import Report
from minmax_lint.rules.framework.rule import rule
from minmax_lint.rules.framework.selection import Selection
from minmax_lint.source_guard import DEFAULT_BOUND
from minmax_lint.workflows.opened import Opened, open_model

if TYPE_CHECKING:
    from minmax_lint.backends.calibration import Calibration, Data, Method
    from minmax_lint.backends.conversion import Engine
    from minmax_lint.fixes.engine.patch import Patch
    from minmax_lint.report.comparison import Comparison
    from minmax_lint.workflows.convert import Conversion

PostTraining = Literal["int8", "16x8", "dynamic", "float16"]
EndType = Literal["float32", "int8", "uint8", "int16"]
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
    checkpoint: str | PathLike[str] | None = None,
    made_from: Any = None,
    script: str | PathLike[str] | None = None,
    trust: bool = False,
    python: str | PathLike[str] | None = None,
) -> Report:
    """Lint a model.

    `source`: a path, a GraphDef or MetaGraphDef message, a tf.Graph, a tf.compat.v1.Session, a concrete
    function or a Keras model. `inputs`: array names, or a mapping to shapes (None is an unknown
    dimension). Inputs and outputs not given are inferred. `converters`: profile names (default: those that the
    `script` calls; else `toco` and `mlir` for a TF1 graph, `mlir-v2` for a TF2 model with FakeQuants and `mlir-int8`
    for one without). `select` and `ignore`: rule codes, code prefixes (`MM1`) or rule names.
    `checkpoint`: the prefix of the checkpoint with the graph's variables, where it does not lie beside the
    graph. `made_from`: the graph that a .tflite `source` was made from, or the report on it: it explains
    why ops are float. `script`: the Python script that converts, whose flags are compared with the graph; it
    is not run; calls that convert other signatures of a SavedModel have reports of their own, `.others` of the result.
    `trust`: let a Keras file run the code that it brings along. `python`: the interpreter whose
    TensorFlow and Keras load such a file (default: the running one); where no converter is named, those of its
    TensorFlow are judged.

    Raises UserError (with what to do) where the source cannot be read or a name is unknown.
    """
    loading = {"signature": signature, "checkpoint": checkpoint, "trust": trust, "python": python}
    opened = _open(source, inputs, outputs, converters, script, **loading)
    selection = Selection(as_names(select), as_names(ignore))
    found = replace(opened, report_on_source=_report_on(made_from, opened.model)).lint(selection)
    return replace(found, others=tuple(one.lint(selection) for one in opened.others))


def _open(
    source: Any,
    inputs: Inputs | None,
    outputs: Sequence[str] | str | None,
    converters: Sequence[str] | None,
    script: str | PathLike[str] | None,
    **loading: Any,
) -> Opened:
    """The model, judged as the converters named, the script or the TensorFlow of `python` say."""
    from minmax_lint.backends.conversion.interpreter import tensorflow_version

    python = loading["python"]
    calls = () if script is None else converter_calls(Path(script))
    tensorflow = None if python is None else tensorflow_version(python)
    return open_model(
        source, inputs, outputs, converters=converters, calls=calls, tensorflow=tensorflow, **loading
    )


def _report_on(made_from: Any, model: Model) -> Report | None:
    if made_from is None or isinstance(made_from, Report):
        return made_from
    flow = model.finished.flow if model.finished is not None else "tf1"
    return lint(made_from, converters=["mlir-v2" if flow == "tf2" else "mlir"])


def compare(
    source: Any,
    inputs: Inputs | None = None,
    outputs: Sequence[str] | str | None = None,
    *,
    signature: str | None = None,
    checkpoint: str | PathLike[str] | None = None,
    trust: bool = False,
    python: str | PathLike[str] | None = None,
) -> Comparison:
    """Every way of converting a model: each converter, each call that fits the model, each TensorFlow version.

    The arguments are those of `lint`. The `.ways` of the result stand best first; each has its `name` (as converters
    are called: `mlir-int8`), the TensorFlow `versions` that answer alike, their `prediction`, the types of inputs
    and outputs, the share of ops that the Edge TPU runs, and the Python that converts this way as `code`.
    Raises UserError as `lint` does, and for a finished .tflite model.
    """
    from minmax_lint.workflows.compare import compare_opened

    opened = open_model(
        source, inputs, outputs, signature=signature, checkpoint=checkpoint, trust=trust, python=python
    )
    return compare_opened(opened)


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
    checkpoint: str | PathLike[str] | None = None,
    script: str | PathLike[str] | None = None,
    trust: bool = False,
    python: str | PathLike[str] | None = None,
) -> Patch:
    """Repair a model; nothing is written before `patch.save(path)`.

    `source`, `inputs`, `outputs`, `converters`, `signature`, `checkpoint`, `script`, `trust` and `python` are those of
    `lint`.
    `strategy`: how an output is repaired whose FakeQuant no converter sees (`auto`, `guard`, `retarget`).
    `bound` is the guard's, `new_name` leaves the output's name to the old op. With `unsafe`, arrays without
    range get a FakeQuant as well, whose range comes from `ranges`, `calibrated` (both array -> (min, max)),
    what the op itself fixes, or `default_range`. With `freeze`, variables become constants.

    The patch has the fixed `graph_def`, its `changes`, its `outputs` and whether it is `safe`. Raises
    UserError where a repair is needed and none fits, or the result does not lint as promised.
    """
    from minmax_lint.fixes.edit.options import FixOptions

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
    loading = {"signature": signature, "checkpoint": checkpoint, "trust": trust, "python": python}
    return _open(source, inputs, outputs, converters, script, **loading).fix(options)


def convert(
    source: Any,
    inputs: Inputs | None = None,
    outputs: Sequence[str] | str | None = None,
    *,
    engine: Engine = "mlir",
    flow: Flow | None = None,
    post_training: PostTraining | None = None,
    dataset: str | None = None,
    io_type: EndType | None = None,
    script: str | PathLike[str] | None = None,
    signature: str | None = None,
    checkpoint: str | PathLike[str] | None = None,
    stats: Mapping[str, tuple[float, float]] | None = None,
    fix: bool = False,
    unsafe: bool = False,
    ranges: Mapping[str, tuple[float, float]] | None = None,
    calibrated: Mapping[str, tuple[float, float]] | None = None,
    verify: bool | str = False,
    python: str | PathLike[str] | None = None,
    time_limit: float = 600.0,
    trust: bool = False,
) -> Conversion:
    """Convert a model with a real converter, in a child process, and read the produced model back.

    `source`, `inputs`, `outputs`, `checkpoint`, `trust`: as of `lint`. How the converter is called: `post_training`
    (`int8`, `16x8`, `dynamic`, `float16`) for a float model, `flow` for one with FakeQuants, or as the `script` does;
    where none is given, by the kind of model: `tf1` for a TF1 graph, `tf2` for a TF2 model with FakeQuants. `dataset`:
    the representative dataset that int8 and 16x8 need, as `data` of `calibrate`. `io_type`: of the inputs and outputs
    in the TF2 flows (float32 where not given). `engine`: which converter; `python`: the
    interpreter that holds its TensorFlow (default: the running one), and the Keras for a Keras file. `stats`:
    input -> (mean, std), real value = (byte - mean) / std; (128, 64) where not given. With `fix` the graph is
    repaired first (`unsafe`, `ranges`, `calibrated`: as of `fix`). With `verify` the values of graph, repaired
    graph and model are compared, on the data it names (as of `calibrate`) or on random inputs.

    Returns the model (`.model`, its bytes; None where the converter failed) with its `verdict`, `message`,
    `contents` (ops and tensors with their types), `report`, `patch` and `verification`. Raises UserError
    where the conversion cannot be tried.
    """
    from minmax_lint.fixes.edit.options import FixOptions
    from minmax_lint.workflows.calling import Asked, converter_for, mode_asked
    from minmax_lint.workflows.convert import Proof, convert_linted

    opened = open_model(
        source,
        inputs,
        outputs,
        signature=signature,
        checkpoint=checkpoint,
        trust=trust,
        python=python,
        calls=() if script is None else converter_calls(Path(script)),
    )
    data = _data(opened, dataset, python, time_limit) if dataset else None
    mode = mode_asked(post_training, flow)
    asked = Asked(mode, engine, io_type or "", stats or {}, python, time_limit, data)
    converter = converter_for(opened, asked).check_for(opened.ends.inputs)
    proof = None
    if verify:
        compared = _data(opened, verify, python, time_limit) if isinstance(verify, str) else converter.data
        proof = Proof(compared)
    opened = opened.for_conversion(converter)
    if not fix:
        return convert_linted(opened.model, opened.lint(), None, converter, proof)
    patch = opened.fix(FixOptions(unsafe=unsafe, ranges=ranges or {}, calibrated=calibrated or {}))
    return convert_linted(opened.model, patch.after, patch, converter, proof)


def _data(
    opened: Opened,
    source: str,
    python: str | PathLike[str] | None,
    time_limit: float,
    batch_size: int = 16,
    samples: int | None = None,
) -> Data:
    """The data. Raises UserError where they do not fit the inputs of the model."""
    from minmax_lint.backends.calibration import Data, check_data

    model, ends = opened.model, opened.ends
    found = Data(source, batch_size, samples, model.input_keys(ends.inputs))
    check_data(found, model.graph, ends.inputs, ends.outputs, python=python, time_limit=time_limit)
    return found


def calibrate(
    source: Any,
    data: str | PathLike[str],
    inputs: Inputs | None = None,
    outputs: Sequence[str] | str | None = None,
    *,
    signature: str | None = None,
    method: Method = "minmax",
    percentile: float = 99.99,
    batch_size: int = 16,
    samples: int | None = None,
    python: str | PathLike[str] | None = None,
    time_limit: float = 600.0,
    trust: bool = False,
) -> Calibration:
    """Observe the range of every float array while TensorFlow runs the graph over data.

    `data`: an `.npz` or `.npy` file, a folder of them, a TFRecord file of tf.train.Example, or
    `module:function` (`file.py:function`) that yields feeds. `method`: `minmax`, `percentile` or
    `moving-average`. The `.ranges` of the result (array -> (min, max)) are what `fix` and `convert` take as
    `calibrated`. `trust`: as of `lint`. Raises UserError where the data cannot be read or do not fit.
    """
    from minmax_lint.backends.calibration import calibrate as run
    from minmax_lint.writers.kept import frozen_model

    opened = open_model(source, inputs, outputs, signature=signature, trust=trust, python=python)
    inputs, outputs = opened.ends.inputs, opened.ends.outputs
    return run(
        frozen_model(opened.model, inputs, outputs),
        inputs,
        outputs,
        _data(opened, fspath(data), python, time_limit, batch_size, samples),
        method=method,
        percentile=percentile,
        python=python,
        time_limit=time_limit,
    )


def explain(code: str) -> str:
    """The documentation of a rule, Markdown. Raises UnknownName."""
    return rule(code).documentation()

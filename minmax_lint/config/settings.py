"""What a configuration file may say, as dataclasses; the JSON schema is made from them."""

from collections.abc import Mapping
from dataclasses import MISSING, Field, dataclass, field, fields, replace
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from minmax_lint.config import kinds
from minmax_lint.config.kinds import Kind
from minmax_lint.converters.call import BUILTINS_INT8, ConverterCall
from minmax_lint.graph.tensor import Shape
from minmax_lint.rules.framework.finding import Finding
from minmax_lint.rules.framework.selection import Selection


def _key(kind: Kind, doc: str, default: Any = MISSING) -> Any:
    metadata = {"kind": kind, "doc": doc}
    if default is MISSING:
        return field(metadata=metadata)
    return field(default=default, metadata=metadata)


def _tables(of: type, doc: str) -> Any:
    return field(default=(), metadata={"tables": of, "doc": doc})


def keys(table: type) -> dict[str, Field[Any]]:
    """The keys that may stand in a table, as users write them (`fail-level`), with their fields."""
    return {found.name.replace("_", "-"): found for found in fields(table) if "doc" in found.metadata}


def required(key: Field[Any]) -> bool:
    """Whether a table without this key is wrong."""
    return key.default is MISSING


@dataclass(frozen=True)
class Ignore:
    """Findings of one model that are known and accepted."""

    code: str = _key(kinds.CODE, "The rule, by code, prefix or name.")
    reason: str = _key(kinds.TEXT, "Why these findings are accepted. Required.")
    node: str | None = _key(kinds.TEXT, "Only findings about nodes or arrays that fit this glob.", None)
    origin: str = ""

    def covers(self, finding: Finding) -> bool:
        """Whether the finding is one of those."""
        if not Selection((self.code,)).accepts(finding):
            return False
        names = [name for name in (finding.node, finding.array, *finding.outputs) if name]
        return self.node is None or any(fnmatchcase(name, self.node) for name in names)


@dataclass(frozen=True)
class ModelSettings:
    """One model, or all that fit a glob."""

    path: str = _key(kinds.TEXT, "Path or glob, from the configuration file's folder.")
    inputs: Mapping[str, Shape | None] | None = _key(
        kinds.INPUTS, 'Input arrays: ["image=1,224,224,3"] or a table of shapes.', None
    )
    outputs: tuple[str, ...] = _key(kinds.TEXTS, "Output arrays.", ())
    signature: str | None = _key(kinds.TEXT, "The signature of a SavedModel that names them.", None)
    checkpoint: str | None = _key(
        kinds.TEXT, "Prefix of the checkpoint with its variables, from this file's folder.", None
    )
    converters: tuple[str, ...] = _key(kinds.CONVERTERS, "Converters to predict for this model.", ())
    ignore: tuple[Ignore, ...] = _tables(Ignore, "Findings that are accepted, each with a reason.")
    origin: str = ""


@dataclass(frozen=True)
class Convert:
    """How the converter is called, by its own names."""

    flow: str | None = _key(
        kinds.FLOW,
        "tf1 (tf.compat.v1: from_frozen_graph) or tf2 (from_saved_model, Keras); default: by the model.",
        None,
    )
    inference_type: str = _key(kinds.TENSOR_TYPE, "inference_type: uint8, int8 or float32.", "")
    inference_input_type: str = _key(kinds.TENSOR_TYPE, "inference_input_type.", "")
    inference_output_type: str = _key(kinds.TENSOR_TYPE, "inference_output_type.", "")
    quantized_input_stats: Mapping[str, tuple[float, float]] | None = _key(
        kinds.STATS, "quantized_input_stats: input -> [mean, std].", None
    )
    optimizations: bool = _key(kinds.FLAG, "Whether optimizations = [DEFAULT] is set.", False)
    representative_dataset: bool = _key(kinds.FLAG, "Whether representative_dataset is set.", False)
    supported_ops: frozenset[str] = _key(
        kinds.OPS_SET, "target_spec.supported_ops: members of tf.lite.OpsSet.", frozenset()
    )
    supported_types: frozenset[str] = _key(kinds.SUPPORTED_TYPES, "target_spec.supported_types.", frozenset())
    integer_ops_only: bool = _key(kinds.FLAG, 'The same as supported-ops = ["TFLITE_BUILTINS_INT8"].', False)
    signature_keys: tuple[str, ...] = _key(
        kinds.TEXTS, "signature_keys of from_saved_model: the signatures that it converts together.", ()
    )
    default_ranges_stats: bool = _key(kinds.FLAG, "Whether default_ranges_stats is set.", False)
    experimental_new_quantizer: bool | None = _key(kinds.FLAG, "experimental_new_quantizer.", None)
    experimental_new_converter: bool | None = _key(
        kinds.FLAG, "experimental_new_converter: false asks for TOCO.", None
    )
    per_channel: bool = _key(kinds.FLAG, "False where _experimental_disable_per_channel is set.", True)
    per_channel_dense: bool = _key(
        kinds.FLAG,
        "False where _experimental_disable_per_channel_quantization_for_dense_layers is set.",
        True,
    )
    single_batch: bool = _key(
        kinds.FLAG,
        "True where _experimental_default_to_single_batch_in_tensor_list_ops is set.",
        False,
    )
    lower_tensor_list_ops: bool = _key(
        kinds.FLAG, "False where _experimental_lower_tensor_list_ops is set to that.", True
    )
    allow_custom_ops: bool = _key(kinds.FLAG, "Whether allow_custom_ops is set.", False)
    origin: str = ""

    @property
    def call(self) -> ConverterCall:
        """The call of the converter that these settings describe."""
        return ConverterCall(
            self.origin,
            "tf2" if self.flow == "tf2" else "tf1",
            inference_type=self.inference_type,
            inference_input_type=self.inference_input_type,
            inference_output_type=self.inference_output_type,
            input_stats=self.quantized_input_stats,
            optimizations=self.optimizations,
            representative_dataset=self.representative_dataset,
            supported_ops=self.supported_ops or frozenset({BUILTINS_INT8} if self.integer_ops_only else ()),
            supported_types=self.supported_types,
            default_ranges=self.default_ranges_stats,
            experimental_new_quantizer=self.experimental_new_quantizer,
            experimental_new_converter=self.experimental_new_converter,
            per_channel=self.per_channel,
            per_channel_dense=self.per_channel_dense,
            single_batch=self.single_batch,
            lower_tensor_lists=self.lower_tensor_list_ops,
            custom_ops=self.allow_custom_ops,
            signatures=self.signature_keys,
            flow_named=self.flow is not None,
        )


@dataclass(frozen=True)
class Config:
    """What one configuration file says."""

    select: tuple[str, ...] = _key(kinds.CODES, "Only these rules.", ())
    ignore: tuple[str, ...] = _key(kinds.CODES, "All but these rules.", ())
    extend_select: tuple[str, ...] = _key(kinds.CODES, "These rules as well.", ())
    fixable: tuple[str, ...] = _key(kinds.CODES, "Only findings of these rules are fixed.", ())
    converters: tuple[str, ...] = _key(kinds.CONVERTERS, "Converters to predict.", ())
    severity: Mapping[str, str] = _key(kinds.SEVERITY_TABLE, "Severities other than the rules' own.", None)
    fail_level: str | None = _key(kinds.LEVEL, "The least severity that exits with 1.", None)
    baseline: str | None = _key(kinds.TEXT, "File of known findings, from this file's folder.", None)
    tensorflow: str | None = _key(
        kinds.VERSION, "The TensorFlow that converts, as 2.18: its profiles are judged by default.", None
    )
    convert: Convert | None = field(
        default=None, metadata={"table": Convert, "doc": "How the converter is called."}
    )
    models: tuple[ModelSettings, ...] = _tables(ModelSettings, "Models that a plain `check` lints.")
    file: Path = Path("minmax-lint.toml")
    table: str = ""
    """Where in the file it stands: `tool.minmax-lint` in pyproject.toml."""

    @property
    def calls(self) -> tuple[ConverterCall, ...]:
        """How the converter is called; empty where it does not say."""
        return () if self.convert is None else (replace(self.convert.call, tensorflow=self.version),)

    @property
    def version(self) -> tuple[int, int] | None:
        """(major, minor) of the TensorFlow that converts; None where it does not say."""
        if self.tensorflow is None:
            return None
        major, minor = self.tensorflow.split(".")[:2]
        return int(major), int(minor)

    @property
    def folder(self) -> Path:
        """The folder that the file's paths start from."""
        return self.file.parent

    @property
    def origin(self) -> str:
        """For people: the file, and the table in it."""
        return f"{self.file.name} [{self.table}]" if self.table else self.file.name

"""How somebody calls a converter: which flags a script or a configuration sets."""

from __future__ import annotations

from dataclasses import dataclass

from minmax_lint.converters.profile import Flow

INTEGERS = frozenset({"int8", "uint8", "int16"})


@dataclass(frozen=True)
class ConverterCall:
    """The flags of one converter, by the names of tf.lite.TFLiteConverter's attributes."""

    origin: str
    """Where it stands: `export.py:12`, `pyproject.toml [tool.minmax-lint.convert]`."""
    flow: Flow
    """tf1: from_frozen_graph, from_session; tf2: from_saved_model, from_keras_model, ..."""
    inference_type: str = ""
    """`uint8`, `int8`, `float32`; empty where it is not set, `?` where it is computed."""
    inference_input_type: str = ""
    inference_output_type: str = ""
    input_stats: tuple[str, ...] | None = None
    """The inputs that quantized_input_stats names; empty where they cannot be read, None where it is not set."""
    optimizations: bool = False
    representative_dataset: bool = False
    integer_ops_only: bool = False
    """Whether supported_ops asks for integer kernels alone."""
    default_ranges: bool = False
    """Whether default_ranges_stats is set: ranges for arrays that have none."""

    @property
    def asks_for_integers(self) -> bool:
        """Whether its flags ask for a model with integer arithmetic."""
        types = {self.inference_type, self.inference_input_type, self.inference_output_type}
        return bool(types & INTEGERS) or self.integer_ops_only

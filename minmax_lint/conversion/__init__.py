"""Real conversions: the converter in a child process, and the produced model read back."""

from minmax_lint.conversion.failure import Failure
from minmax_lint.conversion.readback import OpInfo, TensorInfo, TFLiteModel, read_model
from minmax_lint.conversion.run import ConversionResult, Engine, Stage, TimeLimitReached, convert_graph

__all__ = [
    "ConversionResult",
    "Engine",
    "Failure",
    "OpInfo",
    "Stage",
    "TFLiteModel",
    "TensorInfo",
    "TimeLimitReached",
    "convert_graph",
    "read_model",
]

"""Real conversions: the converter in a child process, and the produced model read back."""

from minmax_lint.conversion.child import Child, Stage, TimeLimitReached, Watch
from minmax_lint.conversion.failure import Failure
from minmax_lint.conversion.readback import OpInfo, TensorInfo, TFLiteModel, read_model
from minmax_lint.conversion.run import ConversionResult, Engine, convert_graph

__all__ = [
    "Child",
    "ConversionResult",
    "Engine",
    "Failure",
    "OpInfo",
    "Stage",
    "TFLiteModel",
    "TensorInfo",
    "TimeLimitReached",
    "Watch",
    "convert_graph",
    "read_model",
]

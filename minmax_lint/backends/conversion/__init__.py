"""Real conversions: the converter in a child process, and the produced model read back."""

from minmax_lint.backends.conversion.child import Child, Stage, TimeLimitReached, Watch
from minmax_lint.backends.conversion.failure import Failure
from minmax_lint.backends.conversion.run import ConversionResult, Engine, convert_graph
from minmax_lint.converters.finished import OpInfo, TensorInfo, TFLiteModel
from minmax_lint.loaders.tflite.file import read_model

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

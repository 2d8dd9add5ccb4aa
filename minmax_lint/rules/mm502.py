"""MM502: tflite-float-io."""

from collections.abc import Iterator

from minmax_lint.converters.finished import BOUNDARY_OPS, FLOAT, OpInfo, TensorInfo
from minmax_lint.rules.framework import Examples, Finding, Rule, Subject
from minmax_lint.rules.framework.finding import Severity
from minmax_lint.rules.framework.made_example import FinishedNet


class TFLiteFloatIO(Rule):
    """An input or output of a finished .tflite model is float.

    ## What it does
    Reports every float32 input and output of a .tflite model. Where a QUANTIZE or DEQUANTIZE op stands
    there and the rest is integer, that is an info: it is what the converter makes unless asked for
    integers. Where an op computes on the float tensor itself, it is a warning.

    ## Why
    Integer-only hardware and programs that feed bytes need integer ends. A float output may also mean that
    ops behind the last FakeQuant stayed float.

    ## Symptom
    ```
    Model not quantized
    ```
    The model viewer shows Quantize and Dequantize at the ends.

    ## Fix
    Set `inference_input_type` and `inference_output_type` to `tf.int8` or `tf.uint8` on the converter; in
    the TF1 flow `inference_type` and `quantized_input_stats`. Where an op computes on the float tensor, its
    range is missing: see MM501.

    ## Converters
    All: the finished model itself is read.
    """

    name = "tflite-float-io"
    severity = "warning"
    about = frozenset({"finished"})

    def check(self, subject: Subject) -> Iterator[Finding]:
        model = subject.finished_model
        ops = [op for op in model.ops if op.subgraph == 0]
        for tensor in model.inputs:
            if tensor.dtype == FLOAT:
                yield self._finding("input", tensor, [op for op in ops if tensor in op.inputs])
        for tensor in model.outputs:
            if tensor.dtype == FLOAT:
                yield self._finding("output", tensor, [op for op in ops if tensor in op.outputs])

    def _finding(self, end: str, tensor: TensorInfo, ops: list[OpInfo]) -> Finding:
        computing = next((op for op in ops if op.name not in BOUNDARY_OPS), None)
        severity: Severity = "info" if computing is None and ops else "warning"
        if computing is not None:
            doing = "reads it" if end == "input" else "makes it"
            how = f", and {computing.name} {doing} in float"
        elif ops:
            how = f": {ops[0].name} stands between it and the integer ops"
        else:
            how = ""
        kind = f"inference_{end}_type"
        return self.finding(
            f"{end} {tensor.name!r} of the model is float32{how}",
            severity=severity,
            array=tensor.name,
            outputs=(tensor.name,) if end == "output" else (),
            advice=f"For an integer {end}, set {kind} to tf.int8 or tf.uint8 on the converter.",
        )

    def examples(self) -> Examples:
        return Examples(
            failing=FinishedNet(ends="float32").example(), passing=FinishedNet(ends="int8").example()
        )

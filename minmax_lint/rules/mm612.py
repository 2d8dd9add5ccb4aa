"""MM612: select-tf-ops-alone."""

from collections.abc import Iterator

from minmax_lint.converters.call import BUILTINS, SELECT_TF, ConverterCall
from minmax_lint.converters.call_prediction import FLEX_MODEL
from minmax_lint.converters.call_refusals import refused_flex
from minmax_lint.rules.framework import Examples, Subject
from minmax_lint.rules.framework.call_rule import CallRule, Fault, calibrated_example


class SelectTfOpsAlone(CallRule):
    """The call allows kernels of TensorFlow alone, so none of TFLite's is used.

    ## What it does
    Reports `supported_ops = [SELECT_TF_OPS]` without a set of TFLite's own kernels.

    ## Why
    Every op becomes one of TensorFlow's (`FlexConv2D`), which computes in float and needs the Flex delegate: nothing is
    quantized. With a representative dataset TF 2.19 and newer end with an error, for their calibration has no such
    kernels; TF 2.17 and older cannot read a model with a signature back.

    ## Symptom
    ```
    Select TensorFlow op(s), included in the given model, is(are) not supported by this interpreter.
    Failed to parse the model: Did not get tensors in subgraph 1.
    ```

    ## Fix
    `converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS, tf.lite.OpsSet.SELECT_TF_OPS]`: then only
    the ops without a kernel of TFLite stay TensorFlow's.

    ## Converters
    MLIR.
    """

    name = "select-tf-ops-alone"
    severity = "error"

    def faults(self, call: ConverterCall, subject: Subject) -> Iterator[Fault]:
        if call.supported_ops == {SELECT_TF}:
            refused = refused_flex(call, bool(subject.kept_fake_quants))
            yield Fault(
                f"supported_ops holds {SELECT_TF} alone: {refused or FLEX_MODEL}",
                f"Add {BUILTINS}, so that only ops without a kernel of TFLite stay TensorFlow's.",
                {"target_spec.supported_ops": f"[{{lite}}.OpsSet.{BUILTINS}, {{lite}}.OpsSet.{SELECT_TF}]"},
            )

    def examples(self) -> Examples:
        return Examples(
            failing=calibrated_example(supported_ops=frozenset({SELECT_TF})),
            passing=calibrated_example(supported_ops=frozenset({BUILTINS, SELECT_TF})),
        )

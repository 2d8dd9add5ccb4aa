"""MM501: tflite-float-op."""

from collections.abc import Iterator, Sequence

from minmax_lint.converters.finished import OpInfo, TensorInfo, TFLiteModel
from minmax_lint.rules.framework import Examples, Finding, Rule, Subject
from minmax_lint.rules.framework.finding import Role, Step
from minmax_lint.rules.framework.islands import Island, islands
from minmax_lint.rules.framework.made_example import FinishedNet
from minmax_lint.rules.framework.wording import SHOWN, list_words


class TFLiteFloatOp(Rule):
    """Ops of a finished .tflite model compute in float.

    ## What it does
    Reports the ops of a .tflite model that read or write float32 tensors (QUANTIZE and DEQUANTIZE aside).
    Float ops that feed each other are one finding: they mostly have one cause.

    With `--source GRAPH` the finding names the array of that graph whose range is missing: the graph is
    linted, and its float ops are matched with those of the model.

    ## Why
    The converter says nothing when it leaves ops in float. The model still runs, several times slower, with
    conversions to and from float around the ops, and accelerators refuse it.

    ## Symptom
    ```
    Model not quantized
    Operation is working on an unsupported data type
    ```

    ## Fix
    Give the array its range in the graph, and convert again: `minmax-lint check GRAPH` names the array, and
    often `minmax-lint fix` repairs it. A model that was quantized without training needs
    `optimizations=[tf.lite.Optimize.DEFAULT]` and a `representative_dataset`.

    ## Converters
    All: the finished model itself is read.
    """

    name = "tflite-float-op"
    severity = "error"
    about = frozenset({"finished"})

    def check(self, subject: Subject) -> Iterator[Finding]:
        model = subject.finished_model
        found = islands(model)
        if not any(op.computes and not op.is_float for op in model.ops):
            found = [Island(tuple(op for island in found for op in island.ops), None, None)] if found else []
        for island in found:
            first = island.ops[0]
            known = subject.explanations or {}
            explanation = next((known[op.output] for op in island.ops if op.output in known), None)
            message = _message(island, model)
            if explanation is not None:
                code = f" ({explanation.code})" if explanation.code else ""
                message += f"; the cause in {explanation.graph}{code}: {explanation.message}"
            yield self.finding(
                message,
                array=first.output,
                outputs=tuple(
                    tensor.name for tensor in model.outputs if any(tensor in op.outputs for op in island.ops)
                ),
                consequences=tuple(op.output for op in island.ops),
                path=_drawing(island),
                advice=_advice(island, subject) if explanation is None else explanation.advice,
            )

    def examples(self) -> Examples:
        return Examples(
            failing=FinishedNet(middle="float32").example(), passing=FinishedNet(middle="int8").example()
        )


def _message(island: Island, model: TFLiteModel) -> str:
    ops = list_words(op.label for op in island.ops)
    verb = "computes" if len(island.ops) == 1 else "compute"
    if island.before is None and island.behind is None and len(island.ops) == len(model.computing_float_ops):
        integer = sum(op.computes and not op.is_float for op in model.ops)
        if not integer:
            return f"no op of the model is integer: {ops} {verb} in float"
    where = [
        f"behind the integer {island.before.label}" if island.before else "",
        f"in front of the integer {island.behind.label}" if island.behind else "",
    ]
    return f"{ops} {verb} in float, {' and '.join(filter(None, where)) or 'while other ops are integer'}"


def _advice(island: Island, subject: Subject) -> str:
    if any(one.constant and one.dtype == "int8" for op in island.ops for one in op.inputs):
        return (
            "Its weights are int8 and its activations float: that is dynamic-range quantization. Convert with "
            "a representative_dataset, or from a graph with FakeQuants."
        )
    if subject.explanations is not None:
        return "The source graph does not explain it: was the model made from that graph, with other flags?"
    return "Add --source GRAPH, the graph that it was made from: that names the array whose range is missing."


def _drawing(island: Island) -> tuple[Step, ...]:
    before = [_step(island.before, "integer")] if island.before is not None else []
    behind = [_step(island.behind, "integer")] if island.behind is not None else []
    return (*before, *(_step(op, "float") for op in island.ops[:SHOWN]), *behind)


def _step(op: OpInfo, role: Role) -> Step:
    return Step(op.output.split(";")[0], op.name, role, _types(op))


def _types(op: OpInfo) -> str:
    def first(tensors: Sequence[TensorInfo]) -> str:
        return tensors[0].dtype if tensors else "nothing"

    return f"{first(op.inputs)} to {first(op.outputs)}"

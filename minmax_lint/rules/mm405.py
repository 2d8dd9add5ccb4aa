"""MM405: control-flow-float."""

import re
from collections.abc import Iterator

from minmax_lint.converters.call import LOWERS_LISTS
from minmax_lint.converters.mlir.control_flow.lower_static_tensor_list import AS_ARRAY
from minmax_lint.converters.predict import predict
from minmax_lint.converters.profile import profile
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Function, graph_of
from minmax_lint.inference.element_types import LOOPS
from minmax_lint.inference.inference import Inference
from minmax_lint.rules.framework import Example, Examples, Finding, FixOffer, Rule, Subject
from minmax_lint.rules.framework.attribution import Cause
from minmax_lint.rules.framework.replaceable import is_list_of_lstm, open_batches


class ControlFlowFloat(Rule):
    """Control flow (If, While) passes its values in float, and each branch is quantized by itself.

    ## What it does
    Reports every If and While between inputs and outputs, with what becomes of each of its branches: which
    ops in there stay float, under the names that the model code gave them.

    ## Why
    The MLIR converter keeps control flow as the ops IF and WHILE and each branch as a function of its own.
    Ranges do not cross into a function: its arguments have none, so an op that reads an argument directly
    stays float, and what a branch returns is float again.

    ## Symptom
    None: the model has IF, WHILE or UNIDIRECTIONAL_SEQUENCE_LSTM ops with float32 tensors. It is an error for Case,
    for lists of no fixed shape, for Keras 2's LSTM layer between FakeQuants, and in the TF1 flow for an If
    whose branch has a FakeQuant right at an argument or a result, for a state that a branch assigns, and for RNN layers
    of a fixed batch in a SavedModel (Keras 2's LSTM and GRU aside):
    ```
    'tf.Case' op is neither a custom op nor a flex op
    'tf.TensorListReserve' op requires element_shape to be static during TF Lite transformation pass
    We cannot duplicate the value since it's not constant.
    'tf.If' op 'then_branch' input type tensor<1x4x!quant.uniform<u8:f32, 0.0078431372549019607:128>> is incompatible with input type tensor<1x4xf32> at index 0
    failed to legalize unresolved materialization from ('tensor<?x1x5xf32>') to ('tensor<8x1x5xf32>') that remained live after conversion
    input resource[0] expected type resource != float, the type of cond_assignvariableop_resource[0]
    ```

    ## Fix
    Put a FakeQuant on every argument inside each branch, so that the work in there is integer; the op
    itself stays float. Better: move the choice out of the model, or compute both branches and select with
    arithmetic. A loop of known length can be unrolled: `tf.map_fn(function, items)` is
    `tf.stack([function(one) for one in tf.unstack(items)])`.

    A loop that collects results in a list of tensors (RNN layers, `tf.map_fn`, `TensorArray`) only converts where the
    list has a fixed size and its items a known batch. What helps an RNN layer, measured with TF 2.15 and 2.21:

    - `unroll=True`: all of it becomes integer.
    - `converter._experimental_default_to_single_batch_in_tensor_list_ops = True`, with an open batch: it converts, and
      the loop is a float WHILE around integer ops.
    - A fixed batch, for float models and weights alone (in Keras 3
      `model.export(folder, input_signature=[keras.InputSpec(shape=(1, ...))])`, or a `tf.function` with that shape).
      With a representative dataset the process ends at such a loop, but for Keras 2's LSTM, to which
      `fix --unsafe-fixes` gives a batch of 1, as `-i INPUT=1,28,28` does.

    For a list that grows only `tf.lite.OpsSet.SELECT_TF_OPS` helps. With FakeQuants in the model, Keras 2's LSTM layer
    must be unrolled.

    ## Converters
    MLIR, which makes If and While of TF1's Switch, Merge and loops as well. TOCO quantizes no control flow: it
    aborts, unless a constant decides a Switch.
    """

    name = "control-flow-float"
    severity = "error"
    fixes = ("batch",)

    def check(self, subject: Subject) -> Iterator[Finding]:
        for cause in subject.causes(self.code):
            yield self.finding(
                cause.message,
                severity=subject.severity(cause.profiles),
                node=cause.node,
                array=cause.array,
                profiles=cause.profiles,
                consequences=tuple(dict.fromkeys(one.partition(AS_ARRAY)[0] for one in cause.consequences)),
                advice=_advice(subject.coverage.op(cause.node), cause),
                fix=_offer(subject, cause),
            )

    def examples(self) -> Examples:
        b = Builder()
        x = b.fake_quant("input_quant", b.placeholder("input", [1, 4]), -1.0, 1.0)
        flag = b.placeholder("flag", [], DType.BOOL)
        types: list[DType] = [DType.FLOAT]
        b.fake_quant("output", b.add("StatelessIf", "cond", flag, x, Tout=types), 0.0, 6.0)
        branches = (_branch("Relu6", "then branch", x), _branch("Relu", "else branch", x))
        branching = graph_of(tuple(b.graph()), {"cond": branches})
        b = Builder()
        x = b.fake_quant("input_quant", b.placeholder("input", [1, 4]), -1.0, 1.0)
        b.fake_quant("output", b.add("Relu6", "Relu6", x), 0.0, 6.0)
        return Examples(
            failing=Example(branching, {"input": (1, 4), "flag": ()}, profiles=("mlir-2.21-v2",)),
            passing=Example(b.graph(), profiles=("mlir-2.21-v2",)),
        )


def _offer(subject: Subject, cause: Cause) -> FixOffer | None:
    """A batch of 1 where the model converts with it: an LSTM layer behind another one still ends the conversion."""
    shapes = {name: (1, *shape[1:]) for name, shape in open_batches(subject.inference)}
    if cause.node is None or not shapes or not is_list_of_lstm(subject.kept, cause.node):
        return None
    fixed = Inference(subject.kept, {**subject.inference.input_shapes, **shapes})
    asked = [profile for profile in subject.profiles if profile.name in cause.profiles]
    if all(predict(subject.kept, fixed, profile).verdict == "abort" for profile in asked):
        return None
    return FixOffer("batch", "unsafe", f"Give {', '.join(map(repr, shapes))} a batch of 1.")


def _advice(op: str, cause: Cause) -> str:
    if cause.detail == "loop-invariant":
        return f"Compute the array inside of the loop. {_without_loop(cause)}."
    if cause.detail == "kept-lists":
        return f"Leave {LOWERS_LISTS} out, so that lists become arrays, or allow SELECT_TF_OPS, which runs them in float."
    if cause.detail == "tf1-flow":
        return "Convert with TF2's converter, tf.lite.TFLiteConverter.from_saved_model, which takes this."
    if op in ("TensorListReserve", "EmptyTensorList"):
        return f"{_without_loop(cause)}."
    if op == "TensorListSetItem":
        return "Give the TensorArray its size, without dynamic_size; else only SELECT_TF_OPS converts it."
    if op == "TensorListStack":
        return "To have it integer, unroll the layer (unroll=True) and quantize what each step computes."
    if op in LOOPS:
        length = "where its length is known: an RNN layer with unroll=True, another one as a Python loop"
        return f"{_of_a_function(cause.node) or f'Unroll the loop {length}'}; what each step computes becomes integer then."
    return "Quantize the arguments inside each branch, or move the choice out of the model."


def _of_a_function(node: str | None) -> str:
    """The Python loop that does the same as tf.map_fn or tf.scan, by the name that TensorFlow gives their loop.

    Measured with map_fn in TF 2.15 and 2.21: all of it becomes integer; tf.vectorized_map ends 2.21's conversion.
    """
    scopes = {re.sub(r"_\d+$", "", part) for part in (node or "").split("/")}
    if "map" in scopes:
        return "Write tf.map_fn as a Python loop, tf.stack([function(one) for one in tf.unstack(items)])"
    return (
        "Write tf.scan as a Python loop over tf.unstack(items), with tf.stack at its end"
        if "scan" in scopes
        else ""
    )


def _without_loop(cause: Cause) -> str:
    """What makes a loop over a list of tensors convert in the ways that are judged."""
    function = _of_a_function(cause.node)
    if function:
        return function
    judged = [profile(name) for name in cause.profiles]
    ways = ["Unroll the RNN layer (unroll=True)"]
    if all(one.activations != "int16" for one in judged):
        ways.append(f"leave the batch open and set converter.{_SINGLE_BATCH} = True")
    if all(one.ranges != "calibrated" for one in judged):
        ways.append("fix the batch (export with input_signature, or a tf.function with that shape)")
    return ", or ".join(ways)


_SINGLE_BATCH = "_experimental_default_to_single_batch_in_tensor_list_ops"


def _branch(op: str, role: str, passed: str) -> Function:
    b = Builder()
    y = b.add(op, f"cond/{op}", b.placeholder(f"cond/{op}/x", [1, 4]))
    return Function(role, b.graph(), {f"cond/{op}/x": passed}, (y,))

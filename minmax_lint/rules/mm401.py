"""MM401: no-quantized-kernel."""

from collections.abc import Iterator, Mapping

from minmax_lint.converters.profile import profile
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.graph import Graph
from minmax_lint.rules.framework import Example, Examples, Finding, FixOffer, Rule, Subject, quantized_input
from minmax_lint.rules.framework.attribution import Cause
from minmax_lint.rules.framework.drawing import around
from minmax_lint.rules.framework.patterns import foreign, select_tf
from minmax_lint.rules.framework.replaceable import approximation, is_replaceable, one_range, replacement

INSTEAD: Mapping[str, str] = {
    "AddN": "add two at a time",
    "Div": "multiply with the reciprocal, where the divisor is a constant",
    "Elu": "use relu or leaky_relu",
    "FakeQuantWithMinMaxVarsPerChannel": "use FakeQuantWithMinMaxVars, one range for the whole tensor",
    "FloorDiv": "leave it to the code around the model",
    "LRN": "use batch normalization",
    **dict.fromkeys(
        ("NonMaxSuppressionV3", "NonMaxSuppressionV4", "NonMaxSuppressionV5"), "end the model in front of it"
    ),
    "Neg": "multiply with -1",
    "Pow": "multiply the value with itself",
    "RealDiv": "multiply with the reciprocal, where the divisor is a constant",
    "Square": "multiply the value with itself",
    "SquaredDifference": "subtract, then multiply the difference with itself",
    "StridedSlice": "make new axes with tf.expand_dims, which takes several open sizes",
    "TopKV2": "end the model in front of it",
}
"""TensorFlow op -> what does the same and has a quantized form."""


class NoQuantizedKernel(Rule):
    """An op has no quantized form in a converter, whatever ranges there are.

    ## What it does
    Reports every op of the kept subgraph whose kind a selected converter cannot quantize.

    ## Why
    Each converter knows a fixed list of ops. TOCO tests the kind alone, also for ops on integers (shape
    arithmetic, indices). MLIR keeps such an op in float, with a DEQUANTIZE in front and a QUANTIZE behind.

    ## Symptom
    ```
    Unimplemented: this graph contains an operator of type Square for which the quantized form is not yet implemented. Sorry, and patches welcome (that's a relatively fun patch to write, mostly providing the actual quantized arithmetic code for this op).
    Quantization not yet supported for op: 'SQRT'
    ```

    ## Fix
    `minmax-lint fix` writes some ops out in ops that have a quantized form (`replace`): a square becomes a product. It is
    safe where the values stay the same to the last bit; a division by 3 is not, for it becomes a multiplication with 1/3.
    With `--unsafe-fixes`, a FakeQuant with a range for each channel gets one for all of them (`merge`), which TOCO knows,
    and a function of one array, as elu or exp, becomes piecewise linear (`approximate`): two small layers whose result
    is, nearly always, within one step of the function. The ranges of its input and its result must be known.
    Else write it so yourself, or end the model in front of it (`-o`) and compute the rest outside. Where nearly all
    multiply-accumulates lie behind it (a spectrogram), begin the model there instead (`-i`).

    ## Converters
    TOCO aborts (error). MLIR leaves the op in float (error). The lists differ by version: MLIR of TF 2.21
    quantizes Sqrt and Div, which 2.15 does not; TOCO of TF 1.15 has no Div.
    """

    name = "no-quantized-kernel"
    severity = "error"
    fixes = ("replace", "merge", "approximate")

    def check(self, subject: Subject) -> Iterator[Finding]:
        for cause in subject.causes(self.code):
            op = subject.coverage.op(cause.node)
            kind = foreign(subject.graph[cause.node]) if op and cause.node else None
            what = f"has no quantized form in {_titles(cause)}{_why(cause)}" if kind is None else kind.what
            flex = select_tf(op, cause.message) if kind is not None and kind.flex else ""
            yield self.from_cause(
                subject,
                cause,
                f"{op} {cause.node!r} {what}" if op else cause.message,
                path=around(subject, cause.node, "no quantized form"),
                advice=(_advice(subject, cause, op) if kind is None else kind.advice) + flex,
                fix=_offer(subject, cause),
            )

    def examples(self) -> Examples:
        return Examples(failing=Example(_net("Square")), passing=Example(_net("Mul")))


def _why(cause: Cause) -> str:
    return f": {cause.message.rstrip('.')}" if cause.kind == "bad-range" else ""


def _titles(cause: Cause) -> str:
    return ", ".join(profile(name).title for name in cause.profiles)


def _advice(subject: Subject, cause: Cause, op: str) -> str:
    node, int8 = cause.node, all(profile(name).call == "int8" for name in cause.profiles)
    if op == "Cast" and int8 and node is not None and subject.kept.graph[node].inputs:
        source = subject.kept.graph[node].inputs[0].array
        dtype = subject.inference.dtype(source)
        if source in subject.kept.inputs and dtype in (DType.UINT8, DType.INT8):
            return (
                f"Begin the model behind the cast (-i {node}; in the source: a float32 input), and set "
                f"converter.inference_input_type = tf.{dtype.name.lower()}: it takes the same bytes, and the dataset "
                "yields float32."
            )
    if node is None:
        return (
            "Make the state an input and an output of the model, which are integer, and hand it on yourself."
        )
    if op in INSTEAD and (op != "StridedSlice" or is_replaceable(subject.inference, subject.graph[node])):
        return f"Instead of {op}, {INSTEAD[op]}."
    if _at_the_front(subject, cause):
        return (
            "Write it with other ops, or begin the model behind it (-i ARRAY) and compute what stands in front outside: "
            "nearly all of its work lies behind."
        )
    return "Write it with other ops, or end the model in front of it and compute the rest outside."


def _at_the_front(subject: Subject, cause: Cause) -> bool:
    """Whether at most a tenth of the multiply-accumulates lies in front of the op: a spectrogram, a resizing."""
    prediction = subject.predictions.get(cause.profiles[0]) if cause.profiles else None
    ops = prediction.ops if prediction is not None else ()
    place = next((place for place, op in enumerate(ops) if cause.node in op.nodes), None)
    total = sum(op.macs or 0 for op in ops)
    return place is not None and total > 0 and sum(op.macs or 0 for op in ops[:place]) * 10 <= total


def _offer(subject: Subject, cause: Cause) -> FixOffer | None:
    """What can heal it, as far as that follows from the op and its operands."""
    merged = one_range(subject.coverage, cause)
    if merged is not None:
        return merged
    if cause.node is None or cause.kind != "no-kernel":
        return None
    node = subject.graph[cause.node]
    found = replacement(subject.coverage, node, cause.profiles)
    if found is not None:
        return found
    return approximation(subject.inference, node, cause.profiles)


def _net(op: str) -> Graph:
    b, x = quantized_input()
    b.fake_quant("output", b.add(op, "square", *([x, x] if op == "Mul" else [x])), 0, 1)
    return b.graph()

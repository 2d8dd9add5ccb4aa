"""The Edge TPU: which ops of a .tflite model its compiler leaves to the CPU, and why.

Source: coral.ai, "TensorFlow models on the Edge TPU", the table of supported operations (runtime 14), its
model requirements, and its note that the compiler cuts a model once (see partition.py). The list is corrected by
what compiled models of Coral's test data hold.
"""

import math
from collections.abc import Callable, Iterator, Mapping, Sequence

from minmax_lint.converters.finished import BOUNDARY_OPS, OpInfo, TensorInfo
from minmax_lint.converters.partition import partition
from minmax_lint.converters.prediction import Placement

Constraint = Callable[[OpInfo], str]
"""Why the Edge TPU cannot run an op that it knows; empty where it can, or where too little is known."""

_EIGHT_BITS = frozenset({"int8", "uint8"})
COMPILED = "edgetpu-custom-op"
"""What the compiler makes of the part that it maps: the op that runs on the Edge TPU."""
_LARGEST_SOFTMAX = 16_384
"""The public list says 16,000; color_red_128x128 of Coral's test data has one of 16,384 compiled."""
_LARGEST_GROWTH = 8
"""Times that a side may grow: 2 is mapped (movenet), 15 (deeplabv3) and 33 are not; between them nothing is known."""
_BATCH = 0
_QUAD = 4
"""What the size of the innermost dimension of a mean over it has to be a multiple of."""


def ops_left_to_cpu(
    ops: Sequence[OpInfo], producers: Sequence[Sequence[int]] | None = None
) -> tuple[Placement, ...]:
    """The ops that the Edge TPU cannot run, in file order, each with the ops that it takes along to the CPU.

    `producers`: the places of the ops whose outputs each op reads; read off the tensors where not given.
    QUANTIZE and DEQUANTIZE are left out where they stand at float ends, and around float ops, which are reported;
    a QUANTIZE from one scale to another computes.
    """
    reasons = [why_not(op) for op in ops]
    boundary = [op.name in BOUNDARY_OPS and not all(one.scale for one in _data(op)) for op in ops]
    cuts = partition([bool(reason) for reason in reasons], producers or producers_of(ops))
    behind: dict[int, list[str]] = {}
    for op, cut, at_boundary in zip(ops, cuts, boundary, strict=True):
        if cut.cause is not None and not at_boundary:
            behind.setdefault(cut.cause, []).append(op.output)
    return tuple(
        Placement(op.name, op.output, reason, tuple(behind.get(place, ())))
        for place, (op, reason) in enumerate(zip(ops, reasons, strict=True))
        if reason and not boundary[place]
    )


def producers_of(ops: Sequence[OpInfo]) -> list[list[int]]:
    """The places of the ops whose output tensors each op reads."""
    made: dict[tuple[int, int | str], int] = {}
    found: list[list[int]] = []
    for place, op in enumerate(ops):
        found.append([made[key] for key in (_key(op, one) for one in op.inputs) if key in made])
        made |= {_key(op, one): place for one in op.outputs}
    return found


def _key(op: OpInfo, tensor: TensorInfo) -> tuple[int, int | str]:
    return op.subgraph, tensor.name if tensor.index < 0 else tensor.index


def why_not(op: OpInfo) -> str:
    """Why the Edge TPU cannot run an op; empty where it can, as it runs what its compiler has made."""
    if op.name == COMPILED:
        return ""
    if op.subgraph:
        return "it stands in the body of a loop or branch, which runs on the CPU"
    if op.name not in SUPPORTED:
        return "the Edge TPU has no such op"
    if op.is_float:
        return "it computes in float32, and the Edge TPU knows 8-bit integers only"
    reasons = (constraint(op) for constraint in (_types, _sizes, _rank, *SUPPORTED[op.name]))
    return next(filter(None, reasons), "")


def _data(op: OpInfo) -> Iterator[TensorInfo]:
    yield from (tensor for tensor in op.inputs[:1] if not tensor.constant)
    yield from op.outputs


def _types(op: OpInfo) -> str:
    other = next((t for t in _data(op) if t.dtype not in _EIGHT_BITS and op.name not in BOUNDARY_OPS), None)
    return f"its data is {other.dtype}, and the Edge TPU knows 8-bit integers only" if other else ""


def _sizes(op: OpInfo) -> str:
    dynamic = next((tensor.name for tensor in _data(op) if tensor.dynamic), None)
    return f"a size of {dynamic!r} is known only when the model runs" if dynamic is not None else ""


def _rank(op: OpInfo) -> str:
    for tensor in _data(op):
        if any(size > 1 for size in tensor.shape[:-3]):
            return f"{tensor.name!r} is larger than 1 in more than its three innermost dimensions"
    return ""


def _no_fused_activation(op: OpInfo) -> str:
    fused = op.options.get("FusedActivationFunction", 0)
    return "an activation is fused into it, which the Edge TPU does not take here" if fused else ""


def _same_dilation(op: OpInfo) -> str:
    width, height = op.options.get("DilationWFactor", 1), op.options.get("DilationHFactor", 1)
    return "" if width == height else f"its dilation is {width} in x and {height} in y, and must be the same"


def _constant_weights(op: OpInfo) -> str:
    parameters = zip(("weights are", "bias is"), op.inputs[1:3], strict=False)
    return next((f"its {name} no constant" for name, tensor in parameters if not tensor.constant), "")


def _padding_concatenation(op: OpInfo) -> str:
    """A constant input is taken as padding: one beside one other, all zeros."""
    constants = [tensor for tensor in op.inputs if tensor.constant]
    if constants and len(op.inputs) > 2:
        return "one of its more than two inputs is a constant"
    zeros = (all(value == (one.zero_point or 0) for value in one.values or ()) for one in constants)
    return "" if all(zeros) else "one of its inputs is a constant, and not all zeros"


def _whole_quads(op: OpInfo) -> str:
    """A mean over the innermost dimension: its size."""
    shape, axes = (op.inputs[0].shape, op.inputs[1].values) if len(op.inputs) > 1 else ((), None)
    innermost = bool(shape) and any(axis % len(shape) == len(shape) - 1 for axis in axes or ())
    odd = innermost and shape[-1] % _QUAD
    return f"it averages the last dimension, and {shape[-1]} is no multiple of {_QUAD}" if odd else ""


def _one_row(op: OpInfo) -> str:
    sizes = op.outputs[0].shape[:-1] if op.outputs else ()
    return "its output is larger than 1 in more than one dimension" if math.prod(sizes) > 1 else ""


def _default_weights(op: OpInfo) -> str:
    return "its weights are not in the default format" if op.options.get("WeightsFormat", 0) else ""


def _no_batch_axis(position: int) -> Constraint:
    """The constant of axes that is input `position` must leave the batch alone."""

    def constraint(op: OpInfo) -> str:
        axes = op.inputs[position].values if position < len(op.inputs) else None
        rank = len(op.inputs[1 - position].shape) if len(op.inputs) > 1 else 0
        touched = {axis % rank if rank else axis for axis in axes or ()}
        return "it works along the batch dimension" if _BATCH in touched and rank > 1 else ""

    return constraint


def _no_batch_padding(op: OpInfo) -> str:
    paddings = op.inputs[1].values if len(op.inputs) > 1 else None
    return "it pads the batch dimension" if paddings and any(paddings[:2]) else ""


def _no_batch_packing(op: OpInfo) -> str:
    return "it packs along the batch dimension" if op.options.get("Axis", 1) == _BATCH else ""


def _shared_alpha(op: OpInfo) -> str:
    alpha = op.inputs[1].shape[:-1] if len(op.inputs) > 1 else ()
    return "its alpha is larger than 1 outside the channels" if math.prod(alpha) > 1 else ""


def _short_row(op: OpInfo) -> str:
    sizes = op.inputs[0].shape if op.inputs else ()
    if math.prod(sizes[:-1]) > 1:
        return "its input is larger than 1 in more than one dimension"
    too_long = bool(sizes) and sizes[-1] > _LARGEST_SOFTMAX
    return f"its input has more than {_LARGEST_SOFTMAX} elements" if too_long else ""


def _moderate_growth(op: OpInfo) -> str:
    """A bilinear resize by a large factor loses precision, and is not mapped (coral.ai, the note on it)."""
    before, after = (
        op.inputs[0].shape[1:3] if op.inputs else (),
        op.outputs[0].shape[1:3] if op.outputs else (),
    )
    grown = [f"{a} to {b}" for a, b in zip(before, after, strict=False) if b > _LARGEST_GROWTH * a]
    return f"it enlarges a side of {grown[0]}, and loses precision on the Edge TPU" if grown else ""


def _one_piece(op: OpInfo) -> str:
    """A split into one piece moves nothing, whatever its axis."""
    return "" if op.options.get("NumSplits") == 1 else _no_batch_axis(0)(op)


def _leading_ones(op: OpInfo) -> str:
    kept = list(op.outputs[0].shape) if op.outputs else []
    sizes = list(op.inputs[0].shape) if op.inputs else []
    tail = sizes[len(sizes) - len(kept) :] if len(sizes) >= len(kept) else sizes
    return "" if tail == kept else "it drops a dimension behind a larger one"


def _unit_strides(op: OpInfo) -> str:
    strides = op.inputs[3].values if len(op.inputs) > 3 else None
    if strides and any(stride != 1 for stride in strides):
        return "a stride is not 1"
    masks = op.options.get("EllipsisMask", 0) or op.options.get("NewAxisMask", 0)
    return "it uses an ellipsis or adds an axis" if masks else ""


SUPPORTED: Mapping[str, tuple[Constraint, ...]] = {
    "ADD": (),
    "AVERAGE_POOL_2D": (_no_fused_activation,),
    "CONCATENATION": (_no_fused_activation, _padding_concatenation),
    "CONV_2D": (_same_dilation, _constant_weights),
    "DEPTHWISE_CONV_2D": (_same_dilation, _constant_weights),
    "EXPAND_DIMS": (),
    "FULLY_CONNECTED": (_default_weights, _constant_weights, _one_row),
    "L2_NORMALIZATION": (),
    "LOGISTIC": (),
    "LSTM": (),
    "MAXIMUM": (),
    "MAX_POOL_2D": (_no_fused_activation,),
    "MEAN": (_no_batch_axis(1), _whole_quads),
    "MINIMUM": (),
    "MUL": (),
    "PACK": (_no_batch_packing,),
    "PAD": (_no_batch_padding,),
    "PRELU": (_shared_alpha,),
    "QUANTIZE": (),
    "REDUCE_MAX": (_no_batch_axis(1),),
    "REDUCE_MIN": (_no_batch_axis(1),),
    "RELU": (),
    "RELU6": (),
    "RELU_N1_TO_1": (),
    "RESHAPE": (),
    "RESIZE_BILINEAR": (_moderate_growth,),
    "RESIZE_NEAREST_NEIGHBOR": (),
    "RSQRT": (),
    "SLICE": (),
    "SOFTMAX": (_short_row,),
    "SPACE_TO_DEPTH": (),
    "SPLIT": (_one_piece,),
    "SQUARED_DIFFERENCE": (),
    "SQUEEZE": (_leading_ones,),
    "STRIDED_SLICE": (_unit_strides,),
    "SUB": (),
    "SUM": (_no_batch_axis(1),),
    "TANH": (),
    "TILE": (),
    "TRANSPOSE": (),
    "TRANSPOSE_CONV": (),
    "UNIDIRECTIONAL_SEQUENCE_LSTM": (),
}
"""Every op that the Edge TPU can run, with the limits that can be read off a model."""

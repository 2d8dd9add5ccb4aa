"""The optimization pass: what is fused, and what changes places, before anybody looks at scales.

Sources: optimize.cc (optimize_pass.cc), optimize_patterns.td.
"""

from __future__ import annotations

from functools import cache

from minmax_lint.converters.mlir.ir import QUANTIZE, Function, Operation
from minmax_lint.converters.mlir.optimize.activations import (
    clamp,
    fuse_activation,
    leaky_relu,
    maximum_with_zero,
    parametric_relu,
    power,
    relu6,
    relu_of_square,
)
from minmax_lint.converters.mlir.optimize.arithmetic import (
    fold_constants,
    plus_nothing,
    product_of_reordered,
    product_of_transposed,
    times_one,
    two_additions,
)
from minmax_lint.converters.mlir.optimize.convolution import (
    add_into_convolution,
    pad_into_convolution,
    scale_into_convolution,
    scale_into_quantized_filters,
)
from minmax_lint.converters.mlir.optimize.decomposed import spelled_out
from minmax_lint.converters.mlir.optimize.fully_connected import (
    add_into_any_dense,
    add_into_dense,
    scalar_into_following,
    scale_into_any_dense,
    scale_into_dense,
    vector_into_any_following_dense,
    vector_into_following_dense,
)
from minmax_lint.converters.mlir.optimize.normalization import hard_swish, l2_normalization
from minmax_lint.converters.mlir.optimize.optimize_batch_matmul import (
    dense_of_any_constant,
    dense_of_constant,
    product_of_flipped,
)
from minmax_lint.converters.mlir.optimize.reorder import (
    before_broadcast,
    binary_before_reshape,
    binary_of_any_reshapes,
    binary_of_reshapes,
    reshape_away,
    tile_into_binary,
    to_reshape,
    transpose_behind,
    trivial_transpose,
    value_before_move,
    without_broadcast,
)
from minmax_lint.converters.mlir.optimize.reshape import (
    REDUCTIONS,
    binary_before_dense_reshape,
    dense_of_reshape,
    flat_bias,
    joined_pieces,
    reshape_of_dense,
    reshape_of_reduction,
    transposed_there_and_back,
)
from minmax_lint.converters.mlir.optimize.slice import (
    broadcast_select,
    known_select,
    plain_slice,
    reduction_of_one,
    sum_of_one,
    whole_gather,
    whole_slice,
)
from minmax_lint.converters.mlir.optimize.softmax import (
    arg_of_softmax,
    exponentials_over_sum,
    less_logarithm_of_sum,
    softmax_of_normalized,
)
from minmax_lint.converters.mlir.rewriter import Pattern, Patterns, Rewriter
from minmax_lint.converters.mlir.tables import (
    ACTIVATIONS,
    BEFORE_RESHAPE,
    BROADCASTING,
    VALUE_OPS,
    Version,
)


def same_again(rewriter: Rewriter, op: Operation) -> bool:
    """A quantize of what was dequantized from the same type goes."""
    before = op.operands[0].op
    if before is None or before.name != "DEQUANTIZE" or before.operands[0].scale != op.result.scale:
        return False
    stored = before.operands[0]
    stored.name = op.result.name
    rewriter.replace(op, stored)
    return True


def optimize(function: Function, version: Version, last: Pattern = same_again) -> None:
    """Both phases of the pass. `last`: what its second phase does with a quantize."""
    if version.pushes_transposes:
        Rewriter(function, WITHOUT_BROADCAST).run()
        Rewriter(function, PUSH_TRANSPOSE).run()
        Rewriter(function, WITHOUT_RESHAPES).run()
    else:  # 2.15 goes from the last operation to the first: it meets the product before its operands
        Rewriter(function, {"FULLY_CONNECTED": (product_of_transposed,)}).run()
        Rewriter(function, {"BATCH_MATMUL": (dense_of_constant,)}).run()
    phases = _phases(version.simplifies_slices_and_sums, last)
    for patterns in phases:
        Rewriter(function, patterns).run()
    if version.pushes_transposes and any(op.name == "BATCH_MATMUL" for op in function):
        for patterns in ({"BATCH_MATMUL": (dense_of_any_constant,)}, *phases):
            Rewriter(function, patterns).run()
    function.sweep()


@cache
def _phases(simplifies: bool, last: Pattern) -> tuple[Patterns, ...]:
    extra = LATER if simplifies else EARLIER
    return tuple(
        {name: (*extra.get(name, ()), *phase.get(name, ())) for name in {*phase, *extra}}
        for phase in (FIRST, {**SECOND, QUANTIZE: (last,)})
    )


_PATTERNS: dict[str, list[Pattern]] = {
    **{
        name: [binary_of_reshapes, binary_before_reshape, binary_before_dense_reshape]
        for name in BEFORE_RESHAPE
    },
    **{name: [value_before_move] for name in VALUE_OPS},
}
for _name in ACTIVATIONS:
    _PATTERNS[_name] = [fuse_activation, *_PATTERNS.get(_name, ())]
_PATTERNS["RELU"][1:1] = [relu6("MINIMUM"), relu_of_square]
_PATTERNS["ADD"] = [parametric_relu, add_into_convolution, two_additions, *_PATTERNS["ADD"], flat_bias]
_PATTERNS["SUB"] = [add_into_convolution, *_PATTERNS["SUB"]]
_PATTERNS["MUL"] = [
    l2_normalization("RSQRT"),
    hard_swish,
    scale_into_convolution,
    scale_into_dense,
    times_one,
    *_PATTERNS["MUL"],
]
_PATTERNS["DIV"] = [l2_normalization("SQRT"), scale_into_convolution, *_PATTERNS["DIV"]]
_PATTERNS["MAXIMUM"] = [
    clamp("MINIMUM", 1.0, -1.0, "RELU_N1_TO_1"),
    leaky_relu,
    maximum_with_zero,
    *_PATTERNS["MAXIMUM"],
]
_PATTERNS["MINIMUM"] = [
    clamp("MAXIMUM", -1.0, 1.0, "RELU_N1_TO_1"),
    relu6("RELU"),
    *_PATTERNS["MINIMUM"],
]
_PATTERNS["FULLY_CONNECTED"] = [product_of_reordered]
_PATTERNS["BATCH_MATMUL"] = [product_of_flipped]
_PATTERNS["SQUEEZE"] = _PATTERNS["EXPAND_DIMS"] = [to_reshape]
_PATTERNS["RESHAPE"] = [reshape_away, reshape_of_reduction]
_PATTERNS["TRANSPOSE"] = [transposed_there_and_back, trivial_transpose]
_PATTERNS[QUANTIZE] = [same_again]
_PATTERNS["POW"] = [power]
_PATTERNS["GATHER_ND"] = [whole_gather]
for _name in REDUCTIONS:
    _PATTERNS[_name] = [*_PATTERNS.get(_name, ()), reduction_of_one]
_PATTERNS["SLICE"] = _PATTERNS["STRIDED_SLICE"] = [whole_slice]
_PATTERNS["SOFTMAX"] = [softmax_of_normalized]
_PATTERNS["ARG_MAX"] = _PATTERNS["ARG_MIN"] = [arg_of_softmax]
_PATTERNS["SELECT"] = [spelled_out, known_select]
_PATTERNS["SELECT_V2"] = [known_select]
_PATTERNS["CUMSUM"] = [sum_of_one]
_PATTERNS["DIV"] = [spelled_out, exponentials_over_sum, *_PATTERNS["DIV"]]
_PATTERNS["MUL"] = [spelled_out, *_PATTERNS["MUL"]]
for _name in ("ADD", "DIV", "MUL", "SUB"):
    _PATTERNS[_name] = [*_PATTERNS[_name], tile_into_binary]

FIRST = {name: tuple(patterns) for name, patterns in _PATTERNS.items()}
"""The first phase: operation -> patterns, the most specific first."""

SECOND = {
    **FIRST,
    "CONV_2D": (scalar_into_following,),
    "DEPTHWISE_CONV_2D": (scalar_into_following,),
    "FULLY_CONNECTED": (product_of_reordered, scalar_into_following, dense_of_reshape),
    "MUL": (*FIRST["MUL"], scale_into_quantized_filters),
    "CONCATENATION": (joined_pieces,),
    "RESHAPE": (*FIRST["RESHAPE"], reshape_of_dense),
    "SUB": (*FIRST["SUB"], less_logarithm_of_sum),
}
"""The second phase."""


EARLIER: dict[str, tuple[Pattern, ...]] = {
    **dict.fromkeys(("DIV", "SUB"), (binary_of_any_reshapes,)),
    "ADD": (add_into_any_dense, binary_of_any_reshapes),
    "FULLY_CONNECTED": (fold_constants, vector_into_any_following_dense),
    "MUL": (fold_constants, scale_into_any_dense, binary_of_any_reshapes),
}
"""What only 2.15 does."""

LATER: dict[str, tuple[Pattern, ...]] = {
    **dict.fromkeys(("DIV", "MAXIMUM", "MINIMUM", "MUL", "SUB", *VALUE_OPS), (before_broadcast,)),
    **dict.fromkeys(("CONV_2D", "DEPTHWISE_CONV_2D"), (pad_into_convolution,)),
    "ADD": (plus_nothing, add_into_dense, before_broadcast),
    "FULLY_CONNECTED": (vector_into_following_dense,),
    "STRIDED_SLICE": (whole_slice, plain_slice),
}
"""What only 2.21 does."""

WITHOUT_BROADCAST: Patterns = {
    **dict.fromkeys(BROADCASTING, (without_broadcast,)),
    "SELECT": (broadcast_select,),
}
"""OptimizeBroadcastLikePass."""

WITHOUT_RESHAPES: Patterns = {"FULLY_CONNECTED": (dense_of_reshape,), "RESHAPE": (reshape_of_dense,)}
"""What 2.21 does in front of the first phase."""

PUSH_TRANSPOSE = dict.fromkeys(("ADD", "DIV", "MAXIMUM", "MINIMUM", "MUL", "SUB"), (transpose_behind,))
"""PushTransposeThroughEwisePass."""

"""OptimizePass and the passes in front of it: fusing and reordering, before quantization looks at scales.

Sources: optimize_pass.cc (optimize.cc before 2.20), optimize_patterns.td, tf_tfl_passes.cc. Where several patterns
start at one operation, the first in the list that fits is applied.
"""

from __future__ import annotations

from minmax_lint.converters.mlir.behaviours import MERGES_RESHAPES_FIRST, OPTIMIZE_BATCH_MATMUL_FIRST
from minmax_lint.converters.mlir.ir import Function
from minmax_lint.converters.mlir.optimize.activations import (
    fuse_activation_func,
    match_leaky_relu,
    match_prelu,
    match_relu1_pattern1,
    match_relu1_pattern2,
    match_relu_pattern,
    minimum_of_relu_and_6_to_relu6,
    minimum_of_relu_and_6_to_relu62,
    optimize_pow1_to_identity,
    optimize_pow2_to_rsqrt,
    optimize_pow2_to_sqrt,
    optimize_pow2_to_square,
    optimize_relu_squared_difference,
)
from minmax_lint.converters.mlir.optimize.arithmetic import (
    add_computed_zero_rhs,
    fold_constants,
    fold_zeros,
    fuse_reordered_transpose_fc_operands_to_batch_matmul,
    fuse_transpose_fc_operands_to_batch_matmul,
    optimize_mul1_to_identity,
    reorder_add_to_allow_const_fold,
)
from minmax_lint.converters.mlir.optimize.broadcast import (
    convert_results_broadcastable_shape_op,
    fuse_tile_broadcast_to_binary_op,
    reorder_broadcast_to_op,
)
from minmax_lint.converters.mlir.optimize.convolution import (
    fuse_affin_op_and_mul_with_qdqs,
    fuse_binary_op_with_conv,
    fuse_mul_or_div_with_conv,
    fuse_same_padding_conv,
)
from minmax_lint.converters.mlir.optimize.decomposed import DECOMPOSED
from minmax_lint.converters.mlir.optimize.fully_connected import (
    fully_connected_swap_operands_when_lhs_is_const,
    fuse_binary_and_fully_connected,
    fuse_binary_and_fully_connected_of_constants,
    fuse_binary_op_to_following_affine_op,
    fuse_fully_connected_and_add,
    fuse_fully_connected_and_mul,
    fuse_shared_fully_connected_and_add,
    fuse_shared_fully_connected_and_mul,
)
from minmax_lint.converters.mlir.optimize.normalization import (
    l2_normalize_pattern_div_sqrt,
    l2_normalize_pattern_mul_rsqrt,
    match_hard_swish_pattern,
)
from minmax_lint.converters.mlir.optimize.optimize_batch_matmul import (
    convert_batch_mat_mul_op_to_fully_connected_op,
    convert_batch_mat_mul_op_to_fully_connected_op_rank2_constant_rhs,
    fuse_transpose_into_batch_mat_mul_lhs,
    fuse_transpose_into_batch_mat_mul_rhs,
    fuse_transpose_into_batch_mat_mul_rhs_adj_y,
)
from minmax_lint.converters.mlir.optimize.quantize_pairs import eliminate_qdq_pairs, squash_dq_q
from minmax_lint.converters.mlir.optimize.reorder import (
    convert_squeeze_and_expand_dims_to_reshape,
    fold_reshape,
    move_binary_op_before_reshape,
    move_binary_op_before_shared_reshape,
    move_binary_op_const_before_reshape,
    reorder_elementwise_and_move_operations,
)
from minmax_lint.converters.mlir.optimize.reshape import (
    convert_transpose_reshape_transpose_to_reshape,
    fold_reshape_to_reduce,
    fuse_unpack_and_concat_to_reshape,
    move_binary_op_flatten_const_before_reshape,
    remove_reshape_after_fully_connected,
    remove_reshape_before_fully_connected,
    undo_broadcast_fully_connected_bias_add,
)
from minmax_lint.converters.mlir.optimize.slice import (
    eliminate_cum_sum_inclusive,
    eliminate_no_op_reduction_op,
    fuse_splat_const_into_select_op,
    optimize_identity_gather_nd_op,
    optimize_select_op,
    optimize_slice_op,
    optimize_strided_slice,
)
from minmax_lint.converters.mlir.optimize.softmax import (
    fold_normalization_into_softmax,
    fuse_log_softmax,
    optimize_to_softmax,
    remove_softmax_op_before_arg_min_max,
)
from minmax_lint.converters.mlir.optimize.transpose import (
    commute_transpose_with_ewise_ops,
    convert_trivial_transpose_op_to_reshape_op,
    push_transpose_through_squeeze,
    reorder_nchw_transpose_add,
)
from minmax_lint.converters.mlir.pattern import Pattern, by_root
from minmax_lint.converters.mlir.rewriter import Rewriter
from minmax_lint.converters.mlir.version import Version

OPTIMIZE_BROADCAST_LIKE = (convert_results_broadcastable_shape_op, fuse_splat_const_into_select_op)
"""OptimizeBroadcastLikePass."""

PUSH_TRANSPOSE_THROUGH_EWISE = (commute_transpose_with_ewise_ops,)
"""PushTransposeThroughEwisePass."""

OPTIMIZE_BATCH_MATMUL = (
    convert_batch_mat_mul_op_to_fully_connected_op,
    convert_batch_mat_mul_op_to_fully_connected_op_rank2_constant_rhs,
)
"""OptimizeBatchMatmulPass: what of it starts at a BATCH_MATMUL."""

PHASE_0 = (
    remove_reshape_before_fully_connected,
    remove_reshape_after_fully_connected,
    push_transpose_through_squeeze,
)
"""The phase that merges RESHAPEs into FULLY_CONNECTED in front of the first."""

PHASE_1: tuple[Pattern, ...] = (
    fold_constants,
    fold_zeros,
    fuse_binary_and_fully_connected,
    fuse_binary_and_fully_connected_of_constants,
    add_computed_zero_rhs,
    fuse_shared_fully_connected_and_mul,
    fuse_shared_fully_connected_and_add,
    fuse_fully_connected_and_add,
    move_binary_op_before_shared_reshape,
    reorder_broadcast_to_op,
    fuse_same_padding_conv,
    fuse_activation_func,
    match_prelu,
    *DECOMPOSED,
    optimize_to_softmax,
    fold_normalization_into_softmax,
    remove_softmax_op_before_arg_min_max,
    l2_normalize_pattern_mul_rsqrt,
    l2_normalize_pattern_div_sqrt,
    match_hard_swish_pattern,
    fuse_binary_op_with_conv,
    fuse_mul_or_div_with_conv,
    fuse_fully_connected_and_mul,
    optimize_mul1_to_identity,
    reorder_add_to_allow_const_fold,
    match_relu1_pattern1,
    match_relu1_pattern2,
    match_leaky_relu,
    match_relu_pattern,
    minimum_of_relu_and_6_to_relu6,
    minimum_of_relu_and_6_to_relu62,
    optimize_relu_squared_difference,
    optimize_pow1_to_identity,
    optimize_pow2_to_square,
    optimize_pow2_to_sqrt,
    optimize_pow2_to_rsqrt,
    move_binary_op_before_reshape,
    move_binary_op_const_before_reshape,
    move_binary_op_flatten_const_before_reshape,
    reorder_elementwise_and_move_operations,
    undo_broadcast_fully_connected_bias_add,
    reorder_nchw_transpose_add,
    fuse_tile_broadcast_to_binary_op,
    fuse_reordered_transpose_fc_operands_to_batch_matmul,
    fuse_transpose_into_batch_mat_mul_lhs,
    fuse_transpose_into_batch_mat_mul_rhs,
    fuse_transpose_into_batch_mat_mul_rhs_adj_y,
    convert_squeeze_and_expand_dims_to_reshape,
    fold_reshape,
    fold_reshape_to_reduce,
    convert_transpose_reshape_transpose_to_reshape,
    convert_trivial_transpose_op_to_reshape_op,
    optimize_slice_op,
    optimize_strided_slice,
    optimize_select_op,
    optimize_identity_gather_nd_op,
    eliminate_no_op_reduction_op,
    eliminate_cum_sum_inclusive,
    eliminate_qdq_pairs,
)
"""The first phase; canonicalization patterns and folds of the ops included."""

PHASE_2 = (
    squash_dq_q,
    *PHASE_1,
    fuse_log_softmax,
    fuse_binary_op_to_following_affine_op,
    fuse_affin_op_and_mul_with_qdqs,
    remove_reshape_after_fully_connected,
    remove_reshape_before_fully_connected,
    fuse_unpack_and_concat_to_reshape,
    fully_connected_swap_operands_when_lhs_is_const,
)
"""The second phase."""

BATCH_MATMUL_PASSES = (fuse_transpose_fc_operands_to_batch_matmul, *OPTIMIZE_BATCH_MATMUL)
"""BATCH_MATMUL and FULLY_CONNECTED become each other."""

PATTERNS = tuple(
    dict.fromkeys(
        (
            *OPTIMIZE_BROADCAST_LIKE,
            *PUSH_TRANSPOSE_THROUGH_EWISE,
            fuse_transpose_fc_operands_to_batch_matmul,
            *OPTIMIZE_BATCH_MATMUL,
            *PHASE_0,
            *PHASE_2,
        )
    )
)
"""Every pattern once."""


def optimize(function: Function, version: Version) -> None:
    """Run the passes."""
    _run(function, OPTIMIZE_BROADCAST_LIKE, version)
    _run(function, PUSH_TRANSPOSE_THROUGH_EWISE, version)
    if _starts(function, PHASE_0) and version.has(MERGES_RESHAPES_FIRST):
        _run(function, PHASE_0, version)
    if _starts(function, BATCH_MATMUL_PASSES) and version.has(OPTIMIZE_BATCH_MATMUL_FIRST):
        # It goes from the last operation to the first: it meets the product before its operands
        _run(function, (fuse_transpose_fc_operands_to_batch_matmul,), version)
        _run(function, OPTIMIZE_BATCH_MATMUL, version)
    _run(function, PHASE_1, version)
    _run(function, PHASE_2, version)
    if _starts(function, OPTIMIZE_BATCH_MATMUL) and not version.has(OPTIMIZE_BATCH_MATMUL_FIRST):
        _run(function, OPTIMIZE_BATCH_MATMUL, version)
        _run(function, PHASE_1, version)
        _run(function, PHASE_2, version)
    function.sweep()


def _starts(function: Function, patterns: tuple[Pattern, ...]) -> bool:
    """Whether there is an operation that one of the patterns could start at."""
    roots = {root for one in patterns for root in one.roots}
    return any(op.name in roots for op in function)


def _run(function: Function, patterns: tuple[Pattern, ...], version: Version) -> None:
    chosen = by_root(patterns, version)
    if chosen:
        Rewriter(function, chosen).run()

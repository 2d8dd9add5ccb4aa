"""The patterns of OptimizePass and of the passes around it: fusing and reordering (`passes.py`: when each runs).

Sources: optimize_pass.cc (optimize.cc before 2.20), optimize_patterns.td. Where several patterns start at one
operation, the first in the list that fits is applied.
"""

from minmax_lint.converters.mlir.optimize import (
    activations,
    arithmetic,
    around_batch_matmul,
    broadcast,
    convolution,
    decomposed,
    fully_connected,
    logical,
    normalization,
    one_hot,
    optimize_batch_matmul,
    reorder,
    reshape,
    slice,
    slice_and_pad,
    splat,
    transpose,
)
from minmax_lint.converters.mlir.pattern import RewritePattern

OPTIMIZE_BROADCAST_LIKE = (
    splat.convert_results_broadcastable_shape_op_of_splat,
    splat.convert_results_broadcastable_shape_op_of_power,
    broadcast.convert_results_broadcastable_shape_op,
    broadcast.convert_results_broadcastable_batch_mat_mul_shape_op,
    logical.reorder_broadcast_to_cast,
    splat.fuse_splat_const_into_select_op,
    splat.fuse_broadcast_into_select_op,
    broadcast.convert_broadcast_to_reshape,
)
"""OptimizeBroadcastLikePass."""

PUSH_TRANSPOSE_THROUGH_EWISE = (transpose.commute_transpose_with_ewise_ops,)
"""PushTransposeThroughEwisePass."""

OPTIMIZE_BATCH_MATMUL = (
    optimize_batch_matmul.fuse_transpose_fc_rhs_to_batch_matmul,
    optimize_batch_matmul.convert_batch_mat_mul_op_to_fully_connected_op,
    optimize_batch_matmul.convert_batch_mat_mul_op_to_fully_connected_op_rank2_constant_rhs,
    optimize_batch_matmul.convert_batch_mat_mul_op_to_reduce_sum,
    around_batch_matmul.fuse_rhs_transpose_into_batch_mat_mul_op,
    optimize_batch_matmul.fuse_transpose_fc_lhs_to_batch_matmul,
)
"""OptimizeBatchMatmulPass: BATCH_MATMUL and FULLY_CONNECTED become each other."""

PHASE_0 = (
    reshape.remove_reshape_before_fully_connected,
    reshape.remove_reshape_after_fully_connected,
    around_batch_matmul.fuse_output_reshape_batch_mat_mul_with_flattened_contracting_dims,
    around_batch_matmul.fuse_reshapes_around_batch_mat_mul_lhs,
    around_batch_matmul.fuse_reshapes_around_batch_mat_mul_of_rank_two,
    around_batch_matmul.fuse_input_reshape_batch_mat_mul_with_flattened_rhs_dims,
    transpose.push_transpose_through_squeeze,
)
"""The phase that merges RESHAPEs into FULLY_CONNECTED in front of the first."""

PHASE_1: tuple[RewritePattern, ...] = (
    *arithmetic.FOLDS,
    fully_connected.fuse_binary_and_fully_connected,
    fully_connected.fuse_binary_and_fully_connected_of_constants,
    arithmetic.add_computed_zero,
    fully_connected.fuse_shared_fully_connected_and_mul,
    fully_connected.fuse_shared_fully_connected_and_add,
    fully_connected.fuse_fully_connected_and_add,
    reorder.move_binary_op_before_shared_reshape,
    broadcast.reorder_broadcast_to_op,
    convolution.fuse_same_padding_conv,
    activations.fuse_activation_func,
    activations.match_prelu,
    *decomposed.DECOMPOSED,
    normalization.optimize_to_softmax,
    normalization.fold_normalization_into_softmax,
    normalization.fold_normalization_into_softmax_jax,
    normalization.remove_softmax_op_before_arg_min_max,
    normalization.l2_normalize_pattern,
    normalization.match_hard_swish_pattern,
    convolution.fuse_binary_op_with_conv,
    convolution.fuse_mul_or_div_with_conv,
    convolution.fuse_scalar_with_depthwise_conv,
    fully_connected.fuse_fully_connected_and_mul,
    splat.scalarize_splat_constant_for_broadcastable_ops,
    arithmetic.real_div_with_f32_const_divisor,
    arithmetic.optimize_mul1_to_identity,
    arithmetic.reorder_add_to_allow_const_fold,
    arithmetic.eliminate_zeros_like,
    arithmetic.fuse_sum_mul_into_mean,
    activations.match_relu1_pattern,
    activations.match_leaky_relu,
    activations.match_relu_pattern,
    activations.minimum_of_relu_and_6_to_relu6,
    activations.minimum_of_relu_and_6_to_relu62,
    activations.optimize_relu_squared_difference,
    activations.optimize_pow2,
    around_batch_matmul.fuse_output_reshape_batch_mat_mul_with_flattened_contracting_dims,
    around_batch_matmul.fuse_reshapes_around_batch_mat_mul_lhs,
    around_batch_matmul.fuse_reshapes_around_batch_mat_mul_of_rank_two,
    around_batch_matmul.fuse_input_reshape_batch_mat_mul_with_flattened_rhs_dims,
    reorder.move_binary_op_before_reshape,
    reorder.move_binary_op_const_before_reshape,
    reshape.move_binary_op_flatten_const_before_reshape,
    reorder.remove_redundant_reshape_used_as_operand,
    reorder.reorder_elementwise_and_move_operations,
    reshape.undo_broadcast_fully_connected_bias_add,
    reshape.undo_broadcast_fully_connected_bias_add_with_qdqs,
    transpose.reorder_nchw_transpose_add,
    broadcast.fuse_tile_broadcast_to_binary_op,
    broadcast.fuse_with_broadcast_compatible_op,
    broadcast.convert_tfl_broadcast_to_mul_op,
    optimize_batch_matmul.fuse_transpose_into_batch_mat_mul_lhs,
    optimize_batch_matmul.fuse_transpose_into_batch_mat_mul_rhs,
    optimize_batch_matmul.fuse_transpose_after_batch_matmul,
    reorder.convert_squeeze_and_expand_dims_to_reshape,
    reorder.fold_reshape,
    reshape.fold_reshape_to_reduce,
    reshape.convert_transpose_reshape_transpose_to_reshape,
    transpose.convert_trivial_transpose_op_to_reshape_op,
    transpose.fold_double_transpose,
    slice_and_pad.optimize_slice_op,
    slice_and_pad.fold_strided_slice,
    slice_and_pad.optimize_strided_slice,
    slice_and_pad.fold_pad,
    splat.fuse_broadcast_condition_into_select_op,
    slice.optimize_select_op,
    logical.optimize_select_op_not,
    logical.eliminate_logical,
    logical.eliminate_logical_or_true,
    logical.compare_cast_with_zero,
    logical.reorder_gather_and_cast,
    one_hot.reshape_equal_op_to_one_hot_op,
    one_hot.fuse_one_hot_and_cast_to_float,
    one_hot.replace_one_hot_fully_connected_with_lookup,
    one_hot.replace_one_hot_dynamic_shape_fully_connected_with_lookup,
    slice.remove_redundant_unpack_pack,
    slice.fuse_slice_and_pack,
    slice.optimize_identity_gather_nd_or_scatter_nd_op,
    slice.optimize_gather_nd_to_slice,
    slice.optimize_gather_nd_sliding_window,
    slice.eliminate_no_op_reduction_op,
    slice.eliminate_cum_sum_inclusive,
    reorder.eliminate_qdq_pairs,
)
"""The first phase; canonicalization patterns and folds of the ops included."""

PHASE_2: tuple[RewritePattern, ...] = (
    reorder.squash_dq_q,
    *PHASE_1,
    normalization.fuse_log_softmax,
    fully_connected.fuse_binary_op_to_following_affine_op,
    convolution.fuse_affin_op_and_mul_with_qdqs,
    reshape.remove_reshape_after_fully_connected,
    reshape.remove_reshape_before_fully_connected,
    reshape.fuse_unpack_and_concat_to_reshape,
    transpose.fuse_transpose_reshape_into_batch_matmul,
    transpose.fuse_reshape_and_transpose_around_batch_matmul,
    slice.optimize_top_k,
    around_batch_matmul.move_reshape_after_fully_connected,
    reshape.enable_fully_connected_keep_num_dims_before_reshape,
    transpose.reorder_transpose_reshape_transpose,
    fully_connected.fully_connected_swap_operands_when_lhs_is_const,
)
"""The second phase."""

PATTERNS: tuple[RewritePattern, ...] = tuple(
    dict.fromkeys(
        (
            *OPTIMIZE_BROADCAST_LIKE,
            *PUSH_TRANSPOSE_THROUGH_EWISE,
            *OPTIMIZE_BATCH_MATMUL,
            *PHASE_0,
            *PHASE_2,
        )
    )
)
"""Every pattern once."""

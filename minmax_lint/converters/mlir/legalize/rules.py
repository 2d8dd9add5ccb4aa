"""Every rule by which a node of TensorFlow becomes something else than one operation of the same operands.

Of the rules of one op, the first in the list that applies makes the result; where none does, the op is legalized.
"""

from collections.abc import Mapping

from minmax_lint.converters.mlir.legalize import (
    batch_norm,
    canonicalize,
    canonicalize_arithmetic,
    canonicalize_concat,
    dilated_conv,
    fake_quant_utils,
    fold,
    move_transposes,
    prepare_tf,
    reorder_fake_quant,
)
from minmax_lint.converters.mlir.legalize.importer import Rule
from minmax_lint.converters.mlir.legalize.lower import (
    einsum,
    lower_arithmetic,
    lower_scattered,
    lower_tf,
    lower_tf_ops,
)

RULES: tuple[Rule, ...] = (
    fake_quant_utils.insert_tfl_quant_ops_after_tf_fake_quant_op,
    canonicalize.relu_of_minimum6_to_relu6,
    canonicalize.redundant_reshape,
    canonicalize.fold_idempotent,
    canonicalize.logical_not_of_comparison,
    canonicalize.square_of_sub,
    canonicalize.log_of_softmax,
    canonicalize.match_relu_0_to_1,
    canonicalize.maximum_of_zero_to_relu,
    canonicalize.fold_commutative,
    canonicalize.batch_to_space_to_batch_to_space_nd,
    fold.fold_tile,
    fold.fold_cast,
    fold.fold_ensure_shape,
    fold.bitcast_nested,
    fold.fold_leaky_relu,
    fold.fold_pow,
    fold.fold_add_n,
    fold.fold_pack,
    fold.fold_logical_and,
    fold.to_bool_of_ranked_tensor,
    move_transposes.move_transpose_behind_unary,
    move_transposes.move_transposes_behind_add,
    move_transposes.assign_layout_of_bias_add,
    move_transposes.move_transpose_before_sum,
    prepare_tf.passthrough_mul_and_bias_add,
    canonicalize_arithmetic.fold_involution,
    canonicalize_arithmetic.add_v2_of_neg,
    canonicalize_arithmetic.sub_of_neg,
    canonicalize_arithmetic.fold_identity_arithmetic,
    canonicalize_arithmetic.real_div_with_sqrt_divisor,
    canonicalize_arithmetic.real_div_with_const_divisor,
    canonicalize_arithmetic.div_no_nan_or_mul_no_nan_constant_y,
    reorder_fake_quant.reshape_to_self_shape,
    reorder_fake_quant.reorder_reshape_fake_quant,
    reorder_fake_quant.fold_transpose,
    reorder_fake_quant.convert_transpose_to_decrease_rank,
    reorder_fake_quant.reorder_transpose_fake_quant,
    reorder_fake_quant.convert_pack_to_reshape,
    dilated_conv.convert_tf_dilated_conv_op,
    einsum.transform_einsum,
    einsum.batch_mat_mul_v2_to_mat_mul,
    einsum.convert_batch_mat_mul_to_fully_connected,
    prepare_tf.convert_mat_mul_with_transpose,
    prepare_tf.convert_tf_conv,
    prepare_tf.legalize_conv2d_backprop_input,
    canonicalize_concat.hoist_cwise_unary_out_of_concat,
    canonicalize_concat.hoist_cwise_binary_out_of_concat,
    canonicalize_concat.hoist_cwise_unary_out_of_unpack,
    prepare_tf.convert_tf_strided_slice,
    prepare_tf.convert_tf_concat_v2_op,
    prepare_tf.legalize_select_v2_same_static_shape,
    prepare_tf.simplify_broadcast_reshape,
    prepare_tf.convert_tf_broadcast_to,
    batch_norm.fused_batch_norm_v3_pat,
    batch_norm.convert_batch_norm_with_global_normalization,
    lower_tf.legalize_quantize_and_dequantize_v4,
    lower_tf.lower_softplus,
    lower_tf.lower_selu_op,
    lower_tf.legalize_softsign,
    lower_tf.lower_expm1_op,
    lower_tf.legalize_log1p,
    lower_tf.lower_reciprocal,
    lower_tf.lower_div_no_nan_op,
    lower_tf.xdivy_with_sqrt_divisor,
    lower_tf.lower_xdivy_op,
    lower_arithmetic.lower_mul_no_nan_op,
    lower_arithmetic.lower_xlogy_op,
    lower_arithmetic.lower_xlog1py_op,
    lower_arithmetic.lower_truncate_div_op,
    lower_arithmetic.legalize_sigmoid_grad,
    lower_arithmetic.lower_tanh_grad_op,
    lower_arithmetic.lower_sqrt_grad_op,
    lower_arithmetic.lower_rsqrt_grad_op,
    lower_arithmetic.lower_selu_grad_op,
    lower_arithmetic.lower_bias_add_grad_op,
    lower_arithmetic.lower_lgamma_op,
    lower_tf_ops.lower_is_nan_op,
    lower_tf_ops.lower_is_inf_op,
    lower_tf_ops.lower_is_finite_op,
    lower_tf_ops.lower_ones_like_op,
    lower_tf_ops.lower_empty_op,
    lower_tf_ops.lower_l2_loss_op,
    lower_tf_ops.lower_size_op,
    lower_tf_ops.lower_roll_op,
    lower_scattered.lower_tensor_scatter_update,
    lower_scattered.lower_tensor_scatter_add,
    lower_scattered.lower_invert_permutation_op,
    lower_scattered.lower_dynamic_stitch_op,
    lower_tf_ops.lower_matrix_band_part_op,
    lower_tf_ops.convert_rfft_to_rfft2d,
    lower_tf_ops.nms_v3_to_nms_v4_op,
    lower_tf_ops.lower_squared_difference_op_on_real_tensors,
    lower_tf_ops.legalize_atan2,
    lower_arithmetic.lower_softmax_cross_entropy_with_logits_op,
    lower_arithmetic.lower_sparse_softmax_cross_entropy_with_logits_op,
)


def _by_op() -> Mapping[str, tuple[Rule, ...]]:
    found: dict[str, tuple[Rule, ...]] = {}
    for one in RULES:
        for op in one.roots:
            found[op] = (*found.get(op, ()), one)
    return found


RULES_BY_OP = _by_op()
"""TensorFlow op -> its rules, in the order of the list."""

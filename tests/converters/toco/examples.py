"""A small graph for every transformation of TOCO: one on which it works, and without it TOCO does something else."""

from minmax_lint.converters.example import Before, Net
from minmax_lint.graph.dtype import DType


def _bias(n: Net, array: str) -> str:
    return n.fq(n.op("BiasAdd", array, n.c(0.5, 0.25, shape=[4]), data_format=b"NHWC"))


def _batch_norm(n: Net) -> str:
    vectors = [n.c(value, shape=[4]) for value in (0.5, 0.25, 0.0, 1.0)]
    return n.fq(
        n.op("FusedBatchNormV3", n.conv(n.image()), *vectors, U=DType.FLOAT, is_training=False, epsilon=0.001)
    )


def _hard_swish(n: Net) -> str:
    x = n.fq(n.op("LeakyRelu", n.x(), alpha=0.1))
    gate = n.op("Relu6", n.op("Add", x, n.c(3.0)))
    return n.fq(n.op("Mul", n.op("Mul", x, gate), n.c(1 / 6)))


def _prelu(n: Net) -> str:
    x = n.x()
    x = n.fq(n.op("LeakyRelu", x, alpha=0.1))
    return n.fq(n.op("Add", n.op("Relu", x), n.op("Mul", n.c(-0.5, shape=[8]), n.op("Relu", n.op("Neg", x)))))


def _dilated(n: Net) -> str:
    ones, pads = n.ints(2, 2), n.ints(2, 2, 2, 2, shape=[2, 2])
    types = {"Tblock_shape": DType.INT32}
    spread = n.op("SpaceToBatchND", n.image(), ones, pads, Tpaddings=DType.INT32, Tblock_shape=DType.INT32)
    crops = n.ints(0, 0, 0, 0, shape=[2, 2])
    conv = n.conv(spread, n.weights(3, 3, 4, 4), b"VALID")
    return _bias(n, n.op("BatchToSpaceND", conv, ones, crops, Tcrops=DType.INT32, **types))


def _times_zero(n: Net) -> str:
    x = n.x()
    zero = n.op("Mul", n.op("Exp", x), n.c(0.0, shape=[1, 8]))
    return n.fq(n.op("Maximum", n.fq(n.op("LeakyRelu", x, alpha=0.1)), zero))


def _unused(n: Net) -> str:
    conv = n.conv(n.image())
    zero = n.op("Mul", n.op("Exp", conv), n.c(0.0, shape=[1, 4, 4, 4]))
    return n.fq(n.op("Maximum", _bias(n, conv), zero))


def _switch(n: Net) -> str:
    return n.op("Switch", n.x(), n.const("true", True, dtype=DType.BOOL))


def _reshaped_order(n: Net) -> str:
    order = n.op("Reshape", n.ints(0, 2, 1, shape=[1, 3]), n.ints(3), T=DType.INT32)
    return n.op("Transpose", n.x(2, 4, 8), order)


EXAMPLES: dict[str, Before] = {
    "convert_to_reshape": lambda n: n.op("Squeeze", n.x(), squeeze_dims=[0]),
    "convert_trivial_add_n_to_add": lambda n: n.fq(
        n.op("AddN", x := n.x(), n.fq(n.op("LeakyRelu", x, alpha=0.1)))
    ),
    "convert_trivial_pack_to_reshape": lambda n: n.op("Pack", n.x(), axis=0),
    "convert_trivial_tile_to_concat": lambda n: n.op("Tile", n.x(), n.ints(2, 1)),
    "propagate_generated_shape": lambda n: _bias(n, n.mat_mul(n.x(8, 8), n.fq(n.weights(8, 4)), a=True)),
    "convert_trivial_transpose_to_reshape": lambda n: n.transpose(n.x(1, 8), 1, 0),
    "convert_reorder_axes": lambda n: n.fq(n.conv(x := n.image(), n.reshape(x, 1, 1, 4, 16))),
    "resolve_transpose_attributes": lambda n: n.transpose(n.x(1, 8), 1, 0),
    "propagate_activation_function_into_constants": lambda n: n.fq(
        n.op(
            "Relu",
            n.op(
                "GatherV2",
                n.c(0.5, 0.25, shape=[4, 4]),
                n.op("Cast", n.x(), DstT=DType.INT32),
                n.i(0),
                Tindices=DType.INT32,
                Tparams=DType.FLOAT,
                Taxis=DType.INT32,
                batch_dims=0,
            ),
        )
    ),
    **dict.fromkeys(
        ("remove_trivial_concatenation", "remove_trivial_concatenation_input"),
        lambda n: n.fq(n.op("ConcatV2", n.op("Relu6", n.x()), n.c(shape=[0, 8]), n.i(0))),
    ),
    "resolve_tensorflow_switch": lambda n: n.fq(n.op("Relu6", _switch(n) + ":1")),
    "resolve_tensorflow_merge": lambda n: n.fq(
        n.op("Merge", switch := _switch(n), n.op("Relu6", switch + ":1"), N=2)
    ),
    "remove_successive_transpose": lambda n: _bias(
        n, n.transpose(n.transpose(n.conv(n.image()), 0, 3, 1, 2), 0, 2, 3, 1)
    ),
    "remove_tensorflow_identity": lambda n: _bias(n, n.op("Identity", n.conv(n.image()))),
    "remove_trivial_slice": lambda n: _bias(
        n, n.op("Slice", n.conv(n.image()), n.ints(0, 0, 0, 0), n.ints(1, 4, 4, 4))
    ),
    "ensure_bias_vectors": lambda n: n.fq(n.conv(n.image())),
    "resolve_reorder_axes": lambda n: n.fq(n.conv(n.image())),
    "unroll_batch_mat_mul": lambda n: n.fq(n.op("BatchMatMulV2", x := n.x(1, 8, 8), x)),
    "resolve_tensorflow_mat_mul": lambda n: n.fq(n.mat_mul(n.x(), n.fq(n.weights(8, 4)))),
    "fuse_binary_into_preceding_affine": lambda n: _bias(n, n.conv(n.image())),
    "fuse_binary_into_following_affine": lambda n: _bias(
        n, n.mat_mul(n.op("Mul", n.x(), n.c(0.5)), n.weights(8, 4))
    ),
    "fuse_broadcast_into_following_binary": lambda n: n.fq(
        n.op("Add", n.op("Tile", n.x(), n.ints(2, 1)), n.c(0.5, shape=[2, 8]))
    ),
    "merge_reshape_into_preceding_transpose": lambda n: n.reshape(
        n.transpose(n.x(1, 2, 8), 2, 1, 0), 8, 1, 2
    ),
    "move_binary_operator_before_reshape": lambda n: _bias(n, n.reshape(n.conv(n.image()), 16, 4)),
    "reorder_elementwise_unary": lambda n: n.fq(n.op("Relu6", n.reshape(n.conv(n.image()), 1, 64))),
    "reorder_reshape_transpose": lambda n: n.transpose(n.reshape(n.x(2, 8), 1, 2, 8), 0, 2, 1),
    "resolve_batch_normalization": _batch_norm,
    "resolve_constant_binary": lambda n: n.fq(n.op("Add", n.x(), n.op("Mul", n.c(0.5), n.c(0.25)))),
    "resolve_constant_gather": lambda n: n.fq(
        n.op(
            "Add",
            n.x(),
            n.op(
                "GatherV2",
                n.c(0.5, 0.25),
                n.ints(0),
                n.i(0),
                Tindices=DType.INT32,
                Tparams=DType.FLOAT,
                Taxis=DType.INT32,
                batch_dims=0,
            ),
        )
    ),
    "resolve_constant_random_uniform": lambda n: n.fq(
        n.op(
            "Mul",
            n.x(),
            n.op("RandomUniform", n.ints(2, 8), T=DType.INT32, dtype=DType.FLOAT, seed=1, seed2=2),
        )
    ),
    "resolve_constant_pack": lambda n: n.fq(n.op("Add", n.x(1, 2), n.op("Pack", n.c(0.5), n.c(0.2), axis=0))),
    "resolve_constant_reshape": _reshaped_order,
    "resolve_constant_select": lambda n: n.fq(
        n.op(
            "Add",
            n.x(),
            n.op("Select", n.const("all", [True], [8], DType.BOOL), n.c(0.5, shape=[8]), n.c(0.2, shape=[8])),
        )
    ),
    "resolve_constant_copy": lambda n: n.fq(
        n.op("Add", n.x(8, 8), n.transpose(n.c(0.5, 0.2, shape=[8, 8]), 1, 0))
    ),
    "resolve_constant_of_all": lambda n: n.fq(
        n.op("Add", n.x(), n.op("Fill", n.ints(8), n.c(0.5), index_type=DType.INT32))
    ),
    "resolve_constant_unary": lambda n: n.fq(n.op("Add", n.x(), n.op("Neg", n.c(0.5, shape=[8])))),
    "resolve_tensorflow_concat": lambda n: n.op("ConcatV2", x := n.x(), x, n.i(0)),
    "resolve_multiply_by_zero": _times_zero,
    "identify_hardswish": _hard_swish,
    "identify_l2_normalization": lambda n: n.op("Mul", x := n.x(), n.op("Rsqrt", n.sum(n.op("Square", x)))),
    "identify_l2_pool": lambda n: n.fq(
        n.op(
            "Sqrt",
            n.op(
                "AvgPool",
                n.op("Square", n.image()),
                ksize=[1, 2, 2, 1],
                strides=[1, 2, 2, 1],
                padding=b"VALID",
            ),
        )
    ),
    "identify_relu1": lambda n: n.fq(
        n.op("Maximum", n.op("Minimum", n.conv(n.image()), n.c(1.0)), n.c(-1.0))
    ),
    "identify_prelu": _prelu,
    "remove_trivial_binary_operator": lambda n: n.fq(n.op("Mul", n.op("Elu", n.x()), n.c(1.0, shape=[1, 8]))),
    "resolve_fake_quant_args_from_vars": lambda n: n.op(
        "MaxPool", n.image(), ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding=b"SAME"
    ),
    "read_array_minmax_and_narrow_range": lambda n: n.fq(n.conv(n.image())),
    "resolve_constant_shape_or_rank": lambda n: n.fq(
        n.op(
            "LeakyRelu",
            n.op("Reshape", n.x(), n.op("Shape", n.c(0.5, shape=[8]), out_type=DType.INT32)),
            alpha=0.1,
        )
    ),
    "remove_trivial_reshape": lambda n: _bias(n, n.reshape(n.conv(n.image()), 1, 4, 4, 4)),
    "resolve_constant_fake_quant": lambda n: n.fq(n.conv(n.image(), n.fq(n.weights(3, 3, 4, 4)))),
    "fuse_activation_functions": lambda n: n.fq(n.op("Relu6", n.conv(n.image()))),
    "convert_pure_conv_to_depthwise": lambda n: n.fq(n.conv(n.x(1, 4, 4, 1), n.weights(3, 3, 1, 4))),
    "resolve_constant_concatenation": lambda n: n.fq(
        n.op("Add", n.x(), n.op("ConcatV2", n.c(0.5, shape=[4]), n.c(0.2, shape=[4]), n.i(0)))
    ),
    "identify_dilated_conv": _dilated,
    "make_initial_dequantize_operator": lambda n: n.fq(n.conv(n.image())),
    "remove_unused_op": _unused,
    "hardcode_min_max_from_first_input": lambda n: n.op(
        "Slice", n.image(), n.ints(0, 0, 0, 0), n.ints(1, 2, 2, 4)
    ),
    "hardcode_min_max_for_average_or_max_pool": lambda n: n.op(
        "MaxPool", n.image(), ksize=[1, 2, 2, 1], strides=[1, 2, 2, 1], padding=b"VALID"
    ),
    "hardcode_min_max_for_output": lambda n: n.op("Softmax", n.x()),
    "hardcode_min_max_for_l2_normalization": lambda n: n.op(
        "Mul", x := n.x(), n.op("Rsqrt", n.sum(n.op("Square", x)))
    ),
    "hardcode_input_min_max_from_output": lambda n: n.fq(
        n.op("Add", n.fq(n.op("Relu", shared := n.conv(n.image()))), n.fq(n.op("Relu6", shared)))
    ),
    "hardcode_min_max_for_reshape": lambda n: n.reshape(n.x(), 8, 1),
    "hardcode_min_max_for_concatenation": lambda n: n.op("ConcatV2", x := n.x(), x, n.i(0)),
    "hardcode_min_max_for_split": lambda n: n.op("Split", n.i(1), n.x(), num_split=2),
    "hardcode_min_max_for_pack": lambda n: n.op("Pack", x := n.x(), x, axis=0),
    "hardcode_min_max_for_select": lambda n: n.op(
        "Select", n.op("Greater", x := n.x(), n.c(0.5, shape=[1, 8])), x, n.c(0.25, shape=[1, 8])
    ),
    "drop_fake_quant": lambda n: n.fq(n.conv(n.image())),
}
"""Transformation -> its example."""

UNOBSERVED = {
    "_remove_assert": "an Assert is read through control edges alone, and those are not kept",
    "propagate_fixed_sizes": "it ends a conversion or changes nothing",
    "remove_trivial_fake_quant": "DropFakeQuant takes out the second FakeQuant as well",
}
"""Transformation -> why no graph shows it."""

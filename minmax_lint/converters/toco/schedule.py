"""The phases before quantization: which transformation runs on which operators, in TOCO's order.

Source: toco_tooling.cc (MakeGeneralGraphTransformationsSet, TransformWithStatus); the order was read out of
the logs of the binaries (research/toco_minmax.md, section 3).
"""

from collections.abc import Callable, Mapping, Sequence
from functools import cache

from minmax_lint.converters.toco.import_tensorflow.converter_map import IMPORTED
from minmax_lint.converters.toco.invariants import check_invariants
from minmax_lint.converters.toco.model import Model
from minmax_lint.converters.toco.operator import Operator
from minmax_lint.converters.toco.tables import CLAMPS, ELEMENTWISE, Version
from minmax_lint.converters.toco.transformations import (
    control_flow,
    fakequants,
    folding,
    fusion,
    identification,
    reordering,
    trivial,
)
from minmax_lint.converters.toco.transformations import conversions as convert
from minmax_lint.converters.toco.transformations import propagate_fixed_sizes as sizes
from minmax_lint.converters.toco.transformations.graph_transformation import Transformation, run
from minmax_lint.converters.toco.transformations.hardcode_min_max import hardcode_min_max
from minmax_lint.graph.dtype import DType

_GENERATED = ("Concatenation", "Dequantize", "FullyConnected", "HardSwish", "L2Normalization", "L2Pool")
ALL_TYPES = frozenset(
    {
        *IMPORTED.values(),
        *_GENERATED,
        "MatMul",
        "PRelu",
        "Relu1",
        "ReorderAxes",
        "TransposeConv",
        "Unsupported",
    }
)
_BINARIES = ("Add", "Div", "Mul", "Sub")
_COMPARISONS = ("FloorDiv", "FloorMod", "Greater", "GreaterEqual", "Less", "LessEqual", "Maximum", "Minimum")
_UNARIES = ("Cast", "Exp", "Log", "Neg", "ReduceMax", "ReduceMin", "Relu", "Relu1", "Relu6", "Reshape")
_MORE_UNARIES = ("Rsqrt", "Sqrt", "Square", "Sum")
_AFFINE = ("Conv", "DepthwiseConv", "FullyConnected")


def _remove_assert(model: Model, op: Operator) -> bool:
    model.remove(op)
    return True


_EVERYTHING = tuple(sorted(ALL_TYPES))

_GENERAL: tuple[tuple[Transformation, tuple[str, ...]], ...] = (
    (sizes.propagate_fixed_sizes, sizes.CHECKED),
    (convert.convert_to_reshape, ("ExpandDims", "Squeeze")),
    (convert.convert_trivial_add_n_to_add, ("AddN",)),
    (convert.convert_trivial_pack_to_reshape, ("Pack",)),
    (convert.convert_trivial_tile_to_concat, ("Tile",)),
    (convert.propagate_generated_shape, ("Dequantize", "FullyConnected", "Transpose")),
    (convert.convert_trivial_transpose_to_reshape, ("Transpose",)),
    (convert.convert_reorder_axes, ("ReorderAxes",)),
    (convert.resolve_transpose_attributes, ("Transpose",)),
    (fusion.propagate_activation_function_into_constants, tuple(CLAMPS)),
    (trivial.remove_successive_transpose, ("Transpose",)),
    (_remove_assert, ("Assert",)),
    (trivial.remove_tensorflow_identity, ("Identity",)),
    (control_flow.resolve_tensorflow_merge, ("Merge",)),
    (control_flow.resolve_tensorflow_switch, ("Switch",)),
    (trivial.remove_trivial_concatenation, ("Concatenation",)),
    (trivial.remove_trivial_concatenation_input, ("Concatenation",)),
    (trivial.remove_trivial_fake_quant, ("FakeQuant",)),
    (trivial.remove_trivial_slice, ("Slice",)),
    (trivial.remove_unused_op, _EVERYTHING),
    (fusion.ensure_bias_vectors, (*_AFFINE, "TransposeConv")),
    (folding.resolve_reorder_axes, ("ReorderAxes",)),
    (convert.unroll_batch_mat_mul, ("BatchMatMul",)),
    (convert.resolve_tensorflow_mat_mul, ("MatMul",)),
    (fusion.fuse_binary_into_preceding_affine, _BINARIES),
    (fusion.fuse_binary_into_following_affine, _BINARIES),
    (fusion.fuse_broadcast_into_following_binary, _BINARIES),
    (reordering.merge_reshape_into_preceding_transpose, ("Reshape",)),
    (reordering.move_binary_operator_before_reshape, (*_BINARIES, *_COMPARISONS)),
    (reordering.reorder_elementwise_unary, tuple(sorted(ELEMENTWISE))),
    (reordering.reorder_reshape_transpose, ("Transpose",)),
    (convert.resolve_batch_normalization, ("BatchNormalization",)),
    (folding.resolve_constant_binary, (*_BINARIES, *_COMPARISONS)),
    (folding.resolve_constant_of_all, ("Fill", "Range", "Slice", "StridedSlice")),
    (folding.resolve_constant_gather, ("Gather",)),
    (folding.resolve_constant_pack, ("Pack",)),
    (folding.resolve_constant_random_uniform, ("RandomUniform",)),
    (folding.resolve_constant_reshape, ("Reshape",)),
    (folding.resolve_constant_select, ("Select",)),
    (folding.resolve_constant_copy, ("Tile", "Transpose")),
    (folding.resolve_constant_unary, (*_UNARIES, *_MORE_UNARIES)),
    (convert.resolve_tensorflow_concat, ("Concat", "ConcatV2")),
    (folding.resolve_multiply_by_zero, ("Mul",)),
    (identification.identify_hardswish, ("Add",)),
    (identification.identify_l2_normalization, ("Div", "Mul")),
    (identification.identify_l2_pool, ("Sqrt",)),
    (identification.identify_relu1, ("Maximum", "Minimum")),
    (identification.identify_prelu, ("Add",)),
    (trivial.remove_trivial_binary_operator, _BINARIES),
    (trivial.remove_trivial_binary_operator_and_activation, _BINARIES),
    (fakequants.resolve_fake_quant_args_from_vars, ("FakeQuant",)),
    (fakequants.read_array_minmax_and_narrow_range, ("FakeQuant",)),
    (folding.resolve_constant_shape_or_rank, ("Rank", "Shape")),
    (fakequants.make_initial_dequantize_operator, _EVERYTHING),
    (trivial.remove_trivial_reshape, ("Reshape",)),
    (fakequants.resolve_constant_fake_quant, ("FakeQuant",)),
    (fusion.fuse_activation_functions, tuple(CLAMPS)),
    (convert.convert_pure_conv_to_depthwise, ("Conv",)),
    (folding.resolve_constant_concatenation, ("Concatenation",)),
    (identification.identify_dilated_conv, ("SpaceToBatchND",)),
)
"""MakeGeneralGraphTransformationsSet: each transformation with the types of operator that it looks at."""

_OF_SOME_VERSIONS: Mapping[tuple[Transformation, str], Callable[[Version], bool]] = {
    (fusion.ensure_bias_vectors, "TransposeConv"): lambda version: version.transpose_conv_bias,
    (identification.identify_hardswish, "Add"): lambda version: version.identifies_hard_swish,
    **{
        (trivial.remove_trivial_binary_operator_and_activation, type): lambda version: (
            version.loses_activations
        )
        for type in _BINARIES
    },
}
"""A transformation and a type of operator that it does not look at in every version -> whether it does in one."""


@cache
def _by_type(version: Version) -> dict[str, tuple[Transformation, ...]]:
    table: dict[str, list[Transformation]] = {}
    for transformation, types in _GENERAL:
        for type in types:
            holds = _OF_SOME_VERSIONS.get((transformation, type))
            if holds is None or holds(version):
                table.setdefault(type, []).append(transformation)
    return {type: tuple(found) for type, found in table.items()}


def _hardcoding(version: Version) -> dict[str, tuple[Transformation, ...]]:
    propagation = {type: (rule,) for type, rule in hardcode_min_max(version).items()}
    return {**propagation, "FakeQuant": (fakequants.drop_fake_quant,)}


def prepare(model: Model, version: Version) -> None:
    """Everything up to the check whether all ranges are there. Raises Fatal where TOCO aborts."""
    check_invariants(model)
    _finish(model, dict.fromkeys(ALL_TYPES, (trivial.remove_unused_op,)))
    _finish(model, _by_type(version))
    _forget_types(model)
    _finish(model, _hardcoding(version))
    _copy_constant_outputs(model)


def _finish(model: Model, transformations: Mapping[str, Sequence[Transformation]]) -> None:
    run(model, transformations, check_invariants)
    _discard_unreachable(model)


def _forget_types(model: Model) -> None:
    """PropagateArrayDataTypes waits for an ExpandDims to become a Reshape: no type behind one that never does."""
    for op in model.operators():
        if op.type == "ExpandDims" or any(model.arrays[name].dtype is DType.INVALID for name in op.inputs):
            for name in op.outputs:
                model.arrays[name].dtype = DType.INVALID


def _discard_unreachable(model: Model) -> None:
    reached: set[Operator] = set()
    pending = [name for name in model.outputs if name in model.arrays]
    states = dict(model.rnn_states)
    while pending:
        name = pending.pop()
        if states.get(name) in model.arrays:
            pending.append(states.pop(name))
        producer = model.arrays[name].producer
        if producer is not None and producer not in reached:
            reached.add(producer)
            pending += producer.inputs
    for op in list(model.operators()):
        if op not in reached:
            model.remove(op)


def _copy_constant_outputs(model: Model) -> None:
    """FixEdgeArrays: an output that is a constant is copied; nothing gives the copy a range (probe b28)."""
    for name in model.outputs:
        array = model.arrays.get(name)
        if array is not None and array.buffer is not None and array.producer is None:
            original = model.available_name(name)
            model.new_array(original, array.source, array.dtype, array.shape).buffer = array.buffer
            array.buffer = None
            node = next((op.node for op in model.operators()), None)
            if node is None:
                node = model.inference.kept.graph.producer(array.source)
            model.append(Operator("Reshape", [original], [name], node, nodes=()))

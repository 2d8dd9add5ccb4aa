"""Lists of tensors that end the conversion, with MLIR's message (lower_static_tensor_list.cc)."""

from collections.abc import Iterable
from dataclasses import replace

from minmax_lint.converters.call import LOWERS_LISTS
from minmax_lint.converters.mlir.legalize.flex_ops import UNCALIBRATED, UNSUPPORTED
from minmax_lint.converters.mlir.legalize.reorder_fake_quant import undoes
from minmax_lint.converters.prediction import Obstacle, ObstacleDetail, Prediction
from minmax_lint.converters.profile import Profile
from minmax_lint.graph.layers import place_in_layer
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape
from minmax_lint.graph.trace import Kept
from minmax_lint.inference.inference import Inference

STATIC = "requires element_shape to be static during TF Lite transformation pass"
RANKED = "requires element_shape to be 1D tensor during TF Lite transformation pass"
NUMBERS = (
    "requires element_dtype to be 1-bit/8-bit/16-bit/32-bit/64-bit integer or 16-bit/32-bit/64-bit float type during "
    "TF Lite transformation pass"
)
ILLEGAL = "failed to legalize operation 'tf.Identity' that was explicitly marked illegal"
UNRESOLVED = "failed to legalize unresolved materialization"

_MAKERS = ("TensorListReserve", "EmptyTensorList", "TensorListFromTensor")
_NO_RANGE = "Max and min for dynamic tensors should be recorded during calibration"


class NotLowered(Exception):
    """A list cannot become an array: the converter ends here, or it is not known whether it does (no message)."""

    def __init__(self, node: str, message: str, reason: str, detail: ObstacleDetail | None = None) -> None:
        super().__init__(message)
        self.node = node
        self.message = message
        self.reason = reason
        self.detail: ObstacleDetail | None = "tf1-flow" if message == UNRESOLVED else detail

    def prediction(self, profile: Profile) -> Prediction:
        """The abort that the failure is; with SELECT_TF_OPS the list stays TensorFlow's.

        Source: allow_tensorlist_pass_through. Measured with an LSTM layer of Keras 2 and 3 in TF 2.15, 2.18 and 2.21.
        """
        if not self.message:
            cause = Obstacle("other", None, self.node, self.reason)
            return Prediction(profile.name, "undetermined", message=self.reason, obstacles=(cause,))
        cause = Obstacle("control-flow", self.node, self.node, self.reason, (self.node,), self.detail)
        if not profile.select_tf:
            return Prediction(profile.name, "abort", "other", message=self.message, obstacles=(cause,))
        text = (
            "the list stays one of TensorFlow's (SELECT_TF_OPS), in float: what else is float is not modelled"
        )
        found = Prediction(
            profile.name, "float", float_ops=(("FlexTensorListReserve", self.node),), message=text
        )
        if profile.ranges == "calibrated" and UNCALIBRATED.holds(profile.version):
            found = Prediction(profile.name, "abort", "other", message=UNSUPPORTED)
        elif profile.activations == "int16":
            found = Prediction(profile.name, "abort", "minmax", message=_NO_RANGE)
        return replace(found, obstacles=(cause,), versions=(profile.version, profile.version))


def refuse_lists(kept: Kept) -> None:
    """Raise NotLowered where a list is made and the pass does not run (_experimental_lower_tensor_list_ops=False).

    Measured with RNN layers, map_fn and TensorArrays in TF 2.21.
    """
    for name in (found for op in _MAKERS for found in kept.graph.of_ops({op}) if not kept.is_cut(found)):
        text = f"the call keeps lists of tensors ({LOWERS_LISTS}=False): {place_in_layer(kept.graph[name])} makes one"
        message = f"'tf.{kept.graph.op(name)}' op is neither a custom op nor a flex op"
        raise NotLowered(name, message, text, "kept-lists")


def static_shape(inference: Inference, node: Node, array: str) -> tuple[int, ...] | None:
    """The shape of what is written into list `node`; None where a size is open."""
    shape = inference.shape(array)
    if shape is None:
        raise NotLowered(
            node.name, "", f"the shape of what is written into the list {place_in_layer(node)} is not known"
        )
    sizes = [size for size in shape if size is not None]
    return tuple(sizes) if len(sizes) == len(shape) else None


def check_declared_stack(inference: Inference, node: Node, items: Iterable[int]) -> None:
    """Raise NotLowered where a stack that is declared of one shape becomes an array of another.

    It becomes one of `num_elements` items of that shape, or of an open number: what reads it still reads the other,
    unless that is a list again.
    """
    listed = node.attribute("_output_shapes")
    declared = listed[0] if isinstance(listed, list) and listed else None
    count = node.integer("num_elements", -1)
    made = tuple(None if size < 0 else size for size in (count, *items))
    if (
        not isinstance(declared, tuple)
        or declared == made
        or _is_read_as_list(inference, node.name, declared)
    ):
        return
    raise NotLowered(
        node.name,
        UNRESOLVED,
        f"the stack of the list {place_in_layer(node)} is declared as {_sizes(declared)}, and its list becomes "
        f"an array of {_sizes(made)}",
    )


def _is_read_as_list(inference: Inference, array: str, declared: Shape, turned: tuple[int, ...] = ()) -> bool:
    """Whether all readers make a list of it; `turned`: the order of a Transpose that one behind it is to undo."""
    kept = inference.kept
    readers = [kept.graph[use.node] for use in kept.uses(array)]
    return array not in kept.outputs and all(
        (reader.op == "TensorListFromTensor" and not turned)
        or (reader.op == "Shape" and None not in declared)
        or _turns_list(inference, reader, declared, turned)
        for reader in readers
    )


def _turns_list(inference: Inference, reader: Node, declared: Shape, turned: tuple[int, ...]) -> bool:
    if reader.op != "Transpose" or len(reader.inputs) != 2:
        return False
    axes = inference.constant(reader.inputs[1].array)
    order = tuple(map(int, axes.values())) if axes is not None and axes.known else ()
    if turned:
        return undoes(order, turned) and _is_read_as_list(inference, reader.name, declared)
    return bool(order) and _is_read_as_list(inference, reader.name, declared, order)


def _sizes(shape: Iterable[int | None]) -> str:
    return "x".join("?" if size is None else str(size) for size in shape)


def unknown_elements(node: Node, what: str) -> str:
    """Why a list whose items are not known is not lowered."""
    return f"the items of the list {place_in_layer(node)}, into which a loop writes, may have {what}"

"""Where lists of tensors end the conversion, and MLIR's words for it (lower_static_tensor_list.cc)."""

from minmax_lint.converters.prediction import Obstacle, Prediction
from minmax_lint.graph.layers import placed
from minmax_lint.graph.node import Node
from minmax_lint.inference.inference import Inference

STATIC = "requires element_shape to be static during TF Lite transformation pass"
RANKED = "requires element_shape to be 1D tensor during TF Lite transformation pass"
NUMBERS = (
    "requires element_dtype to be 1-bit/8-bit/16-bit/32-bit/64-bit integer or 16-bit/32-bit/64-bit float type during "
    "TF Lite transformation pass"
)
ILLEGAL = "failed to legalize operation 'tf.Identity' that was explicitly marked illegal"


class NotLowered(Exception):
    """A list cannot become an array: the converter ends here, or it is not known whether it does (no message)."""

    def __init__(self, node: str, message: str, reason: str) -> None:
        super().__init__(message)
        self.node = node
        self.message = message
        self.reason = reason

    def prediction(self, profile: str) -> Prediction:
        """The abort that the failure is."""
        if not self.message:
            cause = Obstacle("other", None, self.node, self.reason)
            return Prediction(profile, "undetermined", message=self.reason, obstacles=(cause,))
        cause = Obstacle("control-flow", self.node, self.node, self.reason, (self.node,))
        return Prediction(profile, "abort", "other", message=self.message, obstacles=(cause,))


def static_shape(inference: Inference, node: Node, array: str) -> tuple[int, ...] | None:
    """The shape of what is written into list `node`; None where a size is open."""
    shape = inference.shape(array)
    if shape is None:
        raise NotLowered(
            node.name, "", f"the shape of what is written into the list {placed(node)} is not known"
        )
    sizes = [size for size in shape if size is not None]
    return tuple(sizes) if len(sizes) == len(shape) else None


def unknown_elements(node: Node, what: str) -> str:
    """Why a list whose items are not known is not lowered."""
    return f"the items of the list {placed(node)}, into which a loop writes, may have {what}"

"""What one run of the quantization is asked for (QuantizationSpecs of quantization_config.h)."""

from typing import NamedTuple


class QuantizationSpecs(NamedTuple):
    """Options that the passes of one function share."""

    signed: bool
    """int8, as in the TF2 flow; else uint8, where inputs have ranges."""
    infer_tensor_range: bool | None = None
    """Whether constants get scales, where the function around this one decides it, as for the body of a loop; None
    where this function does."""
    unread_integer: bool | None = None
    """Whether an op with an unread result, of which chance decides, goes integer; None raises Nondeterministic."""
    denied_ops: frozenset[str] = frozenset()
    """Ops that stay float, by their names in TFLite (ops_blocklist)."""
    denied_nodes: frozenset[str] = frozenset()
    """The same by the names of their results (nodes_blocklist)."""
    activation_bits: int = 8
    """Width of what an op that fixes its range makes: 16 where the call asks for int16 activations."""

"""Errors that end a conversion, and those that end its model because the answer is not known."""

from __future__ import annotations

from minmax_lint.converters.mlir.ir import Operation
from minmax_lint.converters.prediction import AbortKind, ObstacleDetail, ObstacleKind
from minmax_lint.graph.node import Node
from minmax_lint.graph.tensor import Shape


class ConversionError(Exception):
    """The converter fails here, with this message; the obstacle is what a user would have to change."""

    def __init__(
        self,
        kind: AbortKind,
        message: str,
        obstacle: ObstacleKind = "other",
        *,
        node: str | None = None,
        array: str | None = None,
        op: str | None = None,
        reason: str | None = None,
        detail: ObstacleDetail | None = None,
    ) -> None:
        super().__init__(message)
        self.kind = kind
        self.message = message
        self.obstacle = obstacle
        self.node = node
        self.array = array
        self.op = op
        self.reason = reason or message
        self.detail = detail

    @classmethod
    def at(
        cls,
        place: Operation | Node,
        kind: AbortKind,
        message: str,
        obstacle: ObstacleKind = "other",
        *,
        reason: str,
        array: str | None = None,
    ) -> ConversionError:
        """The failure at an operation, or a node, of its result where no `array` is given."""
        if isinstance(place, Node):
            array = array or place.name
            return cls(kind, message, obstacle, node=place.name, array=array, op=place.op, reason=reason)
        node, array = place.nodes[-1] if place.nodes else None, array or place.result.name
        return cls(kind, message, obstacle, node=node, array=array, op=place.name, reason=reason)


class NoBuiltin(ConversionError):
    """An op that is no TFLite builtin: with SELECT_TF_OPS it may stay an op of TensorFlow."""


class Unmodeled(Exception):
    """The model cannot say what the converter does; the message says why."""

    def __init__(self, message: str, node: str | None = None) -> None:
        super().__init__(message)
        self.node = node


class Nondeterministic(Exception):
    """The converter itself answers by chance: an operation gets integer or stays float."""

    def __init__(self, op: Operation) -> None:
        super().__init__(
            f"{op.name} {op.result.name} has a result that nobody reads: the converter answers differently from "
            "run to run"
        )
        self.node = op.nodes[-1] if op.nodes else None


def spell_tensor(shape: Shape | None, element: str) -> str:
    """The type of an array as MLIR prints it."""
    sizes = "*x" if shape is None else "".join(f"{'?' if size is None else size}x" for size in shape)
    return f"tensor<{sizes}{element}>"


_DIALECT_NAMES = {"FusedBatchNorm": "FusedBatchNormV3", "StatelessCase": "Case"}
"""Op -> its name in the `tf` dialect, where that differs."""


def no_builtin(
    node: Node,
    obstacle: ObstacleKind = "no-kernel",
    reason: str | None = None,
    detail: ObstacleDetail | None = None,
) -> NoBuiltin:
    """The converter's refusal of an op that is no TFLite builtin."""
    return NoBuiltin(
        "other",
        f"'tf.{_DIALECT_NAMES.get(node.op, node.op)}' op is neither a custom op nor a flex op",
        obstacle,
        node=node.name,
        array=node.name,
        op=node.op,
        reason=reason or f"{node.op} has no TFLite builtin.",
        detail=detail,
    )

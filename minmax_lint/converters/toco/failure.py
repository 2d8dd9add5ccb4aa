"""Errors that end a conversion by TOCO, and the one that ends its model because the answer is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from typing import Self

    from minmax_lint.converters.toco.operator import Operator

CRASH = "crashed without a message (segmentation fault: a bug of this TensorFlow; try another version)"
"""What is left of a conversion that reads what is not there."""

NEEDS_CUSTOM = "Here is a list of operators for which you will need custom implementations: "
"""How the message goes on that begins with `We are continually in the process of adding support` (tflite/export.cc)."""


class Fatal(Exception):
    """A check of TOCO that ends the process; `next` are those that it fails once this one holds."""

    def __init__(self, message: str, *, array: str | None = None, node: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.array = array
        self.node = node
        self.next: tuple[Fatal, ...] = ()

    @classmethod
    def at(cls, op: Operator, message: str, array: str | None = None) -> Self:
        """The check fails at an operator; it is about the array that it writes unless another one is named."""
        return cls(message, array=op.output if array is None else array, node=op.node.name)


class Unmodeled(Exception):
    """The model cannot say what TOCO does here; the message says why."""


class MissingRange(Fatal):
    """TOCO aborts because `array` has no range."""


class NoQuantizedForm(Fatal):
    """TOCO aborts because it cannot quantize operators of this type."""

"""Errors that end a conversion by TOCO, and the one that ends its model because the answer is not known."""

CRASH = "crashed without a message (segmentation fault: a bug of this TensorFlow; try another version)"
"""What is left of a conversion that reads what is not there."""


class Fatal(Exception):
    """A check of TOCO that ends the process; `next` are those that it fails once this one holds."""

    def __init__(self, message: str, *, array: str | None = None, node: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.array = array
        self.node = node
        self.next: tuple[Fatal, ...] = ()


class Unmodeled(Exception):
    """The model cannot say what TOCO does here; the message says why."""


class MissingRange(Fatal):
    """TOCO aborts because `array` has no range."""


class NoQuantizedForm(Fatal):
    """TOCO aborts because it cannot quantize operators of this type."""

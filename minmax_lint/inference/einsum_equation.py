"""The equation of an Einsum: the axes of its operands and of its result, one letter each."""

from collections.abc import Sequence
from string import ascii_letters

from minmax_lint.graph.tensor import Shape
from minmax_lint.inference.shape_arithmetic import Size


def axes_of(equation: str, shapes: Sequence[Shape]) -> tuple[list[str], str] | None:
    """The letters of each operand, and those of the result; None where they do not fit the shapes.

    An ellipsis becomes letters of its own. As in a broadcast, operands share those of their last axes.
    """
    terms, arrow, result = equation.replace(" ", "").partition("->")
    operands = terms.split(",")
    if not arrow or len(operands) != len(shapes):
        return None
    hidden = [
        len(shape) - len(term.replace("...", "")) if "..." in term else 0
        for term, shape in zip(operands, shapes, strict=True)
    ]
    spare = [letter for letter in ascii_letters if letter not in equation][: max(hidden)]
    written = [
        term.replace("...", "".join(spare[len(spare) - count :]))
        for term, count in zip(operands, hidden, strict=True)
    ]
    made = result.replace("...", "".join(spare))
    fit = all(len(letters) == len(shape) for letters, shape in zip(written, shapes, strict=True))
    return (written, made) if fit and set(made) <= set("".join(written)) else None


def sizes_of(operands: Sequence[str], shapes: Sequence[Shape]) -> dict[str, Size]:
    """The size of each axis: a size of 1 spreads over the other operand's."""
    sizes: dict[str, Size] = {}
    for letters, shape in zip(operands, shapes, strict=True):
        sizes.update(
            {axis: size for axis, size in zip(letters, shape, strict=True) if size != 1 or axis not in sizes}
        )
    return sizes


def shape_of_einsum(equation: str, shapes: Sequence[Shape]) -> Shape | None:
    """The shape of the result; None where the equation does not fit the operands."""
    axes = axes_of(equation, shapes)
    if axes is None:
        return None
    sizes = sizes_of(axes[0], shapes)
    return tuple(sizes[axis] for axis in axes[1])

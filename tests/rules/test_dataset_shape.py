"""The line of numpy that makes samples fit an input."""

from collections.abc import Sequence

import numpy as np
import pytest

from minmax_lint.converters.dataset import fitted


@pytest.mark.parametrize(
    ("shape", "wanted", "line"),
    [
        ([8, 1, 16], [1, 16], "x.reshape(-1, 16)"),
        ([8, 1, 4, 4, 3], [None, 4, 4, 3], "x.reshape(-1, 4, 4, 3)"),
        ([8, 4], [None], "x.reshape(-1)"),
        ([8, 1], [1], "x.reshape(-1)"),
        ([16], [1, 16], "x[np.newaxis]"),
        ([8, 28, 28], [None, 28, 28, 1], "x[..., np.newaxis]"),
        ([8, 3, 4, 5], [None, 4, 5, 3], "np.moveaxis(x, 1, -1)"),
        ([8, 5], [None, 4], ""),
        ([], [None, 4], ""),
        ([8, 1, 16], [], ""),
    ],
)
def test_the_line_gives_the_shape_of_the_input(
    shape: list[int], wanted: Sequence[int | None], line: str
) -> None:
    assert fitted("x", shape, wanted) == line
    if line:
        made = eval(line, {"np": np, "x": np.zeros(shape)}).shape
        assert len(made) == len(wanted)
        assert made[1:] == tuple(wanted[1:])

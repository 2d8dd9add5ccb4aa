"""How many predictions a fix takes: counted, so that none is added unseen."""

import pytest

import minmax_lint
from minmax_lint.writers.graphdef import encode
from tests.fixes.nets import NETS, SHAPE, counted

SAFE: dict[str, object] = {}
UNSAFE: dict[str, object] = {"unsafe": True, "default_range": (-6.0, 6.0)}
MOST = 8


@pytest.mark.parametrize(
    ("net", "options", "predictions"),
    [
        pytest.param("plain", SAFE, 3, id="plain-safe"),
        pytest.param("plain", UNSAFE, 4, id="plain-unsafe"),
        pytest.param("residual", SAFE, 1, id="residual-safe"),
        pytest.param("residual", UNSAFE, 4, id="residual-unsafe"),
        pytest.param("unquantized", SAFE, 1, id="unquantized-safe"),
        pytest.param("unquantized", UNSAFE, 6, id="unquantized-unsafe"),
    ],
)
def test_a_fix_takes_few_predictions(net: str, options: dict[str, object], predictions: int) -> None:
    build, blocks = NETS[net]
    graph = encode(build(blocks).graph())
    with counted() as found:
        patch = minmax_lint.fix(graph, {"input": SHAPE}, ["output"], converters=["toco", "mlir"], **options)
    assert set(found.values()) == {predictions}
    assert predictions <= MOST
    if options:
        assert {one.verdict for one in patch.after.predictions.values()} == {"quantized"}

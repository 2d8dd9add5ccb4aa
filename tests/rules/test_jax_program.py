"""A StableHLO program, as JAX saves one, is not judged; the advice is how to save what is."""

import pytest

from minmax_lint.converters.example import Net
from tests.rules.linted import found, lint


@pytest.mark.parametrize("name", ["mlir-2.15", "mlir-2.21", "mlir-2.21-v2", "mlir-2.21-int8"])
def test_a_program_of_jax_is_undetermined_and_how_to_save_what_is_read_is_said(name: str) -> None:
    net = Net()
    output = net.op("Relu", net.op("XlaCallModule", net.x(), module=b"ML\xefR", version=9))
    report = lint(net.graph(), {"input": (1, 8)}, [output], [name])
    assert report.predictions[name].verdict == "undetermined"
    (finding,) = found(report, "MM903")
    assert "StableHLO" in finding.message
    assert finding.advice is not None
    assert "TensorFlow backend" in finding.advice

"""IdentityN is an Identity for each of its inputs (ConvertIdentityNOperator; TF 2.15.1 quantizes such a graph)."""

from minmax_lint import lint
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.writers.graphdef import encode


def test_ranges_pass_an_identity_n_by_every_port() -> None:
    b = Builder()
    b.placeholder("x", [1, 8])
    b.fake_quant("xq", "x", -1.0, 1.0)
    b.add("Relu", "relu", "xq")
    b.fake_quant("rq", "relu", 0.0, 1.0)
    b.add("IdentityN", "both", "xq", "rq", T=[DType.FLOAT, DType.FLOAT])
    b.add("Reshape", "one", "both", b.const("shape", [8, 1], dtype=DType.INT32))
    b.add("Reshape", "other", "both:1", "shape")
    report = lint(encode(b.graph()), inputs={"x": [1, 8]}, outputs=["one", "other"], converters=["toco-2.15"])
    assert report.predictions["toco-2.15"].verdict == "quantized"

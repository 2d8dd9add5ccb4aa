"""TF 1.15 refuses attributes that ops got later: measured with TF 1.15.5."""

from __future__ import annotations

from minmax_lint.converters.prediction import Prediction
from minmax_lint.converters.profile import profile
from minmax_lint.converters.toco import predict
from minmax_lint.graph.attr import Attr
from minmax_lint.graph.build import Builder
from minmax_lint.graph.trace import trace
from minmax_lint.inference.inference import Inference

SIZES: dict[str, Attr] = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": b"VALID"}
LATER: dict[str, Attr] = {"explicit_paddings": []}


def _predicted(name: str, *, attribute: bool = True, output: str = "pool") -> Prediction:
    b = Builder()
    x = b.fake_quant("x", b.placeholder("input", [1, 4, 4, 2]), -1.0, 1.0)
    b.add("MaxPool", "pool", x, **SIZES, **(LATER if attribute else {}))
    b.add("Relu6", "other", x)
    kept = trace(b.graph(), ["input"], [output])
    return predict(kept, Inference(kept, {}), profile(name))


def test_the_old_converter_refuses_a_later_attribute() -> None:
    refused = _predicted("toco-1.15")
    assert (refused.verdict, refused.kind) == ("abort", "other")
    assert "'explicit_paddings'" in refused.message


def test_newer_ones_do_not() -> None:
    assert _predicted("toco-2.15").kind != "other"


def test_without_the_attribute_nobody_does() -> None:
    assert _predicted("toco-1.15", attribute=False).kind != "other"


def test_what_is_not_kept_does_not_matter() -> None:
    assert _predicted("toco-1.15", output="other").kind != "other"

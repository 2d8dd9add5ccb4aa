"""TF 1.13 and 1.15 refuse what came later: attributes, ops, unread inputs (measured with 1.13.2 and 1.15.5)."""

from typing import Any

import pytest

from minmax_lint.converters.prediction import Prediction
from minmax_lint.graph.attr import Attr
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from tests.converters.predicted import predicted_of

SIZES: dict[str, Attr] = {"ksize": [1, 2, 2, 1], "strides": [1, 2, 2, 1], "padding": b"VALID"}
LATER: dict[str, Attr] = {"explicit_paddings": []}


def _predicted(name: str, *, attribute: bool = True, output: str = "pool") -> Prediction:
    b = Builder()
    x = b.fake_quant("x", b.placeholder("input", [1, 4, 4, 2]), -1.0, 1.0)
    b.add("MaxPool", "pool", x, **SIZES, **(LATER if attribute else {}))
    b.add("Relu6", "other", x)
    return predicted_of(b, output, name)


def test_the_old_converter_refuses_a_later_attribute() -> None:
    refused = _predicted("toco-1.15")
    assert (refused.verdict, refused.kind) == ("abort", "other")
    assert "'explicit_paddings'" in refused.message


def test_a_newer_converter_takes_the_attribute() -> None:
    assert _predicted("toco-2.15").kind != "other"


def test_without_the_attribute_the_old_converter_does_not_refuse() -> None:
    assert _predicted("toco-1.15", attribute=False).kind != "other"


def test_what_is_not_kept_does_not_matter() -> None:
    assert _predicted("toco-1.15", output="other").kind != "other"


def _sum(name: str, op: str, *, unread: bool = False, returned: bool = False) -> Prediction:
    b = Builder()
    x = b.fake_quant("x", b.placeholder("input", [1, 4]), -1.0, 1.0)
    b.fake_quant("out", b.add(op, "sum", x, x), -1.0, 1.0)
    inputs = ["input"]
    if unread:
        inputs.append(b.placeholder("other", [1, 4]))
    return predicted_of(b, ["out", *(["input"] if returned else [])], name, inputs)


def test_an_attribute_that_came_with_1_15_is_refused_by_1_13_alone() -> None:
    b = Builder()
    x = b.fake_quant("x", b.placeholder("input", [1, 4, 4, 2]), -1.0, 1.0)
    sizes = b.const("sizes", [8, 8], dtype=DType.INT32)
    b.fake_quant("out", b.add("ResizeNearestNeighbor", "r", x, sizes, half_pixel_centers=False), -1.0, 1.0)
    old, later = (predicted_of(b, "out", name) for name in ("toco-1.13", "toco-1.15"))
    assert (old.verdict, old.kind) == ("abort", "other")
    assert "'half_pixel_centers'" in old.message
    assert later.kind != "other"


@pytest.mark.parametrize(
    ("asked", "kind"),
    [
        ({"op": "Add"}, None),
        ({"op": "AddV2"}, "unsupported-op"),
        ({"op": "Add", "unread": True}, "other"),
        ({"op": "Add", "returned": True}, "other"),
    ],
)
def test_1_13_takes_no_later_op_and_no_unread_or_returned_input(
    asked: dict[str, Any], kind: str | None
) -> None:
    assert _sum("toco-1.13", **asked).kind == kind


def test_1_15_takes_the_later_op() -> None:
    assert _sum("toco-1.15", "AddV2").verdict == "quantized"

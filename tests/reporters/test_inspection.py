"""`inspect`'s report, word for word."""

import json
import math
from pathlib import PurePath

from minmax_lint.graph.build import Builder
from minmax_lint.loaders.endpoints import Endpoints
from minmax_lint.loaders.model import Model, Signature
from minmax_lint.reporters.inspection import Inspection, inspect_model
from minmax_lint.reporters.terminal.inspection import print_inspection
from tests.reporters.golden_file import Stream, assert_golden
from tests.reporters.reports import founding_graph


def inspection(builder: Builder, ends: Endpoints | None, unknown: str = "") -> Inspection:
    signature = Signature("serving_default", {"x": "input"}, {"y": "output"})
    model = Model(None, "savedmodel", builder.graph(), {"serving_default": signature})
    return inspect_model(model, str(PurePath("export")), ends, unknown)


ENDS = Endpoints({"input": (None, 2)}, ("output",), "from signature 'serving_default'")


def odd_graph() -> Builder:
    """The founding graph with a weight that has a range a channel, and a range that is computed."""
    b = founding_graph()
    bounds = (b.const("low", [-1.0, -2.0]), b.const("high", [1.0, 2.0]))
    b.add("FakeQuantWithMinMaxVarsPerChannel", "channels", "w", *bounds, num_bits=4, narrow_range=True)
    b.add("FakeQuantWithMinMaxVars", "moving", "add", b.add("Min", "low_now", "add"), "high")
    return b


def test_a_model_on_a_page() -> None:
    out = Stream()
    print_inspection(out, inspection(odd_graph(), ENDS))
    assert_golden("inspect.txt", out.getvalue())


def test_a_model_whose_ends_are_unknown_is_shown_all_the_same() -> None:
    out = Stream()
    print_inspection(
        out, inspection(founding_graph(), None, "no output can be inferred: name it with -o NAME")
    )
    assert "name it with -o NAME" in out.getvalue()
    assert "act_quant/FakeQuantWithMinMaxVars" in out.getvalue()


def test_as_data_it_is_json() -> None:
    data = json.loads(json.dumps(inspection(odd_graph(), ENDS).data(), allow_nan=False))
    assert data["kept_nodes"] == 9
    ranges = {found["node"]: found["ranges"] for found in data["fake_quants"]}
    assert ranges["channels"] == [[-1.0, 1.0], [-2.0, 2.0]]
    assert ranges["moving"] == []


def test_bounds_that_json_cannot_write_are_null() -> None:
    b = founding_graph()
    b.fake_quant("endless", "add", 0.0, math.inf)
    data = json.loads(json.dumps(inspection(b, ENDS).data(), allow_nan=False))
    assert [[0.0, None]] in [found["ranges"] for found in data["fake_quants"]]

"""Why ops stay float: roots, in the names of the source graph."""

import pytest

from minmax_lint.graph.build import Builder
from tests.converters import mechanisms as m
from tests.converters.counted import calls_of
from tests.converters.mlir.test_mechanisms import EXPECTED, PROFILES, Mechanism, predicted

ROOTS = {
    m.fake_quant_behind_output: [("no-range", "y", ("y",))],
    m.no_kernel: [("no-kernel", "y", ("y",))],
    m.raw_reader: [("raw-consumer", "e", ("e", "m"))],
    m.two_fake_quants: [("scale-conflict", "e", ("e",))],
}
"""Mechanism -> kind, array and consequences of each obstacle."""


@pytest.mark.parametrize("mechanism", ROOTS, ids=lambda mechanism: mechanism.__name__)
def test_the_root_is_told_with_its_consequences(mechanism: Mechanism) -> None:
    obstacles = predicted(mechanism, "mlir-2.15").obstacles
    assert [(o.kind, o.array, o.consequences) for o in obstacles] == ROOTS[mechanism]


@pytest.mark.parametrize("name", PROFILES)
def test_whatever_is_all_integer_has_no_obstacle(name: str) -> None:
    for mechanism in EXPECTED:
        prediction = predicted(mechanism, name)
        assert bool(prediction.obstacles) is (prediction.verdict != "quantized"), mechanism.__name__


@pytest.mark.parametrize("name", PROFILES)
def test_every_name_is_of_the_source_graph(name: str) -> None:
    for mechanism in EXPECTED:
        b = Builder()
        mechanism(b)
        graph = b.graph()
        prediction = predicted(mechanism, name)
        for obstacle in prediction.obstacles:
            assert obstacle.node is None or obstacle.node in graph
            assert obstacle.array is None or obstacle.array.split(":")[0] in graph
        for op in prediction.ops:
            assert all(node in graph for node in op.nodes)
            assert op.output.split(":")[0] in graph


def test_a_range_is_told_for_every_quantized_array() -> None:
    ranges = predicted(m.range_through_reshapes, "mlir-2.15").ranges
    assert {"pool", "y"} <= ranges.keys()
    assert ranges["pool"] == ranges["y"] == pytest.approx((-1, 1), abs=0.01)


def test_one_missing_range_at_the_front_is_one_obstacle_however_long_the_tail() -> None:
    def tail(b: Builder) -> str:
        array = b.add("Abs", "front", m.flat(b))
        for index in range(30):
            array = b.add(
                "Reshape",
                f"r{index}",
                array,
                b.const(f"s{index}", [8 - 4 * (index % 2), -1], dtype=m.DType.INT32),
            )
            array = b.add("Maximum", f"m{index}", array, array)
        return array

    (obstacle,) = predicted(tail, "mlir-2.15").obstacles
    assert obstacle.array == "front"
    assert len(obstacle.consequences) > 30


@pytest.mark.slow
def test_work_grows_with_the_graph_and_not_with_its_square() -> None:
    def chain(length: int) -> Mechanism:
        def mechanism(b: Builder) -> str:
            array = m.flat(b)
            for index in range(length):
                array = b.fake_quant(
                    f"q{index}", b.add("Abs" if index % 2 else "Exp", f"n{index}", array), 0, 1
                )
            return array

        return mechanism

    def calls(length: int) -> int:
        return calls_of(lambda: predicted(chain(length), "mlir-2.21"))

    calls(50)
    assert calls(800) < 5 * calls(200)

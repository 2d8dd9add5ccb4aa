"""Of several arrays that TOCO could name it names the first of its map, whose order the names decide."""

import pytest

from minmax_lint import lint
from minmax_lint.converters.toco.array_map import hash_of, walk_order
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.writers.graphdef import encode


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("", 6142509188972423790),
        ("a", 4993892634952068459),
        ("input_3", 15429184149418471214),
        ("left/in_", 4094061090651232645),
    ],
)
def test_the_hash_is_that_of_libstdcxx(name: str, found: int) -> None:
    """As std::hash<std::string> of GCC 12 says on a 64-bit machine."""
    assert hash_of(name) == found


def test_the_newest_stands_in_front_until_the_map_grows() -> None:
    """At 14 elements the map gets 29 buckets; in these every name has one of its own."""
    names = [name for name in map("a{}".format, range(200)) if hash_of(name) % 29 < 14]
    one_each = list({hash_of(name) % 29: name for name in names}.values())[:14]
    assert walk_order(one_each)[0] == one_each[-1]
    assert set(walk_order(one_each)) == set(one_each)


@pytest.mark.parametrize(
    ("unread", "named"),
    [
        ("zeta alpha y0 mm", "y0"),
        ("alpha net/x mm y0", "mm"),
        ("alpha left/in y0 zeta", "y0"),
        ("image net/x zeta input_3", "input_3"),
        ("mm y0 net/x b", "b"),
        ("zeta alpha q", "q"),
        ("left/in mm", "mm"),
    ],
)
def test_toco_names_the_first_unread_input_of_its_map(unread: str, named: str) -> None:
    """Measured with TF 2.15.1; the order of the inputs on the command line changes nothing."""
    b = Builder()
    names = ["x", *unread.split()]
    for name in names:
        b.placeholder(name, [1, 4])
    b.add("Softmax", "out", "x", T=DType.FLOAT)
    for order in (names, sorted(names), sorted(names, reverse=True)):
        inputs = {name: [1, 4] for name in order}
        report = lint(encode(b.graph()), inputs=inputs, outputs=["out"], converters=["toco-2.15"])
        assert f'Array "{named}" has mis-matching' in report.predictions["toco-2.15"].message

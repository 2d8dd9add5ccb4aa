"""`trace`: the kept subgraph as a tree."""

from minmax_lint.graph.build import Builder
from minmax_lint.graph.trace import trace
from minmax_lint.reporters.terminal.tree import print_tree
from minmax_lint.reporters.tree import Tree, TreeLine
from tests.reporters.golden_file import Stream, assert_golden
from tests.reporters.reports import founding_graph


def residual_graph() -> Builder:
    """x -> a -> b -> sum(b, a) -> two outputs, the second read by five nodes outside."""
    b = Builder()
    x = b.placeholder("x", [1, 8])
    first = b.fake_quant("a/quant", b.add("Relu", "a", b.dense("a/dense", x, 8, 8)), 0, 6)
    second = b.fake_quant("b/quant", b.add("Relu", "b", b.dense("b/dense", first, 8, 8)), 0, 6)
    total = b.fake_quant("sum/quant", b.add("AddV2", "sum", second, first), 0, 12)
    b.add("Softmax", "prob", total)
    label = b.add("ArgMax", "label", total, b.const("axis", 1))
    for i in range(4):
        b.add("Identity", f"summary_{i}", label)
    b.fake_quant("label/quant", label, 0, 9)
    return b


def lines_of(builder: Builder, inputs: list[str], outputs: list[str], **options: bool) -> list[TreeLine]:
    return list(Tree(trace(builder.graph(), inputs, outputs), **options).lines())


def test_a_chain_is_one_column_from_the_input_to_the_output() -> None:
    lines = lines_of(founding_graph(), ["input"], ["output"])
    assert [line.node for line in lines if line.depth == 0 and line.kind in ("kept", "output")] == [
        "input",
        "MatMul",
        "add",
        "output",
    ]


def test_every_kept_node_that_is_not_constant_stands_once() -> None:
    builder = residual_graph()
    kept = trace(builder.graph(), ["x"], ["prob", "label"])
    lines = list(Tree(kept, everything=True).lines())
    drawn = [line.node for line in lines if line.kind in ("kept", "output")]
    assert sorted(drawn) == sorted(kept.nodes)


def test_what_is_read_again_is_referred_to() -> None:
    lines = lines_of(residual_graph(), ["x"], ["prob"])
    assert [line.node for line in lines if line.kind == "above"] == ["a/quant"]


def test_fake_quants_come_first_among_the_readers_outside() -> None:
    outside = [
        line for line in lines_of(residual_graph(), ["x"], ["label"]) if line.kind in ("outside", "more")
    ]
    assert outside[1].node == "label/quant"
    assert outside[1].note == "[0, 9]"
    assert outside[-1].note == "3 more read it outside"


def test_nothing_is_drawn_above_an_input() -> None:
    lines = lines_of(residual_graph(), ["a/quant"], ["b"])
    assert lines[0] == TreeLine(0, "kept", "a/quant", "FakeQuantWithMinMaxVars", "[0, 6]")
    assert "x" not in [line.node for line in lines]


def test_a_loop_ends() -> None:
    b = Builder()
    b.add("Merge", "merge", "enter", "next")
    b.add("Enter", "enter", b.placeholder("x", [1]))
    b.add("NextIteration", "next", b.add("Relu", "body", "merge"))
    assert {line.node for line in lines_of(b, ["x"], ["body"])} == {"x", "enter", "merge", "body", "next"}


def test_a_very_long_chain_needs_no_recursion() -> None:
    b = Builder()
    array = b.placeholder("x", [1])
    for i in range(5000):
        array = b.add("Relu", f"relu_{i}", array)
    assert len(lines_of(b, ["x"], [array])) == 5001


def test_a_page_shows_the_tree_and_what_hangs_outside() -> None:
    out = Stream()
    print_tree(out, "net.pb", trace(residual_graph().graph(), ["x"], ["prob", "label"]))
    assert_golden("trace.txt", out.getvalue())

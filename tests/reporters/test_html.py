"""The HTML report: self-contained, and alive in a real browser (Debian's Chromium, where it is installed)."""

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from minmax_lint import compare, lint
from minmax_lint.converters.prediction import OpOutcome, Prediction
from minmax_lint.graph.build import Builder
from minmax_lint.graph.trace import trace
from minmax_lint.report.report import Report
from minmax_lint.reporters import Run
from minmax_lint.reporters.formats.html import page_data
from minmax_lint.rules.framework.finding import with_fingerprints
from tests.cli.founding import BROKEN as FROZEN
from tests.reporters.browser import open_browser
from tests.reporters.reports import BROKEN, CLEAN, MIXED, MM101, MM110, report
from tests.reporters.test_golden import rendered


def deep_report(*, scoped: bool) -> Report:
    """5,000 nodes: 1,250 layers of Conv2D, BiasAdd, Relu6 and FakeQuant."""
    b = Builder()
    x = b.placeholder("input", [1, 8, 8, 3])
    ops = []
    for i in range(1250):
        scope = f"net/block{i // 50}/unit{i % 50 // 10}/" if scoped else ""
        conv = b.add("Conv2D", f"{scope}conv{i}", x, b.const(f"{scope}w{i}", 0.5, [1, 1, 3, 3]))
        relu = b.add(
            "Relu6",
            f"{scope}relu{i}",
            b.add("BiasAdd", f"{scope}bias{i}", conv, b.const(f"{scope}b{i}", 0.5, [3])),
        )
        x = b.fake_quant(f"{scope}quant{i}", relu, 0, 6)
        ops.append(
            OpOutcome("CONV_2D", f"{scope}relu{i}", (f"{scope}conv{i}", f"{scope}relu{i}"), i % 7 != 3)
        )
    b.add("Relu6", "output", x)
    graph = b.graph()
    name = next(name for name in graph.names if name.endswith("bias700"))
    finding = replace(MM110, node=name, array=name)
    prediction = Prediction("mlir-2.21", "float", ops=tuple(ops))
    kept = trace(graph, ["input"], ["output"])
    return Report(
        "deep.pb" if scoped else "flat.pb", "graphdef", {"input": (1, 8, 8, 3)}, ("output",), "",
        {"mlir-2.21": prediction}, with_fingerprints([finding]), graph, kept,
    )  # fmt: skip


@pytest.mark.parametrize("run", [BROKEN, CLEAN, MIXED], ids=["broken", "clean", "mixed"])
def test_the_page_loads_nothing_from_anywhere(run):
    text = rendered(run, "html")
    own = text.replace((Path(__file__).parents[2] / "LICENSE").name, "")
    assert not re.findall(
        r"""(?:src|href)=["'](?!#)[^"']""", re.sub(r"<script>.*?</script>", "", own, flags=re.S)
    )
    assert "default-src 'none'" in text
    assert "@import" not in text


def test_names_of_nodes_cannot_end_the_script_or_become_markup():
    nasty = replace(MM101, message="</script><script>alert(1)</script><!-- <b>x", node="</script>")
    text = rendered(Run((report(nasty, path="</title><b>.pb"),)), "html")
    data = re.search(r'<script id="data" type="application/json">(.*?)</script>', text, re.S)[1]
    assert json.loads(data)["models"][0]["findings"][0]["message"] == nasty.message
    assert "<title>minmax-lint: &lt;/title&gt;&lt;b&gt;.pb</title>" in text
    assert text.count("<script") == text.count("</script>") == 7


def test_the_data_holds_the_graph_once():
    (model,) = page_data(BROKEN)["models"]
    names = [row[0] for row in model["graph"]["nodes"]]
    assert len(set(names)) == len(names) == 6
    assert all(0 <= row < len(names) for edge in model["graph"]["edges"] for row in edge)
    output = model["graph"]["nodes"][names.index("output")]
    assert output == ["output", "Relu6", 1, "", "-f", "MM101"]


def test_the_libraries_carry_their_licences():
    from importlib.resources import files

    vendor = files("minmax_lint.reporters.formats.html").joinpath("vendor")
    for name in ("cytoscape", "cytoscape-dagre", "dagre"):
        assert "Permission is hereby granted" in vendor.joinpath(f"{name}.LICENSE").read_text()


class Page:
    """A page in the browser that fails on any console message."""

    def __init__(self, page, folder: Path) -> None:
        self.page, self.file = page, folder / "report.html"
        self.console: list[str] = []
        self.asked: list[str] = []
        page.on("console", lambda message: self.console.append(message.text))
        page.on("pageerror", lambda error: self.console.append(str(error)))
        page.on("request", lambda request: self.asked.append(request.url))

    def open(self, run: Run, words: str = ""):
        self.file.write_text(rendered(run, "html"), encoding="utf-8")
        self.page.goto("about:blank")  # an address that differs behind the # alone loads nothing
        self.page.goto(f"{self.file.as_uri()}#{words}")
        self.page.wait_for_selector("html[data-ready=true]")
        return self.page

    def ink(self) -> int:
        """How many different colours the drawing has."""
        return self.page.evaluate(
            """() => { const seen = new Set();
            for (const canvas of document.querySelectorAll('#graph canvas')) {
              const { width, height } = canvas;
              const data = canvas.getContext('2d').getImageData(0, 0, width, height).data;
              for (let i = 0; i < data.length; i += 4)
                if (data[i + 3] > 200) seen.add(data.slice(i, i + 3).join());
            } return seen.size; }"""
        )

    def drawn(self) -> list[str]:
        return self.page.evaluate("drawing.cy.nodes().map(node => node.data('full'))")


@pytest.fixture(scope="module")
def browser() -> Iterator:
    yield from open_browser()


@pytest.fixture
def page(browser, tmp_path) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1400, "height": 900})
    found = Page(context.new_page(), tmp_path)
    yield found
    context.close()
    assert found.console == []
    assert [url for url in found.asked if not url.startswith("file://")] == []


def test_the_first_finding_is_chosen_and_its_graph_drawn(page):
    shown = page.open(BROKEN)
    assert shown.locator(".finding[aria-selected=true]").count() == 1
    assert "Make the FakeQuant the output" in shown.locator("#details").inner_text()
    assert "act_quant/FakeQuantWithMinMaxVars (FakeQuantWithMinMaxVars)" in page.drawn()
    assert page.ink() > 10
    assert [found.inner_text() for found in shown.locator(".verdict b").all()] == ["aborts", "stays float"]


def test_consequences_are_marked_when_a_finding_is_chosen(page):
    shown = page.open(BROKEN)
    assert shown.evaluate("drawing.cy.$('.consequence').map(node => node.data('full'))") == ["output (Relu6)"]


def test_filtering_by_code_leaves_its_findings_and_chooses_the_first(page):
    shown = page.open(MIXED)
    assert shown.locator(".finding").count() == 2
    shown.click("#codes [data-code=MM110]")
    assert shown.locator(".finding").count() == 1
    assert "MM110" in shown.locator("#details h2").inner_text()
    shown.keyboard.press("Escape")
    assert shown.locator(".finding").count() == 2


def test_searching_finds_a_node_and_shows_it(page):
    shown = page.open(BROKEN)
    shown.keyboard.press("/")
    shown.keyboard.type("matm")
    assert shown.locator("#hits button").count() == 1
    shown.keyboard.press("Enter")
    assert shown.locator("#details h2").inner_text() == "MatMul"
    assert "MLIR (TF 2.21): float" in shown.locator("#details").inner_text()


def test_the_keyboard_goes_through_the_findings(page):
    shown = page.open(MIXED)
    shown.keyboard.press("j")
    assert "MM110" in shown.locator(".finding[aria-selected=true]").inner_text()
    shown.keyboard.press("k")
    assert "MM101" in shown.locator(".finding[aria-selected=true]").inner_text()


def test_a_key_switches_between_dark_and_light(page):
    shown = page.open(BROKEN, "theme=light")
    ground = "getComputedStyle(document.body).backgroundColor"
    light = shown.evaluate(ground)
    shown.keyboard.press("t")
    assert shown.evaluate(ground) != light
    assert page.ink() > 10


def test_the_address_leads_back_to_what_is_chosen(page):
    fingerprint = MIXED.reports[0].findings[1].fingerprint
    shown = page.open(MIXED, f"finding={fingerprint}&code=MM110")
    assert shown.locator(".finding[aria-selected=true]").get_attribute("data-fingerprint") == fingerprint
    assert shown.locator(".finding").count() == 1


def test_of_several_models_the_worst_is_shown_first_and_the_list_says_how_bad_each_is(page):
    clean, broken = CLEAN.reports[0], replace(MIXED.reports[0], path="broken.pb")
    shown = page.open(Run((clean, replace(clean, path="b.pb"), broken)))
    assert shown.locator("#model").input_value() == "2"
    assert [one.inner_text() for one in shown.locator("#model option").all()] == [
        f"{clean.path} (no findings)",
        "b.pb (no findings)",
        "broken.pb (1 error, 1 warning)",
    ]
    assert shown.locator("#counts").inner_text() == "1 error, 1 warning in 3 models"
    assert page.open(Run((clean, broken)), "model=0").locator("#model").input_value() == "0"


def test_the_button_says_what_the_drawing_is_around(page):
    assert page.open(CLEAN).locator("#around").inner_text() == "Around the ends"
    shown = page.open(BROKEN)
    assert shown.locator("#around").inner_text() == "Around the finding"
    shown.evaluate("goTo(0)")
    assert shown.locator("#around").inner_text() == "Around the node"


def test_shares_are_written_as_in_the_table_of_ways(page):
    shown = page.open(compared())
    shares = re.findall(r"\d+ ?% of ops integer", shown.locator("#verdicts").inner_text())
    assert shares
    assert {share.split(" of")[0] for share in shares} <= set(
        re.findall(r"\d+ ?%", shown.locator("#ways").inner_text())
    )


@pytest.mark.parametrize("width", [390, 1400])
def test_the_drawing_is_as_wide_as_its_sheet_at_most(page, width):
    page.page.set_viewport_size({"width": width, "height": 844})
    shown = page.open(Run((lint(FROZEN),)))
    box = shown.evaluate("drawing.cy.elements().renderedBoundingBox()")
    assert box["x1"] >= 0
    assert box["x2"] <= shown.evaluate("drawing.cy.width()")


def test_choosing_another_model_shows_it(page):
    shown = page.open(MIXED)
    shown.select_option("#model", "1")
    assert "No findings" in shown.locator("#findings").inner_text()
    assert [found.inner_text() for found in shown.locator(".verdict b").all()] == ["quantized", "quantized"]
    assert page.ink() > 10


@pytest.mark.parametrize("scoped", [True, False], ids=["scopes", "no-scopes"])
def test_5000_nodes_are_a_few_shapes_that_open(page, scoped):
    shown = page.open(Run((deep_report(scoped=scoped),)))
    assert 10 < len(page.drawn()) < 70
    shown.click("#whole")
    before = len(page.drawn())
    assert before < 200
    scope = shown.evaluate("drawing.cy.$('.scope')[0].id()")
    shown.evaluate("(id) => void drawing.cy.getElementById(id).emit('dbltap')", scope)
    assert scope not in shown.evaluate("drawing.cy.nodes().map(node => node.id())")
    assert len(page.drawn()) < 330


def test_a_run_without_a_model_says_what_went_wrong(page):
    from minmax_lint.reporters import Unreadable

    shown = page.open(Run((), (Unreadable("x.pb", "x.pb is not there"),)))
    assert "x.pb is not there" in shown.locator("#unreadable").inner_text()


def repeated(blocks: int = 78, odd: int = 40) -> Run:
    """Blocks of Conv2D, BiasAdd, Relu6 and FakeQuant under one scope, one of them without its FakeQuant."""
    b = Builder()
    x = b.placeholder("input", [1, 8, 8, 3])
    for i in range(blocks):
        scope = f"net/block_{i}"
        conv = b.add("Conv2D", f"{scope}/conv", x, b.const(f"{scope}/w", 0.5, [1, 1, 3, 3]))
        bias = b.add("BiasAdd", f"{scope}/bias", conv, b.const(f"{scope}/b", 0.5, [3]))
        x = b.add("Relu6", f"{scope}/relu", bias)
        if i != odd:
            x = b.fake_quant(f"{scope}/quant", x, 0, 6)
    b.add("Relu6", "output", x)
    graph = b.graph()
    name = f"net/block_{odd}/relu"
    finding = replace(
        MM110, node=name, array=name, consequences=tuple(f"net/block_{i}/relu" for i in range(odd, odd + 20))
    )
    ops = tuple(
        OpOutcome("CONV_2D", f"net/block_{i}/relu", (f"net/block_{i}/conv",), i < odd) for i in range(blocks)
    )
    prediction = Prediction("mlir-2.21", "float", ops=ops)
    kept = trace(graph, ["input"], ["output"])
    return Run((Report(
        "repeated.pb", "graphdef", {"input": (1, 8, 8, 3)}, ("output",), "",
        {"mlir-2.21": prediction}, with_fingerprints([finding]), graph, kept,
    ),))  # fmt: skip


def compared() -> Run:
    return Run((replace(lint(FROZEN), comparison=compare(FROZEN)),))


def test_the_first_thing_to_see_is_every_way_of_converting_the_model(page):
    shown = page.open(compared())
    names = [way.name for way in compare(FROZEN).ways]
    assert [cell.inner_text() for cell in shown.locator("#ways .name").all()] == names
    ways, verdicts = (shown.locator(part).bounding_box() for part in ("#ways", "#verdicts"))
    assert ways["y"] + ways["height"] <= verdicts["y"]
    assert shown.locator("#ways pre").first.is_hidden()
    shown.click("#ways .name >> nth=0")
    assert "representative_dataset" in shown.locator("#ways pre").first.inner_text()


def test_a_run_without_a_comparison_has_no_ways(page):
    assert page.open(BROKEN).locator("#ways").is_hidden()


@pytest.mark.parametrize("width", [390, 700, 1080])
def test_nothing_overlaps_or_is_cut_off_on_a_narrow_screen(page, width):
    page.page.set_viewport_size({"width": width, "height": 844})
    shown = page.open(compared())
    boxes = [
        box
        for part in ("header > *", "#ways", "#verdicts", "aside", ".stage", "#details")
        for box in (one.bounding_box() for one in shown.locator(part).all())
        if box and box["width"] and box["height"]
    ]
    for place, one in enumerate(boxes):
        assert one["x"] >= 0
        assert one["x"] + one["width"] <= width
        for other in boxes[place + 1 :]:
            beside = one["x"] + one["width"] <= other["x"] or other["x"] + other["width"] <= one["x"]
            assert (
                beside or one["y"] + one["height"] <= other["y"] or other["y"] + other["height"] <= one["y"]
            )
    assert shown.evaluate("document.documentElement.scrollWidth") <= width


def test_blocks_of_the_same_ops_are_one_shape_and_the_odd_one_stands_by_itself(page):
    shown = page.open(repeated(), "view=whole")
    labels = shown.evaluate("drawing.cy.nodes().map(node => node.data('label'))")
    assert "block_0 … block_39\n40 alike, 160 nodes" in labels
    assert "block_41 … block_77\n37 alike, 148 nodes" in labels
    assert "net/block_40/relu (Relu6)" in page.drawn()
    assert len(labels) < 20


def test_a_long_chain_stands_in_columns(page):
    shown = page.open(repeated(), "view=whole")
    shown.evaluate("() => { for (const s of graph().scopes.flat()) graph().expanded.add(s); draw(); }")
    box = shown.evaluate("drawing.cy.nodes().boundingBox()")
    assert len(page.drawn()) > 300
    assert 0.5 < box["w"] / box["h"] < 2
    assert shown.evaluate("drawing.cy.$('.next-column').length") > 2


def test_a_large_drawing_begins_at_the_finding_with_a_map_of_the_whole(page):
    shown = page.open(repeated(), "view=whole")
    shown.evaluate("() => { for (const s of graph().scopes.flat()) graph().expanded.add(s); draw(); }")
    assert shown.evaluate("drawing.cy.zoom()") > 0.5
    seen = shown.evaluate("drawing.cy.extent()")
    x, y = shown.evaluate("(({x, y}) => [x, y])(drawing.cy.$('.chosen').position())")
    assert seen["x1"] < x < seen["x2"]
    assert seen["y1"] < y < seen["y2"]
    assert shown.locator("#map").is_visible()
    shown.click("#map", position={"x": 40, "y": 20})
    moved = shown.evaluate("drawing.cy.extent()")
    assert (moved["x1"], moved["y1"]) != (seen["x1"], seen["y1"])


def test_a_small_drawing_needs_no_map(page):
    assert page.open(BROKEN).locator("#map").is_hidden()


def test_of_many_consequences_ten_are_listed_and_the_rest_counted(page):
    text = page.open(repeated()).locator("#details").inner_text()
    assert "AFFECTED (19)" in text.upper()
    assert "and 9 more" in text
    assert text.count("/relu") < 15

"""The site builds without a warning and without a network, and its drawings are there."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from minmax_lint.rules.framework.rule import rules
from tests.docs.blocks import ROOT
from tests.reporters.browser import open_browser

pytest.importorskip("material")


class Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def site(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("site")
    config = ROOT / "minmax_lint" / "docs" / "mkdocs.yml"
    words = [
        sys.executable,
        "-m",
        "mkdocs",
        "build",
        "--strict",
        "--quiet",
        "-f",
        str(config),
        "-d",
        str(folder),
    ]
    environment = {**os.environ, "NO_MKDOCS_2_WARNING": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder


@pytest.fixture(scope="module")
def browser() -> Iterator:
    yield from open_browser()


@pytest.fixture(scope="module")
def address(site) -> Iterator[str]:
    handler = partial(Quiet, directory=str(site))
    with ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


def test_there_is_a_page_a_rule(site):
    assert {file.stem for file in (site / "rules").glob("*.html")} == {rule.code for rule in rules()}


def test_pages_load_nothing_from_elsewhere(site):
    for file in site.rglob("*.html"):
        assert not re.findall(r'(?:src="|<link[^>]*href=")https?:[^"]*"', file.read_text(encoding="utf-8")), (
            file
        )


def test_examples_are_drawn_in_light_and_dark(address, browser):
    page = browser.new_page()
    console: list[str] = []
    page.on("console", lambda message: console.append(message.text))
    page.on("pageerror", lambda error: console.append(str(error)))
    page.goto(f"{address}/rules/MM902.html")
    page.wait_for_selector("figure.example canvas")
    assert page.locator("figure.example canvas").count() >= 2
    assert page.evaluate("drawn.map(drawing => drawing.cy.nodes().length > 2)") == [True, True]
    page.evaluate("document.body.dataset.mdColorScheme = 'slate'")
    page.wait_for_function("document.documentElement.dataset.theme === 'dark'")
    assert console == []


@pytest.mark.parametrize("opened", ["server", "files"])
def test_the_search_box_finds_pages(opened, site, address, browser):
    page = browser.new_page()
    page.goto(f"{address if opened == 'server' else site.as_uri()}/rules/MM101.html")
    found = page.locator("a.md-search-result__link[href*='tf1.html']")
    for _ in range(30):  # the index is read in the background, and a query in front of that is lost
        page.fill("input.md-search__input", "")
        page.type("input.md-search__input", "guard")
        page.wait_for_timeout(500)
        if found.count():
            return
    raise AssertionError(page.locator(".md-search-result__meta").inner_text())


def test_long_lines_of_code_wrap_on_a_telephone(site, browser):
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.goto(f"{site.as_uri()}/tutorial.html")
    widths = "[...document.querySelectorAll('pre code')].map(code => code.scrollWidth - code.clientWidth)"
    assert set(page.evaluate(widths)) == {0}
    assert page.evaluate("document.documentElement.scrollWidth") <= 390

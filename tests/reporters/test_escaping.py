"""Names of a hostile graph reach no output raw: every format, every command, every character that does not print."""

import json
from dataclasses import replace
from functools import cache
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from minmax_lint import escaping
from minmax_lint.cli import main
from minmax_lint.graph.build import Builder
from minmax_lint.loaders.parse import parse
from minmax_lint.reporters import Run, Unreadable, format_names
from minmax_lint.workflows.opened import open_model
from minmax_lint.writers.graphdef import encode
from tests.reporters.test_golden import rendered

CONTROLS = "".join(map(chr, (*range(32), *range(127, 160))))
BIDI = "\u061c\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069"
OTHER = "\u2028\u2029\u200b\ufeff\u00ad"
PAYLOADS = (
    *(CONTROLS[start : start + 11] for start in range(0, len(CONTROLS), 11)),
    BIDI,
    OTHER,
    "\n::error::pwned",
    "::error::pwned",
    "::set-output name=a::b",
    "##[error]pwned",
    "##vso[task.complete]",
    "``<img src=x onerror=alert(1)>``",
    "```\n[x](javascript:alert(1))",
    "`<b>`` ```x````",
    "|<script>alert(1)</script>|",
    "![x](https://evil.example/a.png)",
    "</script><script>alert(1)</script>",
    '"];x [label="&#27;[31m\\N',
    "$(id);'x'",
)
FORMATS = [
    name for name in format_names() if name not in ("json", "json-lines", "sarif", "gitlab", "model-explorer")
]
DATA = ["json", "sarif", "gitlab", "model-explorer"]


def graph(payload: str):
    """A dense layer without a range, whose output's FakeQuant stands outside; every name begins and ends so."""
    b = Builder()
    x = b.placeholder(f"{payload}x", [1, 8])
    y = b.add("Relu6", f"{payload}y{payload}", b.dense(f"{payload}d", x, 8, 4))
    b.fake_quant(f"{payload}q", b.add("Relu", f"r{payload}", y), 0, 6)
    b.fake_quant(f"{payload}fq", y, 0, 6)
    return b.graph()


@cache
def run(payload: str) -> Run:
    model = parse(encode(graph(payload)))
    opened = open_model(
        model, {f"{payload}x": None}, (f"{payload}y{payload}",), converters=("toco-2.15", "mlir-2.21")
    )
    report = replace(opened, path=f"{payload}.pb").lint()
    assert report.findings
    return Run((report,), (Unreadable(f"{payload}.pb", f"no node {payload}"),), ("-o", payload), verbose=True)


def sane(text: str) -> None:
    """No raw character that steers or hides, and no line that a CI service obeys, except our own annotations."""
    assert [c for c in text if not c.isprintable() and c != "\n"] == []
    for line in text.split("\n"):
        own = line.startswith(("::error file=", "::warning file=", "::notice file="))
        assert own or not line.lstrip().startswith("::"), line
        assert "##[" not in line
        assert "##vso[" not in line


@pytest.mark.parametrize("form", FORMATS)
def test_no_format_passes_a_name_on_raw(form, monkeypatch):
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    for payload in PAYLOADS:
        text = rendered(run(payload), form)
        if form == "html":  # the page has scripts of others in it
            odd = [[c for c in page if not c.isprintable()] for page in (text, rendered(run("plain"), form))]
            assert odd[0] == odd[1]
            continue
        sane(text)
        if form == "junit":
            ElementTree.fromstring(text)


@pytest.mark.parametrize("form", DATA)
def test_data_holds_names_as_they_are_in_ascii(form):
    for payload in PAYLOADS:
        text = rendered(run(payload), form)
        assert text.isascii()
        assert [c for c in text if not c.isprintable() and c != "\n"] == []
        json.loads(text)
    found = json.loads(rendered(run(BIDI), "json"))
    assert found["reports"][0]["path"] == f"{BIDI}.pb"


def test_markdown_of_a_name_is_text_and_code_alone():
    parser = MarkdownIt("commonmark").enable("table")
    for payload in PAYLOADS:
        for token in parser.parse(rendered(run(payload), "markdown")):
            kinds = {child.type for child in token.children or ()} | {token.type}
            assert not kinds & {"html_inline", "html_block", "link_open", "image"}, (payload, token.content)


@pytest.mark.parametrize("form", [name for name in FORMATS if name not in ("html", "dot")])
def test_a_name_of_a_million_characters_is_shortened(form, monkeypatch):
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    long = "n" * 1_000_000
    text = rendered(Run(run(long).reports), form).replace(f"{long}.pb", "").replace(f"{long}.fixed.pb", "")
    assert len(text) < 100_000


@pytest.mark.parametrize(
    "command",
    [
        ["check"],
        ["check", "--output-format", "github"],
        ["check", "--output-format", "markdown"],
        ["inspect"],
        ["trace"],
        ["trace", "-o", "gone"],
        ["fix", "--diff"],
        ["fix", "--diff", "-o", "gone"],
    ],
    ids=" ".join,
)
def test_no_command_passes_a_name_on_raw(command, tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("GITHUB_STEP_SUMMARY", raising=False)
    monkeypatch.chdir(tmp_path)
    for payload in PAYLOADS:
        with open("graph.pb", "wb") as file:
            file.write(encode(graph(payload)))
        assert main([command[0], "graph.pb", *command[1:]]) in (0, 1, 2)
        printed = capsys.readouterr()
        sane(printed.out)
        sane(printed.err)
        assert "Traceback" not in printed.err


@pytest.mark.parametrize(
    "payload", ["\x1b]0;x\x07", f"{BIDI}::error::", "`<img src=x onerror=y>``", "a\n::error::b"]
)
def test_explain_passes_nothing_on_raw(payload, tmp_path, capsys):
    path = tmp_path / "graph.pb"
    path.write_bytes(encode(graph(payload)))
    message = (
        f"Array {payload}y{payload} does not have MinMax information, and is not a constant array. {payload}"
    )
    for words in ([message], [message, str(path)]):
        assert main(["explain", *words]) in (0, 2)
        printed = capsys.readouterr()
        sane(printed.out)
        sane(printed.err)


@pytest.mark.slow
@given(st.text())
@settings(max_examples=300)
def test_each_kind_of_text_is_one_printable_line(text):
    for kind in (
        escaping.name,
        escaping.sentence,
        escaping.error_line,
        escaping.log_line,
        escaping.markdown_text,
        escaping.markdown_code,
        escaping.workflow_data,
        escaping.workflow_property,
        escaping.xml_text,
        escaping.dot_string,
        escaping.script_json,
        escaping.html_text,
    ):
        assert kind(text).isprintable(), kind
    assert escaping.json_text(text).removesuffix("\n").isprintable()
    assert len(escaping.error_line(text * 50)) <= escaping.LONGEST_ERROR


@given(st.text(alphabet="`|a \\"))
def test_a_code_span_ends_where_it_should(text):
    (_, inline, _) = MarkdownIt("commonmark").parse(escaping.markdown_code(text))
    assert [child.type for child in inline.children] == ["code_inline"]
    assert inline.content.strip("`").strip() == text.strip() or "`" in text


def test_a_command_with_an_odd_path_is_one_line_that_a_shell_reads_back():
    import subprocess

    odd = "a\x1b\n'b'\\ $(id).pb"
    line = escaping.command(["printf", "%s", odd])
    assert line.isprintable()
    assert subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True).stdout == odd

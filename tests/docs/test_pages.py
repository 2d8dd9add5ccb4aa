"""The documentation is true: its commands run, its files are read, its codes exist."""

import re
import tomllib

import pytest

from minmax_lint.cli import main
from minmax_lint.cli import parser as command_parser
from minmax_lint.config.discovery import load_file
from minmax_lint.docs import ORDER, page, topics
from minmax_lint.docs.tables import TABLES
from minmax_lint.rules.framework.rule import rules
from tests.docs.blocks import PAGES, ROOT, TEXTS, blocks, command_lines

yaml = pytest.importorskip("yaml")


def test_every_page_stands_in_the_reading_order():
    assert {file.stem for file in PAGES} == set(ORDER)


def test_every_page_begins_with_a_title_and_one_sentence_that_sums_up():
    for topic in topics():
        assert topic.title
        assert not topic.title.startswith("#")
        assert topic.summary.endswith((".", "`.")), topic.name


@pytest.mark.parametrize("name", ORDER)
def test_tables_are_filled_in(name):
    assert "<!--" not in page(name)


def test_every_table_stands_on_a_page():
    printed = " ".join(file.read_text() for file in PAGES)
    assert [name for name in TABLES if f"<!-- table: {name} -->" not in printed] == []


@pytest.mark.parametrize("file", TEXTS, ids=lambda file: file.stem)
def test_every_command_line_is_one(file):
    for words in command_lines(file):
        command_parser(words).parse_args(words)


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.stem)
def test_every_rule_that_is_mentioned_exists(file):
    text = file.read_text()
    known = {rule.code for rule in rules()} | {
        code.upper() for code in re.findall(r"rules/(mm\d{3})\.py", text)
    }
    assert set(re.findall(r"\bMM\d{3}\b", text)) <= known


@pytest.mark.parametrize("file", PAGES, ids=lambda file: file.stem)
def test_python_compiles_and_settings_are_read(file, tmp_path):
    for code in blocks(file, "python"):
        compile(code, file.name, "exec")
    for text in blocks(file, "toml"):
        content = tomllib.loads(text)
        if "tool" in content:
            (tmp_path / "pyproject.toml").write_text(text)
            assert load_file(tmp_path / "pyproject.toml") is not None
    for text in blocks(file, "yaml"):
        assert yaml.safe_load(text)


def test_the_commands_of_the_pipelines_are_ours():
    (gitlab,) = [
        text for text in blocks(ROOT / "minmax_lint/docs/pages/ci.md", "yaml") if "codequality" in text
    ]
    job = yaml.safe_load(gitlab)["minmax-lint"]
    words = job["script"][1].split()
    assert words[0] == "minmax-lint"
    args = command_parser(words[1:]).parse_args(words[1:])
    written = {text.partition("=")[2] for text in args.output_format if "=" in text}
    assert written == {*job["artifacts"]["paths"], *job["artifacts"]["reports"].values()}


def test_docs_lists_the_pages(capsys):
    assert main(["docs"]) == 0
    printed = capsys.readouterr().out
    assert [name for name in ORDER if f"  {name} " not in printed] == []


@pytest.mark.parametrize("topic", [*ORDER, "TUTORIAL"])
def test_docs_shows_a_page(topic, capsys):
    assert main(["docs", topic]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith(page(topic.lower()).split("\n\n")[0].removeprefix("# "))
    assert ".md)" not in printed, "links of the site lead nowhere here"
    assert set(re.findall(r"'minmax-lint docs ([a-z]\w*)'", printed)) <= set(ORDER)
    assert not re.search(r"^(#+ |```|\| )|<!--", printed, re.MULTILINE), "it is text, not Markdown"


def test_docs_shows_a_rule_with_its_example(capsys):
    assert main(["docs", "mm902"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("MM902 unused-ignore\n")
    assert "\nExample\n" in printed


def test_docs_says_what_was_meant(capsys):
    assert main(["docs", "tutorail"]) == 2
    assert "did you mean tutorial?" in capsys.readouterr().err


def test_on_a_terminal_a_page_is_rendered(monkeypatch):
    from tests.reporters.golden_file import Stream

    out = Stream(terminal=True)
    monkeypatch.setattr("sys.stdout", out)
    assert main(["docs", "tutorial"]) == 0
    assert "\x1b[" in out.getvalue()
    assert "```" not in out.getvalue()


def test_the_architecture_page_names_every_part_of_the_package():
    printed = page("architecture")
    skipped = {"__init__.py", "__main__.py", "version.py", "errors.py", "py.typed", "__pycache__"}
    parts = [
        f"{part.name}/" if part.is_dir() else part.name
        for part in (ROOT / "minmax_lint").iterdir()
        if part.name not in skipped
    ]
    assert [part for part in parts if part not in printed] == []


def test_every_repair_that_a_rule_offers_is_in_the_table_or_has_a_section() -> None:
    offered = {name for rule in rules() for name in rule.fixes} - {"guard", "retarget"}
    listed = re.findall(r"^\| `(\w+)`(?:, unsafe)? \|", page("tutorial"), re.MULTILINE)
    assert offered <= set(listed)
    assert "| `approximate`, unsafe |" in page("tutorial")

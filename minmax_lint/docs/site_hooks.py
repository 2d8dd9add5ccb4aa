"""MkDocs hooks: fill the tables in, make a page of every rule, and draw its example as the HTML report does."""

from __future__ import annotations

from importlib.resources import files
from typing import TYPE_CHECKING

from mkdocs.structure.files import File

from minmax_lint.docs import ORDER, page, topics
from minmax_lint.docs.rule_page import example_report, rule_page
from minmax_lint.escaping import script_json
from minmax_lint.reporters import Run
from minmax_lint.reporters.formats.html import model_data
from minmax_lint.rules.framework.rule import Example, Rule, rules

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig
    from mkdocs.structure.files import Files

REPORT_ASSETS = ("vendor/cytoscape.min.js", "vendor/cytoscape-dagre.min.js", "graph.js", "drawing.js")
SITE_ASSETS = ("drawings.js", "drawings.css", "iframe-worker.js")


def on_config(config: MkDocsConfig) -> None:
    """The menu: guides, then all rules."""
    titles = {topic.name: topic.title for topic in topics()}
    titles["index"] = "Start"
    pages = [{titles[name]: f"{name}.md"} for name in ORDER if name != "rules"]
    listed = [{f"{rule.code} {rule.name}": f"rules/{rule.code}.md"} for rule in rules()]
    config.nav = [*pages[:-1], {"Rules": [{"All rules": "rules.md"}, *listed]}, pages[-1]]


def on_files(files: Files, config: MkDocsConfig) -> None:
    """Pages and assets that are no files of the folder."""
    made = {f"{name}.md": page(name) for name in ORDER}
    made |= {f"rules/{rule.code}.md": rule_page(rule, drawing=drawings(rule)) for rule in rules()}
    made["site/colours.css"] = _report_asset("colours.css")
    made |= {f"site/{name.split('/')[-1]}": _report_asset(name) for name in REPORT_ASSETS}
    made |= {f"site/{name}": _site_asset(name) for name in SITE_ASSETS}
    for name, content in made.items():
        known = files.get_file_from_path(name)
        if known is not None:
            files.remove(known)
        files.append(File.generated(config, name, content=content))


def drawings(rule: Rule) -> str:
    """The rule's two examples, drawn side by side."""
    parts = [_drawing(rule, rule.examples().failing, f"{rule.code} finds something")]
    parts.append(_drawing(rule, rule.examples().passing, "put right"))
    return f'<div class="examples">\n{"".join(parts)}</div>'


def _drawing(rule: Rule, example: Example, title: str) -> str:
    report = example_report(rule, example)
    data = script_json(model_data(Run((report,)), report))
    return (
        f'<figure class="example"><figcaption>{title}</figcaption><div class="drawing"></div>'
        f'<script type="application/json">{data}</script></figure>\n'
    )


def _report_asset(name: str) -> str:
    return files("minmax_lint.reporters.formats.html").joinpath(name).read_text(encoding="utf-8")


def _site_asset(name: str) -> str:
    return files("minmax_lint.docs").joinpath("drawings", name).read_text(encoding="utf-8")

"""The documentation: pages that are shipped, read in a terminal (`minmax-lint docs`) and built into a site.

A page is a file of `pages/`: its first line is the title, its first paragraph the summary. What the code
knows better than prose (settings, formats, converters, rules, messages) is put in where a page says
`<!-- table: NAME -->`. Interface: `topics()`, `page(name)`.
"""

import re
from dataclasses import dataclass
from importlib.resources import files

from minmax_lint.docs.tables import TABLES
from minmax_lint.errors import UnknownName
from minmax_lint.graph.names import did_you_mean

ORDER = (
    "index",
    "tutorial",
    "tf1",
    "tf2",
    "post-training",
    "ci",
    "python",
    "configuration",
    "formats",
    "converters",
    "versions",
    "rules",
    "messages",
    "architecture",
    "contributing",
    "changelog",
)
_TABLE = re.compile(r"^<!-- table: (?P<name>[\w-]+) -->$", re.MULTILINE)


@dataclass(frozen=True)
class Topic:
    """One page of `minmax-lint docs`."""

    name: str
    title: str
    summary: str


def topics() -> tuple[Topic, ...]:
    """Every page, in reading order."""
    return tuple(_topic(name) for name in ORDER)


def page(name: str) -> str:
    """A page as Markdown, tables filled in. Raises UnknownName with near names."""
    if name not in ORDER:
        meant = did_you_mean(name, ORDER, f"there are {', '.join(ORDER)}")
        raise UnknownName(f"there is no page {name!r}{meant}")
    return _TABLE.sub(lambda match: TABLES[match["name"]](), _text(name))


def _text(name: str) -> str:
    return files(__package__).joinpath("pages", f"{name}.md").read_text(encoding="utf-8")


def _topic(name: str) -> Topic:
    title, summary = _text(name).split("\n\n", 2)[:2]
    return Topic(name, title.removeprefix("# "), " ".join(summary.split()))

"""Markdown as text for people: headings, wrapped paragraphs, commands in one piece; no markup, on a terminal or off."""

from collections.abc import Iterator

from markdown_it import MarkdownIt
from markdown_it.tree import SyntaxTreeNode

from minmax_lint.reporters.terminal.page import Page

_BODY = 3
"""Columns by which everything below a heading is indented."""


def print_markdown(page: Page, text: str) -> None:
    """Print the document, a blank line between its blocks."""
    tree = SyntaxTreeNode(MarkdownIt("commonmark").enable("table").parse(text))
    for place, node in enumerate(tree.children):
        if place:
            page.line()
        _print_block(page, node, _BODY)


def _print_block(page: Page, node: SyntaxTreeNode, indent: int) -> None:
    margin = " " * indent
    if node.type == "heading":
        page.block((), inline_text(node), "bold")
    elif node.type == "paragraph":
        page.block((margin,), inline_text(node))
    elif node.type in ("bullet_list", "ordered_list"):
        for number, item in enumerate(node.children, int(node.attrs.get("start", 1))):
            mark = f"{number}. " if node.type == "ordered_list" else "- "
            for place, child in enumerate(item.children):
                if child.type == "paragraph":
                    page.block((margin, " " * len(mark) if place else mark), inline_text(child))
                else:
                    _print_block(page, child, indent + len(mark))
    elif node.type in ("fence", "code_block"):
        for line in node.content.rstrip("\n").split("\n"):
            page.command(margin, line, "green")
    elif node.type == "blockquote":
        for child in node.children:
            page.block((margin, ("| ", "dim")), inline_text(child))
    elif node.type == "table":
        head, *rows = _rows(node)
        page.table(head, rows, indent=indent)
    elif node.type == "hr":
        page.rule("", "dim")


def inline_text(node: SyntaxTreeNode) -> str:
    """The words of a paragraph; code stands in quotes where words stand beside it."""
    alone = [child.type for inline in node.children for child in inline.children] == ["code_inline"]
    return "".join(_words(node, quoted=not alone))


def _words(node: SyntaxTreeNode, *, quoted: bool) -> Iterator[str]:
    for child in node.children:
        if child.type == "code_inline":
            quote = "" if not quoted or "'" in child.content else "'"
            yield f"{quote}{child.content}{quote}"
        elif child.type in ("softbreak", "hardbreak"):
            yield " "
        elif child.children:
            yield from _words(child, quoted=quoted)
        else:
            yield child.content


def _rows(table: SyntaxTreeNode) -> list[list[str]]:
    rows = [row for part in table.children for row in part.children]
    return [[inline_text(cell) for cell in row.children] for row in rows]

"""`minmax-lint docs`: the documentation, in the terminal."""

import re
from argparse import ArgumentParser, Namespace

from minmax_lint.cli import candidates, options
from minmax_lint.cli.streams import payload
from minmax_lint.errors import UnknownName


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    topic = parser.add_argument(
        "topic", metavar="TOPIC", nargs="?", help="a page, or a rule (MM101); none lists the pages"
    )
    options.set_completer(topic, candidates.topics)


def run(args: Namespace) -> int:
    """Print the page as text, on a terminal or off."""
    from minmax_lint.docs import topics
    from minmax_lint.reporters.terminal.markdown import print_markdown
    from minmax_lint.reporters.terminal.page import Page

    text = markdown(args.topic) if args.topic is not None else ""
    with payload() as out:
        page = Page(out)
        if text:
            print_markdown(page, text)
            return 0
        for topic in topics():
            page.block((f"  {topic.name:15}",), topic.summary)
        page.line()
        page.line("`minmax-lint docs TOPIC` shows a page, `minmax-lint docs MM101` all about a rule.")
    return 0


def markdown(topic: str) -> str:
    """The page, or the rule's documentation with its example. Raises UnknownName."""
    from minmax_lint.docs import page
    from minmax_lint.docs.rule_page import rule_page
    from minmax_lint.rules.framework.rule import rule

    try:
        return without_links(page(topic.lower()))
    except UnknownName:
        try:
            return rule_page(rule(topic))
        except UnknownName:
            pass
        raise


def without_links(text: str) -> str:
    """Links between pages of the site, as the commands that show those pages."""
    text = re.sub(r"\[([^\]]+)\]\(rules/\w+\.md\)", r"\1", text)
    return re.sub(r"\[([^\]]+)\]\((\w+)\.md\)", r"\1 (`minmax-lint docs \2`)", text)

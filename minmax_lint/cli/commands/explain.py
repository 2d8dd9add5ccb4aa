"""`minmax-lint explain`: what a rule is about, or what a converter's error message means."""

from __future__ import annotations

import re
import sys
from argparse import ArgumentParser, Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from minmax_lint.cli import candidates, options
from minmax_lint.cli.streams import payload
from minmax_lint.errors import UnknownName, UserError
from minmax_lint.escaping import markdown_code

if TYPE_CHECKING:
    from minmax_lint.symptoms import Diagnosis
    from minmax_lint.workflows.opened import Opened

_NAME = r"[\w-]{2,60}"
"""What may be meant as the code or the name of a rule."""
BETWEEN = "\n---\n\n"
"""Between the messages of a log."""


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    text = parser.add_argument(
        "text",
        metavar="CODE|MESSAGE",
        nargs="+",
        help="a rule (MM101, output-fakequant-outside), or a converter's error message in quotes; "
        "- reads it from standard input. A GRAPH may follow",
    )
    options.set_completer(text, candidates.rule_codes)
    parser.add_argument(
        "--graph",
        metavar="GRAPH",
        help="the graph that was converted: says which finding explains the message",
    )
    options.add_script(parser)
    options.add_endpoints(parser)
    options.add_converters(parser)
    options.add_configuration(parser)


def run(args: Namespace) -> int:
    """Print the explanation as text, on a terminal or off."""
    if args.graph is None and len(args.text) > 1 and _is_path(args.text[-1]):
        args.graph = args.text.pop()
    text = " ".join(args.text)
    text = sys.stdin.read() if text == "-" else text
    if not text.strip():
        raise UserError("there is nothing to explain: give a rule (MM101) or a converter's message in quotes")
    try:
        explanation = rule_markdown(text.strip())
    except UnknownName as unknown:
        explanation = message_markdown(args, text, unknown)
    from minmax_lint.reporters.terminal.markdown import print_markdown
    from minmax_lint.reporters.terminal.page import Page

    with payload() as out:
        print_markdown(Page(out), explanation)
    return 0


def rule_markdown(wanted: str) -> str:
    """A rule's documentation. Raises UnknownName."""
    from minmax_lint.rules.framework.rule import rule

    found = rule(wanted)
    return f"# {found.name} ({found.code})\n\n{found.documentation()}"


def message_markdown(args: Namespace, text: str, unknown: UnknownName) -> str:
    """What a message or a log means, and which findings of the graph given explain it.

    Raises UserError with the nearest messages known; `unknown` where the text is one word and no message.
    """
    from minmax_lint.symptoms import explain_log, near_symptoms, symptom_named

    named = symptom_named(text.strip())
    known = explain_log(text) if named is None else (named,)
    if not known:
        if len(text.split()) == 1 and re.fullmatch(_NAME, text.strip()):
            raise unknown
        near = near_symptoms(text)
        nearest = f"the nearest are {', '.join(near)} (`minmax-lint explain {near[0]}`); " if near else ""
        raise UserError(
            f"no message known is like this one; {nearest}paste the line with `error`, `F ` or `Exception`; if it is "
            "that, report the message, the TensorFlow version and the call"
        )
    if args.graph is None:
        return BETWEEN.join(diagnosis.markdown() for diagnosis in known)
    from minmax_lint.cli.source import open_named

    source = open_named(args).check_ends()
    return BETWEEN.join(_in_graph(args, diagnosis, source) for diagnosis in known)


def _in_graph(args: Namespace, diagnosis: Diagnosis, source: Opened) -> str:
    """The explanation with what is found in the graph.

    Where no outputs are named, and those inferred explain nothing, the array that the message names is the output.
    """
    from minmax_lint.reporters import Run

    report, words, note = source.lint(), options.endpoint_words(args), ""
    found, node = diagnosis.findings(report), diagnosis.node
    inferred = source.ends.inferred and not args.output_array and node not in source.ends.outputs
    if not found and inferred and node is not None and node in source.model.graph:
        report, words = source.ending_in(node, options.inputs_of(args)).lint(), (*words, "-o", node)
        found = diagnosis.findings(report)
        if found:
            outputs, named = (", ".join(map(markdown_code, each)) for each in (source.ends.outputs, [node]))
            note = f"With the output {named} that the message names (inferred from the graph: {outputs}):"
    commands = Run((report,), endpoint_options=words).fix_commands(report)
    offers = {finding.fix.applicability for finding in found if finding.fix}
    command = next((text for kind, text in commands.items() if kind in offers), commands.get("safe"))
    return diagnosis.markdown(found, command, diagnosis.nodes(report), note)


def _is_path(text: str) -> bool:
    """Whether it names a model rather than being the last word of a message."""
    return Path(text).exists() or Path(f"{text}.index").exists()

"""How the command line explains itself: usage, examples, and what was meant where it is misused."""

import argparse
import os
import re
import sys
from collections.abc import Iterator, Sequence
from functools import cache, partial
from typing import Any, NoReturn

from minmax_lint.errors import UserError

USAGES = {
    "check": (
        "[GRAPH ...] [options]",
        "eval.pb",
        "eval.pb -i image=1,224,224,3 -o logits --converter mlir-v2",
        "training/ --output-format html=report.html",
        "eval.pb --watch        # again whenever the graph or its configuration changes",
        "                       # every model that the configuration lists",
    ),
    "fix": (
        "GRAPH (--output FILE | --diff | --in-place) [options]",
        "eval.pb --diff",
        "eval.pb --output fixed.pb",
        "eval.pb --output fixed.pb --unsafe-fixes --ranges ranges.json",
        "eval.pb --output fixed.pb --verify",
    ),
    "convert": (
        "GRAPH --output MODEL.tflite [options]",
        "fixed.pb --output model.tflite",
        "eval.pb --fix --output model.tflite",
        "eval.pb --fix --output model.tflite --engine toco --python ~/tf1/bin/python",
    ),
    "compare": (
        "GRAPH [options]",
        "eval.pb",
        "export/ --output-format markdown=ways.md",
        "export/ -v            # with the Python of every way",
    ),
    "view": (
        "GRAPH [options]",
        "eval.pb",
        "export/ --converter mlir-int8",
        "eval.pb --no-open    # only print the path",
    ),
    "trace": ("GRAPH [options]", "eval.pb -o output"),
    "inspect": ("GRAPH [options]", "eval.pb", "export/ --signature serving_default"),
    "explain": (
        "(CODE | MESSAGE) [GRAPH] [options]",
        "MM101",
        '"Array output does not have MinMax information" eval.pb',
        "- < converter.log",
    ),
    "guard": ("--print", "--print", "--print >> model.py"),
    "rules": ("[options]", "--output-format json"),
    "config": ("[options]", "", "--output-format schema > minmax-lint.schema.json"),
    "baseline": ("(create | update | prune) [GRAPH ...] [options]", "create", "prune"),
    "docs": ("[TOPIC]", "", "tutorial", "MM101"),
    "completion": (
        "(bash | zsh | fish)",
        'bash        # in ~/.bashrc: eval "$(minmax-lint completion bash)"',
        'zsh         # in ~/.zshrc: eval "$(minmax-lint completion zsh)"',
        "fish > ~/.config/fish/completions/minmax-lint.fish",
    ),
}
"""Command -> its usage, and examples: what follows the command's name."""


def parser_options(command: str, summary: str) -> dict[str, Any]:
    """How a command's parser is made: summary, usage and examples."""
    usage, *examples = USAGES[command]
    lines = [f"  minmax-lint {command} {example}".rstrip() for example in examples]
    return {
        "description": f"{summary[0].upper()}{summary[1:]}.",
        "usage": f"minmax-lint {command} {usage}",
        "epilog": "\n".join(["examples:", *lines]),
        "formatter_class": partial(argparse.RawDescriptionHelpFormatter, width=_width()),
        "allow_abbrev": False,
    }


@cache
def _width() -> int:
    """Columns of the help, as argparse counts them; it would load shutil and three compressors to ask."""
    columns = os.environ.get("COLUMNS", "")
    if columns.isdigit() and int(columns):
        return int(columns) - 2
    try:
        return (os.get_terminal_size(sys.__stdout__.fileno()).columns or 80) - 2  # type: ignore[union-attr]
    except (AttributeError, ValueError, OSError):
        return 78


class CommandList(argparse.HelpFormatter):
    """Lists the commands themselves, without a line for the word COMMAND in front of them."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, width=_width())

    def _format_action(self, action: argparse.Action) -> str:
        if isinstance(action, argparse._SubParsersAction):
            return "".join(map(self._format_action, action._get_subactions()))
        return super()._format_action(action)


class Parser(argparse.ArgumentParser):
    """Reports bad usage as every other error of the user's: one line, without the usage text."""

    _words: Sequence[str] = ()
    """What is being read."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # argparse takes -6 for a number, and -6,6 for an option.
        self._negative_number_matcher = re.compile(r"-\.?\d")

    def parse_known_args(self, args=None, namespace=None):  # type: ignore[no-untyped-def]
        """As argparse does; the words are kept, for errors to look at."""
        self._words = tuple(args or ())
        return super().parse_known_args(args, namespace)

    def error(self, message: str) -> NoReturn:
        """Raise UserError, with what was meant."""
        choice = re.search(r"argument (\S+): invalid choice: '(.*?)' \(choose from (.*)\)", message)
        if choice:
            argument, given, known = choice.groups()
            if argument.startswith("-"):
                choices = re.findall(r"[\w.-]+", known)
                raise UserError(f"{argument} takes {', '.join(choices)}, and not {given!r}")
            kind = argument.lower()
            choices = re.findall(r"[\w.-]+", known)
            meant = _suggestion(given, choices, f"choose from {', '.join(choices)}")
            if kind == "command" and os.path.exists(given):
                meant = f"; did you mean `minmax-lint check {given}`?"
            raise UserError(f"there is no {kind} {given!r}{meant}")
        unknown = re.fullmatch(r"unrecognized arguments: (-\S*)( .*)?", message)
        if unknown:
            self._no_option(unknown[1])
        if "are required" in message:  # a word that is misspelt is missing as well
            options = self._options()
            for word in self._words:
                if word.startswith("--") and word.partition("=")[0] not in options:
                    self._no_option(word)
            message = self._missing(message)
        raise UserError(f"{message}; see `{self.prog} --help`")

    def _missing(self, message: str) -> str:
        """The message about missing words without those that may be left out, and with what a word may be."""
        head, _, names = message.partition(": ")
        known = {action.metavar or action.dest: action for action in self._all_actions()}
        needed = []
        for name in names.split(", "):
            action = known.get(name)
            if action is None or action.nargs != "*":
                choices = ", ".join(map(str, (action and action.choices) or ()))
                needed.append(f"{name} ({choices})" if choices else name)
        return f"{head}: {', '.join(needed)}"

    def _no_option(self, word: str) -> NoReturn:
        given = word.partition("=")[0]
        for action in self._all_actions():
            known = [*(action.choices or ()), *getattr(action, "formats", ())]
            if given[2:] in known and action.option_strings:
                raise UserError(
                    f"there is no option {given}; did you mean {action.option_strings[-1]} {given[2:]}?"
                )
        hint = _suggestion(given, self._options(), f"see `{self.prog} --help`")
        raise UserError(f"there is no option {word}{hint}")

    def _options(self) -> list[str]:
        """Every option that was declared: of the command that the words name."""
        return [option for action in self._all_actions() for option in action.option_strings]

    def _all_actions(self) -> Iterator[argparse.Action]:
        for action in self._actions:
            if isinstance(action, argparse._SubParsersAction):
                for command in action.choices.values():
                    yield from command._all_actions()
            else:
                yield action


def _suggestion(given: str, known: Sequence[str], otherwise: str) -> str:
    from minmax_lint.graph.names import did_you_mean

    return did_you_mean(given, dict.fromkeys(known), otherwise)

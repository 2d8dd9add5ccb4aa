"""Text that comes out of models, made fit for each kind of output: one function a kind, used by all that print.

A name in a hostile graph may hold anything: what terminals obey (ESC, C1), what hides or reorders text (bidi controls,
U+2028), line ends with a workflow command of a CI service behind them, markup, a million characters.
"""

import json
import re
from functools import cache
from typing import Any

LONGEST_NAME = 300
"""Characters of one word of a text for people; names are one word."""
LONGEST_TEXT = 3000
"""Characters of one message for people."""
LONGEST_ERROR = 299
"""Characters of a line on standard error."""

_CI_COMMAND = re.compile(r"##(?=[A-Za-z]*\[)")
"""`##[error]`, `##vso[...]`, `##teamcity[...]`: obeyed anywhere in a line of a log."""
_MARKUP = re.compile(r"[\\`*_{}\[\]<>|#~&]")
_LINKED = re.compile(r"(?i)\b(https?|ftp|mailto)(?=:)|\b(?<!\\)(www)(?=\.)")
_BACKTICKS = re.compile("`+")


def printable(text: str) -> str:
    r"""The text with every character that does not print written out (`\n`, `\x1b`, `\u202e`), and no `##[command]`."""
    text = _CI_COMMAND.sub(r"#\\x23", text)
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def shorten(text: str, longest: int = LONGEST_NAME) -> str:
    """The text, or its two ends where it is longer."""
    if len(text) <= longest:
        return text
    kept = longest - 3
    return f"{text[: kept - kept // 2]}...{text[len(text) - kept // 2 :]}"


def name(text: str) -> str:
    """A name on one line: printable, and of bounded length."""
    return shorten(printable(shorten(text)))


def sentence(text: str) -> str:
    """A message on one line: white space runs become a space, and the names in it are as `name` gives them."""
    words = shorten(text, 4 * LONGEST_TEXT).split()
    return shorten(" ".join(map(name, words)), LONGEST_TEXT)


def error_line(text: str) -> str:
    """A line on standard error, short enough for one look: long words lose their middle first, then the line does."""
    words = printable(" ".join(shorten(text, 100 * LONGEST_ERROR).split())).split(" ")
    for ends in (LONGEST_ERROR, 123, 83, 51):
        line = " ".join(shorten(word, ends) for word in words)
        if len(line) <= LONGEST_ERROR:
            return line
    return shorten(line, LONGEST_ERROR)


def log_line(text: str) -> str:
    """A line of a terminal or a log: printable, and no workflow command, as a name at its start may be."""
    text = printable(text)
    bare = text.lstrip()
    if bare.startswith("::"):
        text = f"{text[: len(text) - len(bare)]}\\x3a{bare[1:]}"
    return text


def command(words: list[str] | tuple[str, ...]) -> str:
    """A command line to copy: quoted for a shell, in one printable line."""
    return " ".join(map(_quote, words))


def markdown_text(text: str) -> str:
    """One line in which no character of a name is markup, a column or a link."""
    escaped = _MARKUP.sub(r"\\\g<0>", sentence(text))
    return _LINKED.sub(lambda found: f"{found[0]}\\", escaped)


def markdown_code(text: str, *, in_table: bool = False) -> str:
    """A code span that no run of backticks in the text ends; in a table a bar needs a backslash even there."""
    text = name(text) or " "
    fence = _fence(text, 1)
    space = " " if len(fence) > 1 or text != text.strip() else ""
    span = f"{fence}{space}{text}{space}{fence}"
    return span.replace("|", "\\|") if in_table else span


def markdown_block(text: str, language: str = "") -> str:
    """A fenced block of lines, for commands and code to copy; the fence is longer than any run of backticks in it."""
    fence, lines = _fence(text, 3), "\n".join(map(printable, text.split("\n")))
    return f"{fence}{language}\n{lines}\n{fence}\n"


def workflow_data(*lines: str) -> str:
    """The message of a GitHub workflow command."""
    return "%0A".join(sentence(line).replace("%", "%25") for line in lines if line)


def workflow_property(text: str) -> str:
    """A property of a GitHub workflow command; a path is never shortened."""
    return printable(text).replace("%", "%25").replace(":", "%3A").replace(",", "%2C")


def xml_text(text: str) -> str:
    """Text and attribute values of XML 1.0; the writer escapes `<` and `&`."""
    return _not_xml().sub("\ufffd", log_line(sentence(text)))


def dot_string(*lines: str) -> str:
    """A quoted string of Graphviz; it reads character references, and backslashes as escapes."""
    escaped = (
        printable(line).replace("\\", "\\\\").replace('"', '\\"').replace("&", "&amp;") for line in lines
    )
    return '"' + "\\n".join(escaped) + '"'


def json_text(data: Any, indent: int | None = 2) -> str:
    """A JSON document and its line break, in ASCII: a program reads names as they are, a terminal never shows them."""
    return _CI_COMMAND.sub(r"#\\u0023", json.dumps(data, indent=indent)) + "\n"


def script_json(data: Any) -> str:
    """JSON inside a script element of HTML, which nothing in it can end (HTML, "restrictions for contents")."""
    return json.dumps(data, separators=(",", ":")).replace("<", "\\u003c")


def html_text(text: str) -> str:
    """Text and attribute values of HTML."""
    from html import escape

    return escape(printable(text))


@cache
def _not_xml() -> re.Pattern[str]:
    """What XML 1.0 does not allow. Compiled where XML is written: it takes 4 ms."""
    return re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def _fence(text: str, least: int) -> str:
    longest = max(map(len, _BACKTICKS.findall(text)), default=0)
    return "`" * max(longest + 1 if longest else least, least)


def _quote(word: str) -> str:
    """A word for the shell; what does not print is written as bash and zsh write it: $'...'."""
    if word.isprintable():
        from shlex import quote

        return quote(word)
    escaped = word.replace("\\", "\\\\").replace("'", "\\'")
    return "$'" + "".join(c if c.isprintable() else _shell_escape(c) for c in escaped) + "'"


def _shell_escape(character: str) -> str:
    return "".join(f"\\x{byte:02x}" for byte in character.encode("utf-8", "surrogateescape"))

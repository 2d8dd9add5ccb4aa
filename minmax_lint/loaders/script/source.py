"""The text of a script, and where its statements stand in it: characters, not the bytes of `ast`."""

import ast
import io
import re
import tokenize
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

from minmax_lint.converters.call_site import YIELD, CallSite, Setting
from minmax_lint.loaders.script.names import children, dotted, walk

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n|\Z)")
_TENSORFLOW = frozenset({"tensorflow", "tensorflow.compat.v1", "tensorflow.compat.v2"})
ON_TARGET_SPEC = frozenset({"supported_ops", "supported_types"})


class Source:
    """One script. Raises SyntaxError for an encoding that Python does not know, UnicodeDecodeError for a wrong one."""

    def __init__(self, content: bytes) -> None:
        self.encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
        self.text = content.decode(self.encoding)
        self._starts = [found.start() for found in _LINE.finditer(self.text)]

    def encoded(self, text: str) -> bytes:
        """Another text as the file is written."""
        return text.encode(self.encoding)

    def line(self, number: int) -> str:
        """One line with its line break; 1 is the first."""
        found = _LINE.match(self.text, self._starts[number - 1])
        return found.group() if found else ""

    def place(self, line: int, column: int) -> int:
        """Of a line and a column in bytes, as `ast` counts."""
        return self._starts[line - 1] + len(self.line(line).encode()[:column].decode())

    def span(self, node: ast.expr | ast.stmt) -> tuple[int, int]:
        """Where an expression or a statement begins and ends."""
        end_line, end_column = node.end_lineno or node.lineno, node.end_col_offset or 0
        return self.place(node.lineno, node.col_offset), self.place(end_line, end_column)

    def indent(self, statement: ast.stmt) -> str | None:
        """What stands in front of a statement; None where other code shares its lines."""
        start, end = self.span(statement)
        before = self.text[self._starts[statement.lineno - 1] : start]
        behind = self.text[end : self.end_of_lines(statement)].strip()
        return before if not before.strip() and (not behind or behind.startswith("#")) else None

    def end_of_lines(self, statement: ast.stmt) -> int:
        """Where the line behind a statement begins."""
        last = statement.end_lineno or statement.lineno
        return self._starts[last - 1] + len(self.line(last))


@dataclass
class Sites:
    """The places of a script at which converters are made and set up, gathered while it is read."""

    source: Source
    tree: ast.AST
    _made: dict[int, tuple[str, ast.stmt]] = field(default_factory=dict)
    """Converter -> its first name, and the statement that gives it."""
    _lite: dict[int, str] = field(default_factory=dict)
    """Converter -> what the script calls the module tf.lite."""
    _settings: dict[int, dict[str, list[Setting]]] = field(default_factory=dict)

    def made(self, converter: int, name: str, statement: ast.stmt) -> None:
        """Note the name of a converter, and where it gets it."""
        self._made.setdefault(converter, (name, statement))

    def module(self, converter: int, maker: str) -> None:
        """Note with which function (`tf.lite.TFLiteConverter.from_saved_model`) a converter is made."""
        self._lite[converter] = maker.rpartition(".")[0].rpartition(".")[0]

    def set(
        self,
        converter: int,
        attribute: str,
        statement: ast.stmt,
        target: ast.expr,
        value: ast.expr,
        *,
        shared: bool,
    ) -> None:
        """Note that a statement sets an attribute; `shared`: of other converters as well, so it has to stay."""
        behind = [one for one in getattr(statement, "targets", []) if one.col_offset > target.col_offset]
        start, end = self.source.span(value)
        alone = self.source.indent(statement)
        begin = self.source.span(statement)[0] - len(alone or "")
        whole = (begin, self.source.end_of_lines(statement)) if alone is not None else (0, 0)
        if id(statement) in self._only:  # its block needs a statement
            whole = self.source.span(statement) if alone is not None else (0, 0)
        name = f"target_spec.{attribute}" if attribute in ON_TARGET_SPEC else attribute
        self._settings.setdefault(converter, {}).setdefault(name, []).append(
            Setting(
                statement.lineno,
                (self.source.span(target)[0], self.source.span(behind[0])[0] if behind else start),
                (start, end),
                whole,
                "pass" if id(statement) in self._only else "",
                shared,
                self.source.text[start:end],
            )
        )

    def yields(self, converter: int, arrays: list[ast.expr]) -> None:
        """Note the expressions of the arrays that the converter's dataset yields."""
        for number, array in enumerate(arrays):
            start, end = self.source.span(array)
            found = Setting(
                array.lineno, (start, start), (start, end), (0, 0), "", False, self.source.text[start:end]
            )
            known = self._settings.setdefault(converter, {}).setdefault(f"{YIELD}{number}", [])
            known += [] if found in known else [found]

    def site(
        self, converter: int, modules: dict[str, str], converts: Sequence[ast.expr] = ()
    ) -> CallSite | None:
        """The site of a converter; None where the script never gives it a name in a statement of its own.

        `converts`: the calls that convert with it, of which the last counts: what is set for it alone can be changed.
        """
        if converter not in self._made:
            return None
        name, statement = self._made[converter]
        before = converts[-2].lineno if len(converts) > 1 else 0
        if before:
            statement = self.statement(converts[-1])
        indent = self.source.indent(statement)
        if indent is None:
            return None
        found = next((one for one, full in modules.items() if full in _TENSORFLOW), "")
        known = {"tf": found, "lite": f"{found}.lite" if found else self._lite.get(converter, "")}
        line, end = statement.end_lineno or statement.lineno, self.source.end_of_lines(statement)
        if before:
            line, end = statement.lineno - 1, self.source.place(statement.lineno, 0)
        text = self.source.line(line)
        breaks = text[len(text.rstrip("\r\n")) :]
        first = self.source.line(1)
        return CallSite(
            name,
            known,
            line,
            end,
            indent,
            breaks or first[len(first.rstrip("\r\n")) :] or "\n",
            not breaks,
            {
                key: tuple(one._replace(shared=one.shared or one.line <= before) for one in found)
                for key, found in self._settings.get(converter, {}).items()
            },
            self._names,
        )

    def statement(self, node: ast.expr) -> ast.stmt:
        """The innermost statement around an expression."""
        return self._around[node]

    @cached_property
    def _around(self) -> dict[ast.AST, ast.stmt]:
        """Node -> the innermost statement around it."""
        found: dict[ast.AST, ast.stmt] = {}
        pending: list[ast.AST] = [self.tree]
        while pending:
            node = pending.pop()
            around = node if isinstance(node, ast.stmt) else found.get(node)
            for child in children(node):
                if around is not None:
                    found[child] = around
                pending.append(child)
        return found

    @cached_property
    def _only(self) -> frozenset[int]:
        """The statements that stand alone in their block."""
        blocks = (
            getattr(node, name, None) for node in walk(self.tree) for name in ("body", "orelse", "finalbody")
        )
        return frozenset(id(block[0]) for block in blocks if isinstance(block, list) and len(block) == 1)

    @cached_property
    def _names(self) -> frozenset[str]:
        found = {dotted(node) for node in walk(self.tree) if isinstance(node, ast.Name)}
        defined = (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)
        return frozenset(found | {node.name for node in walk(self.tree) if isinstance(node, defined)})

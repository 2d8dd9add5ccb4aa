"""The code blocks of the documentation and the README, and the command lines in them."""

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = sorted((ROOT / "minmax_lint" / "docs" / "pages").glob("*.md"))
TEXTS = [ROOT / "README.md", *PAGES]


def blocks(file: Path, language: str) -> list[str]:
    """The content of every fenced block in that language."""
    return re.findall(
        rf"^```{language}\n(.*?)^```$", file.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE
    )


def command_lines(file: Path) -> Iterator[list[str]]:
    """The words behind `minmax-lint` of every command in shell blocks and transcripts."""
    for block in (*blocks(file, "sh"), *blocks(file, "console")):
        for line in block.splitlines():
            commands = re.sub(r'eval "\$\((.*)\)"', r"\1", line.removeprefix("$ ").split("  #")[0])
            for command in commands.split("&&"):
                words = shlex.split(command) if "minmax-lint" in command else []
                if words and Path(words[0]).name == "minmax-lint":
                    yield words[1:]

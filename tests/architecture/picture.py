"""Draw README's picture, the report of a real run: `python -m tests.architecture.picture`."""

import os
import shutil
from contextlib import chdir, redirect_stdout
from io import StringIO
from pathlib import Path
from tempfile import TemporaryDirectory
from unittest.mock import patch

from rich.console import Console
from rich.terminal_theme import TerminalTheme
from rich.text import Text

from minmax_lint.cli import main
from tests.reporters.golden_file import Stream

ROOT = Path(__file__).parents[2]
PICTURE = ROOT / ".github" / "check.svg"
GRAPH = ROOT / "fixtures" / "founding" / "eval-frozen.pb"
COLUMNS = 84
THEME = TerminalTheme(
    (22, 27, 34),
    (201, 209, 217),
    [
        (22, 27, 34),
        (255, 123, 114),
        (63, 185, 80),
        (210, 153, 34),
        (88, 166, 255),
        (188, 140, 255),
        (57, 197, 207),
        (201, 209, 217),
    ],
)
# rich's own frame, without the fonts that it would load from elsewhere.
FRAME = """<svg viewBox="0 0 {width} {height}" xmlns="http://www.w3.org/2000/svg">
<style>
.{unique_id}-matrix {{ font-family: ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace;
  font-size: {char_height}px; line-height: {line_height}px; font-variant-east-asian: full-width; }}
.{unique_id}-title {{ font-size: 18px; font-family: system-ui, sans-serif; }}
{styles}
</style>
<defs><clipPath id="{unique_id}-clip-terminal">
<rect x="0" y="0" width="{terminal_width}" height="{terminal_height}" /></clipPath>
{lines}</defs>
{chrome}
<g transform="translate({terminal_x}, {terminal_y})" clip-path="url(#{unique_id}-clip-terminal)">
{backgrounds}
<g class="{unique_id}-matrix">
{matrix}
</g>
</g>
</svg>
"""


def picture() -> str:
    """The report on the founding graph, as a terminal shows it."""
    out = Stream(terminal=True)
    terminal = {"COLUMNS": str(COLUMNS), "TERM": "xterm-256color", "NO_COLOR": ""}
    with (
        TemporaryDirectory() as folder,
        chdir(folder),
        patch.dict(os.environ, terminal),
        redirect_stdout(out),
    ):
        shutil.copy(GRAPH, "eval.pb")
        main(["check", "eval.pb", "--isolated"])
    console = Console(record=True, width=COLUMNS, file=StringIO(), legacy_windows=False)
    console.print(Text.from_ansi(f"$ minmax-lint check eval.pb\n{out.getvalue()}"), soft_wrap=True)
    return console.export_svg(title="minmax-lint", theme=THEME, code_format=FRAME, unique_id="check")


if __name__ == "__main__":
    PICTURE.parent.mkdir(exist_ok=True)
    PICTURE.write_text(picture(), encoding="utf-8")

"""What to run next: a sentence, and the command line below it."""

from minmax_lint.reporters.terminal.page import Page

RANGES_NEEDED = (
    "DATA: samples of the inputs (.npz, .npy, TFRecord, module:function). Or give ranges: --ranges FILE, "
    "--default-range MIN,MAX."
)
"""What stands below a command that repairs with `--calibrate DATA`."""


def print_next(page: Page, sentence: str, command: str, style: str = "bold green") -> None:
    """Behind a blank line, so that it is found and copied."""
    page.line()
    page.line(f"   {sentence}")
    page.command("   ", command, style)


def print_repair(page: Page, sentence: str, command: str, *, unsafe: bool) -> None:
    """What repairs the graph, and which data that takes."""
    print_next(page, sentence, command, "bold yellow" if unsafe else "bold green")
    if "--calibrate DATA" in command:
        page.block(("   ",), RANGES_NEEDED, "dim")


def print_script_patch(page: Page, command: str) -> None:
    """What shows the changes of a script."""
    print_next(page, "To see what changes in the script, run (`fix --output FILE.py` writes it):", command)

"""The patch of a conversion script on the command line: shown by `check --diff`, applied by `fix`."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from minmax_lint.cli.streams import say

if TYPE_CHECKING:
    from minmax_lint.config import Settings, Target
    from minmax_lint.workflows.script import ScriptPatch


def patch_of_script(args: Namespace, settings: Settings, model: Target) -> ScriptPatch:
    """The script that `--script` names, changed as the findings for the model say. Raises UserError."""
    from minmax_lint.cli.source import open_source
    from minmax_lint.workflows.script import patched_script

    opened = open_source(args, model).checked()
    return patched_script(
        opened, Path(args.script), unsafe=args.unsafe_fixes, selection=settings.values.selection
    )


def print_diff(patch: ScriptPatch) -> None:
    """The diff on standard output; a line on standard error where there is none."""
    if patch.empty:
        say(f"{patch.path} stays as it is: no finding says what to change in it")
    sys.stdout.write(patch.diff())


def write_script(patch: ScriptPatch, destination: Path) -> None:
    """Write the changed script, and say what the changes heal."""
    patch.save(destination)
    healed = ", ".join(dict.fromkeys(f"{finding.code} {finding.name}" for finding in patch.healed))
    say(f"wrote {destination} ({healed or 'a copy: nothing is to be changed'})")
    if patch.needs_samples:
        say(
            "representative_dataset reads `samples`: let that be some hundred real inputs before you run the script"
        )

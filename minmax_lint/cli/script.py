"""The patch of a conversion script on the command line: shown by `check --diff`, applied by `fix`."""

from __future__ import annotations

import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from minmax_lint.cli.streams import say

if TYPE_CHECKING:
    from minmax_lint.cli.files import ReadFiles
    from minmax_lint.config import Settings, Target
    from minmax_lint.workflows.script import ScriptPatch


def patch_of_script(args: Namespace, settings: Settings, model: Target) -> ScriptPatch:
    """The script that `--script` names, changed as the findings for the model say. Raises UserError."""
    from minmax_lint.cli.source import open_source
    from minmax_lint.workflows.script import patch_script

    opened = open_source(args, model).checked()
    return patch_script(
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


def fix_script_alone(args: Namespace, read: ReadFiles) -> int:
    """Write the changed script; the graph stays as it is."""
    patch = _patch_of_named_graph(args)
    destination = read.destination(args.output)
    if args.diff:
        print_diff(patch)
    write_script(patch, destination)
    return 0


def fix_script_too(args: Namespace) -> ScriptPatch:
    """Show the patch of the script, or write it over the script where everything is written in place."""
    patch = _patch_of_named_graph(args)
    if patch.empty:
        return patch
    if args.diff:
        print_diff(patch)
    if args.in_place:
        write_script(patch, patch.path)
    elif not args.diff:
        say(f"{args.script} is to be changed as well: --output FILE.py writes it, --diff shows it")
    return patch


def _patch_of_named_graph(args: Namespace) -> ScriptPatch:
    from minmax_lint.cli.settings import settings_of

    settings = settings_of(args, with_baseline=False)
    return patch_of_script(args, settings, settings.target(args.graph))

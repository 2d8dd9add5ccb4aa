"""A conversion script on the command line: the models that it converts, and its patch, which `check --diff` shows."""

from __future__ import annotations

import os
import shlex
import sys
from argparse import Namespace
from pathlib import Path
from typing import TYPE_CHECKING

from minmax_lint.cli.streams import say

if TYPE_CHECKING:
    from minmax_lint.cli.files import ReadFiles
    from minmax_lint.config import Settings, Target
    from minmax_lint.workflows.script import ScriptPatch


def models_of_script(args: Namespace) -> list[str]:
    """The models in the current folder that the script converts, or saves as it converts them from memory.

    A path that a script names outside that folder is not opened. Raises UserError where the script cannot be read.
    """
    from minmax_lint.loaders.script.conversion_script import converter_calls

    found: dict[str, None] = {}
    for call in converter_calls(Path(args.script)) if args.script else ():
        place = next(filter(_is_here, (call.converted, *call.saved)), "")
        name = os.path.normpath(place) if place else ""
        if name and place != call.converted and name not in found:
            say(f"{call.origin} converts the model that the script saves as {name}, which is checked")
        found |= {name: None} if name else {}
    return list(found)


def no_model_of_script(args: Namespace) -> str:
    """What to do where the script names no model in the current folder; empty without a script."""
    from minmax_lint.loaders.script.conversion_script import converter_calls

    if not args.script:
        return ""
    call = converter_calls(Path(args.script))[0]
    places = tuple(filter(None, (call.converted, *call.saved)))
    rest = f"--script {shlex.quote(args.script)}"
    if not places and call.maker == "saved_model":
        return (
            f"{call.origin} converts a model whose path cannot be read in the script: name it, as in "
            f"`minmax-lint check MODEL {rest}`"
        )
    if not places:
        return (
            f"{call.origin} converts a model in memory: save it (`model.save('model.keras')`, `model.export('export')` "
            f"or `tf.saved_model.save`) and name it, as in `minmax-lint check model.keras {rest}`"
        )
    return (
        f"{call.origin} converts {places[0]}, which is not in this folder: run the script first, or name the model, as "
        f"in `minmax-lint check {shlex.quote(places[0])} {rest}`"
    )


def _is_here(name: str) -> bool:
    """Whether it is in the current folder; one that is too long, or holds a null byte, is not."""
    return bool(name) and os.path.exists(name) and Path(name).resolve().is_relative_to(Path.cwd())


def patch_of_script(args: Namespace, settings: Settings, model: Target) -> ScriptPatch:
    """The script that `--script` names, changed as the findings for the model say. Raises UserError."""
    from minmax_lint.cli.source import open_source
    from minmax_lint.workflows.script import patch_script

    opened = open_source(args, model).check_ends()
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

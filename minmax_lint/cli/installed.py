"""Which TensorFlow is installed beside us, and whether a report is about that one."""

from __future__ import annotations

import os
import sys
from argparse import Namespace
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from minmax_lint.reporters import Run

PACKAGES = (
    "tensorflow",
    "tensorflow-cpu",
    "tensorflow-intel",
    "tensorflow-macos",
    "tf-nightly",
    "tf-nightly-cpu",
)
_METADATA = ".dist-info"


def installed_tensorflow() -> str:
    """Its version, by the name of the folder that holds its package's metadata; empty where there is none.

    importlib.metadata answers the same, but its import takes 50 ms of CPU, and a whole check takes 200.
    """
    found: dict[str, str] = {}
    for folder in sys.path:
        with suppress(OSError):
            for entry in os.listdir(folder):
                if entry.endswith(_METADATA):
                    name, _, version = entry.removesuffix(_METADATA).partition("-")
                    found.setdefault(name.lower().replace("_", "-"), version)
    return next((found[name] for name in PACKAGES if name in found), "")


def note_on_installed(args: Namespace, run: Run, place: str) -> str:
    """One sentence where none of the judged converters is that of the installed TensorFlow; else empty.

    `place`: where a setting stands. Reports themselves never depend on what is installed.
    """
    if args.converter or args.quiet or not run.reports:
        return ""
    found = installed_tensorflow()
    number = tuple(int("".join(filter(str.isdigit, part)) or 0) for part in found.split(".")[:2])
    from minmax_lint.converters.profile import SELECTABLE

    judged = {
        SELECTABLE[name].version
        for report in run.reports
        for name in report.predictions
        if name in SELECTABLE
    }
    if not found or not judged or number in judged:
        return ""
    versions = " and ".join(f"{major}.{minor}" for major, minor in sorted(judged))
    return (
        f"note: TensorFlow {found} is installed here, and the report is about TF {versions}; "
        f'tensorflow = "{number[0]}.{number[1]}" in {place} judges its converter'
    )

"""Which TensorFlow is installed beside us, and whether a report is about that one."""

from __future__ import annotations

from argparse import Namespace
from importlib.metadata import PackageNotFoundError, version
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


def installed_tensorflow() -> str:
    """Its version, by the packages' metadata; empty where there is none."""
    for name in PACKAGES:
        try:
            return version(name)
        except PackageNotFoundError:
            continue
    return ""


def note_on_installed(args: Namespace, run: Run) -> str:
    """One sentence where none of the judged converters is that of the installed TensorFlow; else empty.

    Reports themselves never depend on what is installed.
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
        f'tensorflow = "{number[0]}.{number[1]}" in [tool.minmax-lint] judges its converter'
    )

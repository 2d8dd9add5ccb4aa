"""The linter as an assertion, for tests of the code that builds a model."""

import io
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

from minmax_lint.api import Inputs, lint
from minmax_lint.config import Settings, Target, load
from minmax_lint.errors import UserError
from minmax_lint.graph.names import as_names
from minmax_lint.report.report import Report
from minmax_lint.reporters import Run, renderer
from minmax_lint.rules.framework.finding import SEVERITIES


def assert_quantizable(
    source: Any,
    inputs: Inputs | None = None,
    outputs: Sequence[str] | str | None = None,
    converters: Sequence[str] | None = None,
    *,
    signature: str | None = None,
    select: Collection[str] = (),
    ignore: Collection[str] = (),
    fail_level: str | None = None,
) -> Report:
    """Fail, with the whole report, where a converter would not make an integer model of `source`.

    Arguments as for `minmax_lint.lint`; what is not given comes from the project's configuration (its
    models, ignores with a reason, baseline). It fails on a finding at `fail_level` (default `error`) or
    above, and on a converter that aborts or leaves ops float, unless the findings about that converter were
    accepted. Returns the report.

    Raises AssertionError; UserError where the source cannot be read or a name is unknown.
    """
    __tracebackhide__ = True  # pytest shows the line of the test, not this one
    named = {"select": select, "ignore": ignore, "converters": converters}
    given = {**{key: as_names(names) for key, names in named.items()}, "fail-level": fail_level}
    try:
        settings, report = _report(source, inputs, outputs, converters, signature, given)
    except UserError as error:
        raise error.with_traceback(None) from None  # one line, and none of our source
    reasons = _reasons(report, settings.values["fail-level"])
    if reasons:
        raise AssertionError(
            f"{report.path} is not ready for quantization: {', '.join(reasons)}\n{_text(report)}"
        )
    return report


def _report(
    source: Any,
    inputs: Inputs | None,
    outputs: Sequence[str] | str | None,
    converters: Sequence[str] | None,
    signature: str | None,
    given: Mapping[str, Any],
) -> tuple[Settings, Report]:
    """The report with the project's settings applied, and these. Raises UserError."""
    settings = Settings.merge(load(Path.cwd()), given)
    target = settings.target(str(source)) if isinstance(source, (str, Path)) else Target("<memory>")
    report = lint(
        source,
        target.inputs if inputs is None else inputs,
        outputs or target.outputs or None,
        converters or target.converters or None,
        signature=signature or target.signature,
        select=settings.values.selection.select,
        ignore=settings.values.selection.ignore,
        checkpoint=target.checkpoint,
    )
    return settings, settings.adjust(report, target)


def _reasons(report: Report, fail_level: str) -> list[str]:
    levels = SEVERITIES[: SEVERITIES.index(fail_level) + 1]
    counts = [(level, report.count(level)) for level in levels]
    found = [f"{count} {level}{'s' * (count > 1)}" for level, count in counts if count]
    excused = {profile for finding in report.ignored for profile in finding.profiles}
    verdicts = [
        f"{name} {'aborts' if made.verdict == 'abort' else f'is {made.verdict}'}"
        for name, made in report.predictions.items()
        if made.verdict != "quantized" and name not in excused
    ]
    return found + verdicts


def _text(report: Report) -> str:
    out = io.StringIO()
    renderer("full")(Run((report,)), out)
    return out.getvalue()

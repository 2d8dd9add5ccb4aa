"""A rule's page: its documentation, and its example as the linter sees it."""

import io
from dataclasses import replace

from minmax_lint.converters.profile import DEFAULT
from minmax_lint.loaders.model import Model
from minmax_lint.report.report import Report
from minmax_lint.reporters import Run, renderer
from minmax_lint.rules.framework.rule import Example, Rule
from minmax_lint.rules.framework.selection import Selection
from minmax_lint.workflows.opened import open_model


def rule_page(rule: Rule, *, drawing: str = "") -> str:
    """The page as Markdown. `drawing`: what the site puts before the report of the example."""
    fixes = f"fixed by {', '.join(f'`{name}`' for name in rule.fixes)}" if rule.fixes else "fixed by hand"
    parts = [f"# {rule.code} {rule.name}", f"*{rule.severity}, {fixes}*", rule.documentation(), "## Example"]
    if drawing:
        parts.append(drawing)
    return "\n\n".join([*parts, f"```text\n{report_text(rule)}\n```"]) + "\n"


def report_text(rule: Rule) -> str:
    """What the linter says about the rule's failing example: this rule's findings alone."""
    out = io.StringIO()
    renderer("full")(Run((example_report(rule, rule.examples().failing),), quiet=True), out)
    return out.getvalue().strip("\n")


def example_report(rule: Rule, example: Example) -> Report:
    """The example linted by this rule, for the usual converters that it is about."""
    wanted = [name for name in DEFAULT if name in example.profiles] or list(example.profiles[:1])
    kind, suffix = ("graphdef", "pb") if example.finished is None else ("tflite", "tflite")
    model = Model(None, kind, example.graph, variables=example.variables, finished=example.finished)
    opened = open_model(model, example.inputs, example.outputs, converters=wanted, calls=example.calls)
    report = replace(opened, path=f"{rule.code}.{suffix}").lint(Selection((rule.code,)))
    return replace(report, ignored=())

"""One finding as a paragraph: what is wrong, the drawing, what it breaks, what to do."""

from collections.abc import Mapping, Sequence

from minmax_lint.converters.prediction import Prediction
from minmax_lint.escaping import name
from minmax_lint.graph.fakequant import is_fake_quant
from minmax_lint.report.report import Report
from minmax_lint.report.words import first_of_fused, profile_title
from minmax_lint.reporters.run import Run
from minmax_lint.reporters.terminal.page import Page
from minmax_lint.rules.framework.finding import Finding, Severity, Step

SEVERITY_STYLES: Mapping[Severity, str] = {"error": "red", "warning": "yellow", "info": "blue"}
FEW = 2
"""So many findings of one rule are shown in full each; of more, the first, and where the others are."""
SHOWN_PLACES = 6
SHOWN_CONSEQUENCES = 4


def print_findings(page: Page, run: Run, report: Report) -> None:
    """All findings of one model; where many are of one rule, the first stands for all of them."""
    alike: dict[tuple[str, Severity], list[Finding]] = {}
    for finding in report.findings:
        alike.setdefault((finding.code, finding.severity), []).append(finding)
    for group in alike.values():
        detailed = group if run.verbose or len(group) <= FEW else group[:1]
        for finding in detailed:
            page.line()
            print_finding(page, finding, report.predictions, every_consequence=run.verbose)
        _print_places(page, group[len(detailed) :])


def _print_places(page: Page, findings: Sequence[Finding]) -> None:
    """Where a rule found the same again."""
    places = [first_of_fused(finding.place or "") or finding.message for finding in findings]
    for i, place in enumerate(places[:SHOWN_PLACES]):
        page.line("   ", (f"{'also at' if i == 0 else '':9}", "dim"), place)
    if len(places) > SHOWN_PLACES:
        page.line(
            "   ", " " * 9, (f"and {len(places) - SHOWN_PLACES} more; --verbose shows all in full", "dim")
        )


def severity_symbol(page: Page, severity: Severity) -> str:
    """What stands in front of a finding, or of their number."""
    return {"error": page.glyphs.fail, "warning": "!", "info": "i"}[severity]


def print_finding(
    page: Page,
    finding: Finding,
    predictions: Mapping[str, Prediction],
    *,
    every_consequence: bool = False,
) -> None:
    """Print one finding of a report with these predictions as a paragraph."""
    titles = (
        profile_title(name, asked_float=name in predictions and predictions[name].asked_float)
        for name in finding.profiles
    )
    style = SEVERITY_STYLES[finding.severity]
    mark = (f" {severity_symbol(page, finding.severity)} {finding.code}", f"bold {style}")
    page.line(mark, (f" {finding.severity}", style), (f"  {finding.name}", "dim"))
    page.block(("   ",), finding.message, "bold")
    if finding.path:
        page.line()
        print_drawing(page, finding.path)
        page.line()
    _print_field(page, "breaks", ", ".join(titles))
    also = [first_of_fused(name) for name in finding.consequences if name != finding.array]
    _print_field(page, "affects", _listing(also, len(also) if every_consequence else SHOWN_CONSEQUENCES))
    _print_field(page, "advice", finding.advice)
    if finding.fix is not None:
        needs = "" if finding.fix.applicability == "safe" else ", needs --unsafe-fixes"
        _print_field(page, "fix", f"{finding.fix.description} ({finding.fix.applicability}{needs})", "green")


def _print_field(page: Page, label: str, text: str, style: str = "") -> None:
    if text:
        page.block(("   ", (f"{label:9}", f"bold {style}" if style else "dim")), text)


def _listing(names: Sequence[str], limit: int) -> str:
    more = len(names) - limit
    return ", ".join(names[:limit]) + (f", +{more} more" if more > 0 else "")


LONGEST = 9
"""Steps drawn at most; the middle of a longer path is left out."""

CUT = "the converter keeps nothing below this line"
_INDENT = " " * 11
_STYLES = {
    "kept": "",
    "output": "bold cyan",
    "outside": "bold yellow",
    "missing": "bold red",
    "float": "yellow",
    "integer": "green",
}


def print_drawing(page: Page, path: Sequence[Step]) -> None:
    """Draw the path, one step a row: role, symbol, node, op and note; long names get a row of their own."""
    shown = list(path) if len(path) <= LONGEST else [*path[:4], *path[-4:]]
    shown = [step._replace(node=name(step.node), op=name(step.op)) for step in shown]
    name_width = max(len(step.node) for step in shown)
    op_width = max((len(_op(step)) for step in shown if step.note), default=0)
    stacked = name_width > max(page.width - 46, 20)
    rail = (page.glyphs.rail, "dim")
    for i, step in enumerate(shown):
        cut = i > 0 and shown[i - 1].role != "outside" and all(s.role == "outside" for s in shown[i:])
        if cut:
            _print_cut(page)
        elif i and not stacked:
            page.line(_INDENT, rail)
        if len(path) > len(shown) and i == 4:
            page.line(_INDENT, (f":  {len(path) - len(shown)} more", "dim"))
        style = _STYLES[step.role]
        head = ((f"{step.role:>9}  ", "dim"), (f"{_symbol(page, step)} ", style))
        op = f"{_op(step):{op_width}}  "
        if stacked:
            page.line(*head, (step.node, style))
            page.block((_INDENT, rail if i + 1 < len(shown) else " ", " ", op), step.note)
        else:
            page.block((*head, (f"{step.node:{name_width}}  ", style), op), step.note)


def _symbol(page: Page, step: Step) -> str:
    glyphs = page.glyphs
    symbols = {
        "kept": glyphs.kept,
        "output": glyphs.output,
        "outside": glyphs.outside,
        "missing": glyphs.fail,
        "float": "~",
        "integer": glyphs.integer,
    }
    return symbols[step.role]


def _op(step: Step) -> str:
    """The op, in the short form that everybody uses."""
    return "FakeQuant" if is_fake_quant(step.op) else step.op


def _print_cut(page: Page) -> None:
    dash, cross = page.glyphs.dash, page.glyphs.cross
    end = max(page.width - 13 - len(CUT) - 4, 2)
    page.line((f"   {dash * 8}{cross}{dash} ", "yellow"), (CUT, "yellow"), (f" {dash * end}", "yellow"))

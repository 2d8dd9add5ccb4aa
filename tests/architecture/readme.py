"""Write the table of rules into README.md: `python -m tests.architecture.readme`."""

from pathlib import Path

from minmax_lint.rules.framework.rule import rules

README = Path(__file__).parents[2] / "README.md"
START = "<!-- rules: written by `python -m tests.architecture.readme` -->\n"
END = "<!-- end of rules -->"


def rule_table() -> str:
    """All rules as a Markdown table."""
    rows = [f"| {rule.code} | `{rule.name}` | {rule.summary()} |" for rule in rules()]
    return "\n".join(["| Code | Name | What it finds |", "| --- | --- | --- |", *rows, ""])


def with_rules(text: str) -> str:
    """README's text with the table that the rules say."""
    before, _, rest = text.partition(START)
    _, _, after = rest.partition(END)
    return f"{before}{START}{rule_table()}{END}{after}"


if __name__ == "__main__":
    README.write_text(with_rules(README.read_text()))

"""`minmax-lint rules`: the table of all rules."""

from argparse import ArgumentParser, Namespace

from minmax_lint.cli.streams import payload


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    parser.add_argument(
        "--output-format", choices=("text", "json"), default="text", help="a table (default), or JSON"
    )


def run(args: Namespace) -> int:
    """Print every rule."""
    from minmax_lint.rules.framework.rule import rules

    found = rules()
    with payload() as out:
        if args.output_format == "json":
            from minmax_lint.escaping import json_text

            listed = [
                {
                    "code": rule.code,
                    "name": rule.name,
                    "severity": rule.severity,
                    "fixable": bool(rule.fixes),
                    "fixes": list(rule.fixes),
                    "summary": rule.summary(),
                    "documentation": rule.documentation(),
                }
                for rule in found
            ]
            out.write(json_text(listed) + "\n")
            return 0
        from minmax_lint.reporters.terminal.rule_list import print_rules

        print_rules(out, found)
    return 0

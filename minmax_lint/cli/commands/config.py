"""`minmax-lint config`: the settings that count, and where each comes from."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import TYPE_CHECKING, Any

from minmax_lint.cli import options
from minmax_lint.cli.streams import payload, print_json

if TYPE_CHECKING:
    from minmax_lint.config import Settings, Target


def add(parser: ArgumentParser) -> None:
    """Declare the options."""
    options.add_converters(parser)
    options.add_selection(parser)
    parser.add_argument(
        "--output-format",
        choices=("text", "json", "schema"),
        default="text",
        help="a table (default), JSON, or the JSON schema of the configuration file for editors",
    )
    options.add_configuration(parser)


def run(args: Namespace) -> int:
    """Print every setting with its origin, and the models."""
    if args.output_format == "schema":
        from minmax_lint.config.schema import schema

        print_json(schema())
        return 0
    from minmax_lint.cli.settings import settings_of
    from minmax_lint.config import targets

    settings = settings_of(args, with_baseline=False)
    models = targets(settings.config) if settings.config is not None else ()
    if args.output_format == "json":
        print_json(_data(settings, models))
        return 0
    from minmax_lint.reporters.terminal.page import Page

    with payload() as out:
        page = Page(out)
        page.rule(str(settings.config.file) if settings.config else "no configuration file", "cyan")
        rows = [
            (key, _text(found.value) or "-", found.origin) for key, found in settings.values.values.items()
        ]
        page.table(("setting", "value", "from"), rows)
        if settings.config is not None and settings.config.convert is not None:
            page.line()
            page.line("   ", ("convert", "bold"), (f"  {settings.config.convert.origin}", "dim"))
            page.table(("", ""), [(key, _text(value)) for key, value in _convert_data(settings).items()])
        for model in models:
            page.line()
            page.line("   ", (model.path, "bold"), (f"  {model.origin}", "dim"))
            page.table(("", ""), [(key, _text(value)) for key, value in _model_data(model).items() if value])
    return 0


def _data(settings: Settings, models: tuple[Target, ...]) -> dict[str, Any]:
    return {
        "file": str(settings.config.file) if settings.config else None,
        "settings": {
            key: {"value": found.value, "from": found.origin} for key, found in settings.values.values.items()
        },
        "convert": _convert_data(settings),
        "models": [{"path": model.path, **_model_data(model)} for model in models],
    }


def _convert_data(settings: Settings) -> dict[str, Any]:
    """How the converter is called: what the file sets, and the TensorFlow that it names."""
    from minmax_lint.config.settings import Convert, keys

    config = settings.config
    if config is None or config.convert is None:
        return {}
    given = {key: getattr(config.convert, found.name) for key, found in keys(Convert).items()}
    stated = {key: sorted(value) if isinstance(value, frozenset) else value for key, value in given.items()}
    kept = {key: value for key, value in stated.items() if value not in ("", None, [])}
    return {**kept, **({"tensorflow": config.tensorflow} if config.tensorflow else {})}


def _model_data(model: Target) -> dict[str, Any]:
    return {
        "inputs": model.inputs,
        "outputs": model.outputs,
        "signature": model.signature,
        "converters": model.converters,
        "ignore": [
            f"{one.code}{f' at {one.node}' if one.node else ''}: {one.reason}" for one in model.ignores
        ],
    }


def _text(value: object) -> str:
    if isinstance(value, dict):
        value = [f"{key}={_text(item)}" for key, item in value.items()]
    return (
        ", ".join(map(str, value))
        if isinstance(value, (tuple, list))
        else ""
        if value is None
        else str(value)
    )

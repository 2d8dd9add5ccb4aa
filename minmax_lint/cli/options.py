"""Options that several commands share, declared once."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from minmax_lint.cli import candidates, values
from minmax_lint.converters.releases import MODELLED, Engine, dotted
from minmax_lint.errors import UserError

if TYPE_CHECKING:
    from argparse import Action, _ActionsContainer
    from collections.abc import Callable

    from minmax_lint.graph.tensor import Shape

GRAPH_HELP = (
    "GraphDef (.pb, .pbtxt), .meta, checkpoint prefix or folder, SavedModel folder, .keras, .h5, "
    ".tflite, or - for standard input"
)

_FORMATS = Path(__file__).parents[1] / "reporters" / "formats"
FORMATS = tuple(
    sorted(
        (file.stem.replace("_", "-") for file in _FORMATS.iterdir() if not file.name.startswith("_")),
        key=lambda name: (name != "full", name),
    )
)
"""The formats of `check`: the files of reporters/formats, which are not imported for a list; the default is first."""


def set_completer(action: Action, candidates: Callable[..., list[str]]) -> None:
    """Where completion finds what may stand there (argcomplete looks for this attribute)."""
    action.completer = candidates  # type: ignore[attr-defined]


def add_graph(parser: ArgumentParser, *, several: bool = False) -> None:
    """The model or models to look at."""
    if several:
        parser.add_argument("graphs", metavar="GRAPH", nargs="*", help=GRAPH_HELP)
    else:
        parser.add_argument("graph", metavar="GRAPH", help=GRAPH_HELP)


def add_endpoints(parser: ArgumentParser) -> None:
    """The model's inputs, outputs and signature (what is not given is inferred), and how it is read."""
    group = parser.add_argument_group("inputs and outputs (inferred where not given)")
    given = group.add_argument(
        "-i",
        "--input",
        metavar="NAME[=SHAPE]",
        action="extend",
        type=values.inputs,
        default=[],
        help="an input array, with its shape if the graph does not say it: -i image=1,224,224,3",
    )
    set_completer(given, candidates.arrays)
    given = group.add_argument(
        "-o",
        "--output-array",
        metavar="NAME",
        action="extend",
        type=values.arrays,
        default=[],
        help="an output array; several as -o NAME -o NAME or -o NAME,NAME",
    )
    set_completer(given, candidates.arrays)
    group.add_argument("--signature", metavar="KEY", help="which signature of a SavedModel names them")
    parser.add_argument(
        "--checkpoint",
        metavar="PREFIX",
        help="the checkpoint with the graph's variables, where it does not lie beside the graph",
    )
    parser.add_argument(
        "--python",
        metavar="INTERPRETER",
        help="the Python that has the TensorFlow to use (3.7 or newer): for a .keras or .h5 file, and wherever a "
        "real converter runs",
    )
    parser.add_argument(
        "--trust",
        action="store_true",
        help="let a .keras or .h5 file run the code that it brings along (Lambda layers, custom classes)",
    )


def add_converters(parser: ArgumentParser) -> None:
    """Which real converters to predict."""
    given = parser.add_argument(
        "--converter",
        metavar="PROFILE",
        action="append",
        default=[],
        help=f"toco, mlir (the default pair), mlir-v2, or with a version: {_profiles('toco')}, {_profiles('mlir')}, "
        "mlir-2.18-v2, ...",
    )
    set_completer(given, candidates.converters)


def _profiles(engine: Engine) -> str:
    """A span of profiles: `mlir-2.12 to mlir-2.22`."""
    known = MODELLED[engine]
    return f"{engine}-{dotted(known[0])} to {engine}-{dotted(known[-1])}"


def add_script(parser: _ActionsContainer) -> None:
    """Where the call of the converter stands."""
    parser.add_argument(
        "--script",
        metavar="FILE.py",
        help="the script or notebook that converts: its flags, inputs and outputs are read, and it is never run",
    )


def add_selection(parser: ArgumentParser) -> None:
    """Options for which rules count."""
    group = parser.add_argument_group("rules")
    for option, meaning in (
        ("--select", "only these: MM101,MM2 or names"),
        ("--ignore", "all but these"),
        ("--extend-select", "these as well"),
        ("--fixable", "fix findings of these rules only"),
    ):
        given = group.add_argument(option, metavar="CODES", type=values.codes, default=(), help=meaning)
        set_completer(given, candidates.rule_codes)
    group.add_argument("--baseline", metavar="FILE", help="known findings, which do not count")


def add_configuration(parser: ArgumentParser) -> None:
    """Which configuration file counts."""
    group = parser.add_argument_group("configuration").add_mutually_exclusive_group()
    group.add_argument(
        "--config",
        metavar="FILE",
        help="this configuration file (default: the nearest minmax-lint.toml or pyproject.toml)",
    )
    group.add_argument("--isolated", action="store_true", help="no configuration file at all")


def add_fix_options(parser: ArgumentParser, *, in_place: bool = True) -> None:
    """Options for how a graph is repaired."""
    group = parser.add_argument_group("fixes")
    group.add_argument(
        "--strategy",
        choices=("auto", "guard", "retarget"),
        default="auto",
        help="retarget: make the FakeQuant the output; guard: put a Minimum behind it; "
        "auto: what converts everywhere with the least left behind (default)",
    )
    group.add_argument(
        "--bound", metavar="NUMBER", type=float, help="the guard's bound (default 1e6, raised where needed)"
    )
    group.add_argument(
        "--new-name",
        action="store_true",
        help="leave the output's name to the old op and give the repaired output a new one",
    )
    group.add_argument(
        "--unsafe-fixes",
        action="store_true",
        help="also fixes that invent or change a range, or change values otherwise",
    )
    group.add_argument(
        "--default-range",
        metavar="MIN,MAX",
        type=values.range_of,
        help="with --unsafe-fixes: the range of every array that has none",
    )
    group.add_argument("--ranges", metavar="FILE", help="ranges to insert (JSON: array -> [min, max])")
    if in_place:
        group.add_argument(
            "--freeze",
            action="store_true",
            help="write variables as constants and only what the outputs depend on, as a GraphDef "
            "(a checkpoint always, where --output ends in .pb)",
        )
        group.add_argument("--in-place", action="store_true", help="write over the input file")


FOR_THE_REPAIR = "{} is for a repair: give --fix as well"


def refuse_fix_options(args: Namespace, *but: str) -> None:
    """Raise UserError where an option of `add_fix_options` is given though nothing is repaired."""
    for option in ("unsafe_fixes", "ranges", "default_range", "freeze", "new_name"):
        if getattr(args, option, None) and option not in but:
            raise UserError(FOR_THE_REPAIR.format(f"--{option.replace('_', '-')}"))
    if args.strategy != "auto":
        raise UserError(FOR_THE_REPAIR.format("--strategy"))
    if args.bound is not None:
        raise UserError(FOR_THE_REPAIR.format("--bound"))


def add_talk(parser: ArgumentParser) -> None:
    """Options for how much is printed."""
    group = parser.add_mutually_exclusive_group()
    group.add_argument("-q", "--quiet", action="store_true", help="findings and errors only")
    group.add_argument("-v", "--verbose", action="store_true", help="every finding, every consequence")


def inputs_of(args: Namespace) -> Mapping[str, Shape | None] | None:
    """The inputs as array -> shape; None where the user named none. Raises UserError for a bad shape."""
    if not args.input:
        return None
    from minmax_lint.loaders.endpoints import parse_input_spec

    return dict(parse_input_spec(text) for text in args.input)


def endpoint_words(args: Namespace) -> tuple[str, ...]:
    """The user's own -i, -o, --signature, --script and --converter, to repeat in a command line."""
    words: list[str] = []
    for text in args.input:
        words += ["-i", text]
    for text in args.output_array:
        words += ["-o", text]
    if args.signature:
        words += ["--signature", args.signature]
    if args.checkpoint:
        words += ["--checkpoint", args.checkpoint]
    if args.trust:
        words.append("--trust")
    if args.python:
        words += ["--python", args.python]
    script = getattr(args, "script", None)
    words += ["--script", script] if script else []
    for name in getattr(args, "converter", ()):
        words += ["--converter", name]
    return tuple(words)


def add_formats(parser: ArgumentParser, known: Sequence[str]) -> None:
    """How to report; the first of `known` is the default."""
    given = parser.add_argument(
        "--output-format",
        metavar="FMT[=FILE]",
        action="append",
        default=[],
        help=f"{known[0]} (default), {', '.join(known[1:])}; may be given several times, all but one with a file",
    )
    given.formats = known  # type: ignore[attr-defined] # for a word that is taken for an option
    set_completer(given, lambda **_: list(known))

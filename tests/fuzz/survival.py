"""What every input must survive: a lint by all profiles, a fix, and all that reports make of it."""

import contextlib
import time
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory

from minmax_lint.converters.profile import Profile
from minmax_lint.errors import UserError
from minmax_lint.fixes.edit.options import FixOptions
from minmax_lint.graph.graph import Graph
from minmax_lint.loaders.endpoints import Endpoints, endpoints
from minmax_lint.loaders.model import Model
from minmax_lint.loaders.parse import parse
from minmax_lint.reporters import Run
from minmax_lint.reporters.document import document
from minmax_lint.workflows.opened import Opened
from minmax_lint.writers.graphdef import encode
from tests.profiles import ALL

LONGEST = 10.0
"""CPU seconds for a graph that fits on a page: other work on the machine does not count."""


def survives(graph: Graph, profiles: Sequence[Profile] = tuple(ALL.values())) -> None:
    """Lint and fix `graph` as it comes from a file. Only a UserError of one line may be raised."""
    started = time.process_time()
    with one_line():
        model = parse(encode(graph))
        lint_and_fix(model, tuple(profiles))
    assert time.process_time() - started < LONGEST


def survives_bytes(content: bytes, profiles: Sequence[Profile] = tuple(ALL.values())) -> None:
    """The same for the content of a file, whatever it is."""
    started = time.process_time()
    with one_line():
        lint_and_fix(parse(content), tuple(profiles))
    assert time.process_time() - started < LONGEST


def lint_and_fix(model: Model, profiles: tuple[Profile, ...]) -> None:
    """Everything that `check` and `fix` do."""
    try:
        ends = endpoints(model)
    except UserError:
        ends = Endpoints({}, (model.graph.names[-1],))
    opened = Opened(model, ends, "graph").for_profiles(*profiles)
    report = opened.lint()
    document(Run((report,)))
    with one_line():
        patch = opened.fix(FixOptions(unsafe=True))
        if not patch.empty:
            with TemporaryDirectory(prefix="minmax-lint-fuzz-") as folder:
                patch.save(Path(folder, "fixed"))


@contextlib.contextmanager
def one_line():
    """Take a UserError, and see that it says one line."""
    message = "nothing"
    try:
        yield
    except UserError as error:
        message = str(error)
    assert message
    assert "\n" not in message

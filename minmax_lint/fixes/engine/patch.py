"""The result of a fix, as data, and how it is saved."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from minmax_lint.fixes.edit.changes import Change, changes_of
from minmax_lint.fixes.edit.repair import Repair
from minmax_lint.fixes.repairs.freeze import NAME as FREEZE
from minmax_lint.graph.edit import edit_graph
from minmax_lint.graph.graph import Graph
from minmax_lint.loaders.model import Model
from minmax_lint.report.report import Report


@dataclass(frozen=True, repr=False)
class Patch:
    """A fixed graph that is not written yet. `before` and `after` are its reports."""

    model: Model
    repair: Repair
    before: Report
    after: Report
    refused: tuple[str, ...] = ()
    """Repairs that were tried and do not fit, and what is left open, a sentence each."""
    signatures: tuple[str, ...] = ()
    """Those that it repairs, where it is one of `others`."""
    others: tuple[Patch, ...] = field(default=(), repr=False)
    """What changes for further signatures: each a patch of the graph that those before it make."""
    unchanged: Mapping[str, str] = field(default_factory=dict)
    """Further signature that stays as it was -> why."""
    whole: tuple[Model, Repair] | None = field(default=None, repr=False)
    """Model and repair of all signatures, where `others` change."""

    def __repr__(self) -> str:
        return f"Patch(strategy={self.strategy!r}, safe={self.safe}, outputs={self.outputs}, reason={self.reason!r})"

    @property
    def outputs(self) -> tuple[str, ...]:
        """The output arrays of the fixed graph, in the order given."""
        return self.after.outputs

    @property
    def safe(self) -> bool:
        """Whether the outputs are the same as before, up to the FakeQuants' own rounding and clamping."""
        return self.repair.safe

    @property
    def strategy(self) -> str:
        """The repairs applied, joined by `+`; empty where nothing was to be done."""
        return self.repair.strategy

    @property
    def reason(self) -> str:
        """Why these repairs: one sentence."""
        return self.repair.reason

    @property
    def empty(self) -> bool:
        """Whether nothing changes, but for further signatures."""
        return self.repair.edit.empty

    @property
    def writes_nothing_new(self) -> bool:
        """Whether nothing changes in any signature."""
        return self.empty and not self.others

    @property
    def freezes(self) -> bool:
        """Whether it turns variables into constants."""
        return FREEZE in self.strategy.split("+")

    @cached_property
    def changes(self) -> tuple[Change, ...]:
        """Every node that is added, removed, rewired, renamed or changed."""
        return changes_of(self.model.graph, self.repair.edit)

    @cached_property
    def graph(self) -> Graph:
        """The fixed graph, as our own model."""
        return edit_graph(self.model.graph, self.repair.edit)

    @cached_property
    def graph_def(self) -> Any:
        """The fixed graph as a GraphDef message: TensorFlow's own class where it is imported already."""
        from minmax_lint.schema.messages import message_class
        from minmax_lint.writers.graphdef import encode

        tensorflow = sys.modules.get("tensorflow")
        known = getattr(getattr(tensorflow, "compat", None), "v1", None)
        message: Any = known.GraphDef if known is not None else message_class("GraphDef")
        return message.FromString(encode(self.graph))

    def diff(self) -> tuple[str, ...]:
        """The changes as lines of text."""
        return tuple(map(str, self.changes))

    def save(self, destination: str | Path, *, in_place: bool = False) -> Path:
        """Write the fixed model in the format of its source, atomically; a frozen one as a GraphDef.

        A SavedModel is written with all signatures, a GraphDef without further ones. MetaGraphs and SavedModels
        keep everything else. Raises UserError where the destination is the source and `in_place` is not given, or
        cannot be written.
        """
        from minmax_lint.writers.write import is_graph_file, write

        path = Path(destination)
        whole = None if is_graph_file(path) else self.whole
        model, repair = whole or (self.model, self.repair)
        if self.freezes:
            model = replace(model, format="graphdef", outer=None)
        write(model, repair.edit, path, renamed_outputs=repair.outputs, in_place=in_place)
        return path

"""Baselines: the findings of a moment, by fingerprint, so that only new ones count."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from minmax_lint.errors import UserError
from minmax_lint.loaders.buffers import small_file
from minmax_lint.report.report import Report

VERSION = 1
DEFAULT_FILE = "minmax-lint-baseline.json"


class Entry(NamedTuple):
    """One known finding; only the fingerprint counts, the rest is for people who read the file."""

    fingerprint: str
    code: str
    message: str


@dataclass(frozen=True)
class Baseline:
    """Known findings by model (path with forward slashes, from the baseline's folder)."""

    models: Mapping[str, tuple[Entry, ...]]
    folder: Path = Path()

    def known(self, path: str) -> frozenset[str]:
        """Fingerprints of a model's known findings."""
        return frozenset(entry.fingerprint for entry in self.models.get(self._key(path), ()))

    def updated(self, reports: Iterable[Report]) -> Baseline:
        """With these models' findings of now, those that it hides included; other models stay."""
        models = dict(self.models)
        for report in reports:
            hidden = [one for one in report.ignored if one.fingerprint in self.known(report.path)]
            found = {one.fingerprint: one for one in (*report.findings, *hidden)}
            entries = (Entry(one.fingerprint, one.code, one.message) for one in found.values())
            models[self._key(report.path)] = tuple(entries)
        return Baseline({path: entries for path, entries in models.items() if entries}, self.folder)

    def pruned(self, reports: Iterable[Report]) -> Baseline:
        """Without entries of these models that no finding has any more; nothing is added."""
        models = dict(self.models)
        for report in reports:
            alive = {one.fingerprint for one in (*report.findings, *report.ignored)}
            key = self._key(report.path)
            models[key] = tuple(entry for entry in models.get(key, ()) if entry.fingerprint in alive)
        return Baseline({path: entries for path, entries in models.items() if entries}, self.folder)

    def __len__(self) -> int:
        return sum(map(len, self.models.values()))

    def text(self) -> str:
        """The file's content: sorted, so that its diffs are small."""
        models = {
            path: [
                {"fingerprint": entry.fingerprint, "code": entry.code, "message": entry.message}
                for entry in sorted(entries, key=lambda entry: (entry.code, entry.fingerprint))
            ]
            for path, entries in sorted(self.models.items())
        }
        return json.dumps({"version": VERSION, "models": models}, indent=2) + "\n"

    def save(self, file: Path) -> None:
        """Write the baseline, atomically."""
        from minmax_lint.writers.atomic import write_file

        write_file(file, [self.text().encode()])

    def _key(self, path: str) -> str:
        if path == "-":
            return path
        return Path(os.path.relpath(path, self.folder)).as_posix()


def read_baseline(file: Path) -> Baseline:
    """The baseline in `file`. Raises UserError where it is missing or damaged."""
    try:
        content = json.loads(small_file(file))
        models = {str(path): tuple(map(_entry, entries)) for path, entries in content["models"].items()}
        version = content["version"]
    except FileNotFoundError:
        raise UserError(f"there is no baseline {file}; `minmax-lint baseline create` makes it") from None
    except OSError as error:
        raise UserError(f"{file} cannot be read: {error.strerror}") from None
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(f"{file} is no baseline of minmax-lint ({error})") from None
    if version != VERSION:
        raise UserError(f"{file} is a baseline of version {version}; this minmax-lint reads {VERSION}")
    return Baseline(models, file.parent)


def _entry(content: Mapping[str, object]) -> Entry:
    """Raises TypeError for values of another type: a fingerprint that is a table cannot be compared."""
    texts = [content[key] for key in ("fingerprint", "code", "message")]
    if not all(isinstance(text, str) for text in texts):
        raise TypeError("an entry's fingerprint, code and message are text")
    return Entry(*map(str, texts))

"""No module is longer than a reader takes in, and no folder fuller than one glance."""

from collections import Counter
from pathlib import Path

import minmax_lint

MODULES = sorted(Path(minmax_lint.__file__).parent.rglob("*.py"))
MOST_LINES = 300
MOST_FILES = 20


def test_a_module_has_300_lines_at_most() -> None:
    lines = {path: len(path.read_text("utf-8").splitlines()) for path in MODULES}
    assert {str(path): count for path, count in lines.items() if count > MOST_LINES} == {}


def test_a_folder_has_20_modules_at_most_but_for_the_rules_of_which_each_has_one() -> None:
    folders = Counter(path.parent for path in MODULES if path.parent.name != "rules")
    assert {str(folder): count for folder, count in folders.items() if count > MOST_FILES} == {}

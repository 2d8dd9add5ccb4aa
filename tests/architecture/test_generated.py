"""Where a generated file is no longer right, the test that finds it names the command that mends it."""

import ast
from pathlib import Path

import pytest

TESTS = Path(__file__).parents[1]
MENDED = {
    "architecture/test_readme.py": ("tests.architecture.readme", "tests.architecture.picture"),
    "converters/mlir/test_pattern_lists.py": ("tests.converters.mlir.pattern_names",),
    "every_op/test_every_op.py": ("tests.every_op",),
    "graph/test_op_defaults.py": ("tests.graph.make_op_defaults",),
    "graph/test_op_registry.py": ("tests.graph.make_op_registry",),
    "schema/test_descriptors.py": ("tests.schema.make_descriptors",),
}
"""Test of a generated file -> the modules that write it."""


def messages(path: Path) -> str:
    """What the assertions of a file print where they fail, constants of the module spelled out."""
    module = ast.parse(path.read_text(encoding="utf-8"))
    constants = {
        target.id: ast.unparse(node.value)
        for node in module.body
        if isinstance(node, ast.Assign)
        for target in node.targets
        if isinstance(target, ast.Name)
    }
    printed = [node.msg for node in ast.walk(module) if isinstance(node, ast.Assert) and node.msg is not None]
    return "\n".join(constants.get(text := ast.unparse(message), text) for message in printed)


@pytest.mark.parametrize("test", MENDED)
def test_a_failing_test_prints_the_command(test: str) -> None:
    printed = messages(TESTS / test)
    assert [name for name in MENDED[test] if f".venv/bin/python -m {name}" not in printed] == []


def test_no_writer_is_left_out() -> None:
    writers = {
        path.relative_to(TESTS.parent).with_suffix("").as_posix().replace("/", ".")
        for path in TESTS.rglob("make_*.py")
    }
    assert writers - {name for names in MENDED.values() for name in names} == set()

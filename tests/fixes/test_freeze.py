"""`freeze`: variables become constants, from the checkpoint's bytes alone."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

import minmax_lint
from minmax_lint.cli import main
from minmax_lint.fixes.repairs.freeze import freeze
from minmax_lint.graph.build import Builder
from minmax_lint.graph.dtype import DType
from minmax_lint.graph.edit import edit_graph
from minmax_lint.graph.freeze import freeze_graph
from minmax_lint.graph.tensor import Tensor
from minmax_lint.graph.trace import trace
from minmax_lint.loaders.parse import parse
from minmax_lint.writers.graphdef import encode
from minmax_lint.writers.kept import frozen_kept
from tests.cli.founding import FOUNDING
from tests.fixes.running import run

CHECKPOINT = FOUNDING / "eval-checkpoint"


@pytest.mark.slow
def test_a_frozen_graph_computes_what_the_frozen_original_does() -> None:
    patch = minmax_lint.fix(CHECKPOINT, outputs=["output"], freeze=True)
    assert not [node.op for node in patch.graph if node.op.startswith("Variable")]
    feeds = {"input": np.array([[0.5, 1.5]], "float32")}
    reference = minmax_lint.fix(FOUNDING / "eval-frozen.pb", outputs=["output"])
    (expected,), (found,) = (run(encode(one.graph), ["output"], feeds) for one in (reference, patch))
    np.testing.assert_array_equal(found, expected)


def test_only_what_the_outputs_depend_on_stays() -> None:
    patch = minmax_lint.fix(CHECKPOINT, outputs=["output"], freeze=True)
    assert not [node.name for node in patch.graph if node.op in ("Assign", "SaveV2", "RestoreV2", "NoOp")]


def test_a_variable_without_value_is_told() -> None:
    with pytest.raises(minmax_lint.UserError, match="has no value beside the graph: name the checkpoint"):
        minmax_lint.fix(FOUNDING / "eval.pb", outputs=["output"], freeze=True)


def test_a_graph_without_variables_is_frozen_already() -> None:
    assert minmax_lint.fix(FOUNDING / "eval-guarded-frozen.pb", outputs=["output_guarded"], freeze=True).empty


def test_a_checkpoint_goes_to_a_graph_file_frozen(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    fixed = tmp_path / "fixed.pb"
    assert main(["fix", str(CHECKPOINT), "-o", "output", "--output", str(fixed)]) == 0
    report = minmax_lint.lint(fixed, outputs=["output"])
    assert report.format == "graphdef"
    assert report.count("error") == 0
    assert "was VariableV2" in capsys.readouterr().out or report.nodes < 20


def test_tensorflow_is_not_imported_for_it(tmp_path: Path) -> None:
    program = (
        "import sys, minmax_lint\n"
        f"minmax_lint.fix({str(CHECKPOINT)!r}, outputs=['output'], freeze=True).save({str(tmp_path / 'x.pb')!r})\n"
        "assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True, timeout=60)


class OneValue:
    """Every variable is 0.5."""

    def value(self, node: str) -> Tensor:
        return Tensor.of(DType.FLOAT, (2,), [0.5, 0.5])


@pytest.mark.parametrize("gathers", [False, True])
def test_what_passes_a_variable_on_passes_its_value_on(gathers: bool) -> None:
    """A condition of TF1 hands a variable to its branch through a Switch."""
    b = Builder()
    x = b.placeholder("x", [2])
    variable = b.add("VarHandleOp", "variable", dtype=DType.FLOAT, shape=(2,))
    predicate = b.const("predicate", [True], [], DType.BOOL)
    resource = b.add("Switch", "switch", variable, predicate, T=DType.RESOURCE, _output_shapes=[(), ()])
    resource = b.add("Identity", "passed", f"{resource}:1", T=DType.RESOURCE)
    if gathers:
        rows = b.const("rows", [0, 1], dtype=DType.INT32)
        read = b.add("ResourceGather", "read", resource, rows, dtype=DType.FLOAT, Tindices=DType.INT32)
    else:
        read = b.add("ReadVariableOp", "read", resource, dtype=DType.FLOAT)
    b.add("AddV2", "y", x, read, T=DType.FLOAT)
    source = parse(encode(b.graph())).graph
    frozen = freeze(source, OneValue(), ["y"]).edit
    kept = trace(freeze_graph(source, OneValue()), ["x"], ["y"])
    for content in (encode(edit_graph(source, frozen)), frozen_kept(source, kept, {"x": (2,)})):
        graph = parse(content).graph
        assert [graph[name].attribute("T") for name in ("switch", "passed")] == [DType.FLOAT] * 2
        assert graph.op("read") == ("Gather" if gathers else "Identity")
        (found,) = run(content, ["y"], {"x": np.array([0.5, 1.5], "float32")})
        np.testing.assert_array_equal(found, [1.0, 2.0])

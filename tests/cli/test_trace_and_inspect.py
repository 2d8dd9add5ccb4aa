"""`trace`, `inspect`, `rules` and `explain`."""

import io
import json
import re

import pytest

from minmax_lint.cli import main
from minmax_lint.rules.framework.rule import rules
from tests.cli.founding import BROKEN, BROKEN_FORMS, FOUNDING, GUARDED

Captured = pytest.CaptureFixture[str]


@pytest.mark.parametrize("graph", BROKEN_FORMS)
def test_trace_shows_the_fake_quant_outside(graph: str, capsys: Captured) -> None:
    assert main(["trace", graph]) == 0
    out, err = capsys.readouterr()
    assert "◌ FakeQuant   act_quant/FakeQuantWithMinMaxVars" in out
    assert "1 FakeQuant outside: no converter sees its range" in out
    assert not err


@pytest.mark.parametrize(
    "names", [("-o", "output", "-o", "input"), ("-o", "output,input"), ("-o", "output, input")]
)
def test_outputs_are_named_one_by_one_or_with_commas_as_tflite_convert_has_them(
    names: tuple[str, ...], capsys: Captured
) -> None:
    assert main(["inspect", BROKEN, "-i", "input", *names, "--output-format", "json"]) == 0
    assert json.loads(capsys.readouterr().out)["outputs"] == ["output", "input"]


def test_inputs_without_a_shape_are_named_with_commas_as_well(capsys: Captured) -> None:
    assert (
        main(["inspect", BROKEN, "-i", "input,Variable/read", "-o", "output", "--output-format", "json"]) == 0
    )
    assert list(json.loads(capsys.readouterr().out)["inputs"]) == ["input", "Variable/read"]


@pytest.mark.parametrize("graph", BROKEN_FORMS)
def test_inspect_lists_every_fake_quant(graph: str, capsys: Captured) -> None:
    assert main(["inspect", graph, "--output-format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["outputs"] == ["output"]
    places = {each["node"]: each["place"] for each in found["fake_quants"]}
    assert places == {
        "weights_quant/FakeQuantWithMinMaxVars": "kept",
        "act_quant/FakeQuantWithMinMaxVars": "outside",
    }


def test_inspect_reads_ranges_out_of_a_checkpoint(capsys: Captured) -> None:
    assert main(["inspect", str(FOUNDING / "eval-checkpoint")]) == 0
    out = capsys.readouterr().out
    assert "values known" in out
    assert "[0, 6]" in out


def test_inspect_of_an_unknown_output_is_bad_usage(capsys: Captured) -> None:
    assert main(["inspect", BROKEN, "--signature", "serving"]) == 2


def test_rules_lists_all_rules(capsys: Captured) -> None:
    assert main(["rules", "--output-format", "json"]) == 0
    listed = json.loads(capsys.readouterr().out)
    assert [entry["code"] for entry in listed] == [rule.code for rule in rules()]
    assert main(["rules"]) == 0
    out = capsys.readouterr().out
    assert all(f"{rule.code}  " in out and rule.name in out for rule in rules())


@pytest.mark.parametrize("wanted", ["MM101", "mm101", "output-fakequant-outside"])
def test_explain_tells_a_rules_documentation(wanted: str, capsys: Captured) -> None:
    assert main(["explain", wanted]) == 0
    out = capsys.readouterr().out
    assert out.startswith("output-fakequant-outside (MM101)\n")
    assert "\nWhy\n" in out


MESSAGE = "Array output does not have MinMax information, and is not a constant array."


@pytest.mark.parametrize(
    "argv", [[MESSAGE, BROKEN], [MESSAGE, "--graph", BROKEN], [*MESSAGE.split(), BROKEN]]
)
def test_explain_names_the_node_of_a_graph_and_what_to_run(argv: list[str], capsys: Captured) -> None:
    assert main(["explain", *argv]) == 0
    printed = capsys.readouterr().out
    here = printed.partition("\nIn your graph\n")[2].partition("\nCause\n")[0]
    assert "MM101" in here
    assert "'act_quant/FakeQuantWithMinMaxVars'" in here
    assert f"minmax-lint fix {BROKEN} --output" in here


def test_explain_says_where_a_graph_does_not_fit_the_message(capsys: Captured) -> None:
    assert main(["explain", MESSAGE.replace("output", "elsewhere"), GUARDED]) == 0
    assert "no finding explains this message" in capsys.readouterr().out


def test_explain_takes_the_array_of_the_message_for_the_output_where_none_is_named(capsys: Captured) -> None:
    assert main(["explain", MESSAGE, GUARDED]) == 0
    here = capsys.readouterr().out.partition("\nIn your graph\n")[2].partition("\nCause\n")[0]
    assert "With the output 'output' that the message names" in here
    assert "MM101" in here
    assert f"minmax-lint fix {GUARDED} -o output --output" in here
    assert main(["explain", MESSAGE, GUARDED, "-o", "output_guarded"]) == 0
    assert "that the message names" not in capsys.readouterr().out


def test_explain_offers_what_repairs_a_training_graph_into_the_folder_where_the_user_stands(
    capsys: Captured,
) -> None:
    assert main(["explain", MESSAGE, str(FOUNDING / "train-checkpoint-tf1.15.5" / "out.ckpt")]) == 0
    assert "out.ckpt --output out.ckpt-fixed\n" in capsys.readouterr().out


def test_explain_tells_each_kind_of_message_in_a_log_once(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    noise = [f"2026-01-01 10:00:0{i % 10}: I tensorflow/core/platform: step {i}" for i in range(40)]
    gap = "Array {}, which is an input to the Conv operator producing the output array y, is lacking min/max data"
    log = [*noise, gap.format("a"), *noise, gap.format("b"), "quantization scale for this array is 0", *noise]
    monkeypatch.setattr("sys.stdin", io.StringIO("\n".join(log)))
    assert main(["explain", "-"]) == 0
    printed = capsys.readouterr().out
    assert re.findall(r"^\S.* \(MM\d+\)$", printed, re.MULTILINE) == [
        "Op input without range (MM110)",
        "Scale zero (MM205)",
    ]


def test_a_log_in_another_encoding_is_read_all_the_same(monkeypatch, capsys):
    log = (
        "\xe9\n".encode("latin-1")
        + b"Array out does not have MinMax information, and is not a constant array."
    )
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(log), encoding="utf-8"))
    assert main(["explain", "-"]) == 0
    assert "MM101" in capsys.readouterr().out

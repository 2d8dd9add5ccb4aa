"""Finding and reading the configuration file."""

import json
from pathlib import Path

import pytest

from minmax_lint.config import load, resolve, target_of, targets
from minmax_lint.config.baseline import read_baseline
from minmax_lint.config.schema import FILE, schema, text
from minmax_lint.config.settings import Config, Ignore, ModelSettings, keys
from minmax_lint.errors import UserError

WHOLE = """
select = ["MM1", "output-fakequant-outside"]
ignore = ["MM110"]
extend-select = ["MM902"]
fixable = ["MM101"]
converters = ["toco-1.15"]
severity = { MM1 = "info", MM101 = "warning" }
fail-level = "warning"
baseline = "known.json"

[[models]]
path = "models/a.pb"
inputs = ["image=1,224,224,3", "mask"]
outputs = ["head"]
signature = "serving_default"
converters = ["mlir"]
ignore = [{ code = "MM101", node = "head/*", reason = "cut on purpose" }]

[[models]]
path = "models/*.pbtxt"
inputs = { image = [-1, 8] }
"""


def written(folder: Path, content: str, name: str = "minmax-lint.toml") -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(content)
    return folder


def test_every_key_is_read(tmp_path):
    config = load(written(tmp_path, WHOLE))
    assert (config.select, config.ignore) == (("MM1", "output-fakequant-outside"), ("MM110",))
    assert (config.extend_select, config.fixable) == (("MM902",), ("MM101",))
    assert (config.converters, config.fail_level) == (("toco-1.15",), "warning")
    assert (config.severity, config.baseline) == ({"MM1": "info", "MM101": "warning"}, "known.json")
    first, second = config.models
    assert first.inputs == {"image": (1, 224, 224, 3), "mask": None}
    assert (first.outputs, first.signature, first.converters) == (("head",), "serving_default", ("mlir",))
    (ignore,) = first.ignore
    assert (ignore.code, ignore.node, ignore.reason) == ("MM101", "head/*", "cut on purpose")
    assert second.inputs == {"image": (None, 8)}


def test_the_nearest_file_counts(tmp_path):
    written(tmp_path, 'select = ["MM101"]')
    inner = written(tmp_path / "a/b", 'select = ["MM110"]')
    assert load(inner / "..").select == ("MM101",)
    assert load(inner).select == ("MM110",)
    (tmp_path / "a/b/c").mkdir()
    assert load(tmp_path / "a/b/c").select == ("MM110",)


def test_a_pyproject_without_our_table_does_not_count(tmp_path):
    written(tmp_path, 'select = ["MM101"]')
    inner = written(tmp_path / "inner", "[tool.ruff]\nline-length = 3\n", "pyproject.toml")
    assert load(inner).select == ("MM101",)
    written(inner, '[tool.minmax-lint]\nselect = ["MM110"]\n', "pyproject.toml")
    assert load(inner).select == ("MM110",)
    assert load(inner).origin == "pyproject.toml [tool.minmax-lint]"


def test_our_own_file_goes_before_pyproject(tmp_path):
    written(tmp_path, '[tool.minmax-lint]\nselect = ["MM110"]\n', "pyproject.toml")
    assert load(written(tmp_path, 'select = ["MM101"]')).select == ("MM101",)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('selects = ["MM101"]', "there is no key 'selects'; did you mean select"),
        ('fail_level = "error"', "there is no key 'fail_level'; did you mean fail-level"),
        (
            "[[models]]\npath = 'a.pb'\noutput = ['x']",
            "models[0]: there is no key 'output'; did you mean outputs",
        ),
        ("[[models]]\noutputs = ['x']", "models[0]: the key 'path' is missing"),
        ("[[models]]\npath = 'a.pb'\nignore = [{ code = 'MM101' }]", "ignore[0]: an ignore needs a reason"),
        (
            "[[models]]\npath = 'a.pb'\nignore = [{ code = 'MM101', reason = ' ' }]",
            "ignore[0], reason: ' ' is no text",
        ),
        ("[[models]]\npath = 'a.pb'\ninputs = { x = 'a' }", "models[0], inputs: 'a' is no shape"),
        ('select = "MM101"', "select: 'MM101' is no list"),
        ('select = ["MM777"]', "select: there is no rule 'MM777'"),
        ('converters = ["tocco"]', "converters: there is no converter 'tocco'; did you mean"),
        ('fail-level = "errors"', "fail-level: 'errors' is no severity; did you mean error"),
        ('severity = { MM101 = "of" }', "severity: 'of' is no severity"),
        ("models = 3", "models: this is no list of tables"),
        ("select = [", "is not valid TOML"),
        (f"x = {'9' * 5000}", "holds a number with more digits than any setting takes"),
    ],
)
def test_a_mistake_is_one_line_that_says_where_and_what(tmp_path, content, says):
    with pytest.raises(UserError) as caught:
        load(written(tmp_path, content))
    assert says in str(caught.value)
    assert "minmax-lint.toml" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_misspelt_table_is_no_silent_loss(tmp_path):
    with pytest.raises(UserError, match=r"did you mean minmax-lint\?"):
        load(written(tmp_path, "[tool.minmax_lint]\n", "pyproject.toml"))


def test_globs_name_models_from_the_files_folder(tmp_path, monkeypatch):
    folder = written(tmp_path, WHOLE)
    for name in ("a.pb", "c.pbtxt", "b.pbtxt"):
        written(folder / "models", "", name)
    monkeypatch.chdir(folder / "models")
    found = targets(load(folder))
    assert [target.path for target in found] == ["a.pb", "b.pbtxt", "c.pbtxt"]
    assert found[0].converters == ("mlir",)
    assert found[1].converters == ("toco-1.15",)


def test_the_first_entry_of_a_model_counts(tmp_path, monkeypatch):
    content = "[[models]]\npath = 'a.pb'\noutputs = ['x']\n[[models]]\npath = '*.pb'\noutputs = ['y']\n"
    folder = written(tmp_path, content)
    for name in ("a.pb", "b.pb"):
        written(folder, "", name)
    monkeypatch.chdir(folder)
    assert [(one.path, one.outputs) for one in targets(load(folder))] == [("a.pb", ("x",)), ("b.pb", ("y",))]
    assert target_of(load(folder), "a.pb").outputs == ("x",)
    assert target_of(load(folder), str(folder / "b.pb")).outputs == ("y",)
    assert target_of(load(folder), "elsewhere.pb").outputs == ()
    assert target_of(None, "-").outputs == ()


def test_a_glob_that_is_none_is_an_error(tmp_path):
    (tmp_path / "minmax-lint.toml").write_text('[[models]]\npath = "models/**.pb"\n')
    with pytest.raises(UserError, match=r"models\[0\]: 'models/\*\*.pb' is no pattern for files"):
        targets(load(tmp_path))


def test_a_glob_that_fits_nothing_is_an_error(tmp_path):
    with pytest.raises(UserError, match=r"models\[0\]: no file fits '\*\.pb'"):
        targets(load(written(tmp_path, "[[models]]\npath = '*.pb'\n")))


def test_the_command_line_beats_the_file_and_each_value_says_where_it_came_from(tmp_path):
    config = load(written(tmp_path, WHOLE))
    values = resolve(config, {"select": ("MM101",), "ignore": ()}).values
    assert (values["select"].value, values["select"].origin) == (("MM101",), "command line")
    assert (values["ignore"].value, values["ignore"].origin) == (("MM110",), "minmax-lint.toml")
    assert (resolve(None, {})["fail-level"], resolve(None, {}).values["fail-level"].origin) == (
        "error",
        "default",
    )


def test_the_packaged_schema_is_the_one_of_the_dataclasses():
    assert FILE.read_text() == text(), ".venv/bin/python -m minmax_lint.config.schema writes it anew"


@pytest.mark.parametrize("table", [Config, ModelSettings, Ignore])
def test_every_key_is_described(table):
    assert all(key.metadata["doc"].endswith(".") for key in keys(table).values())


def test_the_schema_accepts_what_is_read_and_refuses_what_is_not():
    jsonschema = pytest.importorskip("jsonschema")
    import tomllib

    validator = jsonschema.Draft7Validator(schema())
    validator.check_schema(json.loads(text()))
    assert not list(validator.iter_errors(tomllib.loads(WHOLE)))
    for wrong in ("selects = []", "fail-level = 'of'", "[[models]]\noutputs = ['x']", "select = 'MM1'"):
        assert list(validator.iter_errors(tomllib.loads(wrong))), wrong


@pytest.mark.parametrize(
    "entry", [{"fingerprint": {}}, {"fingerprint": [1]}, {"message": {"a": 1}}, {"code": None}]
)
def test_a_baseline_whose_values_are_no_text_is_refused(tmp_path, entry):
    file = tmp_path / "b.json"
    whole = {"fingerprint": "f", "code": "MM101", "message": "m"} | entry
    file.write_text(json.dumps({"version": 1, "models": {"a.pb": [whole]}}))
    with pytest.raises(UserError, match="is no baseline"):
        read_baseline(file)

"""A file of a SavedModel given singly stands for the SavedModel: hooks name every `.pb` that was changed."""

import shutil
from pathlib import Path

import pytest

from minmax_lint.__main__ import main
from minmax_lint.errors import UnreadableModel
from minmax_lint.loaders import load

SAVED = Path(__file__).parents[2] / "fixtures" / "founding" / "eval-saved_model"
FILES = (
    "saved_model.pb",
    "fingerprint.pb",
    "keras_metadata.pb",
    "variables/variables.index",
    "variables/variables.data-00000-of-00001",
)


@pytest.fixture
def saved(tmp_path: Path) -> Path:
    shutil.copytree(SAVED, tmp_path / "saved")
    (tmp_path / "saved" / "fingerprint.pb").write_bytes(b"\x08\x9b\xa7\xb8\xf5\x01\x10\x05")
    (tmp_path / "saved" / "keras_metadata.pb").write_bytes(b"\x0a\x12\x08\x00\x12\x04root\x1a\x08keras_mo")
    return tmp_path / "saved"


@pytest.mark.parametrize("name", FILES)
def test_each_file_stands_for_the_saved_model(saved: Path, name: str) -> None:
    whole = load(saved)
    model = load(saved / name)
    assert (model.format, model.signatures) == (whole.format, whole.signatures)
    assert list(model.graph.names) == list(whole.graph.names)


def test_checking_them_all_is_never_bad_usage(saved: Path) -> None:
    assert main(["check", "--exit-zero", *(str(saved / name) for name in FILES)]) == 0


def test_one_that_lies_alone_is_no_model(tmp_path: Path) -> None:
    (tmp_path / "fingerprint.pb").write_bytes(b"\x08\x9b\xa7\xb8\xf5\x01\x10\x05")
    with pytest.raises(UnreadableModel):
        load(tmp_path / "fingerprint.pb")

"""An untrusted Keras file runs no code, opens no connection and reads nothing but itself."""

import io
import json
import shutil
import socket
import sys
import threading
import zipfile
import zlib
from pathlib import Path

import h5py
import numpy as np
import pytest

from minmax_lint.cli import main
from minmax_lint.errors import UnreadableModel
from minmax_lint.loaders import load
from minmax_lint.loaders.content import Kind
from minmax_lint.loaders.keras import file as keras_file
from minmax_lint.loaders.keras.config import Recipe
from minmax_lint.loaders.keras.container import container
from tests.interpreters import tf215

KERAS = Path(__file__).parents[2] / "fixtures" / "keras"


def layer(class_name, module=None, **config):
    return {"class_name": class_name, "module": module, "config": config}


def function(name, module, **more):
    return {"class_name": "function", "module": module, "config": name, **more}


RUNS_CODE = {
    "another case": layer("lambda", "keras.layers"),
    "a part of the module": layer("layers.Lambda", "keras"),
    "a part of the module, and no module": layer("layers.TFSMLayer"),
    "a package": layer("Custom>LAMBDA"),
    "a registered name": {**layer("Dense", "keras.layers"), "registered_name": "Keras>Lambda"},
    "a registered name of another module": {
        **layer("Nothing", "keras.layers"),
        "registered_name": "os.system",
    },
    "a function of Python": layer("Activation", activation=function("exec", "builtins")),
    "a function of Keras that downloads": layer("Activation", activation=function("utils.get_file", "keras")),
    "a function that loads": layer("Activation", activation=function("load_model", "keras.models")),
    "a network of Keras that downloads": layer("ConvNeXtTiny", "keras.src.applications.convnext"),
    "a module of networks": layer("ops.LayerScale", "keras.src.applications.convnext"),
    "a class that loads": layer("load_model", "keras.models"),
    "a module that Keras imports": layer(
        "Activation", activation=function("deserialize", "keras.src.engine.training")
    ),
    "a wrapper": layer(
        "TimeDistributed", layer=layer("Bidirectional", layer=layer("Lambda", function=["4wEA"]))
    ),
    "a lambda of a wrapper of cells": layer(
        "ResidualWrapper", residual_fn=["4wEA"], residual_fn_type="lambda"
    ),
    "a list in an argument": layer(
        "Model", inbound=[[{"kwargs": {"mask": layer("__lambda__", value="4wEA")}}]]
    ),
    "a type specification": {**layer("__typespec__", "keras.layers"), "spec_name": "os.system"},
    "a method of a class": layer("ClassMethod", cls_symbol="io.gfile", method_name="rmtree"),
    "an op that writes": layer("TensorFlowOpLayer", node_def='name: "w"\nop: "WriteFile"\n'),
    "an op that prints into a file": layer(
        "TensorFlowOpLayer", node_def='op: "PrintV2" attr { output_stream }'
    ),
    "an op that sends what it computes": layer("TensorFlowOpLayer", node_def='op: "DebugIdentityV2"'),
    "a function of TensorFlow in a package": layer("Custom>TFOpLambda", function="io.write_file"),
    "a function of TensorFlow of a part of the module": layer(
        "layers.TFOpLambda", "keras", function="py_function"
    ),
}
READS_FILES = {
    "a cloud": layer("StringLookup", vocabulary="gs://bucket/words.txt"),
    "a local file": layer("IntegerLookup", vocabulary="/etc/hostname"),
    "a file beside": layer("TextVectorization", vocabulary="words.txt"),
    "a text as a tensor": layer(
        "StringLookup", vocabulary=layer("__tensor__", value="/etc/passwd", dtype="string")
    ),
    "a column of features": layer(
        "DenseFeatures", feature_columns=[layer("Column", vocabulary_file="words.txt")]
    ),
    "an argument of any name": layer("Anything", table="https://example.org/x"),
    "a path": layer("Anything", table="../secret"),
    "inside a wrapper": layer("TimeDistributed", layer=layer("StringLookup", vocabulary="words.txt")),
}
HARMLESS = {
    "a layer of a network of Keras": {
        **layer("LayerScale", "keras.src.applications.convnext"),
        "registered_name": "LayerScale",
    },
    "an activation": layer("Activation", activation=function("relu", "builtins")),
    "an initializer": layer(
        "Dense", kernel_initializer=layer("GlorotUniform", "keras.initializers", seed=None)
    ),
    "a registered class": {
        **layer("Functional", "keras.src.models.functional"),
        "registered_name": "Functional",
    },
    "a registered function": function("relu6", "keras.activations", registered_name="relu6"),
    "words that look like paths": layer("StringLookup", vocabulary=["[UNK]", "/usr", "http://example.org"]),
    "sizes": layer("StringLookup", vocabulary=None, vocabulary_size=3, vocabulary_dtype="int64"),
    "a name with slashes": layer("Conv2D", name="/block/conv"),
    "an op that computes": layer("TensorFlowOpLayer", node_def='name: "a"\nop: "AddV2"\n'),
}


def nested(one):
    return {"class_name": "Sequential", "config": {"layers": [layer("Dense", "keras.layers"), one]}}


@pytest.mark.parametrize("name", RUNS_CODE)
def test_a_recipe_runs_code_however_it_spells_it(name):
    assert Recipe(nested(RUNS_CODE[name]), "2.15.0").code()


@pytest.mark.parametrize("name", READS_FILES)
def test_a_recipe_reads_files_however_it_spells_them(name):
    found = Recipe(nested(READS_FILES[name]), "2.15.0")
    assert found.outside()
    assert found.code() == ()


@pytest.mark.parametrize("name", HARMLESS)
def test_a_recipe_that_only_computes_is_sound(name):
    found = Recipe(nested(HARMLESS[name]), "2.15.0")
    assert (found.code(), found.outside()) == ((), ())


def lambda_in_hdf5() -> bytes:
    held = io.BytesIO()
    with h5py.File(held, "w", userblock_size=1 << 14) as file:
        file.attrs["model_config"] = json.dumps(nested(layer("Lambda", function=["4wEA"])))
    return held.getvalue()


def members(**changed) -> dict[str, bytes]:
    with zipfile.ZipFile(KERAS / "plain.keras") as archive:
        return {name: archive.read(name) for name in archive.namelist()} | changed


def archive(path: Path, content: dict[str, bytes]) -> Path:
    with zipfile.ZipFile(path, "w") as file:
        for name, one in content.items():
            file.writestr(name, one)
    return path


def test_a_zip_in_the_user_block_of_an_hdf5_file_is_neither(tmp_path):
    hdf5 = bytearray(lambda_in_hdf5())
    head = archive(
        tmp_path / "head.zip", {"config.json": b'{"class_name": "Sequential", "config": {}}'}
    ).read_bytes()
    directory = head.index(b"PK\x01\x02")
    hdf5[:directory] = head[:directory]
    tail = bytearray(head[directory:])
    end = tail.index(b"PK\x05\x06")
    tail[end + 16 : end + 20] = len(hdf5).to_bytes(4, "little")
    for name in ("both.h5", "both.keras"):
        (tmp_path / name).write_bytes(bytes(hdf5) + bytes(tail))
        assert zipfile.is_zipfile(tmp_path / name)
        assert h5py.is_hdf5(tmp_path / name)
        with pytest.raises(UnreadableModel, match="zip archive and an HDF5 file at once"):
            load(tmp_path / name)


def test_an_hdf5_file_with_an_archive_behind_it_is_neither(tmp_path):
    behind = archive(tmp_path / "behind.zip", members()).read_bytes()
    (tmp_path / "both.keras").write_bytes((KERAS / "keras-2.h5").read_bytes() + behind)
    with pytest.raises(UnreadableModel, match="zip archive and an HDF5 file at once"):
        load(tmp_path / "both.keras")


def test_an_archive_whose_member_happens_to_begin_where_an_hdf5_file_may_is_sound(tmp_path):
    held = members()
    with zipfile.ZipFile(archive(tmp_path / "plain.keras", held)) as file:
        at = file.getinfo("model.weights.h5").header_offset + 30 + len("model.weights.h5")
    held["config.json"] += b" " * (next(1 << n for n in range(9, 30) if 1 << n >= at) - at)
    path = archive(tmp_path / "aligned.keras", held)
    assert h5py.is_hdf5(path)
    assert container(path, Kind.KERAS, sys.executable).outside == ""


class Handed(Exception):
    """What Keras would get."""


@pytest.mark.parametrize("suffix", [".h5", ".keras", ".pb", ""])
@pytest.mark.parametrize(("name", "given"), [("plain.keras", ".keras"), ("keras-2.h5", ".h5")])
def test_keras_gets_the_bytes_that_were_checked_under_the_name_of_their_kind(
    tmp_path, monkeypatch, suffix, name, given
):
    def answer(held, *rest):
        raise Handed(held.path.suffix, held.path.read_bytes(), held.path.is_relative_to(tmp_path))

    monkeypatch.setattr(keras_file, "_answer", answer)
    content = (KERAS / name).read_bytes()
    (tmp_path / f"real{suffix}").write_bytes(content)
    (tmp_path / f"model{suffix}").symlink_to(f"real{suffix}")
    with pytest.raises(Handed) as handed:
        load(tmp_path / f"model{suffix}")
    assert handed.value.args == (given, content, False)


def twice(path: Path) -> Path:
    with zipfile.ZipFile(archive(path, members()), "a") as file, pytest.warns(UserWarning, match="Duplicate"):
        file.writestr("config.json", "{}")
    return path


def linked(path: Path) -> Path:
    with zipfile.ZipFile(archive(path, members()), "a") as file:
        link = zipfile.ZipInfo("assets/words.txt")
        link.external_attr = 0o120777 << 16
        file.writestr(link, "/etc/passwd")
    return path


def of_two_names(path: Path) -> Path:
    """Python 3.12 reads the second name, so that another recipe is checked by 3.11 than a 3.12 of --python loads."""
    other = b"\x01" + zlib.crc32(b"other").to_bytes(4, "little") + b"config.json"
    with zipfile.ZipFile(archive(path, members()), "a") as file:
        info = zipfile.ZipInfo("other")
        info.extra = b"\x75\x70" + len(other).to_bytes(2, "little") + other
        file.writestr(info, json.dumps(nested(layer("Lambda", function=["4wEA"]))))
    return path


def pickled(path: Path) -> Path:
    held = io.BytesIO()
    np.savez(held, x=np.array([{}], dtype=object))
    content = {name: one for name, one in members().items() if not name.endswith(".h5")}
    return archive(path, {**content, "model.weights.npz": held.getvalue()})


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (twice, "holds 'config.json' twice"),
        (lambda path: archive(path, members(**{"CONFIG.json": b"{}"})), "holds 'CONFIG.json' twice"),
        (of_two_names, "has two names|holds 'config.json' twice"),
        (linked, "'assets/words.txt' in the .keras file leads out of it"),
        (lambda path: archive(path, members(**{"assets/../../x": b""})), "leads out of it"),
        (lambda path: archive(path, members(**{"/etc/x": b""})), "leads out of it"),
        (pickled, "would run code .*pickled weights"),
        (
            lambda path: archive(
                path, members(**{"model.weights.json": b'{"weight_map": {"/a": "/etc/x.h5"}}'})
            ),
            "would read files outside it .*the shard /etc/x.h5",
        ),
    ],
    ids=["twice", "twice-in-another-case", "two-names", "link", "dots", "absolute", "pickle", "shard"],
)
def test_an_archive_with_members_of_that_kind_is_refused(tmp_path, make, message):
    with pytest.raises(UnreadableModel, match=message):
        load(make(tmp_path / "model.keras"))


def external_link(file, elsewhere):
    file["model_weights/stolen"] = h5py.ExternalLink(elsewhere, "/kernel")


def external_data(file, elsewhere):
    file.create_dataset("model_weights/stolen", (4,), "u1", external=[(elsewhere, 0, 4)])


def virtual(file, elsewhere):
    layout = h5py.VirtualLayout((4,), "u1")
    layout[:] = h5py.VirtualSource(elsewhere, "kernel", (4,))
    file.create_virtual_dataset("model_weights/stolen", layout)


def behind_a_link(file, elsewhere):
    external_data(file, elsewhere)
    file["top"] = h5py.SoftLink("/model_weights")
    file["model_weights/circle"] = file["/"]


@pytest.mark.parametrize("add", [external_link, external_data, virtual, behind_a_link])
@pytest.mark.parametrize("packed", [False, True], ids=["h5", "keras"])
def test_an_hdf5_file_that_reads_another_is_refused(tmp_path, add, packed):
    path = tmp_path / "model.h5"
    shutil.copy(KERAS / "qat.h5", path)
    (tmp_path / "secret").write_bytes(b"1234")
    with h5py.File(path, "a") as file:
        add(file, str(tmp_path / "secret"))
    if packed:
        path = archive(tmp_path / "model.keras", members(**{"model.weights.h5": path.read_bytes()}))
    with pytest.raises(UnreadableModel, match=r"would read files outside it \(the .*model_weights/stolen"):
        load(path)


class Listener:
    """Counts who connects to a port of this machine."""

    def __init__(self) -> None:
        self.socket = socket.create_server(("127.0.0.1", 0))
        self.port = self.socket.getsockname()[1]
        self.connections = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            self.connections += 1
            connection.close()


def vocabulary(path: Path, words: str) -> Path:
    """A model of Keras 2.15 that looks words up."""
    first = {
        "class_name": "InputLayer",
        "config": {"batch_input_shape": [None, 1], "dtype": "string", "name": "x"},
    }
    lookup = {"class_name": "StringLookup", "config": {"name": "lookup", "vocabulary": words}}
    config = {"class_name": "Sequential", "config": {"name": "net", "layers": [first, lookup]}}
    with h5py.File(path, "w") as file:
        file.attrs.update(model_config=json.dumps(config), keras_version="2.15.0", backend="tensorflow")
        weights = file.create_group("model_weights")
        weights.attrs.update(layer_names=[b"lookup"], keras_version=b"2.15.0", backend=b"tensorflow")
        weights.create_group("lookup").attrs["weight_names"] = np.array([], "S1")
    return path


def test_a_vocabulary_in_a_cloud_opens_no_connection(tmp_path, monkeypatch, capsys):
    listener = Listener()
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"):
        monkeypatch.setenv(name, f"http://127.0.0.1:{listener.port}")
    monkeypatch.setenv("GCE_METADATA_HOST", f"127.0.0.1:{listener.port}")
    path = vocabulary(tmp_path / "cloud.h5", "gs://bucket/words.txt")
    assert main(["check", str(path), "--isolated", "--python", str(tf215())]) == 2
    assert "would read files outside it (vocabulary 'gs://bucket/words.txt')" in capsys.readouterr().err
    assert listener.connections == 0


def test_a_local_vocabulary_is_read_only_on_trust(tmp_path):
    (tmp_path / "words.txt").write_text("a\nb\n")
    path = vocabulary(tmp_path / "local.h5", str(tmp_path / "words.txt"))
    with pytest.raises(UnreadableModel, match="would read files outside it"):
        load(path, python=tf215())
    assert load(path, python=tf215(), trust=True).format == "keras-h5"

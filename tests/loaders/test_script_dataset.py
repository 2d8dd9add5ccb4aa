"""What a script's dataset yields, read from its text."""

from __future__ import annotations

from pathlib import Path

import pytest

from minmax_lint.converters.dataset import NO_DICTIONARY, NOT_CALLABLE, Dataset, SampleArray, with_signatures
from minmax_lint.loaders.script.conversion_script import converter_calls

SCRIPT = """
import numpy as np
import tensorflow as tf

def data():
    rng = np.random.default_rng(7)
    for _ in range(20):
        yield {sample}

converter = tf.lite.TFLiteConverter.from_saved_model("model")
converter.representative_dataset = data
"""


ROW = (1, 4)


def dataset(tmp_path: Path, sample: str) -> Dataset | None:
    script = tmp_path / "export.py"
    script.write_text(SCRIPT.format(sample=sample))
    (call,) = converter_calls(script)
    return call.dataset


@pytest.mark.parametrize(
    ("sample", "wanted"),
    [
        ("[rng.normal(size=(1, 4))]", SampleArray(dtype="float64", shape=ROW)),
        ("[rng.normal(size=(1, 4)).astype(np.float32)]", SampleArray(dtype="float32", shape=ROW)),
        ("[np.zeros((1, 4), dtype='float32')]", SampleArray(dtype="float32", shape=ROW)),
        ("[np.float32(np.ones((1, 4)))]", SampleArray(dtype="float32", shape=ROW)),
        (
            "[tf.cast(np.random.rand(1, 4), tf.float32)]",
            SampleArray(dtype="float32", shape=ROW, low=0.0, high=1.0),
        ),
        (
            "[rng.integers(0, 256, size=(1, 4)).astype(np.float32)]",
            SampleArray(dtype="float32", shape=ROW, low=0.0, high=255.0, whole=True),
        ),
        (
            "[rng.integers(0, 256, size=(1, 4)).astype(np.float32) / 255.0]",
            SampleArray(dtype="float32", shape=ROW, low=0.0, high=1.0),
        ),
        ("[np.zeros((1, 4), np.float32)]", SampleArray(dtype="float32", shape=ROW)),
        ("[np.random.rand(4)[None]]", SampleArray(dtype="float64", shape=ROW, low=0.0, high=1.0)),
        ("[np.expand_dims(np.zeros(4), 0)]", SampleArray(dtype="float64", shape=ROW)),
        ("[np.zeros((9, 4))[0]]", SampleArray(dtype="float64", shape=(4,))),
        ("[tf.random.uniform((1, 4))]", SampleArray(dtype="float32", shape=ROW, low=0.0, high=1.0)),
        ("[tf.random.normal([1, 4])]", SampleArray(dtype="float32", shape=ROW)),
        ("[np.random.uniform(-1, 1, (1, 4))]", SampleArray(dtype="float64", shape=ROW, low=-1.0, high=1.0)),
        ("[np.zeros((size, 4))]", SampleArray(dtype="float64")),
        ("[image]", SampleArray()),
        ("[load(rng)]", SampleArray()),
        ("{{'x': np.ones((1, 4))}}".replace("{{", "{").replace("}}", "}"), SampleArray("x", "float64", ROW)),
    ],
)
def test_types_and_ranges_are_read_where_the_text_shows_them(
    sample: str, wanted: SampleArray, tmp_path: Path
) -> None:
    found = dataset(tmp_path, sample)
    assert found is not None
    assert found.arrays == (wanted,)
    assert found.origin.endswith("export.py:8")


def test_an_array_that_is_no_list_is_seen(tmp_path: Path) -> None:
    found = dataset(tmp_path, "np.zeros((1, 4), np.float32)")
    assert found is not None
    assert not found.listed


PIXELS = SampleArray(dtype="float32", shape=(1, 8, 8, 3), low=0.0, high=255.0, whole=True)
NUMBERS = SampleArray(dtype="float64", shape=(1, 4), low=0.0, high=1.0)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("def data():\n    x = np.random.rand(1, 4)\n    yield [x]\n", NUMBERS),
        (
            "def data():\n    x = np.random.rand(1, 4)\n    x = x.astype(np.float32)\n    yield [x]\n",
            NUMBERS._replace(dtype="float32"),
        ),
        ("x = np.random.rand(1, 4)\ndata = lambda: [[x]]\n", NUMBERS),
        (
            "x = np.random.rand(9, 4)\ndef data():\n    for i in range(9):\n        yield [x[i:i + 1]]\n",
            NUMBERS,
        ),
        ("x = np.random.rand(9, 1, 4)\ndata = lambda: ([one] for one in x)\n", NUMBERS),
        (
            "x = np.random.randint(0, 256, (9, 8, 8, 3)).astype('float32')\ndef data():\n"
            "    for one in tf.data.Dataset.from_tensor_slices(x).batch(1).take(5):\n        yield [one]\n",
            PIXELS,
        ),
        (
            "(x, y), _ = tf.keras.datasets.mnist.load_data()\nx = x / 255.0\n"
            "def data():\n    for one in x[:9]:\n        yield [one[None]]\n",
            SampleArray(dtype="float64", low=0.0, high=1.0),
        ),
        (
            "def make(n):\n    def inner():\n        yield [np.random.rand(1, 4)]\n    return inner\ndata = make(3)\n",
            NUMBERS,
        ),
        (
            "import functools\ndef one(x):\n    yield [np.random.rand(1, 4)]\ndata = functools.partial(one, 3)\n",
            NUMBERS,
        ),
        ("def data():\n    return [[np.random.rand(1, 4)] for _ in range(3)]\n", NUMBERS),
        # A branch may set it or not.
        (
            "def data():\n    x = read()\n    if a:\n        x = np.random.rand(1, 4)\n    yield [x]\n",
            SampleArray(),
        ),
    ],
)
def test_arrays_are_followed_through_variables_and_loops(
    text: str, wanted: SampleArray, tmp_path: Path
) -> None:
    (found,) = of_script(tmp_path, text).arrays
    assert found == wanted


@pytest.mark.parametrize(
    ("text", "refused"),
    [
        ("def make():\n    yield [np.zeros((1, 4))]\ndata = make()\n", NOT_CALLABLE),
        ("def data():\n    yield np.zeros((1, 4)), np.zeros((1, 4))\n", NO_DICTIONARY),
        ("def data():\n    yield 'serve', {'x': np.zeros((1, 4))}\n", ""),
        ("data = tf.lite.RepresentativeDataset(lambda: [[np.zeros((1, 4))]])\n", ""),
        ("data = tf.lite.RepresentativeDataset(input_gen=lambda: [[np.zeros((1, 4))]])\n", ""),
        (
            "def make():\n    yield [np.zeros((1, 4))]\ndata = tf.lite.RepresentativeDataset(make())\n",
            NOT_CALLABLE,
        ),
    ],
)
def test_what_the_converter_does_not_take_for_samples(text: str, refused: str, tmp_path: Path) -> None:
    assert of_script(tmp_path, text).refused == refused


@pytest.mark.parametrize(
    ("text", "empty"),
    [
        ("def data():\n    for _ in range(0):\n        yield [x]\n", True),
        (
            "N = 0\ndef data():\n    for i in range(N):\n        for one in x:\n            yield [one]\n",
            True,
        ),
        ("def data():\n    for one in range(4, 4):\n        yield [one]\n", True),
        (
            "def data():\n    for one in tf.data.Dataset.from_tensor_slices(x).take(0):\n        yield [one]\n",
            True,
        ),
        ("def data():\n    for one in x[:0]:\n        yield [one]\n", True),
        ("def data():\n    yield from []\n", True),
        ("data = lambda: iter([])\n", True),
        ("def data():\n    return [[one] for one in range(0)]\n", True),
        ("def data():\n    for _ in range(1):\n        yield [x]\n", False),
        ("rows = []\nrows.append(x)\ndef data():\n    for one in rows:\n        yield [one]\n", False),
        ("def data():\n    for _ in range(0):\n        print(x)\n    yield [x]\n", False),
        ("def data():\n    for one in x[0:]:\n        yield [one]\n", False),
    ],
)
def test_a_loop_over_nothing_is_an_empty_dataset(text: str, empty: bool, tmp_path: Path) -> None:
    assert of_script(tmp_path, f"x = np.zeros((9, 4))\n{text}").empty == empty


@pytest.mark.parametrize(
    ("over", "unmatched"),
    [
        ("glob.glob('held/*.npy')", ""),
        ("glob.glob('held/*.png')", "held/*.png"),
        ("sorted(glob.iglob(os.path.join(FOLDER, '*.png')))[:100]", "held/*.png"),
        ("Path(FOLDER).glob('*.png')", "held/*.png"),
        ("(Path(FOLDER) / 'more').glob('*')", "held/more/*"),
        ("tqdm(FILES)", "none/*.npy"),
        ("glob.glob('held/**/*.png')", ""),  # that searches folders
        ("glob.glob('gs://bucket/*.png')", ""),
        ("glob.glob(sys.argv[1])", ""),
        ("Path(sys.argv[1]).glob('*.png')", ""),
    ],
)
def test_files_that_a_dataset_looks_for_are_looked_for(over: str, unmatched: str, tmp_path: Path) -> None:
    (tmp_path / "held").mkdir()
    (tmp_path / "held" / "one.npy").touch()
    text = "FOLDER = 'held'\nFILES = glob.glob('none/*.npy')\n"
    found = of_script(tmp_path, f"{text}def data():\n    for one in {over}:\n        yield [np.load(one)]\n")
    assert found.unmatched == unmatched


@pytest.mark.parametrize("sample", ["[]", "{}"])
def test_a_sample_without_arrays_is_seen(sample: str, tmp_path: Path) -> None:
    assert of_script(tmp_path, f"def data():\n    yield {sample}\n").blank == sample


def test_a_list_of_arrays_that_is_returned_is_no_list_of_samples(tmp_path: Path) -> None:
    found = of_script(tmp_path, "def data():\n    return [np.zeros((1, 4))]\n")
    assert not found.listed


def of_script(tmp_path: Path, text: str) -> Dataset:
    """The dataset that the script calls `data`."""
    script = tmp_path / "export.py"
    script.write_text(
        f"import numpy as np\nimport tensorflow as tf\n{text}"
        "c = tf.lite.TFLiteConverter.from_saved_model('m')\nc.representative_dataset = data\n"
    )
    (call,) = converter_calls(script)
    assert call.dataset is not None
    return call.dataset


@pytest.mark.parametrize(
    ("sample", "signatures", "refused", "unfed"),
    [
        ("[x]", ["one"], "", False),
        ("[x]", ["one", "two"], "", True),
        ("{'x': x}", ["one"], "", False),
        ("{'x': x}", ["one", "two"], "SignatureDef signature_key is None and model has 2 Signatures", False),
        ("('one', {'x': x})", ["one", "two"], "", True),
        ("('one', {'x': x})", ["one"], "", False),
        ("(NAME, {'x': x})", ["one"], 'Invalid signature_key provided: "three"', False),
        ("(name, {'x': x})", ["one", "two"], "", False),  # it may name both, one after the other
        ("[x]", [], "", False),
    ],
)
def test_samples_go_to_the_signatures_that_they_name(
    sample: str, signatures: list[str], refused: str, unfed: bool, tmp_path: Path
) -> None:
    text = f"NAME = 'three'\ndef data():\n    x = np.zeros((1, 4), np.float32)\n    yield {sample}\n"
    found = with_signatures(of_script(tmp_path, text), signatures)
    assert (refused in found.refused, bool(found.refused), found.unfed) == (True, bool(refused), unfed)


@pytest.mark.parametrize(
    ("made", "signatures"),
    [
        ("tf.lite.TFLiteConverter.from_saved_model('m')", ()),
        ("tf.lite.TFLiteConverter.from_saved_model('m', signature_keys=['serve'])", ("serve",)),
        ("tf.lite.TFLiteConverter.from_saved_model('m', KEYS)", ("serve",)),
        ("tf.lite.TFLiteConverter.from_saved_model('m', signature_keys=['a', 'b'])", ("a", "b")),
        ("tf.compat.v1.lite.TFLiteConverter.from_saved_model('m', signature_key='serve')", ("serve",)),
        ("tf.lite.TFLiteConverter.from_concrete_functions([loaded.signatures['serve']])", ("serve",)),
        (
            "tf.lite.TFLiteConverter.from_concrete_functions([fn], loaded)",
            ("serving_default",),
        ),
    ],
)
def test_the_signatures_that_are_converted_are_read(
    made: str, signatures: tuple[str, ...], tmp_path: Path
) -> None:
    script = tmp_path / "export.py"
    script.write_text(
        "import tensorflow as tf\nKEYS = ['serve']\n"
        f"fn = loaded.signatures[tf.saved_model.DEFAULT_SERVING_SIGNATURE_DEF_KEY]\nc = {made}\n"
    )
    (call,) = converter_calls(script)
    assert call.signatures == signatures

"""What is learned from: every kind of data, divided before anything else, scaled by the training alone."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.gan.data import Data, load_data
from experiments.gan.folder import RunFolder
from experiments.gan.form import Form
from experiments.gan.settings import SINES
from nn import DataError
from tests.support.gan_runs import run, tiny


def write_idx(path: Path, array: np.ndarray) -> None:
    header = b"".join(number.to_bytes(4, "big") for number in (2048 + array.ndim, *array.shape))
    path.write_bytes(header + array.astype(np.uint8).tobytes())


def write_mnist(folder: Path, *, labels: bool = True, count: int = 40) -> Path:
    """Write IDX files whose images are their labels: the pixels of a 3 are 30."""
    folder.mkdir()
    for name, size in (("train", count), ("t10k", count // 2)):
        kinds = np.arange(size) % 4
        write_idx(folder / f"{name}-images-idx3-ubyte", np.tile(10 * kinds[:, None, None], (1, 8, 8)))
        if labels:
            write_idx(folder / f"{name}-labels-idx1-ubyte", kinds)
    return folder


def write_csv(path: Path, steps: int = 200) -> Path:
    lines = ["day,price,volume", *(f"{step},{step},{np.sin(step):.5f}" for step in range(steps))]
    path.write_text("\n".join(lines) + "\n")
    return path


def write_classes(path: Path, counts: dict[str, int], steps: int = 4) -> Path:
    """Write a .tsv of the UCR archive: the label, and a rising line."""
    lines = [
        "\t".join([name, *(str(place + step) for step in range(steps))])
        for name, count in counts.items()
        for place in range(count)
    ]
    path.write_text("\n".join(lines) + "\n")
    return path


def parts(data: Data) -> list[int]:
    return [len(part) for part in (data.training, data.validation, data.test)]


def test_digits_have_labels_and_every_part_every_class():
    data = load_data(tiny(limit=200))
    assert sum(parts(data)) == 200
    assert data.form.classes == tuple("0123456789")
    for part in (data.training, data.validation, data.test):
        assert part.labels is not None
        assert set(part.labels) == set(range(10))
        assert part.values.min() == -1 < part.values.max() <= 1
    assert load_data(tiny(limit=200)).fingerprint == data.fingerprint
    assert load_data(tiny(limit=200, seed=1)).fingerprint != data.fingerprint


def test_classes_are_selected_and_numbered(tmp_path: Path):
    data = load_data(
        tiny(data=str(write_mnist(tmp_path / "mnist")), classes="3,1", limit=None, output="sigmoid")
    )
    assert data.form.classes == ("1", "3")
    for part in (data.training, data.test):
        assert part.labels is not None
        shown = np.rint(255 * part.values[:, 0, 0, 0]).astype(int)
        assert [{0: 10, 1: 30}[label] for label in part.labels.tolist()] == shown.tolist()
    assert parts(data) == [18, 2, 10]  # the test file is the test


def test_a_folder_of_images_is_fitted(tmp_path: Path):
    for number in range(12):
        Image.new("RGB", (20, 16), (number * 20, 0, 0)).save(tmp_path / f"{number:02}.png")
    data = load_data(tiny(data=str(tmp_path), size=14, channels=3))
    assert data.training.values.shape[1:] == (14, 14, 3)
    assert data.form.classes == ()
    assert parts(data) == [8, 2, 2]


def test_arrays_are_images_or_series(tmp_path: Path):
    np.save(tmp_path / "bytes.npy", np.zeros((20, 8, 8), np.uint8))
    np.save(tmp_path / "series.npy", np.random.default_rng(0).normal(size=(20, 8, 3)))
    np.savez(tmp_path / "labelled.npz", images=np.zeros((20, 8, 8), np.uint8), labels=np.arange(20) % 2)
    assert load_data(tiny(data=str(tmp_path / "bytes.npy"))).form.are_images
    assert not load_data(tiny(data=str(tmp_path / "series.npy"))).form.are_images
    assert load_data(tiny(data=str(tmp_path / "labelled.npz"))).form.classes == ("0", "1")
    with pytest.raises(DataError, match="looks like one image"):
        load_data(tiny(data=str(tmp_path / "series.npy"), kind="images"))


def test_a_long_series_is_divided_by_time_before_windows_are_cut(tmp_path: Path):
    data = load_data(tiny(data=str(write_csv(tmp_path / "a.csv")), time_column="day", window=5))
    spans = []
    for part in (data.training, data.validation, data.test):
        days = data.form.unscaled(part.values)[..., 0]  # the price of a day is its number
        assert np.allclose(np.diff(days, axis=1), 1, atol=1e-3)
        spans.append((round(days.min()), round(days.max())))
    (_, last), (first, _), *_ = spans
    assert first - last > 5  # a gap as long as the window
    assert spans[2][0] - spans[1][1] > 5
    assert spans[2][1] == 199


def test_scaling_is_that_of_the_training_alone(tmp_path: Path):
    data = load_data(tiny(data=str(write_csv(tmp_path / "a.csv")), time_column="day", window=5))
    assert data.training.values.min() == pytest.approx(-1)
    assert data.training.values.max() == pytest.approx(1)
    assert data.validation.values[..., 0].min() > 1  # prices rise
    assert data.test.values[..., 0].min() > data.validation.values[..., 0].max()


@pytest.mark.parametrize("name", SINES)
def test_sines_by_both_definitions(name: str):
    data = load_data(tiny(data=name, limit=None))
    assert data.form.shape == (24, 5)
    assert sum(parts(data)) == 2000
    steps = np.abs(np.diff(data.training.values, axis=1)).max()
    assert steps < 0.5 if name == "sines-code" else steps > 1.5


def test_labelled_series_of_two_files(tmp_path: Path):
    training = write_classes(tmp_path / "a_TRAIN.tsv", {"b": 6, "a": 8})
    test = write_classes(tmp_path / "a_TEST.tsv", {"a": 3})
    data = load_data(tiny(data=str(training), test_data=test))
    assert data.form.classes == ("a", "b")
    assert parts(data) == [12, 2, 3]
    assert data.test.labels is not None
    assert data.test.labels.tolist() == [0, 0, 0]


def test_series_of_different_lengths_are_masked(tmp_path: Path):
    lines = ["series,x"] + [f"{number},{step}" for number in range(30) for step in range(2 + number % 3)]
    (tmp_path / "a.csv").write_text("\n".join(lines) + "\n")
    data = load_data(tiny(data=str(tmp_path / "a.csv")))
    assert set(data.training.lengths.tolist()) == {2, 3, 4}
    drawn = data.form.draw_masks(None, 50, np.random.default_rng(0))
    assert drawn is not None
    assert set(drawn.sum(axis=1).tolist()) == {2, 3, 4}
    folder = tmp_path / "run"
    words = ("--data", tmp_path / "a.csv", "--epochs", 1, "--batch-size", 4, "--units", 4, "--rung", "plain")
    assert run("train", *words, "--folder", folder) == 0
    again = load_data(tiny(data=str(RunFolder(folder).arrays)))  # what a run makes can be learned from
    assert set(again.training.lengths.tolist()) == {2, 3, 4}


def test_a_form_is_what_it_was_described_as():
    for settings in (tiny(), tiny(data="sines", window=6)):
        form = load_data(settings).form
        again = Form.from_configuration(form.to_configuration(), form.counts)
        assert again.to_configuration() == form.to_configuration()
        values = np.random.default_rng(0).uniform(-1, 1, (3, *form.shape)).astype(np.float32)
        np.testing.assert_array_equal(again.unscaled(values), form.unscaled(values))


REFUSED = [
    (
        "images of different sizes",
        {"size": 14},
        r"images of different sizes: 00.png is 20 x 16, 11.png is 9 x 9.*--fit crop",
    ),
    (
        "no labels",
        {"conditioning": "projection"},
        "labels are missing, and --conditioning projection needs them",
    ),
    ("no labels", {"classes": "1"}, "labels are missing, and --classes needs them"),
    ("rare class", {}, "class 'rare' has one entry, and 3 are needed.*leave it out by --classes"),
    ("classes", {"classes": "a,q"}, r"--classes: there is no class 'q'; there are a, b"),
    ("NaN", {}, "series 0, step 1, variable x: the value is missing: .*or give --missing interpolate"),
    ("text column", {"window": 5}, "line 2, column word: 'up' is no number: .*leave the column out"),
    ("length zero", {}, "no "),
    ("short", {"window": 9}, "take shorter windows"),
    ("one series", {}, "by --window"),
    ("tsv with roles", {"label_column": "x"}, r"roles are those of columns of a \.csv file"),
    ("missing file", {}, "No such file"),
    ("constant", {}, "most entries are equal"),
]


TEXTS = {
    "NaN": "series,x\n" + "".join(f"{n},1\n{n},NaN\n{n},3\n" for n in range(6)),
    "text column": "day,price,word\n" + "".join(f"{n},{n},up\n" for n in range(60)),
    "length zero": "series,x\n",
}


def make_bad(kind: str, folder: Path) -> Path:
    """Write data that cannot be used, and return where they are."""
    path = folder / "a.csv"
    if kind == "images of different sizes":
        path = folder
        for number in range(12):
            Image.new("L", (9, 9) if number == 11 else (20, 16)).save(folder / f"{number:02}.png")
    elif kind == "no labels":
        path = write_mnist(folder / "mnist", labels=False)
    elif kind == "rare class":
        path = write_classes(folder / "a.tsv", {"a": 5, "rare": 1})
    elif kind in ("classes", "short", "tsv with roles"):
        path = write_classes(folder / "a.tsv", {"a": 5, "b": 5})
    elif kind == "one series":
        write_csv(path)
    elif kind == "constant":
        path = folder / "a.npy"
        np.save(path, np.zeros((20, 8, 8), np.uint8))
    elif kind in TEXTS:
        path.write_text(TEXTS[kind])
    return path


@pytest.mark.parametrize(
    ("kind", "changes", "message"), REFUSED, ids=[f"{each[0]} {each[1]}" for each in REFUSED]
)
def test_bad_data_are_named_with_what_to_do(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], kind: str, changes: dict[str, object], message: str
):
    words = [part for name, value in changes.items() for part in (f"--{name.replace('_', '-')}", value)]
    path, folder = make_bad(kind, tmp_path), tmp_path / "run"
    assert run("train", "--data", path, *words, "--rung", "plain", "--batch-size", 2, "--folder", folder) == 2
    printed = capsys.readouterr().err
    assert printed.count("\n") == 1
    assert re.search(message, printed), printed
    assert tmp_path.name in printed
    assert not folder.exists()

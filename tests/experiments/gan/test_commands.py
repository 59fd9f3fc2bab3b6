"""The program from end to end: what a run writes, and what is made with its model."""

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.evaluation.files import read_entries
from experiments.gan.__main__ import GAN
from experiments.gan.command_table import COMMANDS
from experiments.gan.folder import RunFolder
from experiments.gan.run import Run
from networks.gan import Gan
from tests.support.gan_runs import assert_same_bits, model, options, run, tiny, train

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("digits") / "run"
    train(folder)
    return folder


@pytest.fixture(scope="module")
def sines(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("sines") / "run"
    train(folder, data="sines-code", window=6, sine_variables=2)
    return folder


def test_a_run_leaves_everything_in_its_folder(digits: Path):
    folder = RunFolder(digits)
    for path in (folder.best, folder.settings, folder.table, folder.plots, folder.progress, folder.samples):
        assert path.is_file(), path
    assert [path.name for path in sorted(folder.pictures.iterdir())] == ["epoch-00001.png", "epoch-00002.png"]
    lines = folder.table.read_text().splitlines()
    assert lines[0].startswith("epoch,step,seconds,discriminator_loss,generator_loss")
    assert lines[0].endswith(",generator_factor,mmd")
    assert [line.split(",")[0] for line in lines[1:]] == ["1.0", "2.0"]
    with Image.open(folder.progress) as gif:
        assert gif.n_frames == 2


def test_samples_are_in_the_units_of_the_data(digits: Path, sines: Path):
    images = read_entries(RunFolder(digits).arrays)
    assert images.values.shape == (512, 8, 8, 1)
    assert 0 <= images.values.min() <= images.values.max() <= 1
    assert set(images.labels) <= set(range(10))
    series = read_entries(RunFolder(sines).arrays)
    assert series.lengths.tolist() == [6] * 512
    assert series.values.shape == (512, 6, 2)
    assert series.labels is None


def five_of(gan: Gan) -> np.ndarray:
    return gan.generate(5, generator=np.random.default_rng(3), labels=np.arange(5))


def test_a_model_is_rebuilt_from_its_folder_alone(digits: Path):
    rebuilt = model(digits)
    trained = Run.start(tiny(folder=digits))
    trained.trainer.restore(RunFolder(digits).load())
    made = [
        each.generate(5, generator=np.random.default_rng(3), labels=np.arange(5))
        for each in (rebuilt.gan, trained.gan)
    ]
    np.testing.assert_array_equal(*made)
    assert rebuilt.form.to_configuration() == trained.data.form.to_configuration()
    fresh = Gan(rebuilt.gan.blueprint, generator=np.random.default_rng(0), rung_name="plain")
    assert not np.array_equal(
        fresh.generate(5, generator=np.random.default_rng(3), labels=np.arange(5)), made[0]
    )


def test_generate_writes_entries_of_named_classes(
    digits: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.chdir(tmp_path)
    words = ("generate", "--folder", digits, "--labels", "3,8", "--count", "5")
    assert (
        run(*words, "--out", "one")
        == run(*words, "--out", "again")
        == run(*words, "--out", "other", "--draw", "1")
        == 0
    )
    one, again, other = (np.load(f"{name}.npz") for name in ("one", "again", "other"))
    assert one["labels"].tolist() == [3, 8, 3, 8, 3]
    assert one["values"].shape == (5, 8, 8, 1)
    np.testing.assert_array_equal(one["values"], again["values"])
    assert not np.array_equal(one["values"], other["values"])
    assert Image.open("one.png").size[0] > 100


def test_interpolate_draws_ways(digits: Path, sines: Path):
    for folder in (digits, sines):
        assert run("interpolate", "--folder", folder, "--rows", "2", "--steps", "4", "--best") == 0
        with Image.open(folder / "interpolation.gif") as gif:
            assert gif.n_frames == 6


def test_continuing_has_one_history(tmp_path: Path):
    train(tmp_path / "whole", epochs=5)
    train(tmp_path / "parts")
    assert run("continue", "--folder", tmp_path / "parts", "--epochs", "3") == 0
    assert run("continue", "--folder", tmp_path / "parts", "--epochs", "5") == 0
    assert_same_bits(tmp_path / "parts", tmp_path / "whole")
    table = RunFolder(tmp_path / "parts").table.read_text().splitlines()
    assert [line.split(",")[0] for line in table] == ["epoch", "1.0", "2.0", "3.0", "4.0", "5.0"]


def test_a_run_is_not_overwritten_unless_that_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    train(tmp_path)
    assert run("train", *options(), "--folder", tmp_path) == 2
    assert "holds a run already" in capsys.readouterr().err
    train(tmp_path, "--overwrite", epochs=1)
    assert [path.name for path in RunFolder(tmp_path).pictures.iterdir()] == ["epoch-00001.png"]


def test_what_another_model_made_is_not_left_beside_a_new_one(tmp_path: Path):
    train(tmp_path)
    made, own = RunFolder(tmp_path).report / "report.html", tmp_path / "notes.txt"
    made.parent.mkdir()
    for path in (made, own):
        path.write_text("of before")
    assert run("generate", "--folder", tmp_path) == 0
    train(tmp_path, "--overwrite")
    assert not [path for path in (made, *tmp_path.glob("generated.*")) if path.exists()]
    assert own.exists()


def test_settings_come_from_files_and_options(tmp_path: Path):
    file = tmp_path / "gan.conf"
    assert run("config", file, *options(epochs=1), "--loss", "hinge") == 0
    assert run("train", "--config", file, "--folder", tmp_path / "run", "--seed", "4") == 0
    settings = model(tmp_path / "run").settings
    assert (settings.loss, settings.seed, settings.epochs) == ("hinge", 4, 1)


def test_every_command_has_examples_that_are_commands():
    for command in COMMANDS:
        lines = command.examples.replace("\\\n", " ").splitlines()
        found = [line.split()[4:] for line in lines if line.startswith("  python -m experiments gan")]
        assert found, command.name
        for words in found:
            assert GAN.parser().parse(words).command == command.name


def test_names_of_generated_entries(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    train(tmp_path / "run", epochs=1)
    for name in ("one", "two.npz", "1.5"):
        assert run("generate", "--folder", tmp_path / "run", "--out", tmp_path / name) == 0
    assert {path.name for path in tmp_path.glob("*.*")} == {
        *("one.npz", "one.png", "two.npz", "two.png", "1.5.npz", "1.5.png")
    }
    for name in (tmp_path, f"{tmp_path}/new/"):
        assert run("generate", "--folder", tmp_path / "run", "--out", name) == 2
        assert "is a folder: give a name in it" in capsys.readouterr().err

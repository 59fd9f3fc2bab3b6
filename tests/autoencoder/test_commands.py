"""The commands, from arguments to files and exit status."""

import csv
import gc
from contextlib import suppress
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from autoencoder.__main__ import main
from autoencoder.command_table import COMMANDS
from autoencoder.settings import Settings
from tests.support.autoencoder_runs import run, tiny_options, train_tiny, write_images
from tests.support.odd_names import ODD_NAMES, file_name

PICTURES = {"reconstructions.png", "network.png", "code_sweep.png", "loss.png"}


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with a trained model and its results."""
    directory = tmp_path_factory.mktemp("trained")
    train_tiny(directory)
    return directory


@pytest.fixture(scope="module")
def photographs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of five images, one of them damaged, in a subfolder."""
    folder = tmp_path_factory.mktemp("photographs")
    write_images(folder / "inner", 4)
    (folder / "inner" / "damaged.png").write_bytes(b"nothing")
    return folder


@pytest.fixture
def output(tmp_path: Path) -> Path:
    return tmp_path / "output"


def use(command: str, model: Path, output: Path, *more: object) -> int:
    places = ("--model-directory", model / "model", "--output-directory", output)
    return run(command, *places, "--rung", "plain", "--threads", 1, *more)


def test_training_writes_model_pictures_and_table(model: Path):
    assert {path.name for path in (model / "output").iterdir()} == PICTURES | {"losses.csv"}
    assert (model / "model" / "model.safetensors").is_file()
    for name in PICTURES:
        with Image.open(model / "output" / name) as picture:
            assert min(picture.size) > 100
    rows = list(csv.DictReader((model / "output" / "losses.csv").open()))
    assert [row["epoch"] for row in rows] == ["1.0", "2.0"]
    assert all(float(row["held_out_loss"]) > 0 for row in rows)


def test_training_says_what_it_does(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    train_tiny(tmp_path)
    printed = capsys.readouterr().out
    for expected in (
        "images     36 to train on, 4 held out; 8x8x1",
        "network    dense, 8x8x1 > 3x4x1 > code 2x2x1 > 3x4x1 > 8x8x1; 1,632 connections",
        "epoch    2  loss 0.",
        "trained    2 epochs, 6 steps",
        f"model      {tmp_path / 'model' / 'model.safetensors'}",
        f"result     {tmp_path / 'output' / 'network.png'}",
    ):
        assert expected in printed


def test_a_model_is_not_trained_over_by_mistake(model: Path, capsys: pytest.CaptureFixture[str]):
    before = (model / "model" / "model.safetensors").read_bytes()
    assert run("train", *tiny_options(), "--model-directory", model / "model") == 2
    assert "holds a model already; --resume goes on with it, --overwrite begins" in capsys.readouterr().err
    assert (model / "model" / "model.safetensors").read_bytes() == before


def test_training_over_a_model_keeps_the_old_one(tmp_path: Path):
    train_tiny(tmp_path)
    old = (tmp_path / "model" / "model.safetensors").read_bytes()
    places = ("--model-directory", tmp_path / "model", "--output-directory", tmp_path / "output")
    assert run("train", *tiny_options(seed=5, epochs=1), *places, "--overwrite") == 0
    kept = {path.read_bytes() for path in (tmp_path / "model").glob("model*.safetensors")}
    assert len(kept) == 2
    assert old not in kept or (tmp_path / "model" / "model.previous.safetensors").read_bytes() != b""


def test_going_on_continues_the_table(tmp_path: Path):
    train_tiny(tmp_path)
    places = ("--model-directory", tmp_path / "model")
    assert run("train", "--resume", "--epochs", 3, *places) == 0
    assert len((tmp_path / "output" / "losses.csv").read_text().splitlines()) == 4


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        (["--resume", "--code-size", "9"], "--code-size=9: the model in"),
        (["--resume", "--overwrite"], "exclude each other"),
        (["--resume", "--model-directory", "nowhere"], "nowhere: no model.safetensors in it"),
        (["--code-sise", "9"], "unknown argument --code-sise; did you mean --code-size?"),
        (["--code-size", "0"], "--code-size=0: it should be a whole number from 1 to "),
        (["--config", "nowhere.conf"], "nowhere.conf: cannot read the configuration file"),
        (["--input-directory", "nowhere", "--model-directory", "new"], "nowhere: no such file or folder"),
    ],
)
def test_bad_training_options_are_named(
    model: Path, options: list[str], expected: str, capsys: pytest.CaptureFixture[str]
):
    arguments = ["train", "--model-directory", str(model / "model"), *options]
    try:
        status = main(arguments)
    except SystemExit as exit:
        status = exit.code
    assert status == 2
    captured = capsys.readouterr()
    assert expected in captured.err
    assert "Traceback" not in captured.err


def test_options_come_after_the_file_and_the_file_after_defaults(tmp_path: Path):
    (tmp_path / "run.conf").write_text("code-size=7\nwidth=9\n")
    assert run("config", tmp_path / "all.conf", "--config", tmp_path / "run.conf", "--width", "11") == 0
    lines = (tmp_path / "all.conf").read_text().splitlines()
    assert {"code-size=7", "width=11", "height=28"} <= set(lines)


def test_a_configuration_is_printed_or_written_once(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    assert run("config") == 0
    assert "learning-rate=0.001" in capsys.readouterr().out
    file = tmp_path / "run.conf"
    assert [run("config", file), run("config", file), run("config", file, "--overwrite")] == [0, 2, 0]
    assert "exists; give --overwrite" in capsys.readouterr().err


def test_codes_come_in_the_order_of_the_names(model: Path, photographs: Path, output: Path, capsys):
    assert use("encode", model, output, "--input-directory", photographs) == 0
    codes = np.load(output / "codes.npy", allow_pickle=False)
    assert codes.shape == (4, 4)
    assert codes.dtype == np.float32
    names = (output / "codes.txt").read_text().splitlines()
    assert names == [f"inner/image-{number:02}.png" for number in range(4)]
    warnings = capsys.readouterr().err
    assert "inner/damaged.png: skipped: not an image of a known format" in warnings
    assert "1 of 5 skipped" in warnings


def test_odd_names_survive_every_command(model: Path, tmp_path: Path, output: Path, capsys):
    odd = {**ODD_NAMES, "\U00020000".encode() * 60 + b".png": "\U00020000" * 60 + ".png"}
    for name in odd:
        with open(tmp_path / file_name(name), "wb") as file:
            Image.new("L", (8, 8), len(name)).save(file, "PNG")
    (tmp_path / file_name(b"bad\xff\n.png")).write_bytes(b"nothing")
    source = ("--input-directory", tmp_path)
    assert use("encode", model, output, *source) == 0
    listed = (output / "codes.txt").read_text(encoding="utf-8").splitlines()
    assert sorted(listed) == sorted(odd.values())
    assert len(np.load(output / "codes.npy")) == len(odd)
    assert r"bad\xff\n.png: skipped: not an image of a known format" in capsys.readouterr().err.splitlines()
    assert use("reconstruct", model, output, *source) == 0
    assert len(list((output / "reconstructions").iterdir())) == len(odd)
    error = use("encode", model, output, "--input-directory", tmp_path / file_name(b"no\xff\nwhere"))
    assert error == 2
    assert r"no\xff\nwhere: no such file or folder" in capsys.readouterr().err


def test_decoded_codes_are_the_reconstructions(model: Path, photographs: Path, output: Path):
    source = ("--input-directory", photographs)
    assert use("encode", model, output, *source) == 0
    assert use("decode", model, output, "--array") == 0
    assert use("reconstruct", model, output, "--array", *source) == 0
    decoded, reconstructed = (np.load(output / f"{name}.npy") for name in ("decoded", "reconstructions"))
    assert reconstructed.shape == (4, 8, 8, 1)
    assert reconstructed.dtype == np.float32
    np.testing.assert_allclose(decoded, reconstructed, atol=1e-6)


def test_pictures_are_numbered_and_named_like_their_sources(model: Path, photographs: Path, output: Path):
    assert use("reconstruct", model, output, "--array", "--input-directory", photographs) == 0
    assert use("reconstruct", model, output, "--input-directory", photographs) == 0
    names = sorted(path.name for path in (output / "reconstructions").iterdir())
    assert names == [f"{number}-image-{number:02}.png" for number in range(4)]
    array = np.load(output / "reconstructions.npy")
    for number, name in enumerate(names):
        pixels = np.asarray(Image.open(output / "reconstructions" / name))
        np.testing.assert_allclose(pixels / 255, array[number, ..., 0], atol=0.5 / 255 + 1e-6)


def test_pictures_are_replaced_only_when_asked(model: Path, photographs: Path, output: Path, capsys):
    source = ("--input-directory", photographs)
    assert use("reconstruct", model, output, *source) == 0
    assert use("reconstruct", model, output, *source) == 2
    assert "holds 4 files already; give --overwrite" in capsys.readouterr().err
    assert use("reconstruct", model, output, *source, "--overwrite", "--limit", 3) == 0
    assert len(list((output / "reconstructions").iterdir())) == 2
    (output / "reconstructions" / "mine.txt").write_text("precious")
    assert use("reconstruct", model, output, *source, "--overwrite") == 2
    assert (output / "reconstructions" / "mine.txt").read_text() == "precious"


def test_without_an_input_directory_the_held_out_digits_are_used(model: Path, output: Path):
    assert use("encode", model, output) == 0
    assert np.load(output / "codes.npy").shape == (4, 4)
    assert use("encode", model, output, "--limit", 3) == 0
    assert np.load(output / "codes.npy").shape == (3, 4)


def test_the_error_printed_is_that_of_the_last_epoch(model: Path, output: Path, capsys):
    assert use("reconstruct", model, output, "--array") == 0
    printed = capsys.readouterr().out.split()
    rows = list(csv.DictReader((model / "output" / "losses.csv").open()))
    error = float(printed[printed.index("error") + 1])
    assert error == pytest.approx(float(rows[-1]["held_out_loss"]), abs=1e-6)


def test_drawing_again_gives_the_same_pictures(model: Path, output: Path):
    assert use("render", model, output) == 0
    for name in [*PICTURES, "losses.csv"]:
        assert (output / name).read_bytes() == (model / "output" / name).read_bytes(), name


def test_other_images_can_be_drawn(model: Path, photographs: Path, output: Path):
    assert use("render", model, output, "--input-directory", photographs) == 0
    assert {path.name for path in output.iterdir()} == PICTURES | {"losses.csv"}


def test_info_counts_everything(model: Path, capsys: pytest.CaptureFixture[str]):
    assert run("info", "--model-directory", model / "model") == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[1].split() == ["encoder", "0", "dense", "8x8x1", "3x4x1", "12", "768", "780"]
    total = next(line.split() for line in lines if line.startswith("total"))
    assert total == ["total", "92", "1,632", "1,724"]
    assert "percentiles of weights" in lines
    assert "percentiles of biases" in lines


@pytest.mark.parametrize("command", [command.name for command in COMMANDS])
def test_help_teaches_by_example(command: str, capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as exit:
        main([command, "--help"])
    assert exit.value.code == 0
    printed = capsys.readouterr().out
    assert f"  autoencoder {command}" in printed.split("examples:")[1]
    assert "exit status: 0 done" in printed


def test_every_key_is_an_option_of_training(capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit):
        main(["train", "--help"])
    printed = capsys.readouterr().out
    for name in Settings.model_fields:
        assert f"--{name.replace('_', '-')} " in printed


@pytest.mark.parametrize("arguments", [[], ["trian"], ["encode", "stray"]])
def test_a_wrong_command_line_exits_with_2(arguments: list[str], capsys: pytest.CaptureFixture[str]):
    with pytest.raises(SystemExit) as exit:
        main(arguments)
    assert exit.value.code == 2
    assert len(capsys.readouterr().err.splitlines()) == 1


@pytest.mark.parametrize("arguments", [["config"], ["info", "--model-directory", "nowhere"], ["--help"]])
def test_a_command_leaves_the_collection_of_garbage_as_it_was(arguments, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    before = gc.get_threshold()
    with suppress(SystemExit):
        main(arguments)
    assert gc.get_threshold() == before

"""The command `replay-page`: frames of snapshots and of training again, sizes, and what is refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autoencoder.live.codes import HALVES
from autoencoder.model import AutoEncoder
from autoencoder.model_file import build_model, load_snapshot
from autoencoder.settings import TABLE
from tests.support.autoencoder_runs import run, train_tiny
from tests.support.live_runs import open_run, setting, train_steps
from tests.support.replay_pages import halves, numbers_in
from workbench.inspect.anatomy import Anatomy
from workbench.settings.stored import settings_of

pytestmark = pytest.mark.usefixtures("one_thread")


def write(folder: Path, *options: object) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Write the page of the model in a folder, and return its numbers."""
    page = folder / "replay.html"
    assert run("replay-page", "--model-directory", folder / "model", "--output", page, *options) == 0
    return numbers_in(page.read_bytes())


def parameters(folder: Path) -> np.ndarray:
    return saved(folder).network.parameters.values


def saved(folder: Path) -> AutoEncoder:
    """Return the model in a folder."""
    snapshot = load_snapshot(folder / "model")
    return build_model(snapshot, TABLE.make(settings_of(snapshot)))


@pytest.fixture(scope="module")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("trained")
    train_tiny(folder, epochs=3)
    return folder


def test_training_again_leads_to_the_model(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    before = (trained / "model" / "model.safetensors").read_bytes()
    header, arrays = write(trained, "--frames", "4", "--overwrite")
    assert [frame["step"] for frame in header["frames"]] == [0, 1, 3, 9]
    kept = np.sort(halves(arrays["weights"])[-1])
    biases = halves(arrays["biases"])[-1]
    expected = np.sort(parameters(trained).astype(np.float16).astype(np.float32))
    assert np.array_equal(np.sort(np.concatenate([kept, biases[~np.isnan(biases)]])), expected)
    assert "differs" not in capsys.readouterr().out
    assert (trained / "model" / "model.safetensors").read_bytes() == before
    assert not (trained / "model" / "journal.jsonl").exists()


def test_frames_can_be_even_and_leave_weights_out(trained: Path) -> None:
    options = ("--frames", "4", "--spacing", "even", "--weights", "none", "--examples", "2", "--overwrite")
    header, arrays = write(trained, *options)
    assert [frame["step"] for frame in header["frames"]] == [0, 3, 6, 9]
    assert "weights" not in arrays
    assert arrays["outputs"].shape[:2] == (4, 2)


def test_changes_by_hand_are_made_again(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    live = open_run(tmp_path, schedule="constant")
    live.snapshot()
    train_steps(live, 3)
    live.snapshot()
    live.apply([setting("learning-rate", 0.05), {"kind": "clamp", "layer": 1, "neuron": 2, "value": 0.25}])
    train_steps(live, 2)
    live.close()
    header, _ = write(tmp_path)
    assert [frame["step"] for frame in header["frames"]] == [0, 3, 5]
    assert [len(frame["clamps"]) for frame in header["frames"]] == [0, 0, 1]
    assert [change["step"] for change in header["changes"]] == [3]
    again, _ = write(tmp_path, "--frames", "6", "--overwrite")
    assert [frame["step"] for frame in again["frames"]] == [0, 1, 2, 3, 4, 5]
    assert again["frames"][-1]["errors"] == header["frames"][-1]["errors"]
    assert "differs" not in capsys.readouterr().out


def test_snapshots_of_another_run_are_left_out(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    live = open_run(tmp_path)
    train_steps(live, 2)
    live.snapshot()
    live.reset(7)
    train_steps(live, 4)
    live.snapshot()
    live.close()
    header, _ = write(tmp_path)
    assert [frame["step"] for frame in header["frames"]] == [4]
    assert "left out, it is not of the run that led to the model" in caplog.text


@pytest.mark.parametrize("held_out", ["0.1", "0"])
def test_the_best_epoch_is_the_last_frame(
    held_out: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train_tiny(tmp_path, keep="best", start_from="principal", learning_rate="0.1", held_out=held_out)
    header, arrays = write(tmp_path, "--frames", "5")
    last = header["frames"][-1]
    assert len(header["frames"]) == 6
    assert last["note"].startswith("kept: as after epoch ")
    assert "differs" not in capsys.readouterr().out
    biases = halves(arrays["biases"])[-1]
    assert np.isin(
        biases[~np.isnan(biases)], parameters(tmp_path).astype(np.float16).astype(np.float32)
    ).all()


def test_connections_that_move_are_those_of_the_last_frame(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train_tiny(tmp_path, architecture="graph", connections=3, moving="set", move_every=2, epochs=4)
    capsys.readouterr()
    _, arrays = write(tmp_path, "--frames", "6")
    assert "differs" not in capsys.readouterr().out
    into = [Anatomy(saved(tmp_path).network, HALVES).incoming(1, neuron).neurons for neuron in range(12)]
    assert np.array_equal(arrays["sources 1"], np.concatenate(into))
    page = tmp_path / "every.html"
    options = ("--model-directory", tmp_path / "model", "--output", page)
    assert run("replay-page", *options, "--frames", "6", "--weights", "every") == 2
    assert "the connections of this run move" in capsys.readouterr().err
    assert not page.exists()


def test_the_size_is_said_and_nothing_written(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = trained / "none.html"
    options = ("--model-directory", trained / "model", "--output", page, "--frames", "5", "--size")
    assert run("replay-page", *options) == 0
    assert "size       at most " in capsys.readouterr().out
    assert not page.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "this run kept no snapshots; --frames 24 makes frames of training it again, which took 0:00:0"),
        (("--frames", "few"), "--frames few: give a whole number of at least 2"),
        (("--frames", "5000"), "5000 frames: give 2 to 1000"),
        (("--examples", "9"), "--examples 9: give at most 8"),
        (("--weights", "some"), "--weights some: give one of every, last, none"),
        (("--spacing", "odd"), "--spacing odd: give one of growing, even"),
        (("--largest", "0"), "--largest 0: give a whole number of at least 1"),
    ],
)
def test_bad_input_is_refused_in_one_line(
    trained: Path, options: tuple[str, ...], message: str, capsys: pytest.CaptureFixture[str]
) -> None:
    page = trained / "refused.html"
    assert run("replay-page", "--model-directory", trained / "model", "--output", page, *options) == 2
    assert message in capsys.readouterr().err
    assert not page.exists()


def test_a_file_that_is_there_is_kept(trained: Path, capsys: pytest.CaptureFixture[str]) -> None:
    page = trained / "mine.html"
    page.write_text("mine")
    options = ("--model-directory", trained / "model", "--output", page, "--frames", "3")
    assert run("replay-page", *options) == 2
    assert "is there already; give --overwrite" in capsys.readouterr().err
    assert page.read_text() == "mine"
    options = ("--model-directory", trained / "model", "--output", trained, "--frames", "3", "--overwrite")
    assert run("replay-page", *options) == 2
    assert "is a folder; give the name of a file" in capsys.readouterr().err


def test_the_folder_of_the_file_is_made(trained: Path) -> None:
    page = trained / "pages" / "mine.html"
    options = ("--model-directory", trained / "model", "--output", page, "--frames", "3")
    assert run("replay-page", *options) == 0
    assert [each.name for each in page.parent.iterdir()] == ["mine.html"]


def test_what_followed_the_clock_cannot_be_trained_again(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    train_tiny(tmp_path, minutes="0.001", epochs="", schedule="cosine")
    page = tmp_path / "replay.html"
    options = ("--model-directory", tmp_path / "model", "--output", page, "--frames", "3")
    assert run("replay-page", *options) == 2
    assert "its schedule followed the minutes" in capsys.readouterr().err
    assert not page.exists()

"""The program from end to end: what a run writes, what is made with its network, and what it refuses."""

import csv
import json
import shlex
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from experiments.video.__main__ import VIDEO
from experiments.video.command_table import COMMANDS
from experiments.video.folder import Model, RunFolder
from experiments.video.run import Run
from nn.snapshot import save
from tests.support.video_runs import assert_same_bits, options, run, tiny, train

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def both(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("both") / "run"
    train(folder, steps=7, animate_every=0.000001)
    return folder


def test_a_run_leaves_everything_in_its_folder(both: Path):
    folder = RunFolder(both)
    names = {path.name for path in both.iterdir()}
    assert names == {
        *("model.safetensors", "model.previous.safetensors", "best.safetensors", "best.previous.safetensors"),
        *("settings.conf", "version.json", "losses.csv", "losses-by-minutes.png", "losses-by-steps.png"),
        *("clips.npy", "animation.gif", "animation.webp", "frames.png", "animations"),
    }
    assert {path.suffix for path in folder.animations.iterdir()} == {".gif", ".webp"}
    with Image.open(folder.path / "animation.gif") as gif, Image.open(folder.path / "animation.webp") as webp:
        assert gif.n_frames == webp.n_frames == 3
    assert set(json.loads(folder.version.read_text())) == {"ganglion", "python", "numpy", "numba"}
    with folder.table.open() as file:
        rows = list(csv.DictReader(file))
    assert [row["step"] for row in rows] == ["2", "4", "6", "7"]
    assert [row["clips"] for row in rows] == ["8", "16", "24", "28"]
    assert all(
        f"validation_{head}_{error}_per_frame" in rows[0]
        for head in ("reconstruction", "prediction")
        for error in ("mse", "nats")
    )


def test_a_network_is_rebuilt_from_its_folder_alone(both: Path):
    rebuilt = Model.of(RunFolder(both).load()).network
    trained = Run.start(tiny(folder=both))
    trained.trainer.restore(RunFolder(both).load())
    clips = np.random.default_rng(1).random((3, 3, 8, 8, 1), np.float32)
    for name, frames in rebuilt.reconstruct_and_predict(clips).items():
        np.testing.assert_array_equal(frames, trained.network.reconstruct_and_predict(clips)[name])


def test_demo_makes_the_same_animations_of_the_folder_alone(both: Path, capsys: pytest.CaptureFixture[str]):
    folder = RunFolder(both)
    paths = [folder.frames, both / "animation.gif", both / "animation.webp"]
    before = [path.read_bytes() for path in paths]
    for path in paths:
        path.unlink()
    assert run("demo", both) == 0
    assert [path.read_bytes() for path in paths] == before
    assert all(str(path) in capsys.readouterr().out or path.exists() for path in paths)
    np.save(both.parent / "films.npy", np.zeros((3, 6, 8, 8), np.uint8))
    assert run("demo", both, "--best", "--clips", both.parent / "films.npy", "--count", "2") == 0
    assert folder.frames.read_bytes() != before[0]
    folder.clips.write_bytes(b"")
    assert run("demo", both) == 2
    assert "--clips" in capsys.readouterr().err


def test_evaluate_prints_and_writes_both_errors_beside_what_needs_no_network(
    both: Path, capsys: pytest.CaptureFixture[str]
):
    assert run("evaluate", both) == 0
    printed = capsys.readouterr().out
    report = json.loads(RunFolder(both).report.read_text())
    assert RunFolder(both).steps_ahead.is_file()
    for head, steps in (("reconstruction", 3), ("prediction", 2)):
        rows = report["errors"][head]
        assert list(rows) == ["network", "copy of the last frame", "mean frame", "floor"]
        for row, values in rows.items():
            assert row in printed
            for error in ("mse", "nats"):
                frame = values[f"{error}_per_frame"]
                assert values[f"{error}_per_pixel"] == pytest.approx(frame / 64)
                assert values[f"{error}_per_sequence"] == pytest.approx(frame * steps)
                assert np.mean(values[f"{error}_per_frame_by_step"]) == pytest.approx(frame)
                assert len(values[f"{error}_per_frame_by_step"]) == steps
        assert rows["floor"]["mse_per_frame"] == 0 < rows["floor"]["nats_per_frame"]
        assert rows["floor"]["nats_per_frame"] < rows["mean frame"]["nats_per_frame"]


def test_evaluate_measures_as_the_table_does(both: Path, tmp_path: Path):
    """The clips to validate on, given as films, have the errors of the last report."""
    np.save(tmp_path / "validation.npy", Run.start(tiny(folder=both)).data.validation)
    assert run("evaluate", both, "--test-data", tmp_path / "validation.npy") == 0
    errors = json.loads(RunFolder(both).report.read_text())["errors"]
    with RunFolder(both).table.open() as file:
        last = list(csv.DictReader(file))[-1]
    for head, rows in errors.items():
        for error in ("mse", "nats"):
            expected = float(last[f"validation_{head}_{error}_per_frame"])
            assert rows["network"][f"{error}_per_frame"] == pytest.approx(expected, rel=1e-5)


def test_continuing_has_one_history(tmp_path: Path):
    train(tmp_path / "whole", steps=9)
    train(tmp_path / "parts", steps=3)
    assert run("continue", tmp_path / "parts", "--steps", "4") == 0
    assert run("continue", tmp_path / "parts", "--steps", "9") == 0
    assert_same_bits(tmp_path / "parts", tmp_path / "whole")
    steps = [line.split(",")[0] for line in RunFolder(tmp_path / "parts").table.read_text().splitlines()]
    assert steps == ["step", "2", "4", "6", "8", "9"]


def test_what_the_network_is_cannot_change_when_it_goes_on(both: Path, capsys: pytest.CaptureFixture[str]):
    assert run("evaluate", both, "--config", both / "settings.conf") == 0
    changed = both.parent / "changed.conf"
    changed.write_text("units=5\n")
    assert run("continue", both, "--config", changed) == 2
    assert "units=4" in capsys.readouterr().err


@pytest.mark.parametrize(
    "changes",
    [
        {"task": "reconstruction", "decoder_input": "zeros", "order": "forward"},
        {"task": "prediction", "range": "-1-1", "optimizer": "rmsprop", "clip_norm": 1, "l2": 0.0001},
        {"model": "convolution", "filters": 2, "halvings": 1, "loss": "mse", "schedule": "cosine"},
        {"model": "convolutional_lstm", "units": 2, "patch": 2, "last": "none", "schedule": "plateau"},
        {"decoder_input": "true", "sampling_curve": "linear", "sampling_steps": 4, "layers": 2},
    ],
    ids=lambda changes: next(iter(changes.values())),
)
def test_kinds_train_demonstrate_and_evaluate(tmp_path: Path, changes: dict[str, object]):
    train(tmp_path / "whole", **changes)
    assert run("demo", tmp_path / "whole") == run("evaluate", tmp_path / "whole") == 0
    if changes.get("schedule") != "cosine":  # it follows the limit
        train(tmp_path / "parts", **changes, steps=3)
        assert run("continue", tmp_path / "parts", "--steps", "6") == 0
        assert_same_bits(tmp_path / "parts", tmp_path / "whole")


def test_a_diverged_run_ends_with_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    words = options(optimizer="sgd", learning_rate=1e30, last="none", loss="mse", steps=50)
    assert run("train", *words, "--folder", tmp_path / "run") == 1
    assert "The last snapshot is untouched" in capsys.readouterr().err
    assert RunFolder(tmp_path / "run").load().metadata["training"]["step"] == 0


def test_patience_ends_a_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    train(tmp_path / "run", optimizer="sgd", learning_rate=1e-30, steps=50, patience=2)
    assert "has not become better" in capsys.readouterr().out


def test_the_folder_is_named_after_what_is_trained(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    monkeypatch.chdir(tmp_path)
    assert run("train", *options(steps=1, report_every=1)) == 0
    (folder,) = Path("runs/video").iterdir()
    assert folder.name == "digits-8_lstm4_both-own_0-1-sigmoid-bce_adam-seed0"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["demo"], "say which run"),
        (["demo", "nowhere"], "holds no run"),
        (["evaluate", "nowhere"], "python -m experiments video train"),
        (["train", "--data", "nowhere"], "nowhere"),
        (["train", "--last", "tanh"], "do not go together"),
        (["train", "--last", "tanh_sigmoid"], "0.269 to 0.731"),
        (["train", "--model", "convolutional_lst"], "did you mean convolutional_lstm"),
        (["train", "--sampling-start", "0.5"], "--decoder-input true"),
        (["train", "--clip-norm", "1", "--clip-value", "1"], "exclude each other"),
        (["train", "--prediction-weight", "0", "--task", "prediction"], "nothing to learn"),
        (["train", "--patch", "3", "--model", "convolutional_lstm"], "patches of 3"),
        (["train", "--channels", "3"], "digits are grey"),
        (["train", "--digit-size", "65"], "do not fit"),
        (["train", "--steps-in", "0"], "--steps-in=0"),
    ],
    ids=" ".join,
)
def test_bad_input_is_named(
    words: list[str],
    said: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
):
    monkeypatch.chdir(tmp_path)
    more = ["--limit", "30", "--folder", "run"] if words[0] == "train" else []
    assert run(*words, *more) == 2
    assert said in capsys.readouterr().err
    assert not Path("run").exists()


@pytest.mark.filterwarnings("error")
def test_a_sigmoid_of_a_tanh_is_allowed_with_a_warning(tmp_path: Path, caplog: pytest.LogCaptureFixture):
    train(tmp_path / "run", "--allow-squeezed", "yes", last="tanh_sigmoid", steps=1, report_every=1)
    assert caplog.text.count("--last sigmoid learns") == 1


def test_a_folder_with_a_run_is_left_alone(both: Path, capsys: pytest.CaptureFixture[str]):
    assert run("train", *options(), "--folder", both) == 2
    assert f"python -m experiments video continue {both}" in capsys.readouterr().err


def test_other_clips_than_those_trained_on_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    films = np.random.default_rng(2).integers(0, 256, (10, 6, 8, 8)).astype(np.uint8)
    np.save(tmp_path / "films.npy", films)
    train(tmp_path / "run", data=tmp_path / "films.npy")
    np.save(tmp_path / "films.npy", films[::-1])
    for command in ("continue", "evaluate"):
        assert run(command, tmp_path / "run") == 1
        assert "other clips" in capsys.readouterr().err


def test_every_command_has_a_function_and_examples_that_are_understood():
    assert set(VIDEO.functions) == {command.name for command in COMMANDS}
    for command in COMMANDS:
        lines = command.examples.replace("\\\n", " ").splitlines()
        found = [line.strip() for line in lines if line.startswith("  python") or "python -m" in line]
        assert len(found) >= 2
        for line in found:
            parsed = VIDEO.parser().parse(shlex.split(line)[4:])
            assert parsed.command == command.name


def test_what_begins_with_a_dash_and_a_digit_is_a_value():
    parsed = VIDEO.parser().parse(["train", "--range", "-1-1", "--forget-bias", "-1", "--overwrite"])
    assert (parsed.range, parsed.forget_bias, parsed.overwrite) == ("-1-1", "-1", True)


def test_a_model_of_another_program_is_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    save(tmp_path / "model.safetensors", {"a": np.zeros(1)}, {"program": "gan"})
    before = (tmp_path / "model.safetensors").read_bytes()
    for words in (["train", *options(), "--overwrite", "--folder", tmp_path], ["demo", tmp_path]):
        assert run(*words) == 2
        assert "another program" in capsys.readouterr().err
    assert (tmp_path / "model.safetensors").read_bytes() == before


def test_a_damaged_model_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    train(tmp_path, steps=2)
    folder = RunFolder(tmp_path)
    for path in tmp_path.glob("*.safetensors"):
        path.write_bytes(path.read_bytes()[:-9])
    assert run("demo", tmp_path) == 1
    assert str(folder.model) in capsys.readouterr().err

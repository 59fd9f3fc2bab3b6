"""Why runs end, what is kept as the best, and folders that are something else's."""

from pathlib import Path

import numpy as np
import pytest

from autoencoder.__main__ import main as autoencoder
from experiments.gan.data import load_data
from experiments.gan.folder import RunFolder
from experiments.gan.run import Run
from experiments.gan.scores import Scores
from experiments.gan.watchers import Watchers
from networks.gan import GanTrainer
from nn import DataError
from nn.snapshot import load, save
from tests.support.autoencoder_runs import tiny_options
from tests.support.gan_runs import options, run, tiny, train

pytestmark = pytest.mark.usefixtures("one_thread")


def scripted(monkeypatch: pytest.MonkeyPatch, scores: list[float]) -> None:
    """Let epochs have these scores."""
    monkeypatch.setattr(Scores, "measure", lambda self, gan, epoch: scores[epoch - 1])


def test_the_best_model_is_kept_and_patience_ends_a_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    scripted(monkeypatch, [0.5, 0.2, 0.4, 0.3, 0.1, 0.6, 0.6, 0.6])
    train(tmp_path, epochs=8, patience=2)
    assert "no better validation score in 2 scores: the best is of epoch 2" in capsys.readouterr().out
    folder = RunFolder(tmp_path)
    assert load(folder.best).metadata["gan"]["rows"][-1]["epoch"] == 2
    assert len(folder.load().metadata["gan"]["rows"]) == 4
    assert run("continue", "--folder", tmp_path) == 0  # patient anew
    rows = folder.load().metadata["gan"]["rows"]
    assert [row["scores"]["mmd"] for row in rows] == [0.5, 0.2, 0.4, 0.3, 0.1, 0.6, 0.6]
    assert load(folder.best).metadata["gan"]["rows"][-1]["epoch"] == 5


def test_a_score_every_other_epoch(tmp_path: Path):
    train(tmp_path, epochs=4, score_every=2)
    rows = RunFolder(tmp_path).load().metadata["gan"]["rows"]
    assert ["mmd" in row["scores"] for row in rows] == [False, True, False, True]


def test_a_hopeless_run_ends_with_the_reason(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    train(tmp_path, epochs=50, loss_ratio_limit=1.0000001, ratio_patience=3)
    assert "loss was more than 1 times the other's for 3 rounds: one side has won" in capsys.readouterr().out
    assert RunFolder(tmp_path).load().metadata["gan"]["step"] == 3


def test_a_diverging_run_keeps_its_last_snapshot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    calls = iter(range(100))
    make = GanTrainer.make_round

    def spoiled(self: GanTrainer) -> bool:
        if next(calls) == 2:
            self.gan.generator.parameters.values[:] = np.nan
        return make(self)

    monkeypatch.setattr(GanTrainer, "make_round", spoiled)
    assert run("train", *options(), "--folder", tmp_path) == 1
    assert "not finite" in capsys.readouterr().err
    assert RunFolder(tmp_path).load().metadata["gan"]["step"] == 0


def test_scores_move_the_right_way_and_do_not_disturb_training():
    settings = tiny(limit=500)
    one, other = Run.start(settings), Run.start(settings)
    scores = [one.scores.measure(one.gan, epoch) for epoch in (1, 1, 2)]
    assert scores[0] == scores[1] != scores[2]
    for each in (one, other):
        each.trainer.make_round()
    np.testing.assert_array_equal(one.gan.generator.parameters.values, other.gan.generator.parameters.values)
    real = load_data(settings).validation

    class Copies:
        blueprint = one.gan.blueprint

        def generate(self, count: int, **_: object) -> np.ndarray:
            return real.values[:count]

    assert one.scores.measure(Copies(), 1) < 0.01 < scores[0]  # type: ignore[arg-type]


def test_no_snapshot_between_an_epoch_and_its_score():
    run_of = Run.start(tiny(snapshot_interval=1e-9))
    saved: list[int] = []
    run_of.save = lambda path=None: saved.append(run_of.trainer.step)  # type: ignore[method-assign]
    watchers = Watchers(run_of)
    while not run_of.trainer.make_round():
        watchers.on_step(run_of.trainer)
    before = list(saved)
    watchers.on_step(run_of.trainer)
    assert saved == before == list(range(1, run_of.trainer.step))


def test_folders_of_other_programs_are_left_alone(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    words = ("--model-directory", str(tmp_path), "--output-directory", str(tmp_path / "out"))
    assert autoencoder(["train", *tiny_options(epochs=1), *words]) == 0
    for command in ("continue", "generate", "interpolate", "evaluate"):
        assert run(command, "--folder", tmp_path) == 2
        assert "holds a model of another program: give another --folder" in capsys.readouterr().err
    for more in ([], ["--overwrite"]):
        assert run("train", *options(), "--folder", tmp_path, *more) == 2
        assert "holds a model of another program" in capsys.readouterr().err
    assert run("generate", "--folder", tmp_path / "nothing") == 2
    assert "holds no run" in capsys.readouterr().err


def test_a_damaged_model_may_be_overwritten(tmp_path: Path):
    RunFolder(tmp_path).model.write_bytes(b"nothing")
    assert run("train", *options(epochs=1), "--folder", tmp_path) == 2
    train(tmp_path, "--overwrite", epochs=1)


def test_going_on_with_something_else_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    train(tmp_path / "run")
    file = tmp_path / "run.conf"
    file.write_text("units=9\n")
    assert run("continue", "--folder", tmp_path / "run", "--config", file) == 2
    assert "run.conf:1: units=9: the run in" in capsys.readouterr().err
    assert run("continue", "--folder", tmp_path / "run", "--data", "sines") == 1
    assert "was trained on other entries than sines holds now" in capsys.readouterr().err


def test_altered_models_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    train(tmp_path)
    folder = RunFolder(tmp_path)
    arrays, metadata, _ = folder.load()
    form = metadata["form"]
    changes: list[dict[str, object]] = [
        {"settings": 3},
        {"settings": {**metadata["settings"], "units": "x"}},
        {"settings": {**metadata["settings"], "filters": "60000"}},
        {"form": {**form, "shape": [8, 8, 3]}},
        {"form": {**form, "shape": [8, 8]}},
        {"form": {**form, "classes": ["0", "1"]}},
        {"form": {}},
        {"scores": {"best": "x"}},
    ]
    for change in changes:
        save(folder.model, arrays, {**metadata, **change})
        command = "continue" if "scores" in change else "generate"
        assert run(command, "--folder", tmp_path) == 1, change
        assert str(folder.model) in capsys.readouterr().err


def test_a_report_needs_enough_to_test_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    train(tmp_path)
    assert run("evaluate", "--folder", tmp_path) == 2
    assert "test entries: a report needs at least 20" in capsys.readouterr().err


def test_numbers_of_commands_are_checked(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    train(tmp_path, data="sines", window=4)
    for words, message in (
        (("generate", "--count", "0"), "--count 0: give a whole number of at least 1"),
        (("generate", "--labels", "3"), "this run has no classes"),
        (("interpolate", "--steps", "1"), "--steps 1: give a whole number of at least 2"),
    ):
        assert run(*words, "--folder", tmp_path) == 2
        assert message in capsys.readouterr().err


def test_too_few_entries_are_refused():
    with pytest.raises(DataError, match=r"digits: .* needed"):
        Run.start(tiny(limit=12))

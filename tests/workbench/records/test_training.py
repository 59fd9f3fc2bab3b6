"""A callback records a training of one's own: all of it, and the same bits as without."""

from contextlib import suppress
from copy import deepcopy
from pathlib import Path

import numpy as np
import pytest

import workbench
from nn import (
    ArrayBatches,
    Callback,
    CategoricalCrossEntropyWithLogits,
    EarlyStopping,
    ImageBatches,
    Losses,
    Prefetched,
    TrainingDiverged,
)
from nn.training.interrupts import INTERRUPTED
from tests.support.tiny_training import everything, make_images, make_trainer, snapshot_of
from workbench.records import Query, Recorder, Store
from workbench.records.run import About
from workbench.records.training import RecordedRows, Recording, fingerprint, settings_of


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    path = tmp_path / "records.sqlite"
    monkeypatch.setenv("GANGLION_RECORDS", str(path))
    return path


def runs(path: Path):
    with Store.open(path) as store:
        return store.runs(Query(descending=False))


class Ends(Callback):
    """Does something at a step."""

    def __init__(self, step, action):
        self.step, self.action = step, action

    def on_step(self, trainer):
        if trainer.step == self.step:
            self.action(trainer)


def fail(trainer):
    raise ZeroDivisionError("of the test")


def test_a_training_is_recorded_in_one_line(path: Path):
    trainer = make_trainer()
    trainer.train(epochs=3, callbacks=[workbench.Recording("tiny", {"units": 4}, seed=2)])
    (run,) = runs(path)
    assert (run.program, run.state, run.reason, run.seed) == ("tiny", "done", "", 2)
    assert run.data == trainer.batches.fingerprint()
    with Store.open(path) as store:
        settings, results = store.settings([1])[1], store.results([1])[1]
        curves = store.statistics(1)
    assert settings == {
        "units": 4,
        "optimizer": "adam",
        "learning_rate": trainer.optimizer.learning_rate,
        "schedule": trainer.schedule.name,
        "loss": trainer.loss.name,
        "batch_size": 5,
        "entries": 23,
        "parameters": trainer.network.parameters.size,
        "epochs": 3,
        "minutes": None,
    }
    assert curves["epoch"] == ([5, 10, 15], [1.0, 2.0, 3.0])
    assert curves["held_out_loss"].values == [row.held_out_loss for row in trainer.rows]
    assert curves["training_loss"].values == [row.training_loss for row in trainer.rows]
    assert results["held_out_loss"] == trainer.rows[-1].held_out_loss
    assert results["lowest_held_out_loss"] == min(row.held_out_loss for row in trainer.rows)
    assert (results["epochs"], results["steps"]) == (3.0, 15)
    assert next(iter(results)) == "held_out_loss", "the first is what lists show"


def test_the_bits_are_those_of_a_training_without(path: Path):
    recorded, plain = make_trainer(), make_trainer()
    recorded.train(epochs=2, callbacks=[Recording("tiny")])
    plain.train(epochs=2, callbacks=[])
    arrays, state = everything(recorded)
    state["callbacks"] = {}
    assert (arrays, state) == everything(plain)


@pytest.mark.parametrize(
    ("action", "state", "reason"),
    [
        (lambda trainer: trainer.stop(), "stopped", "stopped"),
        (lambda trainer: trainer.stop(INTERRUPTED), "stopped", "interrupted"),
        (lambda trainer: trainer.stop("paused"), "stopped", "paused"),
        (lambda trainer: trainer.stop("enough"), "done", "enough"),
        (fail, "failed", "ZeroDivisionError: of the test"),
        (lambda trainer: trainer.network.parameters.values.fill(np.nan), "failed", "TrainingDiverged: "),
    ],
)
def test_how_it_ended_is_recorded(path: Path, action, state: str, reason: str):
    with suppress(ZeroDivisionError, TrainingDiverged):
        make_trainer().train(epochs=3, callbacks=[Recording("tiny"), Ends(7, action)])
    (run,) = runs(path)
    assert run.state == state
    assert run.reason == reason or (reason.endswith(" ") and run.reason.startswith(reason))


def test_an_error_that_is_handled_around_a_training_is_not_its_own(path: Path):
    try:
        raise ValueError("of before")
    except ValueError:
        make_trainer().train(epochs=1, callbacks=[Recording("tiny")])
    assert runs(path)[0].state == "done"


def test_early_stopping_is_an_end_with_a_reason(path: Path):
    stopping = EarlyStopping(patience=1, minimum_change=10.0)
    make_trainer().train(epochs=9, callbacks=[Recording("tiny"), stopping])
    (run,) = runs(path)
    assert run.state == "done"
    assert "held_out_loss" in run.reason


def test_a_training_that_goes_on_has_one_record(path: Path):
    trainer, recording = make_trainer(), Recording("tiny")
    trainer.train(epochs=1, callbacks=[recording])
    snapshot = snapshot_of(trainer)
    trainer.train(epochs=2, callbacks=[recording])
    other, another = make_trainer(), Recording("tiny")
    other.restore(snapshot)
    other.train(epochs=4, callbacks=[another])
    (run,) = runs(path)
    assert another.number == run.number == 1
    with Store.open(path) as store:
        assert store.statistics(1)["epoch"] == ([5, 10, 15, 20], [1.0, 2.0, 3.0, 4.0])
        assert len(store.sessions(1)) == 3
        assert store.settings([1])[1]["epochs"] == 4


def test_another_training_has_another_record(path: Path):
    recording = Recording("tiny")
    for _ in range(2):
        make_trainer().train(epochs=1, callbacks=[recording])
    assert [run.number for run in runs(path)] == [1, 2]


def test_a_copy_has_another_record(path: Path):
    trainer, recording = make_trainer(), Recording("tiny")
    trainer.train(epochs=1, callbacks=[recording])
    copied, again = deepcopy((trainer, recording))
    copied.train(epochs=2, callbacks=[again])
    trainer.train(epochs=2, callbacks=[recording])
    assert [run.number for run in runs(path)] == [1, 2]


def test_a_state_of_something_else_is_refused():
    with pytest.raises(ValueError, match="32 hexadecimal digits"):
        Recording("tiny").load_state({"key": "../7"})


@pytest.mark.parametrize(
    ("script", "name"),
    [
        ("folder/my_training.py", "my_training"),
        ("-c", "python"),
        ("", "python"),
        ("lib/ipykernel_launcher.py", "notebook"),
    ],
)
def test_the_name_of_the_script_is_the_default(
    path: Path, script: str, name: str, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr("sys.argv", [script])
    make_trainer().train(epochs=1, callbacks=[Recording()])
    assert runs(path)[0].program == name


def test_rows_are_recorded_for_a_program_that_keeps_the_record(path: Path):
    trainer = make_trainer()
    recorder = Recorder(About("program"), path)
    rows = RecordedRows(recorder)
    trainer.train(epochs=1.5, callbacks=[rows])
    deepcopy(trainer).train(epochs=3, callbacks=[deepcopy(rows)])
    recorder.finish()
    with Store.open(path) as store:
        assert store.statistics(1)["epoch"].values == [row.epoch for row in trainer.rows]
        assert store.results([1])[1]["steps"] == trainer.step


def test_settings_of_several_losses():
    trainer = make_trainer()
    trainer.loss = Losses({"a": CategoricalCrossEntropyWithLogits(), "b": trainer.loss})
    assert settings_of(trainer)["loss"] == {
        "a": CategoricalCrossEntropyWithLogits().name,
        "b": trainer.loss.parts["b"].name,
    }


class Counting:
    """A source of another kind."""

    def __len__(self):
        return 1234


def test_fingerprints_of_data():
    images = make_images()
    of_images = ImageBatches(images).fingerprint()
    assert of_images == ImageBatches(images.copy()).fingerprint()
    assert of_images.startswith("23 entries, sha256 ")
    changed = images.copy()
    changed[-1, 0, 0, 0] ^= 1
    rows = images.reshape(23, -1).astype(np.float32)
    labels = np.arange(23) % 2
    others = [
        ImageBatches(changed),
        ImageBatches(images).select(np.arange(22)),
        ImageBatches(images).select(np.arange(23)[::-1]),
        ArrayBatches(rows),
        ArrayBatches(rows, labels),
        ArrayBatches(rows, 1 - labels),
    ]
    assert len({of_images, *(each.fingerprint() for each in others)}) == 7
    trainer = make_trainer(batches=Prefetched(ImageBatches(images)))
    assert fingerprint(trainer) == of_images
    trainer.batches = Counting()
    assert fingerprint(trainer) == "1,234 entries"


def test_of_large_data_a_part_is_read(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("nn.training.batches.FINGERPRINT_BYTES", 60)
    images = make_images()
    before = ImageBatches(images).fingerprint()
    images[1] ^= 1
    assert ImageBatches(images).fingerprint() == before
    images[-1] ^= 1
    assert ImageBatches(images).fingerprint() != before

"""Live runs: their operations, and that watching does not change a bit."""

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from autoencoder.model_file import load_snapshot
from nn.snapshot import SnapshotError
from nn.training.lock import FolderLock, FolderLockedError
from tests.support.live_models import ARCHITECTURES
from tests.support.live_runs import bits, open_run, open_session, setting, train_steps
from workbench.errors import InputError, OperationError, SettingsError
from workbench.run.changes import ChangeError
from workbench.run.journal import JournalError

pytestmark = pytest.mark.usefixtures("one_thread")
every_architecture = pytest.mark.parametrize("architecture", ARCHITECTURES)
DIVERGING = [setting("learning-rate", 1e30), setting("optimizer", "sgd")]


@every_architecture
def test_a_watched_run_has_the_bits_of_one_that_nobody_watches(tmp_path: Path, architecture: str):
    alone = open_session(tmp_path / "alone", architecture)
    alone.train()
    run = open_run(tmp_path / "watched", architecture)
    run.step()
    run.train(lambda: (run.status(), run.curve(), run.journal(9)))
    assert run.state == "finished"
    assert bits(run) == bits(alone)
    assert run.session.trainer.log.curve == alone.trainer.log.curve


@every_architecture
def test_stopping_stepping_and_keeping_change_no_bit(tmp_path: Path, architecture: str):
    alone = open_session(tmp_path / "alone", architecture)
    alone.train()
    run = open_run(tmp_path / "watched", architecture)
    train_steps(run, 2)
    run.step()
    run.snapshot()
    train_steps(run, 3)
    run.step()
    run.close()
    run = open_run(tmp_path / "watched", architecture)
    assert run.session.trainer.step == 7
    run.train(lambda: None)
    assert bits(run) == bits(alone)


def test_the_operations_tell_json(tmp_path: Path):
    run = open_run(tmp_path)
    train_steps(run, 3)
    for told in (run.overview(), run.status(), run.curve(), run.journal(5)):
        assert json.loads(json.dumps(told, allow_nan=False)) == told
    status = run.status()
    assert (status["state"], status["step"], status["epochs"], status["run"]) == ("idle", 3, 4, 1)
    assert 0 < status["milliseconds_per_step"] < 60_000
    assert status["images_per_second"] * status["seconds_per_epoch"] == pytest.approx(
        len(run.session.training)
    )
    assert status["seconds_left"] > 0
    assert status["learning_rate"] < 0.01
    assert run.curve()["steps"] == [1, 2, 3]


@every_architecture
def test_the_overview_describes_every_layer(tmp_path: Path, architecture: str):
    run = open_run(tmp_path, architecture)
    overview, network = run.overview(), run.session.model.network
    layers = overview["layers"]
    assert [layer["kind"] for layer in layers] == ["input"] + [architecture] * (len(layers) - 1)
    assert sum(layer["neurons"] + layer["connections"] for layer in layers[1:]) == network.parameters.size
    assert [layer["code"] for layer in layers].count(True) == 1
    assert layers[-1]["output"] and layers[-1]["activation"] == "sigmoid"
    assert layers[1]["window"] == (architecture == "local")
    assert overview["live"]["optimizer"]["choices"][0] == "sgd"
    assert overview["live"]["learning-rate"] == {"kind": "number", "bounds": "above 0", "choices": []}
    assert overview["inputs"] == ["built-in digits"] and overview["models"] == ["model"]


def test_rewinding_keeps_what_was_trained_and_the_same_is_kept_once(tmp_path: Path):
    run = open_run(tmp_path)
    train_steps(run, 2)
    first = run.snapshot()["name"]
    assert run.snapshot()["name"] == first
    train_steps(run, 3)
    trained = bits(run.session)
    run.rewind(first)
    assert run.snapshot()["name"] == first
    _, second = run.status()["snapshots"]
    assert (second["step"], second["bytes"] > 1000) == (5, True)
    run.rewind(second["name"])
    assert bits(run.session) == trained
    run.rewind(first)
    assert len(run.status()["snapshots"]) == 2


def test_what_was_measured_is_known_until_it_is_measured_again(tmp_path: Path):
    run = open_run(tmp_path)
    train_steps(run, 1)
    measured = run.status()["held_out_loss"]
    assert measured is not None and run.status()["epoch"] < 1
    run.step()
    assert run.status()["held_out_loss"] == measured
    run.reset(None)
    assert run.status()["held_out_loss"] is None


def test_changes_are_made_between_steps_and_written_down(tmp_path: Path):
    run = open_run(tmp_path)
    bias = {"kind": "bias", "layer": 2, "neuron": 1, "value": 0.5}
    seen = []

    def change() -> None:
        if run.session.trainer.step == 2:
            seen.append(run.apply([bias, setting("batch-size", 5)]))
            place = run.session.steering.anatomy.bias(2, 1)
            seen.append(float(run.session.model.network.parameters.values[place]))

    run.train(change)
    assert seen == [{"step": 2}, 0.5]
    assert run.session.trainer.batch_size == 5
    changes = [event for event in run.journal(99)["events"] if event["event"] == "change"]
    assert changes == [{"event": "change", "step": 2, "changes": [bias, setting("batch-size", 5)]}]
    assert run.status()["changes"] == 1


def test_a_change_that_cannot_be_made_is_not_written_down(tmp_path: Path):
    run = open_run(tmp_path)
    before = bits(run)
    with pytest.raises(ChangeError):
        run.apply([{"kind": "bias", "layer": 1, "neuron": 0, "value": 1}, setting("epochs", 0)])
    assert bits(run) == before
    assert [event["event"] for event in run.journal(9)["events"]] == ["begin"]


def test_what_needs_quiet_is_refused_while_training_goes_on(tmp_path: Path):
    run = open_run(tmp_path)
    refused = []

    def ask() -> None:
        for ask_for in (
            *(run.start, run.step, lambda: run.rewind("step-00000000"), lambda: run.reset(None)),
            *(lambda: run.load_model("model"), lambda: run.choose_input("built-in digits")),
            lambda: run.train(lambda: None),
        ):
            with pytest.raises(OperationError, match="while training goes on: stop it first"):
                ask_for()
            refused.append(ask_for)
        assert run.snapshot()["step"] == 1
        run.stop()

    run.train(ask)
    assert len(refused) == 7
    assert run.start() == {}


def test_a_finished_run_goes_on_when_it_is_given_more_epochs(tmp_path: Path):
    run = open_run(tmp_path, epochs=1)
    run.train(lambda: None)
    for ask_for in (run.start, run.step):
        with pytest.raises(OperationError, match="reached its limit of epochs or minutes"):
            ask_for()
    run.apply([setting("epochs", 2)])
    assert run.state == "idle"
    run.train(lambda: None)
    assert run.session.trainer.shuffle.epoch == 2


def test_a_run_that_diverges_says_so_and_can_go_back(tmp_path: Path):
    run = open_run(tmp_path, schedule="constant")
    train_steps(run, 2)
    name, good = run.snapshot()["name"], bits(run)
    saved = load_snapshot(tmp_path / "model").metadata["training"]["step"]
    run.apply(DIVERGING)
    run.train(lambda: None)
    assert run.state == "diverged"
    assert "step" in run.status()["message"]
    assert load_snapshot(tmp_path / "model").metadata["training"]["step"] == saved
    json.dumps(run.status(), allow_nan=False)
    run.rewind(name)
    assert (run.state, run.status()["message"], bits(run)) == ("idle", "", good)
    run.train(lambda: None)
    assert run.state == "finished"


def test_a_diverged_run_can_be_left_and_reset(tmp_path: Path):
    run = open_run(tmp_path)
    run.apply(DIVERGING)
    while run.state != "diverged":
        run.step()
    run.reset(None)
    assert (run.state, run.session.trainer.step) == ("idle", 0)
    run.apply(DIVERGING)
    while run.state != "diverged":
        run.step()
    run.close()


@every_architecture
def test_going_back_restores_every_bit_setting_clamp_and_lock(tmp_path: Path, architecture: str):
    run = open_run(tmp_path, architecture)
    train_steps(run, 2)
    run.apply(
        [
            {"kind": "clamp", "layer": 1, "neuron": 1, "value": 0.5},
            {"kind": "lock", "layer": 2, "neuron": 0, "locked": True},
            *(setting("leakage", 0.25), setting("optimizer", "nesterov"), setting("batch-size", 9)),
        ]
    )
    train_steps(run, 2)
    kept, before = run.snapshot(), (bits(run), run.status()["settings"])
    train_steps(run, 2)
    after = bits(run)
    run.apply([{"kind": "clamp", "layer": 1, "neuron": 1, "value": None}, setting("optimizer", "adam")])
    run.train(lambda: None)
    run.rewind(kept["name"])
    status = run.status()
    assert (bits(run), status["settings"]) == before
    assert (status["clamps"], status["locks"], status["changes"]) == ([[1, 1, 0.5]], [[2, 0]], 1)
    assert status["run"] == 2
    train_steps(run, 2)
    assert bits(run) == after


def test_a_reset_begins_anew_and_keeps_what_was(tmp_path: Path):
    run = open_run(tmp_path)
    first = bits(run)
    images = run.session.training
    train_steps(run, 3)
    trained = bits(run)
    run.apply([setting("learning-rate", 0.5)])
    assert run.reset(None) == {"step": 0}
    assert (bits(run), run.session.settings.learning_rate) == (first, 0.5)
    assert run.session.training is images
    assert [event["event"] for event in run.journal(9)["events"]] == ["begin"]
    assert '"learning-rate"' in (tmp_path / "model" / "journal.previous.jsonl").read_text()
    run.reset(7)
    assert bits(run) != first
    assert (run.overview()["machine"]["seed"], run.status()["run"]) == (7, 3)
    assert [each["name"] for each in run.status()["snapshots"]] == ["step-00000003"]
    run.rewind("step-00000003")
    assert (bits(run), run.session.settings.seed) == (trained, 0)


def test_the_journal_cannot_be_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    run = open_run(tmp_path)

    def full(*arguments: Any) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("workbench.run.journal._append", full)
        before = bits(run)
        with pytest.raises(JournalError, match=r"journal.jsonl: cannot write the journal: No space left"):
            run.apply([{"kind": "bias", "layer": 1, "neuron": 0, "value": 1}])
        assert (bits(run), run.status()["changes"]) == (before, 0)
        train_steps(run, 2)
        assert run.session.trainer.step == 2
    run.train(lambda: None)
    assert [event["event"] for event in run.journal(9)["events"]] == ["begin", "stop"]


def test_a_model_that_cannot_be_saved_ends_training_with_a_message(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    run = open_run(tmp_path)

    def fail(*arguments: Any) -> None:
        raise SnapshotError("model.safetensors: cannot save the snapshot (No space left on device)")

    with monkeypatch.context() as patched:
        patched.setattr("autoencoder.session.save", fail)
        run.train(lambda: None)
        assert (run.state, run.session.trainer.step) == ("idle", 0)
        assert "No space left" in run.status()["message"]
    run.train(lambda: None)
    assert (run.state, run.status()["message"]) == ("finished", "")


def test_nobody_else_trains_in_the_directory_until_the_run_is_closed(tmp_path: Path):
    run = open_run(tmp_path)
    with pytest.raises(FolderLockedError), FolderLock(tmp_path / "model"):
        raise AssertionError("was not locked")
    run.close()
    with FolderLock(tmp_path / "model"):
        pass


def test_a_directory_that_cannot_be_used_is_bad_input(tmp_path: Path):
    (tmp_path / "model").write_text("a file")
    with pytest.raises(InputError, match="cannot make this directory"):
        open_run(tmp_path)


def test_a_run_that_did_nothing_leaves_no_model(tmp_path: Path):
    open_run(tmp_path).close()
    assert not (tmp_path / "model" / "model.safetensors").exists()


def test_what_is_not_saved_is_saved_when_the_run_is_closed(tmp_path: Path):
    run = open_run(tmp_path)
    run.step()
    run.apply([{"kind": "bias", "layer": 1, "neuron": 0, "value": 2}])
    before = run.session.model.network.parameters.values.copy()
    run.close()
    again = open_run(tmp_path)
    np.testing.assert_array_equal(again.session.model.network.parameters.values, before)
    assert [event["event"] for event in again.journal(9)["events"]] == ["begin", "change", "stop"]


def test_a_run_of_few_images_keeps_what_it_ends_with(tmp_path: Path):
    left_open = {"start_from": "", "shifts": "", "keep": ""}
    run = open_run(tmp_path / "few", **left_open)
    settings = run.session.settings
    assert (settings.start_from, settings.shifts, settings.keep) == ("principal", 2, "last")
    run.train(lambda: None)
    assert run.session.trainer.restored_epoch is None
    with pytest.raises(SettingsError, match="keep=best: a run that a person changes ends as it is"):
        open_run(tmp_path / "best", keep="best")


def test_what_few_images_decided_is_decided_anew_with_others(tmp_path: Path):
    np.save(tmp_path / "many.npy", np.zeros((11_500, 8, 8), np.uint8))
    left_open = {"start_from": "", "shifts": "", "limit": ""}
    few = np.random.default_rng(0).integers(0, 256, (40, 8, 8), np.uint8)
    np.save(tmp_path / "few.npy", few)
    run = open_run(tmp_path / "run", input_directory=tmp_path / "few.npy", **left_open)
    assert run.session.settings.start_from == "principal"
    run.inputs["many"] = tmp_path / "many.npy"
    run.choose_input("many")
    settings = run.session.settings
    assert (settings.start_from, settings.shifts, settings.output_activation) == ("drawn", 0, "sigmoid")

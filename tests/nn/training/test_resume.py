"""Exact resume with everything that has a state: stopped or killed after any step, the bits are the same."""

import doctest
import json

import numpy as np
import pytest

import nn.snapshot
import nn.training
from nn.optimizers import SGD
from nn.schedules import Constant
from nn.snapshot import SnapshotError, load, load_latest
from nn.training import Callback, EarlyStopping, ImageBatches, Options, Prefetched, Snapshots
from tests.support.tiny_training import (
    BATCH_SIZE,
    everything,
    full_callbacks,
    make_full_trainer,
    make_network,
    make_noisy_network,
    make_trainer,
    snapshot_of,
)

EPOCHS = 4


class CutOff(Exception):  # noqa: N818 - not an error
    """The end of a process, as far as a test can imitate it."""


class CutAt(Callback):
    """Ends training after a step without a call of the other callbacks."""

    def __init__(self, step):
        self.step = step

    def on_step(self, trainer):
        if trainer.step == self.step:
            raise CutOff


class StopAt(Callback):
    """Stops training after a step."""

    def __init__(self, step):
        self.step = step

    def on_step(self, trainer):
        if trainer.step == self.step:
            trainer.stop()


def other_trainer():
    """Return a trainer as a new process makes it, with other weights and other random numbers."""
    return make_full_trainer(network=make_noisy_network(seed=50), generator=np.random.default_rng(51))


def finish(folder, trainer):
    """Train to the end; return what determines the bits, the callbacks' states, and the best snapshot."""
    trainer.train(epochs=EPOCHS, callbacks=full_callbacks(folder))
    best = load(folder / "best.safetensors")
    return everything(trainer), {name: array.tobytes() for name, array in best.arrays.items()}


@pytest.fixture(autouse=True, scope="module")
def no_waiting_for_the_disk():
    """Power cuts are not tested here."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(nn.snapshot.os, "fsync", lambda _: None)
        yield


@pytest.fixture(scope="module")
def uninterrupted(tmp_path_factory):
    """The results of an uninterrupted run."""
    return finish(tmp_path_factory.mktemp("whole"), make_full_trainer())


def test_the_run_uses_what_it_is_to_test(uninterrupted):
    """Otherwise the tests below prove less than they claim."""
    (arrays, state), _ = uninterrupted
    assert state["schedule"]["current"] < 1
    assert state["optimizer"]["learning_rate"] != 0.01
    assert set(state["callbacks"]) == {
        "Race",
        "early stopping on mean_absolute_error",
        "best held_out_loss",
    }
    assert state["generators"].keys() == {"noise"}
    assert {"state.noise.mean", "state.noise.last_sum"} <= set(arrays)
    assert all(row["metrics"]["mean_absolute_error"] > 0 for row in state["log"]["rows"])


@pytest.mark.parametrize("steps", range(1, EPOCHS * 5 + 1))
@pytest.mark.parametrize("interruption", [CutAt, StopAt])
def test_interrupted_after_any_step_and_resumed_equals_uninterrupted(
    tmp_path, uninterrupted, interruption, steps
):
    trainer = make_full_trainer()
    try:
        trainer.train(epochs=EPOCHS, callbacks=[*full_callbacks(tmp_path), interruption(steps)])
    except CutOff:
        assert interruption is CutAt
    resumed = other_trainer()
    resumed.restore(load_latest(tmp_path / "model.safetensors"))
    assert resumed.step == min(steps, trainer.step)
    assert finish(tmp_path, resumed) == uninterrupted


def test_cut_off_after_every_step_in_turn_equals_uninterrupted(tmp_path, uninterrupted):
    last = uninterrupted[0][1]["step"]
    trainer = make_full_trainer()
    for step in range(1, last):
        with pytest.raises(CutOff):
            trainer.train(epochs=EPOCHS, callbacks=[*full_callbacks(tmp_path), CutAt(step)])
        trainer = other_trainer()
        trainer.restore(load_latest(tmp_path / "model.safetensors"))
    assert finish(tmp_path, trainer) == uninterrupted


def test_cut_off_between_the_epoch_and_its_last_step_repeats_that_step(tmp_path, uninterrupted):
    class CutInEpoch(Callback):
        def on_epoch(self, trainer):
            raise CutOff

    with pytest.raises(CutOff):
        make_full_trainer().train(epochs=EPOCHS, callbacks=[*full_callbacks(tmp_path), CutInEpoch()])
    resumed = other_trainer()
    resumed.restore(load_latest(tmp_path / "model.safetensors"))
    assert resumed.step == 4
    assert finish(tmp_path, resumed) == uninterrupted


def test_the_state_is_json(tmp_path):
    trainer = make_full_trainer()
    trainer.train(epochs=2.5, callbacks=full_callbacks(tmp_path))
    snapshot = snapshot_of(trainer)
    again = other_trainer()
    again.restore(snapshot._replace(metadata=json.loads(json.dumps(snapshot.metadata))))
    assert everything(again) == everything(trainer)


def test_states_of_callbacks_that_are_not_given_are_kept(tmp_path):
    trainer = make_trainer()
    trainer.train(epochs=2, callbacks=[EarlyStopping(patience=3)])
    kept = snapshot_of(trainer)
    resumed = make_trainer()
    resumed.restore(kept)
    resumed.train(epochs=3)
    name = "early stopping on held_out_loss"
    assert snapshot_of(resumed).metadata["training"]["callbacks"].keys() == {name}
    later = make_trainer()
    later.restore(snapshot_of(resumed))
    stopping = EarlyStopping(patience=3)
    later.train(epochs=3, callbacks=[stopping])
    assert stopping.state() == kept.metadata["training"]["callbacks"][name]


def test_a_snapshot_from_before_there_were_callbacks_can_be_gone_on_from():
    trainer = make_trainer()
    trainer.train(epochs=1.5)
    snapshot = snapshot_of(trainer)
    for field in ("schedule", "generators", "callbacks"):
        del snapshot.metadata["training"][field]
    for row in snapshot.metadata["training"]["log"]["rows"]:
        del row["metrics"]
    resumed = make_trainer()
    resumed.restore(snapshot)
    assert resumed.step == trainer.step


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: make_full_trainer(network=make_network()), "saved from another network"),
        (lambda: make_full_trainer(schedule=Constant()), "schedule constant: keeps no state"),
        (lambda: make_full_trainer(optimizer=SGD(0.1)), "trained with adam, not with sgd"),
        (
            lambda: make_full_trainer(batches=ImageBatches(more_images())),
            "23 entries, now there are 22",
        ),
    ],
)
def test_what_does_not_fit_is_refused_and_changes_nothing(tmp_path, make, message):
    trainer = make_full_trainer()
    trainer.train(epochs=1.5, callbacks=full_callbacks(tmp_path))
    other = make()
    before = everything(other)
    with pytest.raises(SnapshotError, match=message):
        other.restore(snapshot_of(trainer))
    assert everything(other) == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda arrays, _: arrays.pop("state.noise.mean"), "carries mean"),
        (lambda _, state: state["generators"].clear(), "nothing drew random numbers there, noise here"),
        (lambda _, state: state["generators"]["noise"].pop("state"), "the generator of noise: not a state"),
        (lambda _, state: state["schedule"].pop("current"), "schedule plateau: state has"),
        (lambda _, state: state["schedule"].update(current="1"), "current is '1'"),
    ],
)
def test_a_part_that_is_damaged_is_named_and_changes_nothing(tmp_path, change, message):
    trainer = make_full_trainer()
    trainer.train(epochs=1.5, callbacks=full_callbacks(tmp_path))
    snapshot = snapshot_of(trainer)
    change(snapshot.arrays, snapshot.metadata["training"])
    other = other_trainer()
    before = everything(other)
    with pytest.raises(SnapshotError, match=message):
        other.restore(snapshot)
    assert everything(other) == before


def test_going_on_after_an_early_stop_stays_stopped_at_the_best_parameters(tmp_path):
    def run(trainer):
        stopping = EarlyStopping(patience=1, minimum_change=1.0, restore_best=True)
        return trainer.train(epochs=9, callbacks=[stopping, Snapshots(tmp_path / "model.safetensors", 0, {})])

    trainer = make_trainer()
    outcome = run(trainer)
    assert outcome.stopped
    assert outcome.reason == (
        f"held_out_loss has not become better than {trainer.rows[0].held_out_loss:.6g} in 1 epoch"
    )
    assert trainer.evaluate().loss == pytest.approx(trainer.rows[0].held_out_loss)
    resumed = make_trainer(network=make_network(seed=9))
    resumed.restore(load_latest(tmp_path / "model.safetensors"))
    assert run(resumed).row.step == trainer.step
    assert everything(resumed) == everything(trainer)


def test_another_batch_size_is_told(caplog):
    trainer = make_trainer()
    trainer.train(epochs=1)
    make_trainer().restore(snapshot_of(trainer))
    assert not caplog.records
    make_trainer(batch_size=3).restore(snapshot_of(trainer))
    assert "saved with batches of 5; going on with batches of 3" in caplog.text


def test_prefetching_changes_no_bit():
    sources = Prefetched(ImageBatches(more_images())), ImageBatches(more_images())
    runs = [make_full_trainer(batches=source) for source in sources]
    for run in runs:
        run.train(epochs=3)
    assert everything(runs[0]) == everything(runs[1])


def more_images():
    return np.random.default_rng(1).integers(0, 256, (4 * BATCH_SIZE + 2, 2, 3, 1), dtype=np.uint8)


def test_a_network_without_shuffling_sees_entries_in_their_order():
    class Recording(ImageBatches):
        def batch(self, indices):
            seen.append(indices.tolist())
            return super().batch(indices)

    seen = []
    trainer = make_trainer(batches=Recording(more_images()), options=Options(shuffled=False), held_out=None)
    seen.clear()
    trainer.train(epochs=2)
    assert [each for batch in seen for each in batch] == [*range(22), *range(22)]


def test_the_example_of_the_package_runs():
    assert doctest.testmod(nn.training) == (0, 20)

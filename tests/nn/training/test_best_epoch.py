"""The network goes back to its best epoch however training ends, and training goes on from its end."""

import signal

import numpy as np
import pytest

from networks.dense import Dense
from networks.estimators import Classifier, Compressor, Regressor
from networks.model_file import build_network, model_metadata
from networks.noise import Dropout
from networks.normalisation import BatchNormalisation
from networks.sequential import Sequential
from nn.optimizers import Adam
from nn.schedules import Constant
from nn.snapshot import SnapshotError, load, load_latest
from nn.training import Callback, EarlyStopping, LossTable, Options, Race, Snapshots
from nn.training.learned_state import LearnedState
from tests.support import scripted_metric
from tests.support.failing_parts import Failing, Once, Wrong, raise_wrong
from tests.support.tiny_training import (
    CODE,
    SHAPE,
    everything,
    make_full_trainer,
    make_network,
    make_noisy_network,
    snapshot_of,
)
from tests.support.tiny_training import make_trainer as make_plain_trainer


class Scripted(scripted_metric.Scripted):
    """Returns the number for the epoch of its trainer."""

    trainer = None

    def value(self):
        return self.numbers[min(self.trainer.shuffle.epoch, len(self.numbers)) - 1]


NUMBERS = [1, 2, 5, 4, 3, 2, 1, 6]
"""The third epoch is the best of the first seven, the eighth of all."""


def make_trainer(numbers=NUMBERS, higher=True, **changes):
    metric = Scripted(numbers, higher)
    trainer = make_full_trainer(options=Options(metrics=[metric]), schedule=Constant(), **changes)
    metric.trainer = trainer
    return trainer


def resumed_trainer(snapshot, **changes):
    trainer = make_trainer(
        network=make_noisy_network(seed=50), generator=np.random.default_rng(51), **changes
    )
    trainer.restore(snapshot)
    return trainer


def learned(network):
    values, carried = LearnedState.of(network)
    return values.tobytes(), {name: array.tobytes() for name, array in carried.items()}


class Remember(Callback):
    """Copies what the network has learned after every epoch."""

    def __init__(self):
        self.epochs = {}

    def on_epoch(self, trainer):
        self.epochs[trainer.shuffle.epoch] = learned(trainer.network)


class At(Callback):
    """Does something after a number of steps."""

    def __init__(self, step, action):
        self.step, self.action = step, action

    def on_step(self, trainer):
        if trainer.step == self.step:
            self.action(trainer)


def best(patience=99):
    return EarlyStopping("scripted", patience, restore_best=True)


def expire(trainer):
    trainer.limits = trainer.limits._replace(minutes=1e-9)


ENDS = {
    "epochs": ({"epochs": 7}, []),
    "a share of an epoch": ({"epochs": 6.5}, []),
    "minutes": ({"epochs": 9, "minutes": 9.0}, [At(31, expire)]),
    "stop": ({"epochs": 9}, [At(33, lambda trainer: trainer.stop())]),
    "Ctrl-C": ({"epochs": 9}, [At(33, lambda trainer: signal.raise_signal(signal.SIGINT))]),
    "SIGTERM": ({"epochs": 9}, [At(33, lambda trainer: signal.raise_signal(signal.SIGTERM))]),
    "another callback": ({"epochs": 9}, [EarlyStopping("held_out_loss", 3, minimum_change=9.0)]),
    "patience": ({"epochs": 9}, None),
}


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("first", [True, False])
def test_the_best_epoch_comes_back_however_training_ends(end, first):
    limits, others = ENDS[end]
    stopping, remember = best(3 if others is None else 99), Remember()
    callbacks = [stopping, *(others or []), remember]
    trainer = make_trainer()
    trainer.train(**limits, callbacks=callbacks if first else callbacks[::-1])
    assert trainer.step >= 20
    assert learned(trainer.network) == remember.epochs[3]
    assert trainer.restored == trainer.log.rows[2]
    assert trainer.evaluate().loss == trainer.restored.held_out_loss


@pytest.mark.parametrize(
    ("numbers", "higher", "epoch"),
    [
        ([3, 1, 2], False, 2),
        ([3, 1, 2], True, 1),
        ([1, 2, 3], True, 3),
        ([2, 1, 1], False, 2),
        ([np.nan, 2, 3], False, 2),
        ([np.nan, np.nan, 3], False, 3),
    ],
)
def test_which_way_is_better_is_known_and_the_last_may_be_the_best(numbers, higher, epoch):
    remember, trainer = Remember(), make_trainer(numbers, higher)
    trainer.train(epochs=3, callbacks=[best(), remember])
    assert learned(trainer.network) == remember.epochs[epoch]
    assert trainer.restored.epoch == epoch


def test_without_a_number_or_an_epoch_there_is_nothing_to_go_back_to():
    for epochs in (3, 0.5):
        plain, trainer = make_trainer([np.nan] * 3), make_trainer([np.nan] * 3)
        plain.train(epochs=epochs)
        trainer.train(epochs=epochs, callbacks=[best()])
        assert learned(trainer.network) == learned(plain.network)
        assert trainer.restored is None


def test_without_restore_best_the_network_stays_where_training_ended():
    plain, trainer = make_trainer(), make_trainer()
    plain.train(epochs=5)
    trainer.train(epochs=5, callbacks=[EarlyStopping("scripted")])
    assert learned(trainer.network) == learned(plain.network)
    assert trainer.restored is None


def test_of_two_the_last_has_its_way_and_training_goes_on_from_its_end():
    whole, trainer, remember = make_trainer(), make_trainer(), Remember()
    losses = EarlyStopping("training_loss", 99, restore_best=True)
    callbacks = [losses, best(), remember]
    trainer.train(epochs=5, callbacks=callbacks)
    assert learned(trainer.network) == remember.epochs[3]
    whole.train(epochs=8)
    trainer.train(epochs=7.5, callbacks=[*callbacks[1:], losses])
    assert trainer.restored == min(trainer.log.rows, key=lambda row: row.training_loss)
    trainer.train(epochs=8)
    assert learned(trainer.network) == learned(whole.network)


def end_of(trainer):
    return everything(trainer), trainer.restored and trainer.restored.epoch


@pytest.mark.parametrize("order", [1, -1])
@pytest.mark.parametrize("pieces", [[4, 8], [3, 8], [3.4, 4.6, 8], [8, 8], [1, 2, 3, 4, 5, 6, 7, 8]])
def test_going_on_equals_training_without_a_stop(tmp_path, order, pieces):
    def callbacks(name):
        race, snapshots = Race(1, 4, "steps"), Snapshots(tmp_path / name, 60, {})
        return [best(), race, snapshots, LossTable(tmp_path / "table")][::order]

    whole, again = make_trainer(), make_trainer()
    whole.train(epochs=8, callbacks=callbacks("whole"))
    going_on = callbacks("again")
    for epochs in pieces:
        again.train(epochs=epochs, callbacks=going_on)
    assert end_of(again) == end_of(whole)
    new = make_trainer()
    for epochs in pieces:
        new.train(epochs=epochs, callbacks=callbacks("new"))
        new = resumed_trainer(load_latest(tmp_path / "new"))
    assert end_of(new) == end_of(whole)


def test_a_snapshot_of_the_end_is_a_model_of_the_best_epoch_whatever_the_order(tmp_path):
    for number, turn in enumerate((1, -1)):
        trainer, remember, path = make_plain_trainer(), Remember(), tmp_path / f"{number}"
        stopping = EarlyStopping("training_loss", minimum_change=0.02, restore_best=True)
        snapshots = Snapshots(path, 60, model_metadata(trainer.network))
        trainer.train(epochs=9, callbacks=[stopping, snapshots, remember][::turn])
        assert 1 <= trainer.restored.epoch < 9
        network = build_network(load(path), rung_name="plain")
        assert learned(network) == remember.epochs[trainer.restored.epoch] == learned(trainer.network)


def test_whoever_goes_on_without_early_stopping_goes_on_from_the_end():
    whole, first = make_trainer(), make_trainer()
    whole.train(epochs=6)
    first.train(epochs=5, callbacks=[best()])
    second = resumed_trainer(snapshot_of(first))
    assert second.restored == first.restored
    for trainer in (first, second):
        trainer.train(epochs=6)
        assert learned(trainer.network) == learned(whole.network)
        assert trainer.restored is None


def test_single_steps_go_on_from_the_end_as_well():
    whole, trainer = make_trainer(), make_trainer()
    whole.train(epochs=5)
    trainer.train(epochs=5, callbacks=[best()])
    for each in (whole, trainer):
        each.make_step()
    assert learned(trainer.network) == learned(whole.network)


def test_a_step_that_fails_leaves_the_best_parameters():
    whole, trainer = make_trainer(), make_trainer()
    whole.train(epochs=5)
    trainer.train(epochs=5, callbacks=[best()])
    before, options = end_of(trainer), trainer.options
    trainer.options = Options(regularizers=[Failing(once := Once(raise_wrong), before=True)])
    once.armed = True
    with pytest.raises(Wrong):
        trainer.make_step()
    assert end_of(trainer) == before
    trainer.options = options
    for each in (whole, trainer):
        each.make_step()
    assert learned(trainer.network) == learned(whole.network)


def test_looking_at_the_best_parameters_changes_nothing():
    whole, trainer = make_trainer(), make_trainer()
    whole.train(epochs=6)
    trainer.train(epochs=4, callbacks=[best()])
    trainer.evaluate()
    trainer.network.predict(np.zeros((3, *trainer.network.input_shape)))
    trainer.checkpoint()
    trainer.train(epochs=6)
    assert learned(trainer.network) == learned(whole.network)


def test_parameters_that_were_changed_by_hand_are_gone_on_from():
    trainer, expected = make_trainer(), make_trainer()
    trainer.train(epochs=4, callbacks=[best()])
    trainer.network.parameters.values[:] *= 0.5
    snapshot = snapshot_of(trainer)
    expected.train(epochs=4)
    expected.network.parameters.values[:] = snapshot.arrays["parameters.encoder.weights"].dtype.type(0)
    LearnedState.of(trainer.network).restore_to(expected.network)
    for each in (trainer, expected):
        each.make_step()
    assert learned(trainer.network) == learned(expected.network)


def test_a_start_that_fails_leaves_the_best_parameters(tmp_path):
    trainer = make_trainer()
    trainer.train(epochs=4, callbacks=[best()])
    before = end_of(trainer)
    with pytest.raises(SnapshotError):
        trainer.train(epochs=5, callbacks=[best(), Snapshots(tmp_path / "nowhere" / "model", 0, {})])
    assert end_of(trainer) == before


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda arrays: arrays.update({"trained.parameters": np.zeros(3, np.float32)}),
            "goes on from: parameters",
        ),
        (lambda arrays: arrays.pop("trained.carried.noise.mean"), "carries mean"),
    ],
)
def test_what_training_goes_on_from_must_fit(change, message):
    trainer = make_trainer()
    trainer.train(epochs=4, callbacks=[best()])
    snapshot = snapshot_of(trainer)
    change(snapshot.arrays)
    other = make_trainer()
    before = everything(other)
    with pytest.raises(SnapshotError, match=message):
        other.restore(snapshot)
    assert everything(other) == before


def test_best_parameters_of_another_network_are_refused_at_the_start():
    callback = best()
    make_trainer().train(epochs=2, callbacks=[callback])
    other = make_plain_trainer(network=make_network(np.float32))
    restored = EarlyStopping("training_loss", restore_best=True)
    restored.load_state({**callback.state(), "parameters": np.zeros(3, np.float32)})
    with pytest.raises(ValueError, match="expected float32"):
        other.train(epochs=1, callbacks=[restored])
    assert other.step == 0


def test_a_callback_that_is_used_with_another_trainer_begins_anew():
    stopping, race = best(2), Race(1, 1, "steps")
    first, second, fresh = (make_trainer() for _ in range(3))
    assert first.train(epochs=9, callbacks=[stopping, race]).stopped
    second.train(epochs=9, callbacks=[stopping, race])
    fresh.train(epochs=9, callbacks=[best(2), Race(1, 1, "steps")])
    assert end_of(second) == end_of(fresh) == end_of(first)


def test_batch_statistics_and_draws_are_those_of_the_best_epoch_and_of_the_end():
    def make():
        layers = [Dense.of(CODE), BatchNormalisation.of(), Dropout.of(rate=0.2), Dense.of(SHAPE)]
        network = Sequential(SHAPE, layers, generator=np.random.default_rng(7))
        return make_trainer(network=network, optimizer=Adam(0.01))

    whole, trainer, remember = make(), make(), Remember()
    trainer.train(epochs=5, callbacks=[best(), remember])
    assert learned(trainer.network) == remember.epochs[3]
    assert "1.means" in trainer.network.state()
    whole.train(epochs=8, callbacks=[best()])
    trainer.train(epochs=8, callbacks=[best()])
    trainer.train(epochs=8)
    whole.train(epochs=8)
    assert learned(trainer.network) == learned(whole.network)


@pytest.mark.parametrize("kind", [Classifier, Regressor, Compressor])
def test_estimators_keep_the_best_epoch_when_the_epochs_are_over(kind):
    generator = np.random.default_rng(1)
    inputs = generator.normal(size=(60, 3)).astype(np.float32)
    targets = generator.integers(2, size=60)  # there is nothing to learn, so held-out losses soon rise
    options = {"hidden": (64,), "learning_rate": 0.05, "validation_fraction": 0.3, "batch_size": 8, "seed": 3}
    if kind is Compressor:
        options |= {"learning_rate": 1.0}
    estimator = kind(epochs=12, patience=99, **options).fit(inputs, targets)
    losses = [row.held_out_loss for row in estimator.history_]
    shorter = kind(epochs=1 + int(np.argmin(losses)), patience=99, **options).fit(inputs, targets)
    assert np.argmin(losses) < 11
    np.testing.assert_array_equal(estimator.network_.parameters.values, shorter.network_.parameters.values)

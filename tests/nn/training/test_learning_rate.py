"""Changing the learning rate while training runs: from any thread, recorded, repeatable to the bit."""

import logging
import threading

import pytest

from nn.schedules import Constant, Cosine
from nn.snapshot import load
from nn.training import Callback, LearningRate, Race, Snapshots
from tests.support.tiny_training import STEPS_PER_EPOCH, everything, make_trainer, snapshot_of


class Steer(Callback):
    """Asks another thread to change the rate after some steps."""

    def __init__(self, rate, wishes):
        self.rate, self.wishes = rate, wishes

    def on_step(self, trainer):
        if trainer.step in self.wishes:
            thread = threading.Thread(target=self.rate.change, args=[self.wishes[trainer.step]])
            thread.start()
            thread.join()


def test_a_change_counts_from_the_next_step_on_and_is_in_the_rows(caplog):
    rate, trainer = LearningRate(), make_trainer(schedule=Constant())
    with caplog.at_level(logging.INFO):
        trainer.train(epochs=3, callbacks=[Steer(rate, {3: 0.5, 8: 0.25, 10: 0.125}), rate])
    assert [row.learning_rate for row in trainer.rows] == [0.5, 0.25, 0.125]
    assert rate.changes == {3: 0.5, 8: 0.25, 10: 0.125}
    assert "learning rate 0.25 from step 8 on, before it was 0.5" in caplog.text


def test_the_schedule_goes_on_multiplying_it():
    trainer = make_trainer(schedule=Cosine())
    trainer.train(epochs=4, callbacks=[LearningRate({0: 0.5})])
    rates = [row.learning_rate for row in trainer.rows]
    assert rates == pytest.approx([0.5 * factor for factor in (0.853553, 0.5, 0.146447, 0)], abs=1e-6)


def test_the_record_repeats_a_run_that_was_steered_by_hand():
    rate, steered, repeated, other = LearningRate(), make_trainer(), make_trainer(), make_trainer()
    steered.train(epochs=3, callbacks=[Steer(rate, {4: 0.05, 9: 0.002}), rate])
    repeated.train(epochs=3, callbacks=[LearningRate(rate.changes)])
    other.train(epochs=3)
    left, right, unlike = (everything(trainer)[0] for trainer in (steered, repeated, other))
    assert left == right != unlike


@pytest.mark.parametrize("snapshots_first", [True, False])
@pytest.mark.parametrize("cut", range(1, 2 * STEPS_PER_EPOCH))
def test_cut_off_at_any_step_and_resumed_equals_uninterrupted(tmp_path, snapshots_first, cut):
    class CutOff(Exception):  # noqa: N818 - not an error
        pass

    class CutAt(Callback):
        def on_step(self, trainer):
            if trainer.step == cut:
                raise CutOff

    def callbacks():
        both = [LearningRate({0: 0.02, 5: 0.2, 7: 0.04}), Snapshots(path, 0, {}), Race(1, 5, "steps")]
        return both[::-1] if snapshots_first else both

    path = tmp_path / "model.safetensors"
    whole, trainer, resumed = make_trainer(), make_trainer(), make_trainer()
    whole.train(epochs=2, callbacks=callbacks())
    path.unlink()
    with pytest.raises(CutOff):
        trainer.train(epochs=2, callbacks=[*callbacks(), CutAt()])
    resumed.restore(load(path))
    resumed.train(epochs=2, callbacks=callbacks())
    assert everything(resumed) == everything(whole)


def test_what_was_set_by_hand_is_kept_in_snapshots():
    rate, trainer, again = LearningRate(), make_trainer(), LearningRate()
    trainer.train(epochs=1, callbacks=[Steer(rate, {2: 0.5}), rate])
    resumed = make_trainer()
    resumed.restore(snapshot_of(trainer))
    resumed.train(epochs=2, callbacks=[again])
    assert again.changes == {2: 0.5}
    assert resumed.optimizer.learning_rate == 0.5


@pytest.mark.parametrize("rate", [-1.0, float("nan"), float("inf")])
def test_what_is_no_rate_is_refused(rate):
    with pytest.raises(ValueError, match=f"learning rate {rate} must be a finite number"):
        LearningRate().change(rate)
    with pytest.raises(ValueError, match="must be a finite number"):
        LearningRate({3: rate})
    with pytest.raises(ValueError, match="-3 is not a whole number"):
        LearningRate({-3: 0.1})


@pytest.mark.parametrize(
    "state",
    [
        {"steps": [1]},
        {"steps": [1], "rates": []},
        {"steps": [-1], "rates": [1.0]},
        {"steps": [1], "rates": [-1]},
    ],
)
def test_a_damaged_state_is_refused(state):
    with pytest.raises((ValueError, KeyError)):
        LearningRate().load_state(state)

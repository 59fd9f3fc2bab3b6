"""States of callbacks in snapshots: arrays and JSON apart, kept until a callback of the name is given."""

import numpy as np
import pytest

from nn.training import Callback
from nn.training.callback_states import CallbackStates
from tests.support.tiny_training import make_trainer, snapshot_of


class Counting(Callback):
    """Counts steps, and keeps the first weights of every one."""

    def __init__(self, name="counting"):
        self._name, self.steps, self.weights = name, 0, np.zeros(0, np.float32)

    @property
    def name(self):
        return self._name

    def on_step(self, trainer):
        self.steps += 1
        self.weights = np.append(self.weights, trainer.network.parameters.values[0])

    def state(self):
        return {"steps": self.steps, "weights.first": self.weights}

    def load_state(self, state):
        self.steps, self.weights = state["steps"], state["weights.first"]


def test_arrays_and_numbers_come_back():
    trainer, counting = make_trainer(), Counting()
    trainer.train(epochs=1, callbacks=[counting])
    snapshot = snapshot_of(trainer)
    assert snapshot.metadata["training"]["callbacks"] == {"counting": {"steps": 5}}
    np.testing.assert_array_equal(snapshot.arrays["callbacks.counting/weights.first"], counting.weights)
    resumed, again = make_trainer(), Counting()
    resumed.restore(snapshot)
    resumed.train(epochs=2, callbacks=[again])
    assert again.steps == 10
    np.testing.assert_array_equal(again.weights[:5], counting.weights)


def test_a_state_is_used_once():
    trainer = make_trainer()
    trainer.train(epochs=1, callbacks=[Counting()])
    resumed, counting = make_trainer(), Counting()
    resumed.restore(snapshot_of(trainer))
    resumed.train(epochs=1, callbacks=[counting])
    fresh = Counting()
    resumed.train(epochs=2, callbacks=[fresh])
    assert (counting.steps, fresh.steps) == (5, 5)


def test_names_that_begin_alike_are_told_apart():
    trainer, callbacks = make_trainer(), [Counting("a"), Counting("a.b")]
    trainer.train(epochs=1, callbacks=callbacks)
    states = CallbackStates()
    arrays, metadata = trainer.state()
    states.restore(metadata["training"]["callbacks"], arrays)
    assert states.metadata() == {"a": {"steps": 5}, "a.b": {"steps": 5}}
    assert sorted(states.arrays()) == ["callbacks.a.b/weights.first", "callbacks.a/weights.first"]


def test_two_of_one_name_are_refused_if_they_keep_a_state():
    with pytest.raises(ValueError, match="two callbacks are called 'counting' and keep a state"):
        make_trainer().train(epochs=1, callbacks=[Counting(), Counting()])
    make_trainer().train(epochs=1, callbacks=[Callback(), Callback()])


def test_a_callback_that_cannot_use_its_state_is_named():
    trainer = make_trainer()
    trainer.train(epochs=1, callbacks=[Counting()])
    snapshot = snapshot_of(trainer)
    del snapshot.metadata["training"]["callbacks"]["counting"]["steps"]
    resumed = make_trainer()
    resumed.restore(snapshot)
    with pytest.raises(ValueError, match=r"callback counting: not a state of it: KeyError\('steps'\)"):
        resumed.train(epochs=2, callbacks=[Counting()])
    assert resumed.step == 5

"""Which callbacks a step calls: those that do something in it."""

from nn import Callback
from nn.training.hooks import Hooks
from tests.support.tiny_training import make_trainer


class Epochs(Callback):
    def on_epoch(self, trainer):
        self.seen = trainer.step


class Steps(Epochs):
    def on_step(self, trainer):
        pass


def test_callbacks_are_found_by_what_they_or_their_classes_do_themselves():
    class Quiet(Steps):
        on_step = Callback.on_step

    idle, epochs, steps, own = Callback(), Epochs(), Steps(), Callback()
    own.before_step = lambda trainer: None
    hooks = Hooks.of([idle, steps, Quiet(), epochs, own])
    assert hooks.before_step == (own,)
    assert hooks.wants_gradients == ()
    assert hooks.on_step == (steps,)
    assert hooks.on_epoch[0] is steps and hooks.on_epoch[2] is epochs and len(hooks.on_epoch) == 3


def test_a_step_calls_nobody_who_does_nothing_in_it(monkeypatch):
    called = []
    for name in Hooks._fields:
        monkeypatch.setattr(Callback, name, lambda *_, name=name: called.append(name))
    training, epochs = make_trainer(), Epochs()
    training.train(epochs=2, callbacks=[Callback(), epochs])
    assert called == []
    assert epochs.seen == training.step > 0

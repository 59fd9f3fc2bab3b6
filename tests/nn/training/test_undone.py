"""A step happens as a whole or not at all, whatever is raised in it; training continues after an error."""

import numpy as np
import pytest

from networks.base.nodes import Call, Input
from networks.dense import Dense
from networks.lstm import LSTM
from networks.model import Model
from nn.losses import CategoricalCrossEntropyWithLogits, SquaredError, TargetError
from nn.metrics import MeanAbsoluteError
from nn.optimizers import SGD, Adam
from nn.schedules import Plateau
from nn.shape import SequenceShape, Shape
from nn.training import (
    ArrayBatches,
    Callback,
    EarlyStopping,
    Losses,
    Options,
    Race,
    Statistics,
    Trainer,
    TrainingDiverged,
)
from tests.support.failing_parts import (
    PLACES,
    Failing,
    FailingCallback,
    Once,
    Wrong,
    assert_untouched,
    interrupt,
    raise_wrong,
)
from tests.support.interrupted_runs import batches, network
from tests.support.tiny_training import everything, make_full_trainer, snapshot_of


@pytest.mark.parametrize("step", [0, 3, 5])
@pytest.mark.parametrize("place", PLACES)
def test_an_error_anywhere_leaves_everything_as_it_was(place, step):
    once = Once(raise_wrong)
    trainer, undisturbed = PLACES[place](once), PLACES[place](Once(raise_wrong))
    for each in (trainer, undisturbed):
        each.network.parameters.gradients  # noqa: B018 - made at first use, which a step may be
        for _ in range(step):
            each.make_step()
    before = everything(trainer)
    if place == "prefetched batches":
        trainer.batches._settle()  # a slow thread would gather the next batch only after the fault is armed
    once.armed = True
    if place == "prefetched batches" and step == 3:  # has its batch already
        for each in (trainer, undisturbed):
            each.make_step()
        before = everything(trainer)
    with pytest.raises((Wrong, TargetError, ValueError)):
        trainer.make_step()
    assert_untouched(trainer, before)
    for _ in range(4):
        trainer.make_step()
        undisturbed.make_step()
    assert everything(trainer) == everything(undisturbed)


@pytest.mark.parametrize("hook", ["wants_gradients", "on_gradients"])
@pytest.mark.parametrize("fail", [raise_wrong, interrupt])
@pytest.mark.parametrize("optimizer", [Adam, SGD])
def test_a_callback_that_fails_leaves_no_gradients_to_the_next_step(hook, fail, optimizer):
    trainer, undisturbed = (make_full_trainer(optimizer=optimizer(0.01)) for _ in range(2))
    once = Once(fail)
    callback, calm = FailingCallback(once, hook), FailingCallback(Once(fail), hook)
    for _ in range(2):
        trainer.make_step([callback])
        undisturbed.make_step([calm])
    before = everything(trainer)
    once.armed = True
    with pytest.raises((Wrong, KeyboardInterrupt)):
        trainer.make_step([callback])
    assert_untouched(trainer, before)
    trainer.make_step([callback])
    undisturbed.make_step([calm])
    assert everything(trainer) == everything(undisturbed)


def test_the_gradients_of_a_failed_step_are_not_added_to_the_next():
    """Two steps of plain descent on a line: the numbers are easy to see."""
    inputs, targets = np.ones((4, 1), np.float32), np.zeros((4, 1), np.float32)
    network = Dense(Shape(1, 1, 1), Shape(1, 1, 1), generator=np.random.default_rng(0))
    network.parameters["weights"][:] = 0.5
    options = Options(regularizers=[Failing(once := Once(raise_wrong), before=True)])
    source = ArrayBatches(inputs, targets)
    trainer = Trainer(
        network,
        SquaredError(),
        SGD(0.1),
        source,
        batch_size=4,
        generator=np.random.default_rng(1),
        options=options,
    )
    once.armed = True
    with pytest.raises(Wrong):
        trainer.make_step()
    trainer.make_step()
    expected = (0.5 - 0.1 * (2 * 0.5 + 0.01)) * 0.99
    assert network.parameters["weights"].item() == pytest.approx(expected)


def several_outputs(once):
    """Return a model of two outputs, one of whose signals can be given a wrong shape."""

    class WrongShapeError(SquaredError):
        def __call__(self, *arguments, **options):
            loss, signals = super().__call__(*arguments, **options)
            try:
                once()
            except Wrong:
                return loss, signals[..., :8]
            return loss, signals

    generator = np.random.default_rng(3)
    image = Input(4, generator=generator)
    trunk = Call(Dense.of(5), image, name="trunk")
    outputs = {name: Call(Dense.of(2), trunk, name=name) for name in ("left", "right")}
    values = generator.normal(size=(32, 4)).astype(np.float32)
    targets = {name: generator.normal(size=(32, 2)).astype(np.float32) for name in outputs}
    losses = Losses({"left": SquaredError(), "right": WrongShapeError()})
    source = ArrayBatches(values, targets)
    return Trainer(
        Model(image, outputs), losses, SGD(0.1), source, batch_size=16, generator=np.random.default_rng(4)
    )


def test_plain_descent_refuses_signals_before_any_layer_descends():
    once = Once(raise_wrong)
    trainer = several_outputs(once)
    trainer.make_step()
    before = everything(trainer)
    once.armed = True
    with pytest.raises(ValueError, match="signals of output right: the loss gives float32"):
        trainer.make_step()
    assert everything(trainer) == before
    trainer.make_step()


def test_divergence_leaves_statistics_and_draws_as_they_were():
    trainer = make_full_trainer()
    for _ in range(3):
        trainer.make_step()
    before = everything(trainer)
    noise = trainer.network.networks[1]
    forward = noise.forward
    noise.forward = lambda values, training=False: forward(values, training) * np.float32(np.inf)
    with pytest.raises(TrainingDiverged):
        trainer.make_step()
    del noise.forward
    assert_untouched(trainer, before)


@pytest.mark.parametrize("seed", range(6))
def test_networks_of_all_kinds_are_as_before(seed):
    """Stateful recurrence, running statistics, power iterations, dropout; one generator or several."""

    def make(once):
        draws = np.random.default_rng(seed)
        weights = np.random.default_rng(9)
        return Trainer(
            network(draws, weights),
            CategoricalCrossEntropyWithLogits(),
            Adam(0.01),
            batches(np.random.default_rng(2)),
            batch_size=5,
            generator=weights if seed % 2 else np.random.default_rng(1),
            options=Options(reset=["epoch", "batch", "never"][seed % 3]),
        ), [FailingCallback(once, "on_gradients")]

    once = Once(raise_wrong)
    trainer, callbacks = make(once)
    undisturbed, calm = make(Once(raise_wrong))
    for step in range(12):
        before = everything(trainer)
        once.armed = True
        with pytest.raises(Wrong):
            trainer.make_step(callbacks)
        assert everything(trainer) == before, step
        trainer.make_step(callbacks)
        undisturbed.make_step(calm)
    assert everything(trainer) == everything(undisturbed)


class At(Callback):
    """Fails in a hook at a step."""

    def __init__(self, hook, step, fail):
        self.step, self.fail = step, fail
        setattr(self, hook, self._act)

    def _act(self, trainer):
        if trainer.step == self.step:
            self.step = -1
            self.fail()


@pytest.mark.parametrize("hook", ["before_step", "on_step", "on_epoch", "on_start", "before_end", "on_end"])
@pytest.mark.parametrize("step", [0, 3, 5, 10])
@pytest.mark.parametrize("fail", [raise_wrong, interrupt])
def test_after_an_error_between_steps_training_goes_on(hook, step, fail):
    undisturbed, trainer = make_full_trainer(), make_full_trainer()
    undisturbed.train(epochs=2)
    failing = At(hook, step, fail)
    for _ in range(2):
        try:
            trainer.train(epochs=2, callbacks=[failing])
        except Wrong:
            assert [row.step for row in trainer.log.rows] == [5, 10][: trainer.step // 5]
    trainer.train(epochs=2)
    assert everything(trainer) == everything(undisturbed)


class FailingAbsoluteError(MeanAbsoluteError):
    def __init__(self, once):
        super().__init__()
        self.once = once

    def add(self, *arguments, **options):
        self.once()
        super().add(*arguments, **options)


class FailingPlateau(Plateau):
    def __init__(self, once):
        super().__init__(patience=0)
        object.__setattr__(self, "once", once)

    def observe(self, value):
        super().observe(value)
        self.once()


class Count(Callback):
    def __init__(self):
        self.told = []

    def on_epoch(self, trainer):
        self.told.append(("epoch", trainer.shuffle.epoch))

    def on_step(self, trainer):
        self.told.append(("step", trainer.step))


@pytest.mark.parametrize("place", ["metric", "schedule"])
@pytest.mark.parametrize("again", ["train", "advance"])
def test_an_epoch_whose_row_could_not_be_made_is_closed_when_training_goes_on(place, again):
    def make(once):
        if place == "schedule":
            return make_full_trainer(schedule=FailingPlateau(once))
        return make_full_trainer(options=Options(metrics=[FailingAbsoluteError(once)]))

    once = Once(raise_wrong)
    trainer, undisturbed, count = make(once), make(Once(raise_wrong)), Count()
    trainer.train(epochs=1, callbacks=[count])
    once.armed = True
    with pytest.raises(Wrong):
        trainer.train(epochs=3, callbacks=[count])
    assert (trainer.step, len(trainer.log.rows), trainer.shuffle.epoch) == (10, 1, 2)
    if again == "advance":
        trainer.advance([count])
        assert len(trainer.log.rows) == 2
    trainer.train(epochs=3, callbacks=[count])
    undisturbed.train(epochs=3)
    assert everything(trainer)[0] == everything(undisturbed)[0]
    assert everything(trainer)[1]["log"] == everything(undisturbed)[1]["log"]
    assert [number for what, number in count.told if what == "step"] == list(range(1, 16))
    assert [number for what, number in count.told if what == "epoch"] == [1, 2, 3]


def test_statistics_of_a_step_that_failed_are_those_of_the_one_that_did_not():
    once = Once(raise_wrong)
    trainer, undisturbed = make_full_trainer(), make_full_trainer()
    own, calm = (Statistics(interval=1, unit="steps") for _ in range(2))
    failing = FailingCallback(once, "on_gradients")
    once.armed = True
    with pytest.raises(Wrong):
        trainer.train(epochs=1, callbacks=[own, failing])
    trainer.train(epochs=1, callbacks=[own, failing])
    undisturbed.train(epochs=1, callbacks=[calm])
    assert own.rows == calm.rows


class Told(Callback):
    """Records its calls, with the loss at the time."""

    def __init__(self):
        self.of = []

    def on_epoch(self, trainer):
        self.of.append(("epoch", trainer.shuffle.epoch, trainer.rows[-1].training_loss))

    def on_step(self, trainer):
        self.of.append(("step", trainer.step, trainer.log.last_loss))


@pytest.mark.parametrize("again", ["train", "advance"])
@pytest.mark.parametrize("hook", ["on_step", "on_epoch"])
def test_callbacks_after_one_that_fails_are_told_when_training_goes_on(hook, again):
    """The first epoch is the best, and would be missed."""

    def callbacks(*first):
        told, kept = Told(), EarlyStopping("training_loss", patience=9, minimum_change=10, restore_best=True)
        return [*first, told, kept, Statistics(interval=5, unit="steps")]

    trainer, undisturbed = make_full_trainer(), make_full_trainer()
    own, calm = callbacks(At(hook, 5, raise_wrong)), callbacks()
    with pytest.raises(Wrong):
        trainer.train(epochs=3, callbacks=own)
    if again == "advance":
        trainer.advance(own)
    trainer.train(epochs=3, callbacks=own)
    undisturbed.train(epochs=3, callbacks=calm)
    assert own[1].of == calm[0].of
    assert own[3].rows == calm[2].rows
    assert trainer.restored.epoch == undisturbed.restored.epoch == 1
    assert everything(trainer)[0] == everything(undisturbed)[0]


def test_who_goes_on_without_the_callbacks_of_before_tells_nobody():
    trainer, told, other = make_full_trainer(), Told(), Told()
    with pytest.raises(Wrong):
        trainer.train(epochs=2, callbacks=[At("on_step", 3, raise_wrong), told])
    trainer.train(epochs=1, callbacks=[other])
    assert [number for what, number, _ in told.of if what == "step"] == [1, 2]
    assert [number for what, number, _ in other.of if what == "step"] == [4, 5]


@pytest.mark.parametrize("way", ["a failed step", "a race", "a resume"])
def test_a_run_in_use_before_training_changes_nothing_of_it(way):
    """It has states of its own, which do not affect a network whose states pass from batch to batch."""
    inputs = np.random.default_rng(0).normal(size=(8, 3, 2)).astype(np.float32)

    def make():
        network = LSTM(SequenceShape(3, 2), units=4, stateful=True, generator=np.random.default_rng(0))
        source = ArrayBatches(inputs, np.zeros((8, 3, 4), np.float32))
        options = Options(reset="never")
        generator = np.random.default_rng(1)
        return Trainer(
            network, SquaredError(), Adam(0.1), source, batch_size=8, generator=generator, options=options
        )

    undisturbed, trainer = make(), make()
    undisturbed.train(epochs=3)
    trainer.network.forward(np.moveaxis(inputs, 0, -1).copy())
    callbacks = [Race(1, factors=[1.0])] if way == "a race" else []
    if way == "a failed step":
        once = Once(raise_wrong)
        once.armed = True
        with pytest.raises(Wrong):
            trainer.make_step([FailingCallback(once, "on_gradients")])
    elif way == "a resume":
        snapshot, trainer = snapshot_of(trainer), make()
        trainer.restore(snapshot)
    trainer.train(epochs=3, callbacks=callbacks)
    assert trainer.network.parameters.values.tolist() == undisturbed.network.parameters.values.tolist()

"""NaN or Inf, wherever it comes from, stops training before the update."""

import numpy as np
import pytest
from tiny_training import everything, make_images, make_trainer

from nn.optimizers import SGD
from nn.schedules import Cosine
from nn.training.batches import ImageBatches
from nn.training.callbacks import Callback
from nn.training.divergence import TrainingDiverged


def nan_parameter(trainer):
    trainer.network.parameters["1.weights"][4, 2] = np.nan


def nan_gradient(trainer):
    backward = trainer.network.backward

    def spoiled(signals, learning_rate=None):
        result = backward(signals, learning_rate)
        trainer.network.parameters.gradient("0.biases")[3] = np.inf
        return result

    trainer.network.backward = spoiled


def nan_loss(trainer):
    loss = trainer.loss
    trainer.loss = lambda *arguments, **options: (np.nan, loss(*arguments, **options)[1])


def nan_input(trainer):
    batch = trainer.batches.batch

    def spoiled(indices):
        spoiled_batch = batch(indices)
        spoiled_batch.inputs[1, 1, 0, 2] = np.nan
        return spoiled_batch

    trainer.batches.batch = spoiled


@pytest.mark.parametrize(
    ("spoil", "place"),
    [
        (nan_parameter, r"parameter 1\.weights\[4, 2\] is nan"),
        (nan_gradient, r"gradient of parameter 0\.biases\[3\] is inf"),
        (nan_loss, "the loss is nan"),
        (nan_input, r"input is nan at neuron \(1, 1, 0\) for entry 2 \(number \d+ of the data\)"),
    ],
)
def test_nan_anywhere_stops_before_the_update(spoil, place):
    trainer = make_trainer()
    kept = []

    class Spoil(Callback):
        def on_step(self, trainer):
            if trainer.step == 7:
                spoil(trainer)
                kept.append(everything(trainer))

    with pytest.raises(TrainingDiverged, match=f"step 8, after 1 epochs: {place}") as raised:
        trainer.train(epochs=3, callbacks=[Spoil()])
    assert (raised.value.step, raised.value.epoch) == (8, 1)
    assert everything(trainer) == kept[0]
    assert not trainer.network.parameters.gradients.any()


def test_a_rate_that_is_too_high_stops_plain_descent_without_a_warning(recwarn):
    trainer = make_trainer(optimizer=SGD(1e20), schedule=Cosine())
    with pytest.raises(TrainingDiverged, match=r"step [2-9]"):
        trainer.train(epochs=3)
    assert not [warning for warning in recwarn if issubclass(warning.category, RuntimeWarning)]


def test_nan_in_the_held_out_data_is_told(monkeypatch):
    held_out = make_images(7, np.float32)
    held_out[2] = np.nan
    trainer = make_trainer(held_out=ImageBatches(held_out))
    with pytest.raises(TrainingDiverged, match="the loss of the held-out data is nan"):
        trainer.train(epochs=1)

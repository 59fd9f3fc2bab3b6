"""NaN or Inf of any origin stops training before the update."""

import numpy as np
import pytest

from networks.base.nodes import Call, Input
from networks.dense import Dense
from networks.merge import Add
from networks.model import Model
from nn.clipping import ClipByGlobalNorm
from nn.losses import CategoricalCrossEntropyWithLogits, Hinge, Huber, SquaredError
from nn.optimizers import SGD
from nn.regularizers import Regularizer
from nn.schedules import Cosine
from nn.shape import Shape
from nn.snapshot import load
from nn.training import ArrayBatches, Losses, Options, Snapshots
from nn.training.batches import ImageBatches
from nn.training.callbacks import Callback
from nn.training.divergence import TrainingDiverged
from tests.support.tiny_training import everything, make_images, make_trainer


def nan_parameter(trainer):
    trainer.network.parameters["1.weights"][4, 2] = np.nan


def nan_gradient(trainer):
    backward = trainer.network.backward

    def spoiled(signals, learning_rate=None):
        result = backward(signals, learning_rate)
        trainer.network.parameters.gradient("0.biases")[3] = np.inf
        return result

    trainer.network.backward = spoiled


class SpoiledLoss(Huber):
    """Returns the right signals, but NaN as the loss."""

    def __call__(self, *arguments, **options):
        return np.nan, super().__call__(*arguments, **options)[1]


def nan_loss(trainer):
    trainer.loss = SpoiledLoss()


class Spoiling(Regularizer):
    """Returns an invalid penalty, or spoils a gradient."""

    name = "spoiling"

    def __init__(self, penalty, gradient):
        super().__init__()
        self.penalty, self.gradient = penalty, gradient

    def before_step(self, parameters):
        parameters.gradient("1.biases")[2] += self.gradient
        return self.penalty


class SpoilingClipping(ClipByGlobalNorm):
    """Returns an invalid norm, or spoils a gradient."""

    def __init__(self, norm, gradient):
        super().__init__(1.0)
        self.norm, self.gradient = norm, gradient

    def __call__(self, parameters):
        parameters.gradient("1.biases")[2] += self.gradient
        return self.norm


def nan_penalty(trainer):
    trainer.options = Options(regularizers=[Spoiling(np.inf, 0)])


def nan_gradient_of_penalty(trainer):
    trainer.options = Options(regularizers=[Spoiling(0, np.nan)])


def nan_norm(trainer):
    trainer.options = Options(clipping=SpoilingClipping(np.inf, 0))


def nan_from_clipping(trainer):
    trainer.options = Options(clipping=SpoilingClipping(1, np.nan))


def nan_in_state(trainer):
    state = {"mean": np.ones(3), "count": np.array(2), "variance": np.array([1, np.inf, 1], np.float32)}
    trainer.network.state = lambda: state


def nan_mask(trainer):
    batch = trainer.batches.batch

    def spoiled(indices):
        mask = np.ones((2, 3, 1, 16), np.float32)
        mask[0, 2, 0, 1] = np.nan
        return batch(indices)._replace(mask=mask)

    trainer.batches.batch = spoiled


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
        (nan_penalty, "the penalty of the regularizers is inf"),
        (nan_gradient_of_penalty, r"gradient of parameter 1\.biases\[2\] is nan"),
        (nan_norm, "the length of the gradient is inf although every part is finite"),
        (nan_from_clipping, r"clipped gradient of parameter 1\.biases\[2\] is nan"),
        (nan_in_state, r"carried state variance is inf at \(1,\)"),
        (nan_mask, r"mask is nan at neuron \(0, 2, 0\) for entry 1 \(number \d+ of the data\)"),
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


def test_nan_in_the_held_out_data_is_told():
    held_out = make_images(7, np.float32)
    held_out[2] = np.nan
    trainer = make_trainer(held_out=ImageBatches(held_out))
    place = r"the loss of the held-out data is nan: input is nan at neuron \(0, 0, 0\) .*number 2 of the data"
    with pytest.raises(TrainingDiverged, match=place):
        trainer.train(epochs=1)


def test_a_loss_of_held_out_data_that_overflows_is_told():
    trainer = make_trainer(held_out=ImageBatches(np.full_like(make_images(3, np.float32), 3e38)))
    with pytest.raises(TrainingDiverged, match="held-out data is inf although all of it is finite"):
        trainer.train(epochs=1)


@pytest.mark.parametrize(
    ("loss", "bad", "message"),
    [
        (CategoricalCrossEntropyWithLogits(), 4, "label 4 of entry [0-4] is none of the 4 classes, 0 to 3"),
        (Hinge(), 3, "loss hinge: the target of entry [0-4] is 3.0, expected -1 or .1"),
    ],
)
def test_a_target_that_a_loss_does_not_take_is_named_by_its_number_in_the_data(loss, bad, message):
    outputs = Shape(1, 1, 4 if loss.applies else 1)
    network = Dense(make_images().shape[1:], outputs, generator=np.random.default_rng(1))
    labels = np.ones(23, np.int64)
    labels[19] = bad
    trainer = make_trainer(
        network=network, loss=loss, batches=ArrayBatches(make_images(), labels), held_out=None
    )
    with pytest.raises(ValueError, match=rf"{message} \(number 19 of the data\)"):
        trainer.train(epochs=1)


def two_ends(spoil=None):
    """Return a trainer of a model with two inputs and two outputs, of data that can be spoiled."""
    weights, order, data = np.random.default_rng(1).spawn(3)
    vector = Shape(1, 1, 3)
    left, right = Input(vector), Input(vector)
    both = Call(Add([vector, vector]), left, right, name="both")
    names = ("up", "down")
    outputs = {name: Call(Dense(vector, vector, generator=weights), both, name=name) for name in names}
    arrays = {name: data.random((30, 3)) for name in ("left", "right", *names)}
    if spoil is not None:
        arrays[spoil][17, 1] = np.nan
    inputs = {name: arrays[name] for name in ("left", "right")}
    return make_trainer(
        network=Model({"left": left, "right": right}, outputs),
        loss=Losses({name: SquaredError() for name in names}),
        batches=ArrayBatches(inputs, {name: arrays[name] for name in names}),
        held_out=None,
        generator=order,
    )


@pytest.mark.parametrize(
    ("name", "place"), [("left", "input left"), ("right", "input right"), ("down", "target down")]
)
def test_a_named_input_or_target_is_named(name, place):
    place = rf"{place} is nan at neuron \(0, 0, 1\) .*number 17 of the data"
    with pytest.raises(TrainingDiverged, match=place):
        two_ends(spoil=name).train(epochs=1)


def test_a_layer_of_a_model_with_several_outputs_is_named():
    trainer = two_ends()
    trainer.network.parameters["down.weights"][...] = 3e38
    with pytest.raises(TrainingDiverged, match=r"value of layer down \(dense\) is inf"):
        trainer.train(epochs=1)


def test_a_model_with_several_ends_learns():
    trainer = two_ends()
    trainer.train(epochs=20)
    assert trainer.rows[-1].training_loss < 0.7 * trainer.rows[0].training_loss


def test_snapshots_stay_as_they_were_before_it_went_wrong(tmp_path):
    path = tmp_path / "model.safetensors"

    class Spoil(Callback):
        def on_step(self, trainer):
            if trainer.step == 7:
                nan_from_clipping(trainer)

    trainer = make_trainer()
    with pytest.raises(TrainingDiverged):
        trainer.train(epochs=3, callbacks=[Snapshots(path, 0, {}), Spoil()])
    resumed = make_trainer()
    resumed.restore(load(path))
    assert resumed.step == 7
    assert everything(resumed) == everything(trainer)

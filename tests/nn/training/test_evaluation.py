"""Loss and metrics over a source do not depend on the batches, and evaluation changes nothing."""

import numpy as np
import pytest

from networks.sequential import Sequential
from nn.losses import Hinge, SquaredError
from nn.metrics import MeanAbsoluteError, Metric
from nn.training import ArrayBatches, ImageBatches, evaluate
from nn.training.evaluation import mean_loss
from tests.support.tiny_training import (
    IMAGES,
    everything,
    make_full_trainer,
    make_images,
    make_network,
    make_noisy_network,
)


@pytest.mark.parametrize("batch_size", [1, 5, 22, 23, 100])
@pytest.mark.parametrize("masked", [False, True])
def test_equal_to_the_mean_over_everything(batch_size, masked):
    network, images = make_network(np.float64), make_images(23)
    masks = np.random.default_rng(5).random(images.shape[:3]) < 0.6 if masked else None
    differences = network.predict(images / 255) - images / 255
    source = ImageBatches(images, masks, dtype=np.float64)
    found = evaluate(network, SquaredError(), source, batch_size, [MeanAbsoluteError()])
    assert found.loss == pytest.approx(np.average(differences[..., 0] ** 2, weights=masks), rel=1e-12)
    expected = np.average(np.abs(differences[..., 0]), weights=masks)
    assert found.metrics == {"mean_absolute_error": pytest.approx(expected, rel=1e-12)}
    assert mean_loss(network, SquaredError(), source, batch_size) == found.loss


def test_metrics_are_those_of_the_loss_unless_others_are_given():
    network, images = make_network(), ImageBatches(make_images())
    names = [metric.name for metric in SquaredError().metrics()]
    assert list(evaluate(network, SquaredError(), images, 9).metrics) == names
    assert evaluate(network, SquaredError(), images, 9, ()).metrics == {}


def test_a_metric_that_is_not_defined_is_none():
    class Undefined(Metric):
        name, higher_is_better = "undefined", True

        def reset(self):
            pass

        def add(self, outputs, targets, entries=None, mask=None):
            pass

        def value(self):
            return float("nan")

    found = evaluate(make_network(), SquaredError(), ImageBatches(make_images()), 9, [Undefined()])
    assert found.metrics == {"undefined": None}


@pytest.mark.parametrize("epochs", [0.0, 1.0, 1.5])
def test_it_leaves_the_network_in_the_middle_of_its_sequence(epochs):
    trainer = make_full_trainer()
    trainer.train(epochs=epochs)
    before = everything(trainer)
    trainer.network.step_mask = None
    evaluate(trainer.network, trainer.loss, trainer.held_out, 4)
    assert everything(trainer) == before
    assert trainer.network.entries is None


class Remembering(type(make_noisy_network().networks[1])):
    """Adds the number of batches since the last reset to its inputs."""

    def forward(self, values, training=False):
        before = 0.0 if self.last_sum is None else float(self.last_sum)
        self.last_sum = np.array(before + 1, np.float32)
        self._values = values + np.float32(before)
        return self._values


@pytest.mark.parametrize(("reset", "expected"), [("batch", 0.0), ("epoch", 1.0), ("never", 4.0)])
def test_a_network_forgets_the_last_sequence_when_it_is_told_to(reset, expected):
    """Three batches: without a reset they come after 3, 4 and 5 others."""
    network = Sequential([Remembering((1, 1, 1), generator=np.random.default_rng(1))])
    zeros = ArrayBatches(np.zeros(12))
    for _ in range(3):
        network.forward(np.zeros((1, 1, 1, 4), np.float32))
    found = evaluate(network, SquaredError(), zeros, 4, [MeanAbsoluteError()], reset=reset)
    assert found.metrics["mean_absolute_error"] == expected
    assert network.state()["0.last_sum"] == 3


@pytest.mark.parametrize(("entries", "batch_size"), [(0, 5), (IMAGES, 0)])
def test_there_must_be_something_to_evaluate(entries, batch_size):
    source = ImageBatches(make_images()) if entries else []
    with pytest.raises(ValueError, match=f"batch size {batch_size}, {entries} entries"):
        evaluate(make_network(), Hinge(), source, batch_size)

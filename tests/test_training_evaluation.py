"""The mean loss over a source does not depend on how it divides into batches."""

import numpy as np
import pytest
from tiny_training import make_images, make_network

from nn.losses import SquaredError
from nn.training.batches import ImageBatches
from nn.training.evaluation import mean_loss


@pytest.mark.parametrize("batch_size", [1, 5, 22, 23, 100])
@pytest.mark.parametrize("masked", [False, True])
def test_equal_to_the_mean_over_everything(batch_size, masked):
    network, images = make_network(np.float64), make_images(23)
    masks = np.random.default_rng(5).random(images.shape[:3]) < 0.6 if masked else None
    squares = (network.predict(images / 255) - images / 255) ** 2
    expected = np.average(squares[..., 0], weights=masks)
    source = ImageBatches(images, masks, dtype=np.float64)
    assert mean_loss(network, SquaredError(), source, batch_size) == pytest.approx(expected, rel=1e-12)

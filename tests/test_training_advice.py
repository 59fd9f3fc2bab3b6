"""Advice before training: a warning where the network cannot reach its targets."""

import logging

import numpy as np
import pytest
from tiny_training import CODE, SHAPE, make_images, make_trainer

from networks.dense import Dense
from nn.activations import Identity, Sigmoid
from nn.losses import SquaredError
from nn.training import ArrayBatches


@pytest.mark.parametrize(("activation", "warns"), [(Sigmoid(), True), (Identity(), False)])
def test_targets_beyond_the_last_activation_are_warned_of(activation, warns, caplog):
    network = Dense(SHAPE, CODE, activation=activation, generator=np.random.default_rng(1))
    source = ArrayBatches(make_images(), np.random.default_rng(2).normal(size=(23, 4)))
    with caplog.at_level(logging.WARNING, "nn.training"):
        make_trainer(network=network, loss=SquaredError(), batches=source, held_out=None)
    assert ("the targets span" in caplog.text) == warns

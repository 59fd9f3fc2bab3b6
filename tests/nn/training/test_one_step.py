"""Sequences of one step: (N, 1) is what the network takes it for, a label of the step or of the entry."""

import numpy as np
import pytest

from networks import LSTM, Dense, Embedding
from networks.sequential import Sequential
from nn.activations import Identity
from nn.losses import CategoricalCrossEntropyWithLogits, SquaredError
from nn.optimizers import Adam
from nn.shape import SequenceShape, Shape
from nn.training import ArrayBatches, Trainer

pytestmark = pytest.mark.usefixtures("one_thread")

N = 13
DRAWS = np.random.default_rng(0)
LABELS = DRAWS.integers(0, 3, (N, 1))
NUMBERS = DRAWS.normal(size=(N, 1)).astype(np.float32)
INPUTS = DRAWS.normal(size=(N, 1, 4)).astype(np.float32)
TOKENS = DRAWS.integers(0, 5, (N, 1))
THERE = np.arange(N)[:, None] % 4 != 2


def steps_of(units):
    return LSTM(SequenceShape(1, 4), units=units, generator=np.random.default_rng(1))


def entries_of(units):
    generator = np.random.default_rng(1)
    return Dense(Shape(1, 1, 4), Shape(1, 1, units), activation=Identity(), generator=generator)


def words_of(units):
    generator = np.random.default_rng(1)
    embedding = Embedding(SequenceShape(1, 1), labels=5, features=4, generator=generator)
    return Sequential([embedding, LSTM(SequenceShape(1, 4), units=units, generator=generator)])


CASES = {
    "labels of a step": (steps_of(3), INPUTS, LABELS, LABELS[..., None]),
    "numbers of a step": (steps_of(1), INPUTS, NUMBERS, NUMBERS[..., None]),
    "labels of an entry": (entries_of(3), INPUTS[:, 0], LABELS, LABELS[:, 0]),
    "numbers of an entry": (entries_of(1), INPUTS[:, 0], NUMBERS, NUMBERS[:, 0]),
    "tokens and labels": (words_of(3), TOKENS, LABELS, LABELS[..., None]),
}


def train(network, source, labels):
    before = network.parameters.values.copy()
    loss = CategoricalCrossEntropyWithLogits() if labels else SquaredError()
    trainer = Trainer(
        network, loss, Adam(0.1), source, source, batch_size=5, generator=np.random.default_rng(2)
    )
    trainer.train(epochs=2)
    found = network.parameters.values.copy(), [(row.training_loss, row.held_out_loss) for row in trainer.rows]
    network.parameters.values[:] = before
    return found


@pytest.mark.parametrize("name", CASES)
@pytest.mark.parametrize("masked", ["not", "by entry", "by step"])
def test_one_number_for_each_entry_is_what_the_network_takes_it_for(name, masked):
    network, inputs, short, whole = CASES[name]
    labels = short.dtype.kind == "i"
    if masked == "by step" and "entry" in name:
        pytest.skip("it has no steps")
    options = {"not": {}, "by entry": {"masks": THERE[:, 0]}, "by step": {"step_masks": THERE}}[masked]
    spoiled = short.copy()
    if masked != "not":
        spoiled[~THERE] = -7
    found, expected = (
        train(network, ArrayBatches(inputs, each, **options), labels) for each in (spoiled, whole)
    )
    assert np.array_equal(found[0], expected[0])
    assert found[1] == expected[1]

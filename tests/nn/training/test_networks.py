"""The loop with networks that have states, draw and mask: padding changes nothing, resumes are exact."""

import numpy as np
import pytest

from networks.base.nodes import Call, Input
from networks.convolution import Convolution
from networks.dense import Dense
from networks.embedding import Embedding
from networks.lstm import LSTM
from networks.merge import Add
from networks.model import Model
from networks.noise import Dropout
from networks.normalisation import BatchNormalisation
from networks.sequential import Sequential
from networks.time_distributed import TimeDistributed
from nn.losses import CategoricalCrossEntropyWithLogits, SquaredError
from nn.optimizers import Adam
from nn.shape import SequenceShape, Shape
from nn.training import ArrayBatches, Options, Trainer
from tests.support.tiny_training import everything, snapshot_of

GENERATOR = np.random.default_rng(1)
SEQUENCES = GENERATOR.random((22, 5, 3))
LABELS = GENERATOR.integers(0, 2, (22, 5))
STEPS = np.arange(5) < GENERATOR.integers(1, 6, 22)[:, None]
IMAGES = GENERATOR.integers(0, 256, (22, 6, 6, 1), dtype=np.uint8)


def make_trainer(network, source, loss=None, **options):
    return Trainer(
        network,
        loss or CategoricalCrossEntropyWithLogits(),
        Adam(0.01),
        source,
        source.select(np.arange(min(7, len(source)))),
        batch_size=options.pop("batch_size", 5),
        generator=np.random.default_rng(3),
        options=Options(**options),
    )


def tagger(seed=2, **settings):
    """A label for every step."""
    generator = np.random.default_rng(seed)
    layers = [LSTM.of(units=4, **settings), TimeDistributed.of(Dense.of(2))]
    return Sequential(SequenceShape(5, 3), layers, generator=generator)


def recogniser(seed=2):
    """A network that draws and keeps running statistics."""
    generator, noise = np.random.default_rng(seed).spawn(2)
    layers = [
        Convolution.of(channels=2, kernel=3),
        BatchNormalisation.of(),
        Dropout.of(rate=0.3, generator=noise),
        Dense.of(2),
    ]
    return Sequential(Shape(6, 6, 1), layers, generator=generator)


def test_steps_that_are_not_there_change_nothing():
    changed = SEQUENCES + 5.0 * ~STEPS[..., None]
    labels = np.where(STEPS, LABELS, 1 - LABELS)
    sources = (ArrayBatches(*arrays, step_masks=STEPS) for arrays in ((SEQUENCES, LABELS), (changed, labels)))
    runs = [make_trainer(tagger(), source) for source in sources]
    for run in runs:
        run.train(epochs=2)
    assert everything(runs[0]) == everything(runs[1])
    assert runs[0].network.step_mask is None


@pytest.mark.parametrize("shuffled", [True, False])
def test_a_stateful_network_goes_on_exactly_where_it_ended(shuffled):
    """Four entries at a time, so that every batch is as large as the one whose states it continues."""

    def run(trainer, epochs):
        trainer.train(epochs=epochs)
        return trainer

    def fresh(seed):
        source = ArrayBatches(SEQUENCES[:20], LABELS[:20])
        trainer = make_trainer(tagger(seed, stateful=True), source, batch_size=4, shuffled=shuffled)
        trainer.held_out = source.select(np.arange(8))
        return trainer

    whole = run(fresh(2), 3)
    for epochs in (1.0, 1.2, 2.8):
        resumed = fresh(9)
        resumed.restore(snapshot_of(run(fresh(2), epochs)))
        assert everything(run(resumed, 3)) == everything(whole)


def test_when_sequences_are_forgotten_changes_what_is_learned():
    losses = {}
    for reset in ("epoch", "batch", "never"):
        source = ArrayBatches(SEQUENCES[:20], LABELS[:20])
        network = tagger(stateful=True)
        trainer = make_trainer(network, source, batch_size=4, shuffled=False, reset=reset)
        trainer.held_out = None
        trainer.train(epochs=2)
        losses[reset] = trainer.log.curve.losses
    assert len({loss[0] for loss in losses.values()}) == 1
    assert losses["batch"][1] != losses["epoch"][1] == losses["never"][1]
    assert losses["epoch"][5] != losses["never"][5]


def test_batch_statistics_leave_padding_out():
    network, alone = recogniser(), recogniser()
    trainer = make_trainer(network, ArrayBatches(IMAGES[:3], LABELS[:3, 0]))
    trainer.make_step()
    order = np.random.default_rng(3).permutation(3)
    values = np.moveaxis(IMAGES[order].astype(np.float32) / np.float32(255), 0, -1)
    alone.forward(np.ascontiguousarray(values), training=True)
    for name, array in network.state().items():
        np.testing.assert_allclose(array, alone.state()[name], rtol=1e-6)


@pytest.mark.parametrize("epochs", [0.3, 1.0, 1.7])
def test_what_draws_and_keeps_statistics_goes_on_exactly(epochs):
    source = ArrayBatches(IMAGES, LABELS[:, 0])
    whole = make_trainer(recogniser(), source)
    whole.train(epochs=3)
    first = make_trainer(recogniser(), source)
    first.train(epochs=epochs)
    resumed = make_trainer(recogniser(seed=8), source)
    resumed.restore(snapshot_of(first))
    resumed.train(epochs=3)
    assert everything(resumed) == everything(whole)


def test_tokens_are_learned():
    tokens = GENERATOR.integers(0, 4, (40, 5))
    layers = [Embedding.of(labels=4, features=3), LSTM.of(units=4, whole_sequence=False), Dense.of(1)]
    network = Sequential(SequenceShape(5, 1), layers, generator=np.random.default_rng(2))
    trainer = make_trainer(network, ArrayBatches(tokens, (tokens == 1).mean(axis=1)), SquaredError())
    trainer.train(epochs=30)
    assert trainer.rows[-1].training_loss < 0.5 * trainer.rows[0].training_loss


def one_way(seed=2):
    generator = np.random.default_rng(seed)
    layers = [Dense(Shape(1, 1, 3), Shape(1, 1, 3), generator=generator) for _ in range(2)]
    return Sequential({"left": layers[0], "last": layers[1]})


def two_ways(seed=2):
    generator, image = np.random.default_rng(seed), Input(Shape(1, 1, 3))
    left, right, last = (Dense(image.shape, image.shape, generator=generator) for _ in range(3))
    ways = [Call(left, image, name="left"), Call(right, image, name="right")]
    return Model(image, Call(last, Call(Add([image.shape] * 2), *ways), name="last"))


def propagating(network):
    return {name: leaf.propagates for name, leaf in network.leaves.items()}


@pytest.mark.parametrize("build", [one_way, two_ways])
@pytest.mark.parametrize("fails", [False, True])
def test_a_step_leaves_who_propagates_as_it_was(build, fails, monkeypatch):
    network, other = build(), build()
    network.named["left"].propagates = False
    before, during = propagating(network), []
    backward = network.backward

    def watched(*arguments):
        during.append(propagating(network))
        if fails:
            raise KeyboardInterrupt
        return backward(*arguments)

    monkeypatch.setattr(network, "backward", watched)
    trainers = [
        make_trainer(each, ArrayBatches(SEQUENCES[:, 0]), SquaredError()) for each in (network, other)
    ]
    if fails:
        with pytest.raises(KeyboardInterrupt):
            trainers[0].train(epochs=1)
    else:
        for trainer in trainers:
            trainer.train(epochs=1)
        np.testing.assert_array_equal(network.parameters.values, other.parameters.values)
    assert propagating(network) == before
    assert during[0]["last"] and not any(during[0].get(name) for name in ("left", "right"))
    assert all(propagating(other).values())

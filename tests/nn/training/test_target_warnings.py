"""Advice before training: a warning where the network cannot reach its targets."""

import logging

import numpy as np
import pytest

from networks.base.nodes import Call, Input
from networks.dense import Dense
from networks.merge import Concatenate
from networks.model import Model
from nn.activations import Identity, Sigmoid, Tanh
from nn.losses import BinaryCrossEntropy, SquaredError
from nn.optimizers import SGD
from nn.training import ArrayBatches, Losses, Prefetched, Trainer
from tests.support.tiny_training import CODE, SHAPE, make_images, make_trainer


@pytest.mark.parametrize(("activation", "warns"), [(Sigmoid(), True), (Identity(), False)])
def test_targets_beyond_the_last_activation_are_warned_of(activation, warns, caplog):
    network = Dense(SHAPE, CODE, activation=activation, generator=np.random.default_rng(1))
    source = ArrayBatches(make_images(), np.random.default_rng(2).normal(size=(23, 4)))
    with caplog.at_level(logging.WARNING, "nn.training"):
        make_trainer(network=network, loss=SquaredError(), batches=source, held_out=None)
    assert ("the targets span" in caplog.text) == warns


def two_outputs(activation):
    """Return the parts of a trainer of a model with the outputs `free` and `bound`, the second in [0, 1]."""
    generator = np.random.default_rng(1)
    image = Input(SHAPE)
    ends = {
        name: Call(Dense(SHAPE, CODE, activation=kind, generator=generator), image, name=name)
        for name, kind in (("free", Identity()), ("bound", activation))
    }
    targets = {"free": generator.normal(size=(23, 4)), "bound": np.eye(4)[np.arange(23) % 4]}
    return {
        "network": Model(image, ends),
        "loss": Losses({"free": SquaredError(), "bound": BinaryCrossEntropy()}),
        "batches": ArrayBatches(make_images(), targets),
        "held_out": None,
    }


def test_each_of_several_outputs_is_looked_at(caplog):
    with caplog.at_level(logging.WARNING, "nn.training"):
        make_trainer(**two_outputs(Sigmoid()))
        assert not caplog.records
        make_trainer(**two_outputs(Tanh()))
    (message,) = caplog.messages
    assert message.startswith("output bound: a tanh gives -1 to 1, but binary_cross_entropy takes 0 to 1")


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"loss": SquaredError()}, "has the outputs free, bound: give nn.training.Losses"),
        ({"loss": Losses({"free": SquaredError()})}, "losses are of the outputs free; the outputs are"),
        (
            {"loss": Losses({"free": SquaredError(), "bond": SquaredError()})},
            "losses are of the outputs free, bond; the outputs are free, bound",
        ),
        ({"batches": ArrayBatches(make_images(), np.zeros((23, 4)))}, "the targets are one without a name"),
        (
            {"network": Dense(SHAPE, CODE, generator=np.random.default_rng(1))},
            "the outputs are one without a name",
        ),
        (
            {"network": Dense(SHAPE, CODE, generator=np.random.default_rng(1)), "loss": SquaredError()},
            "one output: give its targets alone, not free, bound",
        ),
    ],
)
def test_losses_outputs_and_targets_of_other_names_are_refused_at_once(changes, message):
    with pytest.raises(ValueError, match=message):
        make_trainer(**two_outputs(Sigmoid()) | changes)


def network_of(dtype):
    return Dense(3, 2, generator=np.random.default_rng(0), dtype=dtype)


def trained(network, batches, held_out=None):
    generator = np.random.default_rng(0)
    return Trainer(network, SquaredError(), SGD(0.1), batches, held_out, batch_size=2, generator=generator)


def batches_of(dtype):
    return ArrayBatches(np.zeros((4, 3)), np.zeros((4, 2)), dtype=dtype)


@pytest.mark.parametrize(("network", "data"), [("float64", "float32"), ("float32", "float64")])
def test_data_of_another_dtype_is_refused_before_training_begins(network, data):
    advice = rf"as {data}, but the network is {network}: give ArrayBatches\(..., dtype=.{network}.\)"
    with pytest.raises(ValueError, match=f"batches gives inputs {advice}"):
        trained(network_of(network), batches_of(data))
    with pytest.raises(ValueError, match=f"held_out gives inputs {advice}"):
        trained(network_of(network), batches_of(network), batches_of(data))
    with pytest.raises(ValueError, match=f"batches gives inputs {advice}"):
        trained(network_of(network), Prefetched(batches_of(data)))
    assert trained(network_of(network), batches_of(network), batches_of(network)).train(epochs=1)


def test_the_input_of_another_dtype_is_named():
    left, right = Input(3), Input(3)
    dense = Dense.of(2, dtype="float64").build(6, generator=np.random.default_rng(0))
    model = Model(
        {"left": left, "right": right}, Call(dense, Call(Concatenate.of(dtype="float64"), left, right))
    )
    inputs = {"left": np.zeros((4, 3)), "right": np.zeros((4, 3))}
    with pytest.raises(
        ValueError, match="batches gives the input left as float32, but the network is float64"
    ):
        trained(model, ArrayBatches(inputs, np.zeros((4, 2))))

"""A warning where the targets are outside the range of the outputs, and none otherwise."""

import re

import numpy as np
import pytest

from networks.activation import ActivationLayer
from networks.dense import Dense
from networks.sequential import Sequential
from networks.softmax import Softmax
from nn.activations import ELU, Activation, Identity, LeakyReLU, ReLU, Sigmoid, Tanh
from nn.losses import (
    LOSSES,
    BinaryCrossEntropy,
    BinaryCrossEntropyWithLogits,
    CategoricalCrossEntropy,
    CategoricalCrossEntropyWithLogits,
    Hinge,
    SquaredError,
    Wasserstein,
    loss_by_name,
)
from nn.shape import Shape
from nn.training.target_ranges import unreachable_targets

INPUTS, OUTPUTS = Shape(1, 1, 3), Shape(1, 1, 4)
PIXELS = np.array([0, 0.25, 1, 0.5, 0, 1, 0.75, 0.5]).reshape(*OUTPUTS, 2)
LABELS = np.array([0, 3]).reshape(1, 1, 1, 2)
ONE_HOT = np.eye(4)[[0, 3]].T.reshape(*OUTPUTS, 2)


def make(*parts):
    """Return a dense network with an activation, followed by further activations, or networks."""
    first, *others = parts
    layers = [Dense.of(OUTPUTS, activation=first)]
    for part in others:
        layers.append(ActivationLayer.of(activation=part) if isinstance(part, Activation) else part.of())
    return Sequential(INPUTS, layers, generator=np.random.default_rng(0))


def test_a_tanh_followed_by_a_sigmoid():
    expected = "a tanh followed by a sigmoid reaches only 0.269 to 0.731, the targets span 0 to 1"
    assert unreachable_targets(make(Tanh(), Sigmoid()), SquaredError(), PIXELS) == expected
    assert unreachable_targets(make(Tanh(), Sigmoid()), BinaryCrossEntropy(), PIXELS) == expected


@pytest.mark.parametrize(
    ("network", "loss", "targets", "message"),
    [
        (make(Tanh()), SquaredError(), 2 * PIXELS, "a tanh reaches only -1 to 1, the targets span 0 to 2"),
        (make(ReLU()), SquaredError(), PIXELS - 0.5, "a relu reaches only 0 to inf, the targets span -0.5"),
        (make(Identity(), ELU()), SquaredError(), -2 * PIXELS, "an elu reaches only -1 to inf"),
        (
            make(Tanh()),
            BinaryCrossEntropy(),
            PIXELS,
            "a tanh gives -1 to 1, but binary_cross_entropy takes 0 to",
        ),
        (make(Identity()), BinaryCrossEntropy(), PIXELS, "the network gives -inf to inf, but .*_with_logits"),
        (
            make(Sigmoid()),
            BinaryCrossEntropy(),
            2 * PIXELS - 1,
            "a sigmoid reaches only 0 to 1, .* span -1 to 1",
        ),
        (
            make(Tanh()),
            BinaryCrossEntropyWithLogits(),
            PIXELS,
            "a tanh followed by the sigmoid of binary_cross_entropy_with_logits reaches only 0.269 to 0.731",
        ),
        (
            make(ReLU()),
            BinaryCrossEntropyWithLogits(),
            PIXELS,
            "reaches only 0.5 to 1, the targets span 0 to 1",
        ),
        (
            make(Tanh()),
            CategoricalCrossEntropyWithLogits(),
            LABELS,
            "the softmax of categorical_cross_entropy_with_logits reaches only 0.0432 to 0.711",
        ),
        (make(Identity()), CategoricalCrossEntropy(), LABELS, "the network gives -inf to inf, but"),
        (
            make(Tanh(), Sigmoid()),
            CategoricalCrossEntropy(),
            ONE_HOT,
            "reaches only 0.269 to 0.731, .* 0 to 1",
        ),
    ],
)
def test_what_cannot_be_reached_is_named(network, loss, targets, message):
    assert re.search(message, unreachable_targets(network, loss, targets))


@pytest.mark.parametrize(
    ("network", "loss", "targets"),
    [
        (make(Sigmoid()), SquaredError(), PIXELS),
        (make(Tanh()), SquaredError(), PIXELS),
        (make(Identity()), SquaredError(), 1e9 * PIXELS),
        (make(LeakyReLU()), SquaredError(), -PIXELS),
        (make(Sigmoid()), BinaryCrossEntropy(), PIXELS),
        (make(Tanh(), Sigmoid()), BinaryCrossEntropy(label_smoothing=0.6), PIXELS),
        (make(Identity()), BinaryCrossEntropyWithLogits(), PIXELS),
        (make(Identity()), CategoricalCrossEntropyWithLogits(), LABELS),
        (make(ReLU()), CategoricalCrossEntropyWithLogits(), ONE_HOT),
        (make(Tanh()), CategoricalCrossEntropyWithLogits(label_smoothing=0.5), LABELS),
        (make(Identity(), Softmax), CategoricalCrossEntropy(), LABELS),
        (make(Identity(), Softmax), CategoricalCrossEntropy(), ONE_HOT),
        (make(Tanh(), Sigmoid()), Hinge(), 2 * ONE_HOT - 1),
        (make(Sigmoid()), Wasserstein(), 2 * ONE_HOT - 1),
    ],
)
def test_what_can_be_reached_is_not_warned_of(network, loss, targets):
    assert unreachable_targets(network, loss, targets) is None


def test_what_does_not_count_is_not_looked_at():
    network, targets = make(Tanh()), 2 * PIXELS
    assert unreachable_targets(network, SquaredError(), targets, mask=targets <= 1) is None
    assert (
        unreachable_targets(network, SquaredError(), np.concatenate([PIXELS, targets], -1), entries=2) is None
    )
    assert unreachable_targets(network, SquaredError(), targets, mask=np.zeros(2)) is None


def test_a_bound_missed_by_rounding_is_reached():
    assert unreachable_targets(make(Sigmoid()), SquaredError(), PIXELS * (1 + 1e-7)) is None


@pytest.mark.parametrize("name", LOSSES)
def test_the_bounds_that_are_claimed_hold_the_predictions(name):
    """Outputs between -1 and 1 give exactly the range of `prediction_range`."""
    corners = np.array(np.meshgrid(*[[-1.0, 1.0]] * 4)).reshape(4, -1)
    powers = np.exp(corners)
    predictions = {"": corners, "sigmoid": 1 / (1 + 1 / powers), "softmax": powers / powers.sum(axis=0)}
    found = predictions[LOSSES[name].applies]
    assert loss_by_name(name).prediction_range(-1, 1, 4) == pytest.approx((found.min(), found.max()))


def test_targets_that_are_not_finite_are_left_to_the_training_loop():
    assert (
        unreachable_targets(make(Identity()), SquaredError(), np.where(PIXELS == 1, np.inf, PIXELS)) is None
    )

"""The loss of several outputs: the weighted sum, its signals, and means over any division into batches."""

import numpy as np
import pytest

from networks.base.nodes import Call, Input
from networks.dense import Dense
from networks.model import Model
from nn.losses import AbsoluteError, CategoricalCrossEntropyWithLogits, SquaredError
from nn.optimizers import Adam
from nn.shape import Shape
from nn.training import ArrayBatches, Trainer
from nn.training.batch import Batch
from nn.training.losses import Losses, batch_loss, batch_parts
from nn.training.mean_loss import MeanLoss
from tests.support.tiny_training import make_images, make_network

GENERATOR = np.random.default_rng(1)


def example(entries=5):
    outputs = {"image": GENERATOR.random((2, 3, 1, entries)), "digit": GENERATOR.random((1, 1, 4, entries))}
    targets = {
        "image": GENERATOR.random((2, 3, 1, entries)),
        "digit": GENERATOR.integers(0, 4, (1, 1, 1, entries)).astype(np.float64),
    }
    return outputs, targets


def make_losses():
    return Losses({"image": AbsoluteError(), "digit": CategoricalCrossEntropyWithLogits()}, {"digit": 0.25})


def test_loss_and_signals_are_the_weighted_sum():
    outputs, targets = example()
    mask = {"image": (GENERATOR.random((2, 3, 1, 5)) < 0.6).astype(np.float64)}
    loss, signals = make_losses()(outputs, targets, entries=4, mask=mask)
    image = AbsoluteError()(outputs["image"], targets["image"], entries=4, mask=mask["image"])
    digit = CategoricalCrossEntropyWithLogits()(outputs["digit"], targets["digit"], entries=4)
    assert loss == pytest.approx(image[0] + 0.25 * digit[0])
    np.testing.assert_allclose(signals["image"], image[1])
    np.testing.assert_allclose(signals["digit"], 0.25 * digit[1])


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_mean_over_batches_is_the_mean_over_everything(size):
    outputs, targets = example()
    mask = {"image": GENERATOR.random((2, 3, 1, 5))}
    mean = MeanLoss()
    for start in range(0, 5, size):
        part = (..., slice(start, start + size))
        cut = [{name: array[part] for name, array in arrays.items()} for arrays in (outputs, targets, mask)]
        batch = Batch({}, cut[1], cut[2], cut[1]["digit"].shape[-1])
        mean.add(batch_parts(make_losses(), cut[0], batch)[0])
    assert mean.value == pytest.approx(make_losses()(outputs, targets, mask=mask)[0])


def test_metrics_are_those_of_the_outputs_under_their_names():
    outputs, targets = example(7)
    names = {metric.name: metric for metric in make_losses().metrics()}
    accuracy = names["digit_accuracy"]
    assert accuracy.higher_is_better
    accuracy.reset()
    accuracy.add(outputs, targets, 5, {"image": np.ones((2, 3, 1, 7))})
    right = outputs["digit"].argmax(axis=-2)[0, 0, :5] == targets["digit"][0, 0, 0, :5]
    assert accuracy.value() == pytest.approx(right.mean())
    accuracy.reset()
    accuracy.add(outputs, targets, 5, {"digit": np.eye(7)[2]})
    assert accuracy.value() == right[2]


def test_a_part_weighs_what_counts_of_its_output():
    outputs, targets = example()
    mask = {"image": np.array([1, 0, 0.5, 1, 1])}
    parts, _ = batch_parts(make_losses(), outputs, Batch({}, targets, mask, 3))
    assert {name: part.weight for name, part in parts.items()} == {"image": 9, "digit": 3}
    assert sum(part.loss for part in parts.values()) == pytest.approx(
        make_losses()(outputs, targets, entries=3, mask=mask)[0]
    )


def test_one_output_needs_no_name():
    values = make_images(3, np.float64).transpose(1, 2, 3, 0)
    outputs = make_network(np.float64).forward(np.ascontiguousarray(values))
    batch = Batch(values, values, None, 3)
    assert batch_loss(SquaredError(), outputs, batch)[0] == pytest.approx(np.mean((outputs - values) ** 2))


@pytest.mark.parametrize(
    ("parts", "weights", "message"),
    [
        ({}, None, "at least one output"),
        ({"a": "huber"}, None, "that of a is 'huber': give one of nn.losses"),
        ({"a": SquaredError()}, {"b": 1}, "weights of b, which have no loss"),
        ({"a": SquaredError()}, {"a": -1}, "weight of a is -1"),
        ({"a": SquaredError()}, {"a": np.nan}, "weight of a is nan"),
    ],
)
def test_losses_that_make_no_sense_are_refused(parts, weights, message):
    with pytest.raises(ValueError, match=message):
        Losses(parts, weights)


def test_outputs_without_a_loss_are_named():
    outputs, targets = example()
    with pytest.raises(ValueError, match="losses are of the outputs image, digit; the targets are digit"):
        make_losses()(outputs, {"digit": targets["digit"]})
    with pytest.raises(ValueError, match="the outputs are one without a name"):
        batch_parts(make_losses(), outputs["image"], Batch({}, targets, None, 5))


@pytest.mark.parametrize("anything", [np.nan, np.inf, 9.0])
def test_targets_of_an_output_that_does_not_count_may_be_anything(anything):
    """Whatever the output is: zero times infinity would be NaN."""
    outputs, targets = example()
    losses = Losses(make_losses().parts, {"digit": 0})
    expected, slopes = losses.parts["image"](outputs["image"], targets["image"])
    outputs["digit"][:], targets["digit"][:] = anything, anything
    found, signals = losses(outputs, targets)
    assert found == expected
    np.testing.assert_array_equal(signals["image"], slopes)
    assert not signals["digit"].any()


def test_training_goes_on_where_the_targets_of_an_output_that_does_not_count_are_missing():
    generator = np.random.default_rng(0)
    image = Input(Shape(1, 1, 3))
    heads = {name: Dense(Shape(1, 1, 3), Shape(1, 1, 2), generator=generator) for name in ("one", "other")}
    model = Model(image, {name: Call(head, image, name=name) for name, head in heads.items()})
    inputs, target = (generator.normal(size=(8, size)).astype(np.float32) for size in (3, 2))
    source = ArrayBatches(inputs, {"one": target, "other": np.full_like(target, np.nan)})
    losses = Losses({"one": SquaredError(), "other": SquaredError()}, {"other": 0})
    before = heads["other"].parameters.values.copy()
    trainer = Trainer(model, losses, Adam(0.01), source, source, batch_size=3, generator=generator)
    trainer.train(epochs=2)
    assert trainer.rows[1].held_out_loss < trainer.rows[0].held_out_loss
    np.testing.assert_array_equal(heads["other"].parameters.values, before)

"""Axes of one: labels of pixels and of steps, masks and rows of numbers are accepted where unambiguous."""

import numpy as np
import pytest

from networks import Concatenate, Dense
from networks.activation import ActivationLayer
from networks.base.nodes import Call, Input
from networks.model import Model
from nn.activations import Identity
from nn.axes_of_one import match_input_shape, match_target_shape
from nn.losses import (
    BinaryCrossEntropyWithLogits,
    CategoricalCrossEntropy,
    CategoricalCrossEntropyWithLogits,
    Hinge,
    SquaredError,
)
from nn.metrics import Accuracy
from nn.optimizers import Adam
from nn.shape import Shape, as_shape
from nn.training import ArrayBatches, Losses, Trainer, evaluate

COUNT, CLASSES = 6, 3
POSITIONS = [(4, 5), (5, 4), (1, 4), (4, 1), (1, 1), (2, 4, 5), (4,), (1,)]
"""Axes of images, vectors, videos and sequences that come before the classes."""

LOSSES_OF_CLASSES = [
    CategoricalCrossEntropyWithLogits(),
    CategoricalCrossEntropyWithLogits(class_weights=(0.5, 2, 1), label_smoothing=0.1),
]


def drawn(positions, seed=0):
    generator = np.random.default_rng(seed)
    outputs = generator.normal(size=(COUNT, *positions, CLASSES)).astype(np.float32)
    return outputs, generator.integers(0, CLASSES, (COUNT, *positions)), generator.random((COUNT, *positions))


def identity(shape):
    return ActivationLayer(as_shape(shape), activation=Identity())


def found(outputs, loss, targets, masks=None, batch_size=4):
    """Return loss and accuracy of a network whose outputs are these, from targets in the form given."""
    source = ArrayBatches(outputs, targets, masks)
    return evaluate(identity(outputs.shape[1:]), loss, source, batch_size)


@pytest.mark.parametrize("loss", LOSSES_OF_CLASSES)
@pytest.mark.parametrize("positions", POSITIONS)
@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32])
def test_a_label_for_every_position_needs_no_axis_of_its_own(positions, loss, dtype):
    outputs, labels, weights = drawn(positions)
    expected = found(outputs, loss, np.eye(CLASSES, dtype=np.float32)[labels])
    labels = labels.astype(dtype)
    forms = [labels, labels[..., None]]
    if np.prod(positions) == 1:
        forms += [labels.reshape(COUNT), labels.reshape(COUNT, 1)]
    for form in forms:
        again = found(outputs, loss, form)
        assert again.loss == pytest.approx(expected.loss, rel=1e-6)
        assert again.metrics == pytest.approx(expected.metrics)
    one_hot = np.eye(CLASSES, dtype=np.float32)[labels.astype(int)]
    expected = found(outputs, loss, one_hot, weights)
    for form in (labels, labels[..., None]):
        again = found(outputs, loss, form, weights)
        assert again.loss == pytest.approx(expected.loss, rel=1e-6)
        assert again.metrics == pytest.approx(expected.metrics)
    by_entry = weights.reshape(COUNT, -1)[:, 0]
    assert found(outputs, loss, labels, by_entry).loss == pytest.approx(
        found(outputs, loss, one_hot, by_entry).loss, rel=1e-6
    )


@pytest.mark.parametrize("dtype", [np.bool_, np.uint8, np.int64, np.float32])
@pytest.mark.parametrize("positions", POSITIONS)
def test_a_number_for_every_pixel_needs_no_channel(positions, dtype):
    generator = np.random.default_rng(0)
    outputs = generator.normal(size=(COUNT, *positions, 1)).astype(np.float32)
    masks = (generator.random((COUNT, *positions)) < 0.5).astype(dtype)
    for loss in (BinaryCrossEntropyWithLogits(), SquaredError()):
        expected = found(outputs, loss, masks[..., None].astype(np.float32))
        again = found(outputs, loss, masks)
        assert again.loss == pytest.approx(expected.loss, rel=1e-6)
        assert again.metrics == pytest.approx(expected.metrics, nan_ok=True)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64])
def test_whole_numbers_for_every_output_of_a_vector_are_taken(dtype):
    generator = np.random.default_rng(0)
    outputs = generator.normal(size=(COUNT, 1, 1, 4)).astype(np.float32)
    several = generator.integers(0, 2, (COUNT, 4)).astype(dtype)
    expected = found(outputs, BinaryCrossEntropyWithLogits(), several.astype(np.float32))
    assert found(outputs, BinaryCrossEntropyWithLogits(), several).loss == pytest.approx(expected.loss)


@pytest.mark.parametrize("loss", [Hinge(), SquaredError()])
def test_rows_of_floats_are_numbers_of_steps(loss):
    generator = np.random.default_rng(0)
    outputs = generator.normal(size=(COUNT, 7, 1)).astype(np.float32)
    signs = generator.choice([-1.0, 1.0], (COUNT, 7))
    assert found(outputs, loss, signs).loss == pytest.approx(found(outputs, loss, signs[..., None]).loss)


@pytest.mark.parametrize(
    "targets",
    [
        np.zeros((COUNT, 5, 4), int),
        np.zeros((COUNT, 4, 5, 2), int),
        np.zeros((COUNT, 20), int),
        np.zeros((COUNT, 4), int),
        np.zeros(COUNT, int),
    ],
)
def test_what_differs_in_more_is_refused_with_the_shapes_to_give(targets):
    outputs = np.ones((COUNT, 4, 5, CLASSES), np.float32)
    message = r"expected labels \(4, 5, 1, 16\) or probabilities \(4, 5, 3, 16\)"
    for loss in (*LOSSES_OF_CLASSES, CategoricalCrossEntropy()):
        with pytest.raises(ValueError, match=message):
            found(outputs, loss, targets, batch_size=16)
    histories = np.moveaxis(targets, 0, -1)
    with pytest.raises(ValueError, match=r"expected labels \(4, 5, 1, 6\) or probabilities \(4, 5, 3, 6\)"):
        Accuracy().add(np.moveaxis(outputs, 0, -1), histories)


def test_labels_are_no_targets_of_losses_of_numbers():
    outputs, labels, _ = drawn((4, 5))
    message = r"outputs have shape \(4, 5, 3, 16\), targets \(4, 5, 1, 16\): labels .* categorical_"
    for loss in (SquaredError(), BinaryCrossEntropyWithLogits(), Hinge()):
        with pytest.raises(ValueError, match=message):
            found(outputs, loss, labels, batch_size=16)


def test_a_trainer_learns_maps_of_classes():
    outputs, labels, weights = drawn((4, 5))

    def trained(targets):
        network = Dense(Shape(4, 5, 3), Shape(4, 5, 3), generator=np.random.default_rng(1))
        source = ArrayBatches(outputs, targets, weights)
        loss, generator = LOSSES_OF_CLASSES[0], np.random.default_rng(2)
        trainer = Trainer(network, loss, Adam(0.01), source, source, batch_size=4, generator=generator)
        return trainer.train(epochs=2).row, network.parameters.values

    row, values = trained(labels)
    expected, same = trained(labels[..., None])
    np.testing.assert_array_equal(values, same)
    assert (row.held_out_loss, row.metrics) == (expected.held_out_loss, expected.metrics)


def test_ends_by_name_are_fitted_one_by_one():
    outputs, labels, weights = drawn((4, 5))
    vector, image = Input(Shape(1, 1, 4)), Input(Shape(4, 5, CLASSES))
    left = Call(identity(vector.shape), vector)
    right = Call(identity(image.shape), image)
    model = Model({"vector": vector, "image": image}, {"map": right, "row": left})
    rows = np.random.default_rng(0).integers(0, 2, (COUNT, 4))
    losses = Losses({"map": LOSSES_OF_CLASSES[0], "row": SquaredError()})

    def loss_of(rows, labels, weights):
        inputs, targets = {"vector": rows, "image": outputs}, {"map": labels, "row": rows}
        return evaluate(model, losses, ArrayBatches(inputs, targets, {"map": weights}), 4)

    expected = loss_of(rows.astype(np.float32), labels[..., None], weights[..., None])
    assert loss_of(rows, labels, weights) == expected
    assert expected.loss == pytest.approx(found(outputs, LOSSES_OF_CLASSES[0], labels, weights).loss)
    inputs = {"vector": rows, "image": outputs}
    np.testing.assert_array_equal(model.predict(inputs)["row"][:, 0, 0], rows)


def test_merges_take_several_arrays():
    inputs = Input(Shape(1, 1, 4)), Input(Shape(1, 1, 4))
    model = Model(dict(zip("ab", inputs, strict=True)), Call(Concatenate([w.shape for w in inputs]), *inputs))
    rows = np.random.default_rng(0).integers(0, 2, (COUNT, 4))
    source = ArrayBatches({"a": rows, "b": rows}, np.concatenate([rows, rows], axis=1))
    assert evaluate(model, SquaredError(), source, 4).loss == 0


@pytest.mark.parametrize(
    ("shape", "inputs", "fits"),
    [
        ((), (1, 1, 1), True),
        ((), (1, 1), True),
        ((4,), (1, 1, 4), True),
        ((4,), (4, 1), True),
        ((4,), (1, 4), True),
        ((4, 1), (1, 1, 4), True),
        ((1, 1, 4), (4, 1), True),
        ((4,), (2, 2, 1), False),
        ((4,), (4, 1, 1), False),
        ((4,), (1, 1, 3), False),
        ((1, 4), (4, 1), False),
        ((2, 2), (2, 2, 1), False),
        ((2, 2), (4, 1), False),
        ((4,), (4, 1, 1, 1), False),
    ],
)
def test_rows_fit_vectors_and_sequences_and_no_images(shape, inputs, fits):
    assert match_input_shape(shape, as_shape(inputs)) == (inputs if fits else shape)


@pytest.mark.parametrize("outputs", [(4, 5, 3), (4, 3), (1, 1, 3), (1, 1, 1), (2, 4, 5, 3)])
def test_shapes_that_fit_already_stay(outputs):
    for shape in (outputs, (*outputs[:-1], 1)):
        assert match_target_shape(shape, as_shape(outputs)) == shape

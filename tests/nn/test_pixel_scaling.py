"""Bytes: brightnesses in input images, and whole numbers everywhere else."""

import numpy as np
import pytest

from autoencoder.model import AutoEncoder
from autoencoder.settings import Settings
from networks import LSTM, Dense, Embedding
from networks.base.nodes import Call, Input
from networks.estimators import Classifier, Compressor, Regressor
from networks.model import Model
from networks.sequential import Sequential
from nn.activations import Identity
from nn.data import ImageSet
from nn.entries import to_history
from nn.history import padded
from nn.losses import CategoricalCrossEntropyWithLogits, SquaredError
from nn.optimizers import Adam
from nn.pixel_scaling import are_byte_images, scale_pixels
from nn.shape import SequenceShape, Shape, as_shape
from nn.training import ArrayBatches, ImageBatches, Trainer

COUNT = 5
IMAGES = [(3, 4, 1), (2, 1, 3), (1, 2, 4), (2, 3, 4, 1)]
"""Shapes of images and videos."""

OTHERS = [(), (1,), (7,), (6, 1), (4, 3), (28, 28), (1, 1, 1), (1, 1, 7), (2, 1, 1, 5)]
"""Shapes of labels, vectors, tokens, sequences, and steps of vectors."""


def whole_numbers(shape, seed=0):
    return np.random.default_rng(seed).integers(0, 256, (COUNT, *shape), dtype=np.uint8)


def loss_of_a_step(network, source):
    """Return the loss of all entries together, which evaluating and training agree on."""
    generator = np.random.default_rng(0)
    trainer = Trainer(
        network, SquaredError(), Adam(0.01), source, source, batch_size=len(source), generator=generator
    )
    evaluated = trainer.evaluate().loss
    trainer.make_step()
    assert trainer.log.curve.losses[-1] == pytest.approx(evaluated, abs=1e-12)
    return evaluated


def numbers_of(histories):
    """Return histories (..., N) as entries, a row for each."""
    return histories[..., :COUNT].reshape(-1, COUNT).T


def as_floats(array, dtype=np.float32):
    return array.astype(dtype).reshape(COUNT, -1)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [*IMAGES, *OTHERS])
def test_inputs_are_scaled_where_they_are_images_in_training_and_in_use(shape, dtype):
    inputs = whole_numbers(shape)
    divisor = dtype(255) if shape in IMAGES else dtype(1)
    assert are_byte_images(inputs) == (shape in IMAGES)
    expected = as_floats(inputs, dtype) / divisor
    batch = ArrayBatches(inputs, np.zeros(COUNT), dtype=dtype).batch(np.arange(COUNT))
    np.testing.assert_array_equal(numbers_of(batch.inputs), expected)
    np.testing.assert_array_equal(numbers_of(to_history(inputs, dtype)), expected)


@pytest.mark.parametrize("shape", [*IMAGES, *OTHERS])
def test_targets_are_what_they_are(shape):
    targets = whole_numbers(shape)
    named = {"map": targets, "mask": targets % 2}
    batches = [
        ArrayBatches(np.zeros(COUNT), targets).batch(np.arange(COUNT)).targets,
        ArrayBatches(np.zeros(COUNT), named).batch(np.arange(COUNT)).targets["map"],
        ArrayBatches(whole_numbers(shape, seed=1), targets).batch(np.arange(COUNT)).targets,
        to_history(targets, targets=True),
    ]
    for histories in batches:
        np.testing.assert_array_equal(numbers_of(histories), as_floats(targets))


@pytest.mark.parametrize("shape", [*IMAGES, *OTHERS])
@pytest.mark.parametrize("how", ["none", "same", "view", "copy", "by name"])
def test_targets_that_are_the_inputs_are_scaled_with_them(shape, how):
    whole = whole_numbers(shape)
    inputs = whole[:]
    answers = {"none": None, "same": inputs, "view": whole[:], "copy": whole.copy()}
    given = answers.get(how, {"out": inputs})
    source = ArrayBatches({"in": inputs} if how == "by name" else inputs, given)
    batch = source.batch(np.arange(COUNT))
    ends = (batch.inputs["in"], batch.targets["out"]) if how == "by name" else (batch.inputs, batch.targets)
    divisor = np.float32(255 if shape in IMAGES else 1)
    for end in ends:
        np.testing.assert_array_equal(numbers_of(end), as_floats(whole) / divisor)
    if shape in IMAGES or how not in ("view", "copy"):
        assert source.size_in_bytes == whole.nbytes


def test_another_part_of_the_inputs_is_a_target_of_its_own():
    whole = np.random.default_rng(0).integers(0, 256, (2 * COUNT, 2, 2, 1), np.uint8)
    other = whole[:COUNT].copy()
    other[-1, -1, -1, -1] ^= 1
    for part in (whole[COUNT:], whole[:COUNT, ::-1], whole[:COUNT].view(np.int8), other):
        batch = ArrayBatches(whole[:COUNT], part).batch(np.arange(COUNT))
        np.testing.assert_array_equal(numbers_of(batch.targets), as_floats(part))


@pytest.mark.parametrize("shape", [(2, 3, 1), (1, 1, 1), (1, 1, 3)])
def test_what_is_said_to_be_images_is_scaled_whatever_its_size(shape):
    images = whole_numbers(shape)
    expected = images / np.float32(255)
    np.testing.assert_array_equal(scale_pixels(images), expected)
    names = [str(number) for number in range(COUNT)]
    np.testing.assert_array_equal(ImageSet(images, names).batch(np.arange(COUNT))[0], expected)
    batch = ImageBatches(images).batch(np.arange(COUNT))
    np.testing.assert_array_equal(numbers_of(batch.inputs), expected.reshape(COUNT, -1))
    settings = Settings(width=shape[1], height=shape[0], channels=shape[2], layers="", code_size=2)
    model = AutoEncoder.create(settings, generator=np.random.default_rng(0))
    np.testing.assert_array_equal(model.encode(images), model.encode(expected))
    np.testing.assert_array_equal(model.reconstruct(images), model.reconstruct(expected))


@pytest.mark.parametrize("shape", [(3, 4, 1), (1, 1, 7), (4, 3)])
def test_networks_and_models_predict_from_bytes_as_they_learn_from_them(shape):
    inputs = whole_numbers(shape)
    expected = (inputs / np.float32(255) if shape in IMAGES else inputs).astype(np.float32)

    def make():
        generator = np.random.default_rng(1)
        if len(shape) == 2:
            return LSTM(SequenceShape(*shape), units=2, generator=generator)
        return Dense(Shape(*shape), Shape(1, 1, 2), generator=generator)

    image = Input(as_shape(shape))
    for subject in (make(), Sequential([make()]), Model(image, Call(make(), image))):
        outputs = subject.predict(expected)
        np.testing.assert_array_equal(subject.predict(inputs), outputs)
        assert loss_of_a_step(subject, ArrayBatches(inputs, outputs)) == pytest.approx(0, abs=1e-9)


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32])
@pytest.mark.parametrize("trailing", [(), (1,)])
def test_tokens_are_tokens_in_every_type_in_training_and_in_use(dtype, trailing):
    tokens = np.arange(12).reshape(4, 3, *trailing).astype(dtype)
    embedding = Embedding(SequenceShape(3, 1), labels=12, features=2, generator=np.random.default_rng(0))
    expected = embedding.parameters["weights"][np.arange(12)].reshape(4, 3, 2).copy()
    np.testing.assert_array_equal(embedding.predict(tokens), expected)
    assert loss_of_a_step(embedding, ArrayBatches(tokens, expected)) == 0


@pytest.mark.parametrize("dtype", [np.uint8, np.int64, np.float32])
def test_rows_of_numbers_are_vectors_in_every_type_in_training_and_in_use(dtype):
    rows = np.random.default_rng(0).integers(0, 2, (6, 4)).astype(dtype)
    network = Dense(Shape(1, 1, 4), Shape(1, 1, 2), generator=np.random.default_rng(0))
    expected = network.predict(rows.astype(np.float32).reshape(6, 1, 1, 4))
    np.testing.assert_array_equal(network.predict(rows), expected)
    assert loss_of_a_step(network, ArrayBatches(rows, expected)) == pytest.approx(0, abs=1e-12)


@pytest.mark.parametrize("shape", [(4, 4, 1), (6,), (3, 2)])
@pytest.mark.parametrize("kind", [Classifier, Regressor, Compressor])
def test_estimators_follow_the_same_rule(kind, shape):
    entries = np.random.default_rng(0).integers(0, 256, (20, *shape), dtype=np.uint8)
    labels = np.arange(20) % 2
    numbers = entries / np.float32(255) if len(shape) == 3 else entries.astype(np.float32)
    estimators = [kind((3,), epochs=2, learning_rate=1e-4).fit(each, labels) for each in (entries, numbers)]
    outputs = {Classifier: "predict_proba", Regressor: "predict", Compressor: "transform"}[kind]
    for each in estimators:
        found = getattr(each, outputs)(entries)
        np.testing.assert_allclose(found, getattr(each, outputs)(numbers), rtol=1e-5, atol=1e-6)
    scores = [each.score(entries, labels) for each in estimators]
    assert scores == pytest.approx([each.score(numbers, labels) for each in estimators[::-1]], rel=1e-4)


def test_masks_of_zero_and_one_in_bytes_are_learned_as_such():
    """A network that finds the class of every pixel, from bytes to bytes."""
    images = np.random.default_rng(0).integers(0, 256, (40, 2, 2, 1), dtype=np.uint8)
    masks = (images > 127).astype(np.uint8)
    network = Dense(Shape(2, 2, 1), Shape(2, 2, 2), activation=Identity(), generator=np.random.default_rng(1))
    source, loss = ArrayBatches(images, masks), CategoricalCrossEntropyWithLogits()
    generator = np.random.default_rng(2)
    trainer = Trainer(network, loss, Adam(0.05), source, source, batch_size=20, generator=generator)
    outcome = trainer.train(epochs=60)
    assert outcome.row.metrics["accuracy"] > 0.95
    assert (network.predict(images).argmax(axis=-1) == masks[..., 0]).mean() > 0.95


def test_histories_beyond_the_entries_stay_zero():
    for inputs in (whole_numbers((3, 4, 1)), whole_numbers((7,))):
        assert not to_history(inputs)[..., COUNT : padded(COUNT)].any()

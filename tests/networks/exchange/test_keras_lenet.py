"""LeNet-5 (LeCun et al. 1998), made and begun in Keras: opened here, shown, trained, and with a new head."""

import numpy as np
import pytest

from networks import AveragePooling, Convolution, Dense, Sequential
from networks.exchange import keras as exchange
from networks.exchange import transfer
from nn import Adam, ArrayBatches, CategoricalCrossEntropyWithLogits, Identity, Shape, Tanh, Trainer, digits
from nn.pixel_scaling import scale_pixels
from tests.support.keras_models import keras_library
from workbench.inspect.inspector import Inspector
from workbench.run.run_directory import RunDirectory
from workbench.run.trainer_run import TrainerRun
from workbench.run.trainer_session import TrainerSession

pytestmark = [pytest.mark.usefixtures("one_thread"), pytest.mark.filterwarnings("ignore")]

keras = keras_library()
pytest.importorskip("h5py")
pytest.importorskip("pyfive")

RENDERED = digits(1600, generator=np.random.default_rng(0))
IMAGES, LABELS = scale_pixels(RENDERED.images), RENDERED.labels.astype(np.int64)
KNOWN, NEW = slice(0, 1200), slice(1200, None)
NAMES = ["c1", "s2", "c3", "s4", "flatten", "c5", "f6", "output"]


def lenet():
    """As it was in Keras, an epoch of 500 digits old."""
    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input((28, 28, 1)),
            layers.Conv2D(6, 5, padding="same", activation="tanh", name="c1"),
            layers.AveragePooling2D(2, name="s2"),
            layers.Conv2D(16, 5, activation="tanh", name="c3"),
            layers.AveragePooling2D(2, name="s4"),
            layers.Flatten(name="flatten"),
            layers.Dense(120, activation="tanh", name="c5"),
            layers.Dense(84, activation="tanh", name="f6"),
            layers.Dense(10, name="output"),
        ]
    )
    generator = np.random.default_rng(0)
    for each in model.weights:
        if len(each.shape) > 1:
            fans = int(np.prod(each.shape[:-2])) * (each.shape[-2] + each.shape[-1])
            each.assign(generator.uniform(-1, 1, each.shape) * np.sqrt(6 / fans))
    model.compile(keras.optimizers.Adam(0.002), keras.losses.SparseCategoricalCrossentropy(from_logits=True))
    for start in range(0, 500, 32):
        model.train_on_batch(IMAGES[start : start + 32], LABELS[start : start + 32])
    return model


@pytest.fixture(scope="module")
def begun(tmp_path_factory):
    """A file of it, and its answers to new digits."""
    path, model = tmp_path_factory.mktemp("lenet") / "lenet.keras", lenet()
    model.save(path)
    return path, np.asarray(model(IMAGES[NEW]))


def trainer_of(network):
    batches, loss = ArrayBatches(IMAGES[KNOWN], LABELS[KNOWN]), CategoricalCrossEntropyWithLogits()
    return Trainer(network, loss, Adam(0.002), batches, batch_size=32, generator=np.random.default_rng(0))


def accuracy(network):
    answers = network.predict(IMAGES[NEW]).reshape(-1, 10)
    return float((answers.argmax(axis=1) == LABELS[NEW]).mean())


def test_it_answers_the_same_is_shown_whole_and_learns_on(begun, tmp_path):
    path, expected = begun
    network = exchange.load(path)
    found = network.predict(IMAGES[NEW]).reshape(-1, 10)
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert (found.argmax(axis=1) == expected.argmax(axis=1)).all()
    before = accuracy(network)

    trainer = trainer_of(network)
    run = TrainerRun(TrainerSession(trainer), RunDirectory(tmp_path), ())
    layers, inspector = run.overview()["layers"], Inspector(run)
    assert [each["name"].split()[0] for each in layers[1:]] == NAMES
    header, arrays = inspector.frame(["values", "biases"])
    assert len(header["answers"]) == 8
    assert len(arrays["values"]) == sum(each["neurons"] for each in layers)
    for number in range(len(layers)):
        inspector.neuron(number, 1)
        inspector.connections(number, 1)

    trainer.train(epochs=3)
    assert before < 0.85, before
    assert accuracy(network) > 0.88, (before, accuracy(network))


def test_its_convolutions_are_frozen_behind_a_new_head(begun):
    path, _ = begun
    convolutions = {
        "c1": Convolution.of(channels=6, kernel=5, padding="same", activation=Tanh()),
        "s2": AveragePooling.of(window=2),
        "c3": Convolution.of(channels=16, kernel=5, activation=Tanh()),
        "s4": AveragePooling.of(window=2),
    }
    generator = np.random.default_rng(0)
    features = Sequential(Shape(28, 28, 1), convolutions, generator=generator)
    head = Dense(features.output_shape, 10, activation=Identity(), generator=generator)
    network = Sequential({"features": features, "head": head})
    report = transfer.take(network, path, {"features.c1": "c1", "features.c3": "c3"})
    assert report.is_whole and len(report.matched) == 4
    network.parameters.freeze("features")
    before = features.parameters.values.copy()
    trainer_of(network).train(epochs=3)
    assert np.array_equal(features.parameters.values, before)
    assert accuracy(network) > 0.7, accuracy(network)

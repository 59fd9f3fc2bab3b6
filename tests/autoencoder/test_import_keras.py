"""The command `import` of models that were made in Keras."""

import numpy as np
import pytest

from autoencoder.model_file import build_model, load_snapshot
from autoencoder.settings import TABLE
from tests.support.autoencoder_runs import run
from tests.support.keras_models import draw_weights, keras_library
from workbench.settings.stored import settings_of

pytestmark = [pytest.mark.usefixtures("one_thread"), pytest.mark.filterwarnings("ignore")]

keras = keras_library()
pytest.importorskip("pyfive")
layers = keras.layers


def saved(path, *inside, shape=(8, 6)):
    model = keras.Sequential([keras.Input(shape), *inside])
    draw_weights(model, 0)
    model.save(path)
    return model


def bring(path, directory, *more):
    where = ("--model-directory", directory, "--limit", "40", "--rung", "plain", "--threads", "1")
    return run("import", path, *where, *more)


def opened(directory):
    snapshot = load_snapshot(directory)
    return build_model(snapshot, TABLE.make(settings_of(snapshot)))


def halves(*behind):
    """An encoder and a decoder as models within a model, activations as layers of their own."""
    encoder = [layers.Flatten(), layers.Dense(12), layers.LeakyReLU(0.2), layers.Dense(4, activation="tanh")]
    decoder = [layers.Dense(12, "elu"), layers.Activation("linear"), layers.Dense(48), *behind]
    return keras.Sequential(encoder, name="encoder"), keras.Sequential(decoder, name="decoder")


@pytest.mark.parametrize("shape", [(8, 6), (8, 6, 1)])
def test_layers_and_activations_of_their_own_become_a_model(shape, tmp_path):
    path = tmp_path / "theirs.keras"
    theirs = saved(path, *halves(layers.Activation("sigmoid"), layers.Reshape(shape)), shape=shape)
    assert bring(path, tmp_path / "model") == 0
    ours = opened(tmp_path / "model")
    assert ours.shape == (8, 6, 1) and ours.settings.layers == (12,) and ours.settings.code_size == 4
    images = np.random.default_rng(1).random((3, 8, 6, 1), np.float32)
    values = images.reshape(3, *shape)
    assert np.allclose(ours.encode(images).reshape(3, 4), theirs.layers[0](values), atol=1e-6)
    assert np.allclose(ours.network.predict(images).reshape(values.shape), theirs(values), atol=1e-6)
    more = ("--model-directory", tmp_path / "model", "--output-directory", tmp_path / "output")
    assert run("train", "--resume", "--epochs", "1", *more) == 0


@pytest.mark.parametrize(
    ("inside", "problem"),
    [
        (lambda: [*halves(layers.Activation("tanh"))], "the last layer has Tanh()"),
        (lambda: [*halves(layers.ReLU(), layers.Activation("sigmoid"))], "is Sigmoid() behind ReLU()"),
        (lambda: [layers.ReLU(), *halves()], "is an activation of the pixels"),
        (lambda: [*halves(layers.Dropout(0.5))], "is a dropout"),
        (lambda: [layers.Dense(3), *halves()], "a time_distributed: an autoencoder has one layer"),
        (lambda: [layers.Flatten(), layers.Dense(48)], "layers of 48, 48 numbers"),
        (lambda: [layers.GaussianDropout(0.1), *halves()], "GaussianDropout): this class is not mapped"),
    ],
)
def test_what_is_no_autoencoder_is_refused(inside, problem, tmp_path, capsys):
    path = tmp_path / "theirs.keras"
    saved(path, *inside())
    assert bring(path, tmp_path / "model") == 2
    message = capsys.readouterr().err
    assert message.startswith(f"autoencoder import: {path}: ") and problem in message
    assert not (tmp_path / "model").exists()

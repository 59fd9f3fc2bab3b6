"""Models of Keras that mask steps by their inputs: their answers are those of ours with step masks."""

import numpy as np
import pytest

from networks.exchange import ExchangeError
from networks.exchange import keras as exchange
from tests.support.keras_models import draw_weights, keras_library

pytestmark = [pytest.mark.usefixtures("one_thread"), pytest.mark.filterwarnings("ignore")]

keras = keras_library()
h5py = pytest.importorskip("h5py")
pytest.importorskip("pyfive")
layers = keras.layers

STEPS, FEATURES, NOT_THERE = 6, 3, -2.0
MASKS = np.array(
    [[1, 1, 1, 1, 0, 0], [1, 1, 1, 1, 1, 1], [0, 0, 1, 0, 1, 1], [1, 0, 1, 0, 1, 0], [0] * 6], dtype=bool
)
"""Padded behind, whole, padded before, with gaps, and empty."""

LABELS = np.where(MASKS, np.random.default_rng(0).integers(1, 7, MASKS.shape), 0)
VALUES = np.where(MASKS[..., None], np.random.default_rng(1).normal(size=(*MASKS.shape, FEATURES)), NOT_THERE)


def saved(path, begin, *inside):
    model = keras.Sequential([begin, *inside])
    draw_weights(model, 0)
    model.save(path)
    return model


def words(*inside):
    return keras.Input((STEPS,), dtype="int32"), layers.Embedding(7, 4, mask_zero=True), *inside


def series(*inside):
    return keras.Input((STEPS, FEATURES)), layers.Masking(NOT_THERE), *inside


def every(kind, units=3, **more):
    return kind(units, return_sequences=True, **more)


MODELS = {
    "lstm": lambda: words(
        layers.Dropout(0.5), every(layers.LSTM), layers.LSTM(4), layers.Dense(2, "softmax")
    ),
    "gru": lambda: series(layers.Dense(4, "relu"), every(layers.GRU), layers.GRU(4), layers.Flatten()),
    "both": lambda: series(
        layers.Bidirectional(every(layers.GRU)),
        layers.LayerNormalization(),
        layers.BatchNormalization(),
        layers.TimeDistributed(layers.Dense(4)),
        layers.Activation("tanh"),
        layers.Bidirectional(layers.LSTM(2)),
    ),
    "steps": lambda: words(every(layers.LSTM), layers.Bidirectional(every(layers.GRU)), layers.Dense(2)),
}


@pytest.mark.parametrize("name", MODELS)
def test_answers_are_those_of_step_masks(name, tmp_path):
    begin, *inside = MODELS[name]()
    model = saved(tmp_path / "chain.keras", begin, *inside)
    value = begin
    for each in inside:
        value = each(value)
    # Keras writes there how masks are computed
    keras.Model(begin, value).save(tmp_path / "functional.keras")
    given = LABELS if name in ("lstm", "steps") else VALUES.astype(np.float32)
    expected = np.asarray(model(given))
    for file in ("chain.keras", "functional.keras"):
        network = exchange.load(tmp_path / file, masked=True)
        entries = given.reshape(len(given), *network.input_shape)
        found = network.predict(entries, step_masks=MASKS).reshape(expected.shape)
        there = MASKS if name == "steps" else ...
        assert np.allclose(found[there], expected[there], rtol=1e-5, atol=1e-6)
        assert not np.allclose(network.predict(entries).reshape(expected.shape), found, atol=1e-3)


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: words(layers.LSTM(3)), r"mask_zero is True: .*`masked=True`.*not 0"),
        (
            lambda: series(layers.LSTM(3)),
            r"Masking\): masks steps .*`step_masks` of steps that are not -2 in",
        ),
    ],
)
def test_masks_are_left_to_the_data_when_it_is_asked_for_alone(make, problem, tmp_path):
    saved(tmp_path / "model.keras", *make())
    with pytest.raises(ExchangeError, match=problem):
        exchange.load(tmp_path / "model.keras")
    assert "masked=True" in exchange.survey(tmp_path / "model.keras")[-1]


@pytest.mark.parametrize(
    ("make", "problem"),
    [
        (lambda: (keras.Input((STEPS, FEATURES)), layers.LSTM(3)), "no layer in it makes masks"),
        (lambda: series(layers.Flatten(), layers.Dense(2)), r"Flatten\): is not mapped under a mask"),
        (lambda: series(layers.Softmax(), layers.LSTM(3)), r"Softmax\): is not mapped under a mask"),
        (lambda: series(layers.LayerNormalization(axis=[1, 2]), layers.LSTM(3)), "LayerNormalization"),
        (lambda: series(layers.Masking(0.0), layers.LSTM(3)), "the first alone makes them"),
        (lambda: series(layers.LSTM(3, zero_output_for_mask=True)), "zero_output_for_mask"),
        (lambda: series(every(layers.LSTM), layers.Reshape((STEPS * 3,))), r"Reshape\): is not mapped under"),
    ],
)
def test_other_answers_under_a_mask_are_refused_by_name(make, problem, tmp_path):
    saved(tmp_path / "model.keras", *make())
    with pytest.raises(ExchangeError, match=problem):
        exchange.load(tmp_path / "model.keras", masked=True)


def test_a_branch_around_a_mask_is_refused(tmp_path):
    begin = keras.Input((STEPS, FEATURES))
    masked = layers.Masking(0.0)(begin)
    mask = keras.ops.any(keras.ops.not_equal(begin, 1.0), axis=-1)
    around = layers.Add()([layers.LSTM(3)(masked), layers.LSTM(3)(begin)])
    for answer, problem in (
        (around, "where one layer follows another"),
        (layers.LSTM(3)(begin, mask=mask), "a call has other arguments"),
    ):
        keras.Model(begin, answer).save(tmp_path / "model.keras")
        with pytest.raises(ExchangeError, match=problem):
            exchange.load(tmp_path / "model.keras", masked=True)


def test_a_gru_that_resets_before_the_product_is_refused(tmp_path):
    layer = layers.GRU(3, reset_after=False)
    saved(tmp_path / "model.keras", keras.Input((STEPS, FEATURES)), layer)
    with pytest.raises(ExchangeError, match=r"reset_after is False: ours resets .* reset_after=True"):
        exchange.load(tmp_path / "model.keras")
    after = layers.GRU(3, use_bias=False)
    after.build((None, STEPS, FEATURES))
    for ours, theirs in zip(after.weights, layer.weights, strict=False):
        ours.assign(theirs)
    values = np.random.default_rng(2).normal(size=(2, STEPS, FEATURES)).astype(np.float32)
    layer.cell.bias.assign(np.zeros_like(layer.cell.bias))
    assert not np.allclose(after(values), layer(values), atol=1e-3)


def test_an_early_file_that_does_not_say_when_a_gru_resets_is_refused(tmp_path):
    model = saved(tmp_path / "model.h5", keras.Input((STEPS, FEATURES)), layers.GRU(3, use_bias=False))
    with h5py.File(tmp_path / "model.h5", "a") as file:
        text = file.attrs["model_config"]
        file.attrs["keras_version"] = "2.1.6"
        file.attrs["model_config"] = text.replace('"reset_after": true, ', "")
        assert file.attrs["model_config"] != text and model.built
    with pytest.raises(ExchangeError, match="does not say reset_after"):
        exchange.load(tmp_path / "model.h5")

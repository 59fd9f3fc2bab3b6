"""Files of weights of Keras, read by the names of layers into networks that are there."""

import numpy as np
import pytest

from networks import Convolution, Dense, Local, Sequential
from networks.exchange import ExchangeError
from networks.exchange import keras as exchange
from nn import Shape
from tests.support.keras_models import (
    assert_same,
    draw_ours,
    draw_weights,
    inputs_for,
    keras_library,
    ours,
    theirs,
)

pytestmark = [pytest.mark.usefixtures("one_thread"), pytest.mark.filterwarnings("ignore")]

keras = keras_library()
h5py = pytest.importorskip("h5py")
pytest.importorskip("pyfive")
layers = keras.layers


def images():
    inside = [
        layers.Conv2D(3, (2, 3), name="seen"),
        layers.BatchNormalization(name="norm"),
        layers.Conv2DTranspose(2, 3, name="drawn"),
    ]
    body = keras.Sequential([keras.Input((5, 6, 2)), *inside], name="body")
    end = [layers.LayerNormalization(name="last"), layers.Flatten(), layers.Dense(3, name="head")]
    return keras.Sequential([keras.Input((5, 6, 2)), body, *end])


def words():
    inside = [
        layers.Embedding(5, 4, name="rows"),
        layers.Bidirectional(layers.LSTM(3, return_sequences=True), name="both"),
        layers.TimeDistributed(layers.Dense(4, name="step"), name="steps"),
        layers.Dropout(0.5),
        layers.GRU(2, return_sequences=True, name="gated"),
        layers.Dense(3, name="every"),
        layers.LSTM(2, use_bias=False, name="end"),
    ]
    return keras.Sequential([keras.Input((6,), dtype="int32"), *inside])


def filled(network, value=7.0):
    """A network all of whose numbers are to be replaced."""
    network.parameters.values[:] = value
    for array in network.state().values():
        array[...] = value
    return network


def arrays(network):
    return [network.parameters.values.copy(), *(each.copy() for each in network.state().values())]


@pytest.mark.parametrize("make", [images, words])
def test_every_layer_takes_its_weights(make, tmp_path):
    model = make()
    draw_weights(model, 0)
    model.save(tmp_path / "x.keras")
    model.save(tmp_path / "x.h5")
    model.save_weights(tmp_path / "x.weights.h5")
    inputs = inputs_for(model, 1)
    answers = theirs(model, inputs)
    for name in ("x.keras", "x.h5", "x.weights.h5"):
        network = filled(exchange.load(tmp_path / "x.keras"))
        missing = ("end.bias",) if make is words else ()
        if missing:  # which Keras leaves out
            with pytest.raises(ExchangeError, match=r"missing in the file: end\.bias"):
                exchange.load_weights(network, tmp_path / name)
            network.parameters["end.layer_0.forward.biases"][...] = 0
        report = exchange.load_weights(network, tmp_path / name, partial=bool(missing))
        assert report.missing == missing and not report.unexpected and not report.differing
        assert_same(ours(network, inputs), answers)


def test_kernels_are_not_swapped_by_another_freezing(tmp_path):
    """Keras reads a legacy file in its order, trainable weights first."""

    def chain(first):
        kept = layers.Dense(4, name="one", trainable=first)
        inner = keras.Sequential([keras.Input((4,)), kept, layers.Dense(4, name="two")], name="inner")
        return keras.Sequential([keras.Input((4,)), inner])

    frozen, free = chain(False), chain(True)
    draw_weights(frozen, 0)
    frozen.save_weights(tmp_path / "x.weights.h5")
    frozen.save(tmp_path / "x.h5")
    free.save(tmp_path / "model.keras")
    free.load_weights(tmp_path / "x.h5")
    inputs = inputs_for(frozen, 1)
    assert not np.allclose(theirs(free, inputs)[0], theirs(frozen, inputs)[0])
    for name in ("x.h5", "x.weights.h5"):
        network = exchange.load(tmp_path / "model.keras")
        exchange.load_weights(network, tmp_path / name)
        assert_same(ours(network, inputs), theirs(frozen, inputs))


def saved(path, *inside, shape=(4,)):
    model = keras.Sequential([keras.Input(shape), *inside])
    draw_weights(model, 0)
    model.save_weights(path) if path.name.endswith("weights.h5") else model.save(path)
    return model


def network(units=4, **more):
    recipes = {"one": Dense.of(units), "two": Dense.of(4), **more}
    return draw_ours(Sequential(Shape(1, 1, 4), recipes, generator=np.random.default_rng(0)), 1)


@pytest.mark.parametrize("name", ["x.weights.h5", "x.h5"])
def test_layers_are_told_by_name_and_not_by_place_or_counter(name, tmp_path):
    model = saved(tmp_path / name, layers.Dense(4, name="two"), layers.Dense(4, name="one"))
    found = network()
    report = exchange.load_weights(found, tmp_path / name)
    assert report.is_whole and set(report.matched) == {"one.kernel", "one.bias", "two.kernel", "two.bias"}
    assert np.array_equal(found.parameters["two.weights"], np.asarray(model.layers[0].kernel).T)
    exchange.load_weights(found, tmp_path / name, layers={"one": "two", "two": "one"})
    assert np.array_equal(found.parameters["one.weights"], np.asarray(model.layers[0].kernel).T)


@pytest.mark.parametrize("name", ["x.weights.h5", "x.h5"])
def test_what_does_not_fit_is_listed_and_nothing_changed(name, tmp_path):
    model = saved(tmp_path / name, layers.Dense(4, name="one"), layers.Dense(3, name="far"))
    found = network(5)
    before = arrays(found)
    with pytest.raises(ExchangeError, match=r"does not fit the network:\n0 tensors matched") as caught:
        exchange.load_weights(found, tmp_path / name)
    for line in (
        "missing in the file: two.kernel",
        "one.kernel: 4 x 5 in the network, 4 x 4 in the file",
        "far",
    ):
        assert line in str(caught.value)
    assert all(map(np.array_equal, arrays(found), before))
    found = network()
    report = exchange.load_weights(found, tmp_path / name, partial=True)
    assert report.matched == ("one.kernel", "one.bias") and report.missing == ("two.kernel", "two.bias")
    assert len(report.unexpected) == 2 and all("far" in each for each in report.unexpected)
    assert np.array_equal(found.parameters["one.weights"], np.asarray(model.layers[0].kernel).T)


def test_models_within_models_are_renamed_as_a_whole(tmp_path):
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="one")], name="theirs")
    saved(tmp_path / "x.weights.h5", inner, layers.Dense(4, name="two"))
    found = network(body=network())
    renamed = {"theirs": "body", "two": "body.two"}
    report = exchange.load_weights(found, tmp_path / "x.weights.h5", layers=renamed, partial=True)
    assert set(report.matched) == {"body.one.kernel", "body.one.bias", "body.two.kernel", "body.two.bias"}
    for wrong, problem in (
        ({"two": "three"}, "no layer 'three'"),
        ({"a": "one", "b": "one"}, "'one' is named twice"),
        ([], "not a list"),
    ):
        with pytest.raises(ExchangeError, match=problem):
            exchange.load_weights(found, tmp_path / "x.weights.h5", layers=wrong)


def edited(path, change):
    with h5py.File(path, "a") as file:
        change(file)
    return path


def no_names(file):
    for name in ("dense", "dense_1"):
        del file[f"layers/{name}/vars"].attrs["name"]


def twice(file):
    file["layers/dense_1/vars"].attrs["name"] = "one"


@pytest.mark.parametrize(
    ("change", "problem"),
    [
        (twice, "'layers/dense' and 'layers/dense_1' in the weights are both called so"),
        (no_names, "not in the network: layers/dense.0"),
        (lambda file: file.move("layers/dense", "layers/embedding"), "of the class 'embedding'"),
        (lambda file: file["layers/dense/vars"].create_dataset("2", data=np.zeros(3)), "has 3 arrays"),
        (lambda file: file["layers/dense/vars/0"].write_direct(np.full((4, 4), np.nan, "f4")), "NaN"),
    ],
)
def test_what_is_ambiguous_or_damaged_is_refused(change, problem, tmp_path):
    path = tmp_path / "x.weights.h5"
    model = saved(path, layers.Dense(4, name="one"), layers.Dense(4, name="two"))
    edited(path, change)
    found = network()
    before = arrays(found)
    with pytest.raises(ExchangeError, match=problem):
        exchange.load_weights(found, path)
    assert all(map(np.array_equal, arrays(found), before))
    if change is no_names:
        places = {"layers/dense": "one", "layers/dense_1": "two"}
        assert exchange.load_weights(found, path, layers=places).is_whole
        assert np.array_equal(found.parameters["one.weights"], np.asarray(model.layers[0].kernel).T)


def test_three_arrays_of_a_normalisation_may_be_several(tmp_path):
    saved(tmp_path / "x.weights.h5", layers.BatchNormalization(scale=False, name="norm"))
    saved(tmp_path / "x.keras", layers.BatchNormalization(name="norm"))
    found = exchange.load(tmp_path / "x.keras")
    with pytest.raises(ExchangeError, match=r"'norm': has 3 arrays without names .*gamma, beta"):
        exchange.load_weights(found, tmp_path / "x.weights.h5", partial=True)
    saved(tmp_path / "x.h5", layers.BatchNormalization(scale=False, name="norm"))
    assert exchange.load_weights(found, tmp_path / "x.h5", partial=True).missing == ("norm.gamma",)


def test_layers_that_are_attributes_of_a_model_have_their_names(tmp_path):
    class Written(keras.Model):
        def __init__(self):
            super().__init__()
            self.first, self.last = layers.Dense(4, name="one"), layers.Dense(4, name="two")

        def call(self, values):
            return self.last(self.first(values))

    model = Written()
    model(np.zeros((1, 4), "f4"))
    draw_weights(model, 0)
    model.save_weights(tmp_path / "x.weights.h5")
    found = network()
    assert exchange.load_weights(found, tmp_path / "x.weights.h5").is_whole
    inputs = [np.random.default_rng(1).normal(size=(3, 4)).astype(np.float32)]
    found.map_activations(lambda before: exchange.load(saved_linear(tmp_path)).named["one"].activation)
    assert_same(ours(found, inputs), theirs(model, inputs))


def saved_linear(folder):
    saved(folder / "linear.keras", layers.Dense(4, name="one"))
    return folder / "linear.keras"


def test_layers_without_a_counterpart_are_named(tmp_path):
    saved(tmp_path / "x.weights.h5", layers.Dense(4, name="one"))
    generator = np.random.default_rng(0)
    found = Sequential(
        Shape(4, 4, 1),
        {"own": Local.of(channels=2, input_block=2, window=2, output_block=1)},
        generator=generator,
    )
    with pytest.raises(ExchangeError, match="own: a local has no counterpart in Keras"):
        exchange.load_weights(found, tmp_path / "x.weights.h5")
    seen = Sequential(Shape(4, 4, 1), {"one": Convolution.of(channels=2, kernel=2)}, generator=generator)
    with pytest.raises(ExchangeError, match="'one': is of the class 'dense' in the weights"):
        exchange.load_weights(seen, tmp_path / "x.weights.h5")


def test_both_calls_of_a_layer_take_its_statistics(tmp_path):
    left, right, norm = keras.Input((3,)), keras.Input((3,)), layers.BatchNormalization(name="norm")
    model = keras.Model([left, right], [norm(left), norm(right)])
    draw_weights(model, 0)
    model.save(tmp_path / "x.keras")
    network = filled(exchange.load(tmp_path / "x.keras"))
    assert exchange.load_weights(network, tmp_path / "x.keras").is_whole
    inputs = inputs_for(model, 1)
    assert_same(ours(network, inputs), theirs(model, inputs))

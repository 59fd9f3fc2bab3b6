"""What was found by running Keras, h5py and safetensors: each row of the table in docs/exchange.md."""

import json
import zipfile

import numpy as np
import pytest

from networks import Dense, Sequential
from networks.exchange import ExchangeError, pytorch
from networks.exchange import keras as exchange
from nn import Shape
from tests.support.keras_models import assert_same, draw_weights, inputs_for, keras_library, ours, theirs

pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.filterwarnings("ignore"),
]

keras = keras_library()
h5py = pytest.importorskip("h5py")
pytest.importorskip("pyfive")
layers = keras.layers


def saved(model, path, seed=0):
    draw_weights(model, seed)
    model.save(path)
    return path


def changed(path, change):
    """Change the description in a .keras file."""
    contents = members_of(path)
    description = json.loads(contents["config.json"])
    change(description)
    contents["config.json"] = json.dumps(description).encode()
    rewrite(path, contents)


def members_of(path):
    with zipfile.ZipFile(path) as archive:
        return {each: archive.read(each) for each in archive.namelist()}


def rewrite(path, contents):
    with zipfile.ZipFile(path, "w") as archive:
        for name, data in contents.items():
            archive.writestr(name, data)


def check_same(path, model, **options):
    inputs = inputs_for(model, 1)
    assert_same(ours(exchange.load(path, **options), inputs), theirs(model, inputs))


def frozen_first(first_learns=False):
    one, two = layers.Dense(4, name="one", trainable=first_learns), layers.Dense(4, name="two")
    inner = keras.Sequential([keras.Input((4,)), one, two], name="inner")
    return keras.Sequential([keras.Input((4,)), inner])


def test_groups_follow_class_and_counter_and_not_the_name(tmp_path):
    begin = [keras.Input((4,)), layers.Dense(4, name="dense_1"), layers.Dense(4, name="dense")]
    model = keras.Sequential(begin)
    check_same(saved(model, tmp_path / "model.keras"), model)


def test_a_layer_shared_in_and_outside_of_a_model_cannot_be_read(tmp_path):
    image, shared = keras.Input((4,)), layers.Dense(4)
    inner = keras.Sequential([keras.Input((4,)), shared], name="inner")
    path = saved(keras.Model(image, [inner(image), shared(image)]), tmp_path / "model.keras")
    with pytest.raises(ValueError, match="could not be loaded"):
        keras.models.load_model(path)
    with pytest.raises(ExchangeError, match="no weights at"):
        exchange.load(path)


def test_legacy_files_list_what_learns_first_and_are_read_by_name(tmp_path):
    model, other = frozen_first(), frozen_first(first_learns=True)
    path = saved(model, tmp_path / "model.h5")
    check_same(path, model)
    other.load_weights(path)
    inputs = inputs_for(model, 1)
    assert not np.allclose(theirs(other, inputs)[0], theirs(model, inputs)[0])
    (tmp_path / "model.json").write_text(other.to_json())
    check_same(tmp_path / "model.json", model, weights=path)


def test_what_is_ambiguous_in_a_legacy_file_is_refused(tmp_path):
    inner = keras.Sequential([keras.Input((4,)), layers.Dense(4, name="one")], name="inner")
    path = saved(keras.Sequential([keras.Input((4,)), inner]), tmp_path / "model.h5")
    with h5py.File(path, "a") as file:
        group = file["model_weights/inner"]
        group["other/one/kernel"] = np.zeros((4, 4), "f4")
        group.attrs["weight_names"] = [*group.attrs["weight_names"], "other/one/kernel"]
    with pytest.raises(ExchangeError, match=r"one.*may be.*or.*says nothing"):
        exchange.load(path)


def test_hard_sigmoid_is_another_function_in_old_files(tmp_path):
    values = np.array([-2.75, 0.5, 1.0], np.float32)
    assert np.allclose(keras.activations.hard_sigmoid(values), values / 6 + 0.5)
    model = keras.Sequential([keras.Input((1,)), layers.Activation("hard_sigmoid")])
    for path in (saved(model, tmp_path / "m.h5"), saved(model, tmp_path / "m.keras")):
        check_same(path, model)
        older(path)
        found = exchange.load(path).predict(values.reshape(3, 1, 1, 1)).ravel()
        assert np.allclose(found, np.clip(0.2 * values + 0.5, 0, 1))


def older(path):
    """Let a file be one of Keras 2."""
    if path.suffix == ".h5":
        with h5py.File(path, "a") as file:
            file.attrs["keras_version"] = "2.15.0"
        return
    contents = members_of(path)
    contents["metadata.json"] = contents["metadata.json"].replace(keras.__version__.encode(), b"2.15.0")
    rewrite(path, contents)


def test_a_leaky_relu_has_another_slope_by_where_it_is_named(tmp_path):
    begin = [keras.Input((4,)), layers.Dense(4, activation="leaky_relu"), layers.LeakyReLU()]
    model = keras.Sequential(begin)
    path = saved(model, tmp_path / "model.keras")
    check_same(path, model)
    network = exchange.load(path)
    assert [each.activation.leakage for each in network.networks] == [0.2, 0.3]


@pytest.mark.parametrize("kind", ["text", "bytes", "objects", "pieces"])
def test_names_come_in_many_kinds(kind, tmp_path):
    model = keras.Sequential([keras.Input((4,)), layers.Dense(3), layers.Flatten(), layers.Dense(2)])
    path = saved(model, tmp_path / "model.h5")
    with h5py.File(path, "a") as file:
        group = file["model_weights"]
        for each in (group, *(group[name] for name in group)):
            name = "layer_names" if each is group else "weight_names"
            given = [str(text) for text in each.attrs[name]]
            del each.attrs[name]
            if not given:
                each.attrs[name] = np.array([])
            elif kind == "pieces":
                for number, text in enumerate(given):
                    each.attrs[f"{name}{number}"] = np.array([text.encode()])
            elif kind == "objects":
                each.attrs[name] = np.array(given, dtype=object)
            else:
                each.attrs[name] = given if kind == "text" else [text.encode() for text in given]
    check_same(path, model)


def test_calls_and_dtypes_of_older_versions_are_read(tmp_path):
    image = keras.Input((4,), name="image")
    model = keras.Model(
        image, layers.Add()([layers.Dense(3, name="one")(image), layers.Dense(3, name="two")(image)])
    )
    path = saved(model, tmp_path / "model.keras")

    def as_before(description):
        for each in description["config"]["layers"]:
            if isinstance(each["config"]["dtype"], dict):
                each["config"]["dtype"] = "float32"
            if each["class_name"] == "Dense":
                each["inbound_nodes"] = (
                    [["image", 0, 0, {}]] if each["name"] == "one" else [[["image", 0, 0, {}]]]
                )

    changed(path, as_before)
    check_same(path, model)


def test_masks_within_a_model_are_refused(tmp_path):
    values = np.ones((1, 4, 2), np.float32)
    mask = np.array([[True, True, False, False]])
    outputs = np.asarray(layers.LSTM(3, return_sequences=True)(values, mask=mask))
    assert np.array_equal(outputs[0, 1], outputs[0, 3])
    both = layers.Bidirectional(layers.LSTM(3, return_sequences=True))
    assert not np.asarray(both(values, mask=mask))[0, 2:].any()
    embedding = layers.Embedding(5, 3, mask_zero=True)
    path = saved(keras.Sequential([keras.Input((4,), dtype="int32"), embedding]), tmp_path / "model.keras")
    with pytest.raises(ExchangeError, match="mask_zero is True"):
        exchange.load(path)


def test_same_of_a_transposed_convolution_crops_at_the_end(tmp_path):
    model = keras.Sequential(
        [keras.Input((2, 2, 1)), layers.Conv2DTranspose(1, 3, 2, "same", use_bias=False)]
    )
    kernel = np.arange(1, 10, dtype=np.float32).reshape(3, 3, 1, 1)
    model.layers[0].kernel.assign(kernel)
    pixel = np.zeros((1, 2, 2, 1), np.float32)
    pixel[0, 0, 0, 0] = 1
    (found,) = theirs(model, [pixel])
    assert np.array_equal(found[0, :3, :3, 0], kernel[:, :, 0, 0])
    model.save(tmp_path / "model.keras")
    assert_same(ours(exchange.load(tmp_path / "model.keras"), [pixel]), [found])


def test_same_that_pads_an_odd_number_of_pixels_is_refused_of_poolings(tmp_path):
    begin = [keras.Input((6, 6, 1)), layers.AveragePooling2D(3, 2, "same")]
    with pytest.raises(ExchangeError, match="beyond the end"):
        exchange.load(saved(keras.Sequential(begin), tmp_path / "model.keras"))


@pytest.mark.parametrize("name", ["model.keras", "model.h5"])
def test_spectral_normalization_is_read_with_the_kernel_that_it_wrote(name, tmp_path):
    wrapped = layers.SpectralNormalization(layers.Dense(3, activation="tanh"), name="held")
    begin = [keras.Input((5, 5, 2)), layers.SpectralNormalization(layers.Conv2D(2, 3)), layers.Flatten()]
    model = keras.Sequential([*begin, wrapped])
    draw_weights(model, 0)
    before = np.asarray(wrapped.layer.kernel)
    for _ in range(2):
        model(inputs_for(model, 1)[0], training=True)
    kernel = np.asarray(wrapped.layer.kernel)
    assert not np.allclose(kernel, before)
    model.save(tmp_path / name)
    check_same(tmp_path / name, model)
    assert np.array_equal(exchange.load(tmp_path / name).parameters["held.weights"], kernel.T)
    lines = exchange.survey(tmp_path / name)
    assert sum("is not divided when it learns on" in line for line in lines) == 2
    assert lines[-2:] == ["the classes of 4 of 4 layers are mapped", "can be opened"]


def test_spectral_normalization_of_other_layers_is_refused_by_name(tmp_path):
    begin = [keras.Input((4,), dtype="int32"), layers.SpectralNormalization(layers.Embedding(5, 3))]
    with pytest.raises(ExchangeError, match=r"SpectralNormalization\): is of a .*Embedding.*; Conv2D,"):
        exchange.load(saved(keras.Sequential(begin), tmp_path / "model.keras"))


def test_transposed_arrays_are_scrambled_by_safetensors_and_not_by_us(tmp_path):
    from safetensors.numpy import load_file, save_file

    array = np.arange(6, dtype=np.float32).reshape(2, 3)
    save_file({"x": array.T}, tmp_path / "x.safetensors")
    assert not np.array_equal(load_file(tmp_path / "x.safetensors")["x"], array.T)
    network = Sequential(Shape(2, 2, 2), [Dense.of(3)], generator=np.random.default_rng(0))
    pytorch.save(network, tmp_path / "ours.safetensors")
    written = load_file(tmp_path / "ours.safetensors")
    assert all(np.array_equal(written[name], array) for name, array in pytorch.state_dict(network).items())

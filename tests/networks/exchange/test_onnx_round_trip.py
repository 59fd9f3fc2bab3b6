"""Networks written as ONNX and read again: the same numbers, and names."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from networks import (
    LSTM,
    Add,
    BatchNormalisation,
    Call,
    Convolution,
    Dense,
    Embedding,
    GRUCell,
    Input,
    LSTMCell,
    MaxPooling,
    Model,
    Sequential,
    SpectralNormalisation,
    TimeDistributed,
    TransposedConvolution,
)
from networks.exchange import onnx
from networks.exchange.errors import ExchangeError
from nn import ReLU, SequenceShape, Shape, Squash, Tanh, VideoShape
from tests.networks.exchange.test_onnx_save import image_networks, sequence_networks, sequential

pytest.importorskip("onnx")
pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("round_trip")


def again(network, folder, **options):
    path = folder / "model.onnx"
    onnx.save(network, path, **options)
    shapes = network.input_shapes if isinstance(network, Model) else network.input_shape
    return onnx.load(path, input_shape=shapes, dtype=network.dtype)


def check(network, folder, labels=None, **options):
    """Compare a network with itself, written and read."""
    read = again(network, folder, **options)
    generator, shape = np.random.default_rng(0), (3, *network.input_shape)
    values = generator.normal(size=shape) if labels is None else generator.integers(0, labels, shape)
    expected, found = (each.predict(values.astype(network.dtype)) for each in (network, read))
    assert found.shape == expected.shape
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5 * max(1, np.abs(expected).max()))
    return read


@given(image_networks())
def test_networks_of_images(folder, made):
    shape, layers = made
    try:
        network = sequential(shape, layers)
    except ValueError:  # a shape that a layer does not take
        return
    check(network, folder)


@given(sequence_networks(), st.booleans())
def test_networks_of_sequences(folder, made, optional_inputs):
    check(sequential(*made), folder, optional_inputs=optional_inputs)


def test_layers_and_names_are_those_that_were_written(folder):
    layers = {
        "seen": Convolution.of(channels=3, kernel=3, padding=1, stride=2, activation=ReLU()),
        "even": BatchNormalisation.of(),
        "less": MaxPooling.of(window=2),
        "code": Dense.of(4, activation=Tanh()),
        "image": Dense.of(Shape(2, 3, 2), activation=Tanh()),
        "larger": TransposedConvolution.of(channels=2, kernel=2, stride=3, output_padding=2),
    }
    network = sequential(Shape(8, 9, 2), layers, "float32")
    read = check(network, folder)
    assert list(read.named) == list(network.named)
    for name, layer in network.named.items():
        described, expected = read.named[name].to_configuration(), layer.to_configuration()
        momentum = {"momentum": 0.1} if name == "even" else {}  # which files do not have
        assert {**described, **momentum} == {**expected, **momentum}, name
    np.testing.assert_array_equal(read.parameters.values, network.parameters.values)
    for name, array in network.state().items():
        np.testing.assert_array_equal(read.state()[name], array)


def test_peepholes_directions_and_stacks(folder):
    layers = [
        LSTM.of(units=3, layers=2, bidirectional=True, peepholes=True, whole_sequence=False),
        Dense.of(2),
    ]
    read = check(sequential(SequenceShape(4, 2), layers), folder)
    assert [layer.family for layer in read.layers] == ["lstm", "lstm", "dense"]


def test_labels_cells_videos_and_squashes(folder):
    check(
        sequential(SequenceShape(5, 1), [Embedding.of(labels=6, features=3), LSTM.of(units=2)]),
        folder,
        labels=6,
    )
    check(sequential(3, [LSTMCell.of(units=4), GRUCell.of(units=3)]), folder)
    film = [TimeDistributed.of(Convolution.of(channels=3, kernel=3)), TimeDistributed.of(Dense.of(4))]
    check(sequential(VideoShape(3, 6, 5, 2), film), folder)
    read = check(sequential(4, [Dense.of(3, activation=Squash(0.25))]), folder)
    assert read.layers[-1].activation == Squash(0.25)


def test_models_of_several_inputs_and_outputs(folder):
    generator = np.random.default_rng(0)
    left, right = (Input(Shape(6, 6, 2), generator=generator) for _ in range(2))
    one = Call(Convolution.of(channels=3, kernel=3), left, name="shared")
    two = Call(one.network, right)
    network = Model({"left": left, "right": right}, {"sum": Call(Add.of(), one, two), "one": one})
    read = again(network, folder)
    values = {name: generator.normal(size=(3, 6, 6, 2)).astype(np.float32) for name in ("left", "right")}
    for name, expected in network.predict(values).items():
        np.testing.assert_allclose(read.predict(values)[name], expected, rtol=1e-5, atol=1e-6)


def test_a_spectral_normalisation_is_written_as_it_computes_now(folder):
    network = Sequential(5, [SpectralNormalisation.of(Dense.of(3))], generator=np.random.default_rng(0))
    network.parameters.values[...] *= 3
    check(network, folder)


def test_windows_with_weights_of_their_own_cannot_be_read_again(folder):
    from networks import Local

    blocks = {"input_block": 2, "window": 4, "output_block": 1, "channels": 4, "mixing": True}
    with pytest.raises(ExchangeError, match=r"\(Gather\)"):
        again(sequential(Shape(8, 6, 2), [Local.of(**blocks)]), folder)

"""Every family of networks as ONNX, every way a layer may be made, and what no file could hold."""

import numpy as np
import pytest

from networks import (
    GRU,
    LSTM,
    BatchNormalisation,
    Call,
    ConvolutionalLSTM,
    Dense,
    Embedding,
    Flatten,
    Input,
    LayerNormalisation,
    MinibatchDeviation,
    Model,
    Reshape,
    Sequential,
    TimeDistributed,
    TransposedConvolution,
)
from networks.exchange import onnx
from networks.exchange.errors import ExchangeError
from networks.ladder import FAMILIES
from nn import SequenceShape, Shape, Tanh, VideoShape
from nn.activations import ACTIVATIONS
from tests.support.onnx_sessions import exported, largest_difference, shapes_of

theirs = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")
pytestmark = pytest.mark.usefixtures("one_thread")

VIDEO = VideoShape(4, 3, 5, 2)
LABELS = {"labels": 5, "features": 3}


def sequential(shape, layers, **options):
    return Sequential(shape, layers, generator=np.random.default_rng(0), **options)


SINGLE = {
    *(
        "average_pooling",
        "bilinear_upsampling",
        "convolution",
        "convolutional_lstm",
        "global_average_pooling",
    ),
    *("global_max_pooling", "gru", "gru_cell", "lstm", "lstm_cell", "nearest_upsampling"),
    "transposed_convolution",
}
"""Families with operators that ONNX Runtime computes in float32 alone."""


def difference(network, folder, entries=3):
    """Write it with all parameters and states drawn anew, and return how far its outputs are from ours."""
    generator = np.random.default_rng(1)
    network.parameters.values[:] = generator.normal(size=network.parameters.size, scale=0.5)
    state = {name: generator.uniform(0.5, 2, array.shape) for name, array in network.state().items()}
    network.load_state({name: array.astype(network.dtype) for name, array in state.items()})
    values = {}
    for name, shape in shapes_of(network, "input").items():
        shape = (*shape, entries)  # noqa: PLW2901
        drawn = (
            generator.integers(network.labels, size=shape) if network.labels else generator.normal(size=shape)
        )
        values[name] = drawn.astype(network.dtype)
    return largest_difference(network, values, exported(network, folder))


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_gives_the_same(family, tmp_path):
    kind = FAMILIES[family]
    network = kind.example(kind.rungs["plain"], generator=np.random.default_rng(0))
    assert difference(network, tmp_path) < 1e-5


@pytest.mark.parametrize("family", FAMILIES)
def test_every_family_in_float64_gives_the_same_or_is_refused(family, tmp_path):
    kind = FAMILIES[family]
    network = kind.example(kind.rungs["plain"], generator=np.random.default_rng(0), dtype=np.float64)
    if family in SINGLE:
        with pytest.raises(ExchangeError, match=r'runtimes have no \w+ in float64: give dtype="float32"'):
            difference(network, tmp_path)
    else:
        assert difference(network, tmp_path) < 1e-6


@pytest.mark.parametrize("activation", ACTIVATIONS.values())
def test_every_activation_in_float64_gives_the_same_or_is_refused(activation, tmp_path):
    network = sequential(4, [Dense.of(5, activation=activation())], dtype="float64")
    if activation.name in ("leaky_relu", "elu", "softplus", "hard_sigmoid"):
        with pytest.raises(ExchangeError, match="in float64"):
            difference(network, tmp_path)
    else:
        assert difference(network, tmp_path) < 1e-6


@pytest.mark.parametrize(
    ("shape", "layers"),
    [
        *(
            (shape, [LayerNormalisation.of(axes=axes)])
            for shape in (Shape(4, 3, 2), SequenceShape(4, 3), VIDEO)
            for axes in ("last", "all")
        ),
        (VIDEO, [BatchNormalisation.of(), MinibatchDeviation.of()]),
        (SequenceShape(4, 3), [BatchNormalisation.of(), MinibatchDeviation.of(), Flatten.of()]),
        (Shape(1, 1, 3), [BatchNormalisation.of(), MinibatchDeviation.of()]),
        (VIDEO, [ConvolutionalLSTM.of(channels=3, kernel=3), ConvolutionalLSTM.of(channels=2, kernel=1)]),
        (VIDEO, [ConvolutionalLSTM.of(channels=3, kernel=3, whole_sequence=False), Dense.of(2)]),
        (VideoShape(3, 1, 1, 2), [ConvolutionalLSTM.of(channels=3, kernel=3, whole_sequence=False)]),
        (VideoShape(3, 1, 1, 2), [ConvolutionalLSTM.of(channels=3, kernel=3), Flatten.of()]),
        (VideoShape(4, 3, 2, 1), [Embedding.of(**LABELS)]),
        (Shape(3, 2, 1), [Embedding.of(**LABELS), Dense.of(2)]),
        (SequenceShape(4, 1), [TimeDistributed.of(Embedding.of(**LABELS))]),
        (VIDEO, [Reshape.of(SequenceShape(12, 10)), Reshape.of(Shape(5, 6, 4)), Reshape.of(VIDEO)]),
        (
            Shape(3, 4, 2),
            [TransposedConvolution.of(channels=2, kernel=1, stride=2, dilation=3, output_padding=2)],
        ),
    ],
)
def test_every_layout_gives_the_same(shape, layers, tmp_path):
    assert difference(sequential(shape, layers), tmp_path) < 1e-5


def test_labels_that_a_layer_computes_are_looked_up(tmp_path):
    network = sequential(
        SequenceShape(4, 1), [Reshape.of(SequenceShape(2, 2)), Reshape.of(SequenceShape(4, 1))]
    )
    network = Sequential(
        {
            "shaped": network,
            "found": Embedding(SequenceShape(4, 1), **LABELS, generator=np.random.default_rng(0)),
        }
    )
    values = np.random.default_rng(0).integers(5, size=(4, 1, 3)).astype(np.float32)
    assert largest_difference(network, {"input": values}, exported(network, tmp_path)) == 0


def test_a_network_that_is_called_twice_is_written_once(tmp_path):
    generator = np.random.default_rng(0)
    image = Input(Shape(1, 1, 6), generator=generator)
    inner = sequential(6, {"wide": Dense.of(6), "narrow": Dense.of(6)})
    once = Call(inner, image, name="shared")
    network = Model(image, Call(inner, once))
    assert difference(network, tmp_path) < 1e-5
    onnx.save(network, tmp_path / "model.onnx")
    constants = {each.name for each in theirs.load(tmp_path / "model.onnx").graph.initializer}
    assert {name for name in constants if "weights" in name} == {
        "shared.wide.weights",
        "shared.narrow.weights",
    }


def test_what_no_file_could_hold_is_refused_by_name(tmp_path):
    path = tmp_path / "model.onnx"
    network = sequential(4, {"body": Dense.of(3, activation=Tanh())}, dtype="float64")
    network.parameters.values[0] = 1e300
    with pytest.raises(ExchangeError, match="body: its weights have NaN, infinity or numbers too large"):
        onnx.save(network, path, dtype="float32")
    network.parameters.values[0] = 1
    network.clamp("body", {1: 0.5})
    with pytest.raises(ExchangeError, match="body: has clamped or nudged neurons"):
        onnx.save(network, path)
    network.clamp("body", {})
    onnx.save(network, path)
    assert path.stat().st_size == onnx.size(network)
    with pytest.raises(ValueError, match="what is to be written is the class Dense, not a network"):
        onnx.save(Dense, path)


def test_a_file_larger_than_the_format_allows_is_refused_before_it_is_written(tmp_path, monkeypatch):
    monkeypatch.setattr("networks.exchange.onnx.writing.graph.MOST_BYTES", 1000)
    with pytest.raises(ExchangeError, match="large: the file would be larger than 1000 bytes"):
        onnx.save(sequential(40, {"small": Dense.of(4), "large": Dense.of(200)}), tmp_path / "model.onnx")
    assert not list(tmp_path.iterdir())


def test_lengths_give_the_steps_that_are_there_as_masks_do(tmp_path):
    layers = [
        LSTM.of(units=3, bidirectional=True),
        BatchNormalisation.of(),
        GRU.of(units=2, bidirectional=True),
        TimeDistributed.of(Dense.of(2)),
    ]
    network = sequential(SequenceShape(6, 2), layers)
    lengths = np.array([6, 2, 4, 0], np.int32)
    there = np.arange(6) < lengths[:, None]
    values = np.random.default_rng(1).normal(size=(4, 6, 2)).astype(np.float32)
    given = {"input": values, "0.lengths": lengths, "2.lengths": lengths}
    (found,) = exported(network, tmp_path).run(None, given)
    wanted = network.predict(values, step_masks=there)
    np.testing.assert_allclose(found[there], wanted[there], atol=1e-6)
    whole = network.predict(values)
    assert np.abs(whole[there] - wanted[there]).max() > 1e-3

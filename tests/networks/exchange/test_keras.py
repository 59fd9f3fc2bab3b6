"""Keras: models of ours that it opens, models of its own that we open, over random architectures."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from networks import (
    GRU,
    LSTM,
    ActivationLayer,
    AveragePooling,
    BatchNormalisation,
    BilinearUpsampling,
    Convolution,
    Dense,
    Dropout,
    Embedding,
    Flatten,
    GaussianNoise,
    GlobalAveragePooling,
    GlobalMaxPooling,
    LayerNormalisation,
    Local,
    MaxPooling,
    NearestUpsampling,
    Sequential,
    Softmax,
    TimeDistributed,
    TransposedConvolution,
)
from networks.exchange import ExchangeError
from networks.exchange import keras as exchange
from nn import (
    ELU,
    HardSigmoid,
    Identity,
    LeakyReLU,
    ReLU,
    SequenceShape,
    Shape,
    Sigmoid,
    Softplus,
    Squash,
    Tanh,
)
from tests.support.branching_networks import branching_networks, seeds
from tests.support.keras_models import (
    assert_same,
    draw_ours,
    draw_weights,
    inputs_for,
    keras_library,
    ours,
    theirs,
)

pytestmark = [
    pytest.mark.usefixtures("one_thread"),
    pytest.mark.filterwarnings("ignore"),
]

keras = keras_library()
pytest.importorskip("h5py")
pytest.importorskip("pyfive")
layers = keras.layers

ACTIVATIONS = [
    Identity(),
    ReLU(),
    LeakyReLU(0.3),
    LeakyReLU(0.07),
    ELU(),
    Softplus(),
    Tanh(),
    Sigmoid(),
    Squash(),
    HardSigmoid(),
]
activations = st.sampled_from(ACTIVATIONS)
halved = settings(max_examples=settings.default.max_examples // 2)
"""As many examples out as in: Keras takes half a second for each."""

small = st.integers(1, 3)


@st.composite
def image_networks(draw):
    """Layers of images in a chain, ending in features."""
    chosen = draw(st.lists(st.sampled_from(range(9)), min_size=1, max_size=4))
    recipes = []
    for number in chosen:
        channels, kernel, stride = draw(small), (draw(small), draw(small)), draw(st.integers(1, 2))
        recipes.append(
            [
                Convolution.of(
                    channels=channels,
                    kernel=kernel,
                    stride=stride,
                    padding=draw(st.integers(0, 1)),
                    activation=draw(activations),
                ),
                Convolution.of(
                    channels=channels, kernel=kernel, padding="same", activation=draw(activations)
                ),
                TransposedConvolution.of(
                    channels=channels, kernel=kernel, stride=stride, activation=draw(activations)
                ),
                TransposedConvolution.of(channels=channels, kernel=3, stride=2, padding=1, output_padding=1),
                BatchNormalisation.of(),
                LayerNormalisation.of(axes=draw(st.sampled_from(["last", "all"]))),
                AveragePooling.of(window=2, stride=stride, padding=draw(st.integers(0, 1))),
                draw(st.sampled_from([NearestUpsampling, BilinearUpsampling])).of(factor=2),
                ActivationLayer.of(activation=draw(activations)),
            ][number]
        )
    ends = [
        [MaxPooling.of(window=2), Flatten.of(), Dense.of(3), Softmax.of()],
        [GlobalAveragePooling.of(), Dense.of(2, activation=draw(activations))],
        [GlobalMaxPooling.of()],
        [Dropout.of(rate=0.3), GaussianNoise.of(deviation=0.2), Dense.of(Shape(1, 2, 2))],
    ]
    shape = Shape(draw(st.integers(8, 10)), draw(st.integers(8, 10)), draw(small))
    network = Sequential(shape, recipes + draw(st.sampled_from(ends)), generator=np.random.default_rng(0))
    return draw_ours(network, draw(seeds))


@st.composite
def sequence_networks(draw):
    """Recurrent layers in a chain."""
    kind = draw(st.sampled_from([LSTM, GRU]))
    whole = draw(st.booleans())
    begin = [Embedding.of(labels=5, features=draw(small))] if draw(st.booleans()) else []
    recipes = [
        *begin,
        kind.of(units=draw(small), layers=draw(st.integers(1, 2)), bidirectional=draw(st.booleans())),
        TimeDistributed.of(Dense.of(draw(small), activation=draw(activations))),
        kind.of(units=draw(small), bidirectional=draw(st.booleans()), whole_sequence=whole),
        BatchNormalisation.of() if whole else Dense.of(2),
    ]
    shape = SequenceShape(draw(st.integers(1, 5)), 1 if begin else draw(small))
    return draw_ours(Sequential(shape, recipes, generator=np.random.default_rng(0)), draw(seeds))


def check_out_and_back(network, folder, tolerance=1e-5):
    path = folder / "model.keras"
    exchange.save(network, path)
    model = keras.models.load_model(path)
    inputs = inputs_for(model, 1)
    assert_same(theirs(model, inputs), ours(network, inputs), tolerance)
    assert_same(ours(exchange.load(path), inputs), ours(network, inputs), tolerance)


@halved
@given(network=st.one_of(image_networks(), sequence_networks(), branching_networks(activations, draw_ours)))
def test_keras_opens_what_we_write_and_we_read_it_back(network, tmp_path_factory):
    check_out_and_back(network, tmp_path_factory.mktemp("out"))


@st.composite
def keras_images(draw):
    """Layers of images of Keras, which `same` and `valid` treat differently."""
    sides = (draw(st.integers(7, 9)), draw(st.integers(7, 9)))
    padding = st.sampled_from(["same", "valid"])
    found: list = [keras.Input((*sides, draw(small)))]
    for number in draw(st.lists(st.integers(0, 5), min_size=1, max_size=3)):
        kernel, stride = (draw(small), draw(small)), draw(st.integers(1, 2))
        function = draw(st.sampled_from(["relu", "leaky_relu", "elu", "tanh", "softmax", "hard_tanh", None]))
        found += [
            [layers.Conv2D(draw(small), kernel, stride, draw(padding), activation=function)],
            [layers.Conv2DTranspose(draw(small), kernel, stride, draw(padding), activation=function)],
            [layers.BatchNormalization(scale=draw(st.booleans())), layers.LeakyReLU()],
            [layers.ZeroPadding2D((1, 2)), layers.Conv2D(2, 2, use_bias=False)],
            [layers.Dense(2, activation=function), layers.LayerNormalization(axis=[1, 2, 3])],
            [layers.UpSampling2D(2, interpolation="bilinear"), layers.AveragePooling2D(2, stride)],
        ][number]
    end = st.sampled_from([layers.Flatten(), layers.GlobalMaxPooling2D(), layers.Reshape((-1,))])
    return keras.Sequential([*found, draw(end), layers.Dense(2, activation="softmax")])


@st.composite
def keras_sequences(draw):
    """Recurrent layers of Keras."""
    kind = draw(st.sampled_from([layers.LSTM, layers.GRU]))
    every = draw(st.booleans())
    options = {"return_sequences": True, "use_bias": draw(st.booleans())}
    return keras.Sequential(
        [
            keras.Input((draw(small), draw(small))),
            kind(draw(small), **options),
            layers.Bidirectional(kind(draw(small), return_sequences=every)),
            layers.Dense(2, activation="softplus"),
            *([layers.TimeDistributed(layers.Dense(3, activation="softmax"))] if every else []),
        ]
    )


@st.composite
def keras_graphs(draw):
    """Shared layers, models within models, labels, several inputs and outputs."""
    image, words = keras.Input((6, 5, 2)), keras.Input((4,), dtype="int32")
    shared = layers.Dense(3, activation="relu", name="dense_1")
    inner = keras.Sequential(
        [keras.Input((3,)), layers.Dense(2, name="dense"), layers.ReLU(negative_slope=0.1)]
    )
    seen = shared(layers.Flatten()(layers.Conv2D(3, 2, name="dense")(image)))
    read = layers.GRU(3)(layers.Embedding(5, 3)(words))
    joined = draw(st.sampled_from([layers.Add, layers.Multiply, layers.Concatenate]))()([seen, read])
    outputs = [inner(seen), inner(read), layers.Dense(2, activation="softmax")(joined)]
    return keras.Model([image, words], outputs[draw(st.integers(0, 2)) :])


@halved
@given(model=st.one_of(keras_images(), keras_sequences(), keras_graphs()), seed=seeds)
def test_we_open_what_keras_writes(model, seed, tmp_path_factory):
    path = tmp_path_factory.mktemp("in") / "model.keras"
    draw_weights(model, seed)
    model.save(path)
    inputs = inputs_for(model, seed)
    assert_same(ours(exchange.load(path), inputs), theirs(model, inputs))


@pytest.mark.parametrize(
    ("layer", "problem"),
    [
        (lambda: layers.Dense(2, activation="gelu"), "activation is 'gelu'"),
        (layers.PReLU, "PReLU.*not mapped"),
        (layers.Masking, "Masking.*step_masks"),
    ],
)
def test_what_is_not_mapped_is_named(layer, problem, tmp_path):
    keras.Sequential([keras.Input((3, 4)), layer()]).save(tmp_path / "model.keras")
    with pytest.raises(ExchangeError, match=problem):
        exchange.load(tmp_path / "model.keras")


@pytest.mark.parametrize("kind", [Convolution, TransposedConvolution])
def test_a_stride_with_a_dilation_is_not_written(kind, tmp_path):
    recipe = kind.of(channels=2, kernel=2, stride=(2, 1), dilation=(1, 2))
    network = Sequential(Shape(8, 8, 1), {"wide": recipe}, generator=np.random.default_rng(0))
    with pytest.raises(ExchangeError, match=r"wide: Keras has no stride of \(2, 1\) with a dilation of"):
        exchange.save(network, tmp_path / "model.keras")
    assert not list(tmp_path.iterdir())


def test_what_has_no_counterpart_is_not_written(tmp_path):
    network = Local(
        Shape(8, 6, 2),
        input_block=2,
        window=5,
        output_block=1,
        channels=4,
        generator=np.random.default_rng(0),
    )
    with pytest.raises(ExchangeError, match="local has no counterpart"):
        exchange.save(network, tmp_path / "model.keras")
    assert not list(tmp_path.iterdir())

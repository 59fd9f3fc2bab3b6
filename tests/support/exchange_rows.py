"""Random networks for every row of the table in docs/exchange.md: one layer each, then whole networks."""

from __future__ import annotations

from functools import partial
from typing import Any, NamedTuple

import numpy as np
from hypothesis import reject
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from networks import (
    Add,
    BatchNormalisation,
    Call,
    Convolution,
    Dense,
    GraphNetwork,
    Input,
    Model,
    Network,
    Sequential,
    TimeDistributed,
)
from networks.ladder import FAMILIES
from nn import Shape, Tanh
from tests.networks import (
    test_activation,
    test_dense,
    test_embedding,
    test_gru_cell,
    test_local,
    test_lstm_cell,
    test_merge,
    test_noise,
    test_pooling,
    test_reshape,
    test_spectral_normalisation,
    test_upsampling,
)
from tests.networks.exchange import test_onnx_save
from tests.support import (
    convolution_layers,
    convolutional_lstm_networks,
    gru_networks,
    lstm_networks,
    normalisations,
    time_distributed_networks,
)
from tests.support.branching_networks import branching_networks, seeds
from tests.support.graph_networks import random_graph
from tests.support.weightless_layers import any_shapes, images

Networks = SearchStrategy[Network]
GENERATOR = partial(np.random.default_rng, 0)
"""For what is drawn anew afterwards."""


class Row(NamedTuple):
    """Networks in float32, all of whose numbers are drawn; `families` are what they are there for."""

    title: str
    families: tuple[str, ...]
    networks: Networks


def layer(family: str, arguments: SearchStrategy[tuple[Any, dict[str, Any]]]) -> Networks:
    """Return networks of one layer, by the shape of its input and its options."""

    def make(given: tuple[Any, dict[str, Any]], seed: int) -> Network:
        shape, options = given
        recipe = FAMILIES[family].rungs["o2"].of(**options)
        return drawn(Sequential(shape, [recipe], generator=GENERATOR()), seed)

    return st.builds(make, arguments, seeds)


def drawn(network: Network, seed: int) -> Network:
    """Draw what a network has learned."""
    return test_onnx_save.drawn(network, seed)


def options(shapes: SearchStrategy[Any], **each: SearchStrategy[Any]) -> SearchStrategy[Any]:
    """Return shapes with options by name."""
    return st.tuples(shapes, st.fixed_dictionaries(each))


def with_shape(arguments: SearchStrategy[dict[str, Any]]) -> SearchStrategy[Any]:
    """Return arguments of which one is the shape as that and the others."""

    def parted(given: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
        return given["input_shape"], {name: each for name, each in given.items() if name != "input_shape"}

    return arguments.map(parted)


def recurrent(support: Any, **fixed: Any) -> SearchStrategy[Any]:
    """Return shapes and options of a recurrent layer, some of them as given."""
    return st.tuples(support.shapes, support.options.map(lambda drawn: {**drawn, **fixed}))


def merged(family: str) -> Networks:
    """Return a merge of inputs of the model."""

    def make(shapes: list[Any]) -> Network:
        inputs = [Input(shape) for shape in shapes]
        kind = FAMILIES[family].rungs["o2"]
        return Model(
            {f"input_{number}": each for number, each in enumerate(inputs)}, Call(kind.of(), *inputs)
        )

    return test_merge.several(family).map(make)


def graphs(seed: SearchStrategy[int], *, delays: bool, ticks: int = 1) -> Networks:
    """Return graphs of neurons, which are drawn with their weights."""
    return seed.map(lambda seed: GraphNetwork(random_graph(seed, delays=delays), ticks=ticks))


@st.composite
def time_distributed(draw: Any) -> Network:
    """Return a dense layer at every step."""
    shape, output = draw(time_distributed_networks.inputs), draw(time_distributed_networks.outputs)
    recipe = TimeDistributed.of(Dense.of(output, activation=Tanh()))
    return drawn(Sequential(shape, [recipe], generator=GENERATOR()), draw(seeds))


@st.composite
def spectral(draw: Any) -> Network:
    """Return a network whose largest singular value is one."""
    kind = draw(st.sampled_from(test_spectral_normalisation.KINDS))
    counts = draw(test_spectral_normalisation.counts), draw(test_spectral_normalisation.counts)
    return drawn(test_spectral_normalisation.build(kind, "o2", *counts, "float32"), draw(seeds))


@st.composite
def built(draw: Any, parts: SearchStrategy[Any]) -> Network:
    """Return a chain of what fits."""
    shape, recipes = draw(parts)
    try:
        network = Sequential(shape, recipes, generator=GENERATOR())
    except ValueError:  # a shape that a layer does not take
        reject()
    return drawn(network, draw(seeds))


@st.composite
def residual_networks(draw: Any) -> Network:
    """A sum past a convolution, normalised."""
    channels = draw(st.integers(1, 3))
    image = Input(Shape(draw(st.integers(1, 6)), draw(st.integers(1, 6)), channels), generator=GENERATOR())
    seen = Convolution.of(
        channels=channels, kernel=3, padding="same", activation=draw(test_onnx_save.activations)
    )
    total = Call(Add.of(), Call(seen, image), image)
    return drawn(Model(image, Call(Dense.of(3), Call(BatchNormalisation.of(), total))), draw(seeds))


_words = options(test_embedding.shapes, labels=test_embedding.labels, features=test_embedding.features)
_noise = st.sampled_from([("dropout", "rate"), ("gaussian_noise", "deviation")]).flatmap(
    lambda kind: layer(kind[0], options(test_noise.shapes, **{kind[1]: st.just(0.5)}))
)
_reshaped = test_reshape.pairs().map(lambda pair: (pair[0], {"output_shape": pair[1]}))
_one_way = {"bidirectional": False, "peepholes": False}
_films = st.tuples(convolutional_lstm_networks.videos, convolutional_lstm_networks.settings)

ROWS = (
    *(
        Row(title, (family,), layer(family, arguments))
        for title, family, arguments in (
            (
                "dense",
                "dense",
                options(test_dense.shapes, output_shape=test_dense.shapes, activation=test_dense.activations),
            ),
            ("convolution", "convolution", with_shape(convolution_layers.layers("convolution"))),
            (
                "transposed convolution",
                "transposed_convolution",
                with_shape(convolution_layers.layers("transposed_convolution")),
            ),
            *(
                (family.replace("_", " "), family, test_pooling.poolings(family))
                for family in (*test_pooling.WINDOWED, *test_pooling.GLOBAL)
            ),
            *(
                (family.replace("_", " "), family, options(images, factor=test_upsampling.factors))
                for family in test_upsampling.FAMILIES
            ),
            ("batch normalisation", "batch_normalisation", options(normalisations.shapes)),
            (
                "layer normalisation, of features",
                "layer_normalisation",
                options(normalisations.shapes, axes=st.just("last")),
            ),
            (
                "layer normalisation, of whole entries",
                "layer_normalisation",
                options(normalisations.shapes, axes=st.just("all")),
            ),
            ("embedding", "embedding", _words),
            ("LSTM", "lstm", recurrent(lstm_networks, **_one_way)),
            ("LSTM, both directions", "lstm", recurrent(lstm_networks, bidirectional=True, peepholes=False)),
            ("LSTM, peepholes", "lstm", recurrent(lstm_networks, peepholes=True)),
            ("LSTM cell", "lstm_cell", st.tuples(test_lstm_cell.inputs, test_lstm_cell.options)),
            ("GRU", "gru", recurrent(gru_networks, bidirectional=False)),
            ("GRU, both directions", "gru", recurrent(gru_networks, bidirectional=True)),
            ("GRU cell", "gru_cell", st.tuples(test_gru_cell.inputs, test_gru_cell.options)),
            ("convolutional LSTM", "convolutional_lstm", _films),
            ("local windows", "local", with_shape(test_local.layers())),
            ("activation", "activation", options(any_shapes, activation=test_activation.activations)),
            ("softmax", "softmax", options(any_shapes)),
            ("flatten", "flatten", options(any_shapes)),
            ("reshape", "reshape", _reshaped),
            (
                "minibatch deviation",
                "minibatch_deviation",
                options(any_shapes, group=st.integers(2, 6)),
            ),
        )
    ),
    Row("dropout, noise", ("dropout", "gaussian_noise"), _noise),
    *(Row(family, (family,), merged(family)) for family in test_merge.MERGES),
    Row("time-distributed", ("time_distributed",), time_distributed()),
    Row("spectral normalisation", ("spectral_normalisation",), spectral()),
    Row("neurons", ("graph",), graphs(seeds, delays=False)),
    Row("neurons, delays", ("graph",), graphs(seeds, delays=True)),
    Row("neurons, delays, held inputs", ("graph",), graphs(seeds, delays=True, ticks=3)),
    Row("networks of images", ("sequential",), built(test_onnx_save.image_networks())),
    Row("networks of sequences", ("sequential",), built(test_onnx_save.sequence_networks())),
    Row("residual networks", ("model",), residual_networks()),
    Row("branched networks", ("model",), branching_networks(test_onnx_save.activations, drawn)),
)

"""Networks of every family that has second-order terms, and a check of these by differences."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from networks import Call, Input, Model, Network, Sequential, SpectralNormalisation, TimeDistributed, rung
from networks.second_order import InputGradients
from nn import (
    ELU,
    Identity,
    LeakyReLU,
    SequenceShape,
    Shape,
    Sigmoid,
    Softplus,
    Squash,
    Tanh,
)
from tests.support.differences import slopes

IMAGE, STEPS, UNITS = Shape(6, 4, 2), SequenceShape(4, 3), Shape(1, 1, 5)
ACTIVATIONS = Tanh(), Sigmoid(), Softplus(), ELU(), Identity(), LeakyReLU(), Squash()


class Draft(NamedTuple):
    """What builds a network: the name of a rung, and where its weights are drawn from."""

    rung: str
    generator: np.random.Generator

    def kind(self, family: str) -> Any:
        return rung(family, self.rung)

    @property
    def drawn(self) -> dict[str, Any]:
        return {"generator": self.generator, "dtype": np.float64}

    def activation(self) -> Any:
        return ACTIVATIONS[int(self.generator.integers(len(ACTIVATIONS)))]

    def sequential(self, shape: Any, *recipes: Any) -> Network:
        return Sequential(shape, list(recipes), **self.drawn)

    def dense(self, units: Any = 3, activation: Any = None) -> Any:
        return self.kind("dense").of(units, activation=activation or self.activation())


Build = Callable[[Draft], Network]


def _windowed(family: str, **settings: Any) -> Build:
    return lambda draft: draft.sequential(
        IMAGE, draft.kind(family).of(channels=2, activation=draft.activation(), **settings)
    )


def _between(family: str, shape: Any = IMAGE, **settings: Any) -> Build:
    """A network without weights between two that have some."""
    return lambda draft: draft.sequential(
        UNITS, draft.dense(shape, Tanh()), draft.kind(family).of(**settings), draft.dense()
    )


def _recurrent(family: str, shape: Any = STEPS, **settings: Any) -> Build:
    return lambda draft: draft.sequential(shape, draft.kind(family).of(units=3, **settings))


def _merged(family: str) -> Build:
    def build(draft: Draft) -> Network:
        start = Input(UNITS, **draft.drawn)
        sides = [Call(draft.dense(4, each), start) for each in (Tanh(), Sigmoid(), Softplus())]
        joined = Call(draft.kind(family).of(), *sides)
        return Model(start, Call(draft.dense(2), joined))

    return build


def _time_distributed(draft: Draft) -> Network:
    inside = [TimeDistributed.of(draft.dense(4)), draft.kind("lstm").of(units=2)]
    return draft.sequential(STEPS, *inside, TimeDistributed.of(draft.dense(1)))


def _two_ended(draft: Draft) -> Network:
    inputs = {"a": Input(UNITS, **draft.drawn), "b": Input(Shape(1, 1, 2), **draft.drawn)}
    tower = Call(draft.dense(4), Call(draft.kind("concatenate").of(), inputs["a"], inputs["b"]))
    again = Call(draft.kind("add").of(), tower, Call(draft.dense(4), tower))
    return Model(inputs, {"score": Call(draft.dense(1), again), "classes": Call(draft.dense(3), tower)})


CASES: Mapping[str, Build] = {
    "dense": lambda draft: draft.sequential(UNITS, draft.dense(4), draft.dense()),
    "convolution": _windowed("convolution", kernel=3, stride=2, padding=1),
    "transposed_convolution": _windowed("transposed_convolution", kernel=3, stride=2, padding=1),
    "local": lambda draft: draft.sequential(
        IMAGE,
        draft.kind("local").of(
            input_block=2, window=3, output_block=1, channels=2, activation=draft.activation()
        ),
    ),
    "activation": _between("activation", activation=Tanh()),
    "softmax": _between("softmax"),
    "max_pooling": _between("max_pooling", window=2),
    "global_max_pooling": _between("global_max_pooling"),
    "average_pooling": _between("average_pooling", window=3, stride=1, padding=1),
    "global_average_pooling": _between("global_average_pooling"),
    "nearest_upsampling": _between("nearest_upsampling", factor=2),
    "bilinear_upsampling": _between("bilinear_upsampling", factor=2),
    "dropout": _between("dropout", rate=0.4),
    "gaussian_noise": _between("gaussian_noise", deviation=0.2),
    "batch_normalisation": _between("batch_normalisation"),
    "layer_normalisation": _between("layer_normalisation"),
    "layer_normalisation over all axes": _between("layer_normalisation", axes="all"),
    "minibatch_deviation": _between("minibatch_deviation", group=2, epsilon=0.1),
    "minibatch_deviation over 3 entries": _between("minibatch_deviation", group=3, epsilon=0.1),
    "lstm": _recurrent("lstm"),
    "lstm, both directions, two layers": _recurrent("lstm", layers=2, bidirectional=True, peepholes=True),
    "lstm, last step": _recurrent("lstm", layers=2, whole_sequence=False, bidirectional=True),
    "lstm_cell": _recurrent("lstm_cell", UNITS, peepholes=True),
    "gru": _recurrent("gru"),
    "gru, both directions, two layers": _recurrent("gru", layers=2, bidirectional=True),
    "gru, last step": _recurrent("gru", whole_sequence=False),
    "gru_cell": _recurrent("gru_cell", UNITS),
    "add": _merged("add"),
    "concatenate": _merged("concatenate"),
    "multiply": _merged("multiply"),
    "time_distributed": _time_distributed,
    "spectral_normalisation": lambda draft: draft.sequential(
        UNITS, SpectralNormalisation.of(draft.dense(4)), draft.dense()
    ),
    "model": _two_ended,
}


def numbers(generator: np.random.Generator, shape: Any, count: int) -> Any:
    """Return normal numbers for inputs or outputs, by name where there are several."""
    if isinstance(shape, Mapping):
        return {name: numbers(generator, each, count) for name, each in shape.items()}
    return generator.normal(size=(*shape, count))


def ends(network: Network) -> tuple[Any, Any]:
    """Return the shapes of inputs and outputs, by name where there are several."""
    if not isinstance(network, Model):
        return network.input_shape, network.output_shape
    return tuple(
        shapes if len(shapes) > 1 else next(iter(shapes.values()))
        for shapes in (network.input_shapes, network.output_shapes)
    )


def flat(arrays: Any) -> np.ndarray:
    """Return all numbers of one array or several."""
    if isinstance(arrays, Mapping):
        return np.concatenate([array.ravel() for array in arrays.values()])
    return arrays.ravel()


class Penalty:
    """A loss of input gradients and outputs with fixed signals: sum of v * g + sum of s * y."""

    def __init__(self, network: Network, entries: int, generator: np.random.Generator, training: bool):
        self.network, self.training = network, training
        inputs, outputs = ends(network)
        self.values, self.directions = (numbers(generator, inputs, entries) for _ in range(2))
        self.fixed, self.signals = (numbers(generator, outputs, entries) for _ in range(2))
        self.states = {name: each.bit_generator.state for name, each in network.generators.items()}

    def gradients(self) -> tuple[np.ndarray, np.ndarray]:
        """Return d penalty / d parameters and d penalty / d inputs, by hand."""
        self._same_noise()
        gradients = InputGradients(self.network)
        gradients.forward(self.values, self.training)
        gradients.backward(self.fixed)
        assert not self.network.parameters.gradients.any()
        of_inputs = flat(gradients.add_penalty(self.directions, self.signals)).copy()
        found = self.network.parameters.gradients.copy()
        self.network.parameters.zero_gradients()
        return found, of_inputs

    def value(self) -> float:
        """Return the penalty at the parameters and inputs as they are."""
        self._same_noise()
        outputs = flat(self.network.forward(self.values, self.training)).copy()
        with self.network.parameters.gradients_kept():
            gradients = flat(self.network.backward(self.fixed))
        return float(flat(self.directions) @ gradients + flat(self.signals) @ outputs)

    def by_differences(self, array: np.ndarray, places: np.ndarray) -> np.ndarray:
        """Return d penalty / d some numbers of an array, by central differences."""
        return slopes(self.value, array, places)

    def _same_noise(self) -> None:
        for name, each in self.network.generators.items():
            each.bit_generator.state = self.states[name]

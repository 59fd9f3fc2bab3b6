"""Graph, plain: the reference. Any topology, one neuron and one connection at a time.

For every step t the neurons are visited in an order in which connections without delay lead onwards.
Neuron j has the value x_j, its connection from neuron i the weight w_ij and the delay d_ij:

    term_ij(t)  = w_ij * x_i(t - d_ij)                      x_i is 0 before the first step
    s_j(t)      = b_j + sum over i of term_ij(t)            where j is a sum
    s_j(t)      = product over i of term_ij(t)              where j is a product
    x_j(t)      = f_j(s_j(t))

and backwards, with signal_j = dLoss / d x_j and delta_j = dLoss / d s_j, visited the other way round:

    delta_j(t)  = signal_j(t) * f_j'(s_j(t))
    slope_ij(t) = dLoss / d term_ij(t) = delta_j(t)         times all other terms where j is a product
    d w_ij      = sum over t and histories of slope_ij(t) * x_i(t - d_ij)
    d b_j       = sum over t and histories of delta_j(t)
    signal_i(t - d_ij) += w_ij * slope_ij(t)

(Rumelhart, Hinton and Williams 1986, equations 1 to 7; Werbos 1990, "Backpropagation through time",
for the delays; the product neurons are the sigma-pi units of Rumelhart, Hinton and McClelland 1986.)
The product of the other terms is never a division, so it is right where a term is zero.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from itertools import accumulate
from operator import mul
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from networks.base.checks import check_dtype, check_histories_intact
from networks.base.configuration import Fields
from networks.base.gradient_targets import apply_gradient
from networks.base.graph_views import as_images, as_slice
from networks.base.inference import Histories
from networks.base.rewired_graph import RewiredGraph
from nn.graph.graph import Graph
from nn.graph.neuron import Connection, Kind, Layer, Neuron
from nn.history import padded
from nn.parameters import Parameters
from nn.shape import Shape


class GraphNetwork(RewiredGraph):
    """Runs a graph.

    Values of shape (height, width, channels, N) are clamped to the inputs for `ticks` steps, and the
    output is that of the last one. A sequence (T, height, width, channels, N) gives its outputs in T
    steps. Every call starts from zero: nothing is carried over from the call before.

    Parameters
    ----------
    graph
        The wiring and the initial parameters. It is finished: changes need a copy and a new network.
    ticks
        Steps for which a single input is held.
    dtype
        float32 or float64.

    Attributes
    ----------
    nudges
        None, or what is added to the value of every neuron after its activation in `forward`,
        (neurons, N) or (T, neurons, N). The derivative of the loss by a nudge is the neuron's signal.
        `backward` belongs to a forward without nudges.

    Raises
    ------
    ValueError
        When the graph has no input or no output, or `ticks` is below 1.
    CycleError
        When connections without delay form a cycle.
    """

    family = "graph"
    input_shape: Shape
    output_shape: Shape

    def __init__(self, graph: Graph, *, ticks: int = 1, dtype: DTypeLike = np.float32) -> None:
        if not len(graph.inputs):
            raise ValueError("the graph has no input neuron: add_input or input_layer first")
        if not len(graph.outputs):
            raise ValueError("the graph has no output: set_output first")
        if ticks < 1:
            raise ValueError(f"ticks is {ticks}: a graph runs for at least 1")
        self.parameters = Parameters(
            {"weights": graph.weights.shape, "biases": graph.biases.shape}, check_dtype(dtype)
        )
        self.parameters["weights"][:] = graph.weights
        self.parameters["biases"][:] = graph.biases
        self.graph = self._built = graph
        self.ticks = ticks
        self.input_shape, self.output_shape = graph.input_shape, graph.output_shape
        self.nudges: np.ndarray | None = None
        self._inputs, self._outputs = as_slice(graph.inputs), as_slice(graph.outputs)
        self._single, self._clamped = True, {}
        self._prepare()
        graph.finish()

    def _prepare(self) -> None:
        self._order = [Neuron(self, index) for index in self.graph.levels.neurons]
        self._take_activations()
        self._reserve(0, 0)

    def _take_activations(self) -> None:
        self._active = self._neuron_activations

    def _reserve(self, steps: int, entries: int) -> None:
        """Make room for the histories of all neurons."""
        self._values = np.zeros((steps, self.graph.neuron_count, entries), self.dtype)
        self._signals = np.zeros_like(self._values)

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N) or of a sequence (T, H, W, C, N)."""
        sequence = self._as_sequence(values, self.input_shape, "input values")
        self.histories = Histories.NEEDED
        self._single = values.ndim == 4
        self._reserve(self.ticks if self._single else len(values), values.shape[-1])
        self._place_inputs(sequence)
        self._propagate()
        return self.returned

    def _propagate(self) -> None:
        """Compute the values of all steps."""
        for t in range(len(self.values)):
            for neuron in self._order:
                if neuron.kind is not Kind.INPUT:
                    neuron.values[t] = self._active.of(neuron.index)(self._total(neuron, t))
                if self.nudges is not None:
                    neuron.values[t] += np.broadcast_to(self.nudges, self.values.shape)[t, neuron.index]

    def _total(self, neuron: Neuron, t: int) -> np.ndarray:
        """Return the sum or product of what comes in, (N,)."""
        terms = self._terms(neuron, t)
        if neuron.kind is Kind.PRODUCT:
            return math.prod(terms, start=self._constant(1))
        return sum(terms, start=self._constant(neuron.bias or 0))

    def _terms(self, neuron: Neuron, t: int) -> list[np.ndarray]:
        return [_factor(connection) * self._past(connection, t) for connection in neuron.incoming]

    def _past(self, connection: Connection, t: int) -> np.ndarray:
        """Return what a connection reads at step t, (N,)."""
        then = t - connection.delay
        return connection.source.values[then] if then >= 0 else self._constant(0)

    def _constant(self, value: float) -> np.ndarray:
        return np.full(self.values.shape[-1], value, self.dtype)

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals, in the form of the last forward's input.

        The signals of an input that was held are summed over the ticks. Gradients are added or applied.
        """
        check_histories_intact(self)
        sequence = self._as_sequence(signals, self.output_shape, "signals")
        steps = 1 if self._single else len(self.values)
        if (signals.ndim == 4) != self._single or sequence[:, 0].shape != (steps, self.values.shape[-1]):
            raise ValueError(f"graph: signals have shape {signals.shape}, not that of the last outputs")
        self.histories = Histories.FREE
        self._place_signals(sequence)
        self._backpropagate(learning_rate)
        input_signals = self.signals[:, self._inputs]
        if self._single:
            input_signals = input_signals[0] if len(input_signals) == 1 else input_signals.sum(axis=0)
        return input_signals.reshape(*signals.shape[:-4], *self.input_shape, signals.shape[-1])

    def _place_inputs(self, sequence: np.ndarray) -> None:
        """Set the values of the inputs in all steps."""
        self.values[:, self._inputs] = sequence

    def _place_signals(self, sequence: np.ndarray) -> None:
        """Set the signals of the outputs in the last steps, and all others to zero."""
        self.signals[:] = 0
        self.signals[-len(sequence) :, self._outputs] = sequence

    def _backpropagate(self, learning_rate: float | None) -> None:
        """Compute the signals of all steps, and add or apply the gradients."""
        gradients = {name: np.zeros_like(self.parameters[name]) for name in ("weights", "biases")}
        for t in reversed(range(len(self.values))):
            for neuron in reversed(self._order):
                if neuron.kind is not Kind.INPUT:
                    self._backpropagate_neuron(neuron, t, gradients)
        for name, gradient in gradients.items():
            apply_gradient(self.parameters, name, gradient, learning_rate)

    def _backpropagate_neuron(self, neuron: Neuron, t: int, gradients: Mapping[str, np.ndarray]) -> None:
        delta = neuron.signals[t] * self._active.of(neuron.index).derivative(neuron.values[t])
        bias = self.graph.bias_of[neuron.index]
        if bias >= 0:
            gradients["biases"][bias] += delta.sum()
        for connection, slope in zip(neuron.incoming, self._slopes(neuron, t, delta), strict=True):
            if t >= connection.delay:
                weight = connection.weight
                if weight is not None:
                    gradients["weights"][weight.index] += slope @ self._past(connection, t)
                connection.source.signals[t - connection.delay] += _factor(connection) * slope

    def _slopes(self, neuron: Neuron, t: int, delta: np.ndarray) -> list[np.ndarray]:
        """Return dLoss / d term for every connection into a neuron."""
        terms = self._terms(neuron, t)
        if neuron.kind is Kind.SUM:
            return [delta] * len(terms)
        one = self._constant(1)
        before = accumulate(terms, mul, initial=one)
        after = reversed(list(accumulate(terms[:0:-1], mul, initial=one)))
        return [delta * left * right for _, left, right in zip(terms, before, after, strict=False)]

    def _as_sequence(self, values: np.ndarray, shape: Shape, what: str) -> np.ndarray:
        """Return values as (T, neurons, N), T = 1 for a single input."""
        if values.ndim not in (4, 5) or values.shape[-4:-1] != tuple(shape) or not values.size:
            raise ValueError(
                f"graph: {what} have shape {values.shape}, expected ({shape}, histories) "
                f"or (steps, {shape}, histories)"
            )
        if values.dtype != self.dtype:
            raise ValueError(f"graph: {what} are {values.dtype}, the network is {self.dtype}")
        return values.reshape(len(values) if values.ndim == 5 else 1, shape.size, values.shape[-1])

    @property
    def values(self) -> np.ndarray:
        """Values of all neurons in the last forward, (T, neurons, N)."""
        return self._values

    @property
    def signals(self) -> np.ndarray:
        """Signals of all neurons in the last backward, (T, neurons, N)."""
        return self._signals

    @property
    def returned(self) -> np.ndarray:
        """What the last forward returned, in the form of its input."""
        if self._single:
            return self.values[-1:, self._outputs].reshape(*self.output_shape, self.values.shape[-1])
        return self.values[:, self._outputs].reshape(-1, *self.output_shape, self.values.shape[-1])

    @property
    def connections(self) -> int:
        """Number of connections."""
        return self.graph.connection_count

    def history_bytes(self, histories: int) -> int:
        """Return the memory for values, signals and deltas of every neuron at every step."""
        numbers = 3 * self.ticks * self.graph.neuron_count + self.input_shape.size + self.output_shape.size
        return numbers * padded(histories) * self.dtype.itemsize

    def forward_bytes(self, histories: int) -> int:
        """Return the memory for the values of every neuron at every step."""
        return self.ticks * self.graph.neuron_count * padded(histories) * self.dtype.itemsize

    def layer_values(self, layer: Layer) -> np.ndarray:
        """Return the values of a layer of the graph in the last forward, (T, height, width, channels, N)."""
        return as_images(self.values, layer)

    def layer_signals(self, layer: Layer) -> np.ndarray:
        """Return the signals of a layer in the last backward, (T, height, width, channels, N)."""
        return as_images(self.signals, layer)

    def to_configuration(self) -> dict[str, Any]:
        """Describe the network; its wiring is in `structure`."""
        return {"family": self.family, "ticks": self.ticks, "graph": self.graph.to_configuration()}

    def structure(self) -> dict[str, np.ndarray]:
        """Return the wiring as arrays; parameters are not among them."""
        arrays = self.graph.arrays()
        return {name: arrays[name] for name in arrays if name not in ("weights", "biases")}

    @classmethod
    def from_configuration(
        cls,
        configuration: Mapping[str, Any],
        structure: Mapping[str, np.ndarray],
        *,
        dtype: DTypeLike = np.float32,
    ) -> Self:
        """Build the network that `to_configuration` and `structure` described, with parameters of zero.

        Raises
        ------
        ValueError
            Naming what is missing or wrong.
        """
        with Fields(configuration) as fields:
            if fields.family != cls.family:
                raise ValueError(f"graph: no configuration of a graph network, but of {fields.family}")
            ticks, described = fields.whole("ticks"), fields.description("graph")
        graph = Graph.from_arrays(described, dict(structure))
        return cls(graph, ticks=ticks, dtype=dtype)


def _factor(connection: Connection) -> float:
    """Return the weight of a connection, 1 where it is fixed."""
    return 1.0 if connection.weight is None else connection.weight.value

"""Inspecting and changing a graph network: handles, clamped neurons, activations."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Self

import numpy as np

from networks.base.checks import check_activation
from networks.base.clamping import checked_clamps
from networks.base.graph_wiring import GraphWiring
from networks.base.network import Network
from networks.base.wiring import NeuronLayer
from nn.activations import Activation
from nn.graph import Layer
from nn.graph.graph import Graph, checked_index
from nn.graph.neuron import Connection, Kind, Neuron, Weight
from nn.graph.neuron import Kind as NeuronKind
from nn.graph.neuron_activations import NeuronActivations
from nn.shape import Shape


class InspectableGraph(Network):
    """A network that runs a graph; see `networks.graph.GraphNetwork`."""

    graph: Graph
    _clamped: dict[int, float]

    @property
    def weights(self) -> np.ndarray:
        """Weights, (weights,); `graph.weights` are those it started from."""
        return self.parameters["weights"]

    @property
    def biases(self) -> np.ndarray:
        """Biases, (biases,); `graph.biases` are those it started from."""
        return self.parameters["biases"]

    def neuron(self, index: int) -> Neuron:
        """Return a handle to a neuron with its live values, signals and bias."""
        return Neuron(self, checked_index("neuron", index, self.graph.neuron_count))

    def connection(self, index: int) -> Connection:
        """Return a handle to a connection with its live weight."""
        return Connection(self, checked_index("connection", index, self.graph.connection_count))

    def weight(self, index: int) -> Weight:
        """Return a handle to a live weight."""
        return Weight(self, checked_index("weight", index, len(self.weights)))

    def learned_graph(self) -> Graph:
        """Return a copy of the graph that starts from what was learned, and can be changed.

        With neurons and connections added to it or removed from it (`Graph.without`), a new network
        continues from there. Clamped neurons and frozen parameters are not part of a graph.
        """
        learned = self.graph.copy()
        learned.weights[:], learned.biases[:] = self.weights, self.biases
        return learned

    @property
    def _neuron_activations(self) -> NeuronActivations:
        """The current activation of every neuron."""
        return self.graph.neuron_activations.clamping(self._clamped)

    def deltas(self, layer: Layer) -> np.ndarray:
        """Return the derivatives of the loss by the sums of a layer's neurons, as the last backward had them.

        Returns
        -------
        ndarray
            (T, neurons, N): signals times the slopes of activations, 0 for clamped neurons.
        """
        neuron_activations = self._neuron_activations
        numbers = neuron_activations.numbers[layer.span]
        values, deltas = self.values[:, layer.span], self.signals[:, layer.span].copy()
        for number in np.unique(numbers):
            chosen = numbers == number
            deltas[:, chosen] *= neuron_activations.activations[number].derivative(values[:, chosen])
        return deltas

    @abstractmethod
    def _take_activations(self) -> None:
        """Use the activations of `_neuron_activations` from the next forward on."""

    def clamp(self, neurons: Mapping[int, float]) -> None:
        """Hold neurons at fixed values in later forwards.

        Whatever their inputs, they have these values at every step, for every history. No signal passes from
        them to their bias and to what leads to them; `signals` still holds the signals they would get.
        Clamping is not part of the network: its description and parameters do not record it.

        Parameters
        ----------
        neurons
            Index in the graph to value, instead of those clamped before; {} releases all.

        Raises
        ------
        ValueError
            When there is no such neuron or it is an input, or a value is not a finite number; nothing is
            changed then.
        """
        clamped = checked_clamps(self.family, neurons, self.graph.neuron_count, self.dtype)
        for index in clamped:
            if self.graph.kinds[index] == Kind.INPUT:
                name = self.graph.name_of(index)
                raise ValueError(
                    f"{self.family}: {name} is an input and cannot be clamped: its value is given"
                )
        self._clamped = clamped
        self._take_activations()

    @property
    def clamped(self) -> dict[int, float]:
        """Which neurons are clamped, and to which values; see `clamp`."""
        return dict(self._clamped)

    def replace_activation(self, before: Activation, after: Activation) -> None:
        """Replace one activation by another in all neurons but inputs, from the next forward on.

        `graph` becomes another one with the same wiring, and the description follows. Other networks of
        the same graph keep theirs.

        Raises
        ------
        ValueError
            When no neuron has it, or `after` is not an activation; nothing is changed then.
        """
        self.graph = self.graph.replacing(before, check_activation(self.family, after))
        self._take_activations()

    def wiring(self) -> Sequence[NeuronLayer]:
        """Return the layers of the graph but the first, its input; see `Network.wiring`."""
        pairs = pairwise(self.graph.layers)
        return [self._layer_of_neurons(number, *pair) for number, pair in enumerate(pairs)]

    def _layer_of_neurons(self, number: int, before: Layer, layer: Layer) -> NeuronLayer:
        places = self._place_of("weights"), self._place_of("biases")

        def signals() -> np.ndarray:
            """Return the signals of neurons, zero for clamped ones."""
            told: np.ndarray = self.signals[-1, layer.span].copy()
            told[[neuron - layer.first for neuron in self._clamped if neuron in layer.neurons]] = 0
            return told

        return NeuronLayer(
            shape=Shape(*layer.shape),
            wiring=GraphWiring(self, before, layer, *places),
            values=lambda: self.values[-1, layer.span],
            signals=signals,
            activation=lambda: self.neuron(layer.first).activation,
            name=str(number),
            family=self.family,
            clamp=self.clamp,
            first=layer.first,
        )

    def map_activations(self, change: Callable[[Activation], Activation]) -> None:
        """Replace the activations of its neurons by the results of a function."""
        for before in list(self.graph.activations):
            if (after := change(before)) != before:
                self.replace_activation(before, after)

    def synchronise_with(self, other: Self) -> None:
        """Take over activations and clamps of a network of the same graph; see `Network.synchronise_with`."""
        self._take_over_activations(other)
        if other.clamped != self.clamped:
            self.clamp(other.clamped)

    def _take_over_activations(self, other: Self) -> None:
        """Replace activations: neurons that share one share one in the other network, too."""
        before, after = self.graph.neuron_activations, other.graph.neuron_activations
        if before.activations == after.activations:
            return
        computing = np.flatnonzero(self.graph.kinds != NeuronKind.INPUT)
        numbers, firsts = np.unique(before.numbers[computing], return_index=True)
        for number, neuron in zip(numbers, computing[firsts], strict=True):
            if before.activations[number] != after.of(neuron):
                self.replace_activation(before.activations[number], after.of(neuron))

"""The layers of a network by number, and where in its parameters every neuron and connection is.

Layer 0 is the input; layers 1, 2 ... compute, in the order in which they run, the layers of a graph each for
itself. Neurons are flat indices into a layer's (height, width, channels).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import pairwise
from typing import Literal, NamedTuple

import numpy as np

from networks.base.network import Network
from networks.dense import Dense
from networks.graph import GraphNetwork
from networks.local import Local
from networks.sequential import Sequential
from nn.activations import Activation
from nn.graph import Layer as GraphLayer
from nn.image import Box
from nn.shape import Shape
from workbench.errors import AddressError
from workbench.inspect.local_wiring import LocalWiring
from workbench.inspect.wiring import DenseWiring, Ends, GraphWiring, Rows, Wiring, largest

Kind = Literal["input", "dense", "local", "graph"]


class Place(NamedTuple):
    """Which network a layer is, or is part of.

    Attributes
    ----------
    half
        The stack that holds it.
    name
        Of the network within that stack.
    network
        The network itself.
    layer
        The layer of the graph, where the network is one: neuron `n` is number `layer.first + n` there.
    """

    half: Sequential
    name: str
    network: Network
    layer: GraphLayer | None


class LayerPart(NamedTuple):
    """A layer of neurons.

    Attributes
    ----------
    name
        `input`, then the label of the part and a number in it: `encoder 0`.
    kind
        What it is part of.
    shape
        Height, width, channels.
    offset
        Where its neurons begin among those of all layers.
    """

    name: str
    kind: Kind
    shape: Shape
    offset: int


class _Inside(NamedTuple):
    """What is known of a layer that computes: where it is, its wiring and where its parameters begin."""

    place: Place
    wiring: Wiring
    weights: int
    biases: int


class Anatomy:
    """Layers, neurons and connections of a network, and their places in `network.parameters.values`.

    Parameters
    ----------
    network
        A stack of stacks, on any rung.
    labels
        What the stacks are called, by their names in it.

    Attributes
    ----------
    layers
        All of them, the input first.
    code
        Number of the layer that is the code.
    neurons
        Of all layers together, the input's included.
    """

    def __init__(self, network: Network, labels: Mapping[str, str]) -> None:
        self.network = network
        self.layers = [LayerPart("input", "input", Shape(*network.input_shape), 0)]
        self._insides: list[_Inside] = []
        self._rows: dict[int, Rows] = {}
        self.code = 0
        for part, name, half in _halves(network, labels):
            for number, (kind, place, wiring) in enumerate(_layers_of(half)):
                self._insides.append(self._inside(f"{part}.{place.name}.", place, wiring))
                shape = Shape(*(place.network.output_shape if place.layer is None else place.layer.shape))
                self.layers.append(LayerPart(f"{name} {number}", kind, shape, self.neurons))
            self.code = self.code or len(self.layers) - 1

    def _inside(self, prefix: str, place: Place, wiring: Wiring) -> _Inside:
        parameters = self.network.parameters
        starts = (parameters.slice_of(prefix + name).start for name in ("weights", "biases"))
        return _Inside(place, wiring, *starts)

    @property
    def neurons(self) -> int:
        """How many neurons all layers have together."""
        return self.layers[-1].offset + self.layers[-1].shape.size

    def check(self, layer: int, neuron: int) -> None:
        """Refuse a neuron that is not there.

        Raises
        ------
        AddressError
            When there is no such layer, or it has no such neuron.
        """
        self._check_layer(layer, 0)
        size = self.layers[layer].shape.size
        if not 0 <= neuron < size:
            raise AddressError(f"{self._name(layer)} has neurons 0 to {size - 1}, no neuron {neuron}")

    def place(self, layer: int) -> Place:
        """Return which network a layer is; AddressError for the input, which is none."""
        return self._inside_of(layer).place

    def activation(self, layer: int) -> Activation:
        """Return what the neurons of a layer apply to their sums; AddressError for the input."""
        place = self.place(layer)
        if isinstance(place.network, GraphNetwork) and place.layer is not None:
            return place.network.neuron(place.layer.first).activation
        activation = place.network.activation
        assert activation is not None
        return activation

    def connections(self, layer: int) -> int:
        """Return how many connections lead into a layer; none into the input."""
        self._check_layer(layer, 0)
        return self._insides[layer - 1].wiring.count if layer else 0

    def bias(self, layer: int, neuron: int) -> int:
        """Return where the bias of a neuron is among all parameters.

        Raises
        ------
        AddressError
            When there is no such neuron, or it has no bias.
        """
        self._inside_of(layer, neuron)
        place = int(self.bias_places[self.layers[layer].offset + neuron])
        if place < 0:
            raise AddressError(f"neuron {neuron} of {self._name(layer)} has no bias")
        return place

    @cached_property
    def bias_places(self) -> np.ndarray:
        """Where the biases of the neurons of all layers are among all parameters, int64; -1 for none."""
        places = [np.full(self.layers[0].shape.size, -1)]
        for inside in self._insides:
            biases = inside.wiring.biases()
            places.append(np.where(biases < 0, -1, biases + inside.biases))
        return np.concatenate(places)

    def weight(self, layer: int, target: int, source: int) -> int:
        """Return where the weight into neuron `target` of `layer` from `source` of `layer - 1` is.

        Raises
        ------
        AddressError
            When there is no such neuron or connection, or its weight is fixed.
        """
        inside = self._inside_of(layer, target)
        self.check(layer - 1, source)
        try:
            return inside.weights + inside.wiring.weight(target, source)
        except AddressError as error:
            raise AddressError(f"{self._name(layer)}: {error}") from None

    def incoming_parameters(self, layer: int, neuron: int) -> np.ndarray:
        """Return where the bias of a neuron and all weights into it are, int64 (1 + connections,)."""
        self._inside_of(layer, neuron)
        bias = self.bias_places[self.layers[layer].offset + neuron : self.layers[layer].offset + neuron + 1]
        return np.concatenate([bias[bias >= 0], self.incoming(layer, neuron).places])

    def incoming(self, layer: int, neuron: int) -> Ends:
        """Return the sources, in `layer - 1`, of the connections into a neuron; none for the input."""
        self.check(layer, neuron)
        if layer == 0:
            return _no_ends()
        inside = self._insides[layer - 1]
        return _moved(inside.wiring.incoming(neuron), inside.weights)

    def outgoing(self, layer: int, neuron: int) -> Ends:
        """Return the targets, in `layer + 1`, of the connections out of a neuron; none for the last layer."""
        self.check(layer, neuron)
        if layer == len(self.layers) - 1:
            return _no_ends()
        inside = self._insides[layer]
        return _moved(inside.wiring.outgoing(neuron), inside.weights)

    def window(self, layer: int, neuron: int) -> Box | None:
        """Return which pixels of the layer before a neuron sees; None where it has no window."""
        self.check(layer, neuron)
        return self._insides[layer - 1].wiring.window(neuron) if layer else None

    def rows(self, layer: int) -> Rows:
        """Return the weights into a layer, neuron by neuron, at their places among all parameters."""
        inside = self._inside_of(layer)
        if layer not in self._rows:
            rows = inside.wiring.rows()
            places = rows.places
            if isinstance(places, slice):
                moved: slice | np.ndarray = slice(places.start + inside.weights, places.stop + inside.weights)
            else:
                moved = places + inside.weights
            self._rows[layer] = rows._replace(places=moved)
        return self._rows[layer]

    def strongest(self, layer: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the connections into a layer with the largest weights, the largest first.

        Returns
        -------
        sources, targets
            int32 (n,), n at most `count`.
        weights
            float32 (n,).
        """
        wiring = self._inside_of(layer).wiring
        weights = self.network.parameters.values[self.rows(layer).places]
        chosen = largest(np.abs(weights), count)
        sources, targets = wiring.ends(chosen)
        return sources.astype(np.int32), targets.astype(np.int32), weights[chosen].astype(np.float32)

    def _inside_of(self, layer: int, neuron: int = 0) -> _Inside:
        self._check_layer(layer, 1)
        self.check(layer, neuron)
        return self._insides[layer - 1]

    def _check_layer(self, layer: int, first: int) -> None:
        last = len(self.layers) - 1
        if layer == 0 and first == 1:
            raise AddressError(f"layer 0 is the input image, which computes nothing: give layer 1 to {last}")
        if not first <= layer <= last:
            raise AddressError(f"there is no layer {layer}: give {first} to {last}")

    def _name(self, layer: int) -> str:
        return f"layer {layer} ({self.layers[layer].name})"


def _halves(network: Network, labels: Mapping[str, str]) -> Iterator[tuple[str, str, Sequential]]:
    """Yield the stacks of a network with their names and labels."""
    assert isinstance(network, Sequential)
    for part, half in network.named.items():
        name = labels[part]
        if not isinstance(half, Sequential):
            raise AddressError(f"the {name} is a {half.family}, not a stack of layers")
        yield part, name, half


def _layers_of(half: Sequential) -> Iterator[tuple[Kind, Place, Wiring]]:
    """Yield the layers of a stack."""
    for name, network in half.named.items():
        if isinstance(network, Dense):
            yield "dense", Place(half, name, network, None), DenseWiring(network)
        elif isinstance(network, Local):
            yield "local", Place(half, name, network, None), LocalWiring(network)
        elif isinstance(network, GraphNetwork):
            for before, layer in pairwise(network.graph.layers):
                yield "graph", Place(half, name, network, layer), GraphWiring(network, before, layer)
        else:
            raise AddressError(f"{network.family}: no layer whose connections can be looked at one by one")


def _moved(ends: Ends, start: int) -> Ends:
    return Ends(ends.neurons, ends.places + start)


def _no_ends() -> Ends:
    return Ends(np.zeros(0, np.int32), np.zeros(0, np.int64))

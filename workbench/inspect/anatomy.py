"""The layers of a network by number, and where in its parameters every neuron and connection is.

Layer 0 is the input; layers 1, 2 ... compute, in the order in which they run: what `wiring` of the network
answers. Neurons are flat indices into a layer's (height, width, channels); the sources of a neuron are
indices into all layers that its own reads, one after another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import NamedTuple

import numpy as np

from networks import Network
from networks.base.nodes import input_shapes
from networks.base.wiring import (
    FIXED,
    Connections,
    NeuronLayer,
    NoConnectionError,
    Rows,
    as_image,
    sources_within,
)
from nn import Activation, Shape
from nn.tiling import Box
from workbench.errors import AddressError


class LayerPart(NamedTuple):
    """A layer of neurons.

    Attributes
    ----------
    name
        `input`, then the label of the part and a number in it, `encoder 0`; without labels the name that the
        network has for it, with its family where that is a number.
    kind
        Its family.
    shape
        Height, width, channels.
    offset
        Where its neurons begin among those of all layers.
    """

    name: str
    kind: str
    shape: Shape
    offset: int


class Source(NamedTuple):
    """What a layer reads.

    Attributes
    ----------
    layer
        Which.
    first, size
        Where those of its neurons begin that are read, and how many they are: all, but of several inputs.
    """

    layer: int
    first: int
    size: int


class Anatomy:
    """Layers, neurons and connections of a network, and their places in `network.parameters.values`.

    Parameters
    ----------
    network
        Any, on any rung.
    labels
        What its parts are called, by their names in it.

    Attributes
    ----------
    layers
        All of them, the input first.
    code
        Number of the last layer of the first part that has a label; None without labels.
    neurons
        Of all layers together, the input's included.
    """

    def __init__(self, network: Network, labels: Mapping[str, str] | None = None) -> None:
        self.network = network
        self._insides: Sequence[NeuronLayer] = network.wiring()
        self._rows: dict[int, list[Rows]] = {}
        self._given: dict[int, np.ndarray | None] = {}
        self._sources = _sources_of(network, self._insides)
        self.layers = [LayerPart("input", "input", _input_shape(network), 0)]
        for name, inside in zip(_names(self._insides, labels or {}), self._insides, strict=True):
            self.layers.append(LayerPart(name, inside.family, inside.shape, self.neurons))
        self.code = _last_of_the_first_part(self._insides, labels or {})

    @property
    def neurons(self) -> int:
        """How many neurons all layers have together."""
        return self.layers[-1].offset + self.layers[-1].shape.size

    def sources(self, layer: int) -> Sequence[Source]:
        """Return what a layer reads, in the order in which its connections number it; the input nothing."""
        self._check_layer(layer, 0)
        return self._sources[layer]

    def outputs(self, layer: int) -> Sequence[str] | None:
        """Return the names of the outputs of the network that a layer is; None where it is none."""
        self._check_layer(layer, 0)
        if any(inside.outputs for inside in self._insides):
            return self._insides[layer - 1].outputs or None if layer else None
        return () if layer == len(self.layers) - 1 else None

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

    def neuron_layer(self, layer: int, neuron: int = 0) -> NeuronLayer:
        """Return a layer as its network has it; AddressError for the input, which computes nothing."""
        self._check_layer(layer, 1)
        self.check(layer, neuron)
        return self._insides[layer - 1]

    def activation(self, layer: int) -> Activation | None:
        """Return what the neurons of a layer apply to their sums; AddressError for the input."""
        return self.neuron_layer(layer).activation()

    def connections(self, layer: int) -> int:
        """Return how many connections lead into a layer, delayed ones included; none into the input."""
        self._check_layer(layer, 0)
        if layer == 0:
            return 0
        inside = self._insides[layer - 1]
        return inside.wiring.count + (0 if inside.delayed is None else inside.delayed.count)

    def bias(self, layer: int, neuron: int) -> int:
        """Return where the bias of a neuron is among all parameters.

        Raises
        ------
        AddressError
            When there is no such neuron, or it has no bias.
        """
        self.neuron_layer(layer, neuron)
        place = int(self.bias_places[self.layers[layer].offset + neuron])
        if place < 0:
            raise AddressError(f"neuron {neuron} of {self._name(layer)} has no bias")
        return place

    @cached_property
    def bias_places(self) -> np.ndarray:
        """Where the biases of the neurons of all layers are among all parameters, int64; -1 for none."""
        places = [np.full(self.layers[0].shape.size, FIXED)]
        for inside in self._insides:
            biases = inside.wiring.biases()
            places.append(np.where(biases == FIXED, FIXED, biases + inside.start))
        return np.concatenate(places)

    def weight(self, layer: int, target: int, source: int) -> int:
        """Return where the weight into neuron `target` of `layer` from `source` of what it reads is.

        Raises
        ------
        AddressError
            When there is no such neuron or connection, or its weight is fixed.
        """
        inside = self.neuron_layer(layer, target)
        self._check_source(layer, source)
        given = self._given_to(layer)
        try:
            if given is None:
                return inside.start + inside.wiring.weight(target, source)
            number = np.flatnonzero(given == source)
            if not len(number):
                raise NoConnectionError(f"neuron {source} is not given on to neuron {target}")
            return inside.start + inside.wiring.weight(target, int(number[0]))
        except NoConnectionError as error:
            raise AddressError(f"{self._name(layer)}: {error}") from None

    def incoming_parameters(self, layer: int, neuron: int) -> np.ndarray:
        """Return where the bias of a neuron and all weights into it are, int64 (n,)."""
        self.neuron_layer(layer, neuron)
        bias = self.bias_places[self.layers[layer].offset + neuron : self.layers[layer].offset + neuron + 1]
        weights = [self._into(layer, neuron).places, self.delayed(layer, neuron).places]
        places = np.concatenate([bias, *weights])
        return places[places != FIXED]

    def incoming(self, layer: int, neuron: int) -> Connections:
        """Return the connections into a neuron from what its layer reads; none for the input."""
        self.check(layer, neuron)
        if layer == 0:
            return Connections.none()
        found, given = self._into(layer, neuron), self._given_to(layer)
        return found if given is None else found._replace(neurons=given[found.neurons].astype(np.int32))

    def _into(self, layer: int, neuron: int) -> Connections:
        inside = self._insides[layer - 1]
        return inside.wiring.incoming(neuron).shifted(inside.start)

    def outgoing(self, layer: int, neuron: int) -> dict[int, Connections]:
        """Return the connections out of a neuron by the layers that read it; none of the last layer."""
        self.check(layer, neuron)
        found = {}
        for reader, sources in enumerate(self._sources):
            numbers, start = [], 0
            for source in sources:
                within = neuron - source.first
                if source.layer == layer and 0 <= within < source.size:
                    numbers.append(start + within)
                start += source.size
            if numbers:
                found[reader] = self._out_of(reader, numbers)
        return found

    def _out_of(self, reader: int, sources: Sequence[int]) -> Connections:
        """Return the connections into a layer from some of its sources."""
        inside, given = self._insides[reader - 1], self._given_to(reader)
        wired = sources if given is None else np.flatnonzero(np.isin(given, sources)).tolist()
        parts = [inside.wiring.outgoing(each).shifted(inside.start) for each in wired]
        return joined_connections(parts)

    def delayed(self, layer: int, neuron: int) -> Connections:
        """Return the connections into a neuron from `layer + 1` a step before; none where nothing recurs."""
        self.check(layer, neuron)
        inside = self._insides[layer - 1] if layer else None
        if inside is None or inside.delayed is None:
            return Connections.none()
        return inside.delayed.incoming(neuron).shifted(inside.start)

    def window(self, layer: int, neuron: int) -> Box | None:
        """Return which pixels of the layer before a neuron sees; None where it has no window."""
        self.check(layer, neuron)
        if not layer or not self._reads_one(layer):
            return None
        return self._insides[layer - 1].wiring.window(neuron)

    def rows(self, layer: int) -> list[Rows]:
        """Return the weights into a layer, neuron by neuron, at their places among all parameters.

        Those of connections from the layer before, and those of delayed ones where there are some.
        """
        inside = self.neuron_layer(layer)
        if layer not in self._rows:
            wirings = [inside.wiring] if inside.delayed is None else [inside.wiring, inside.delayed]
            self._rows[layer] = [wiring.rows().shifted(inside.start) for wiring in wirings]
        return self._rows[layer]

    def strongest(self, layer: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return connections into a layer with the largest weights, the largest first.

        Of a weight that many share, one of them.

        Returns
        -------
        sources, targets
            int32 (n,), n at most `count`.
        weights
            float32 (n,).
        """
        inside, given = self.neuron_layer(layer), self._given_to(layer)
        weights = self.network.parameters.values[self.rows(layer)[0].places]
        chosen = largest(np.abs(weights), count)
        sources, targets = inside.wiring.ends(chosen)
        known = sources >= 0
        sources, targets, weights = sources[known], targets[known], weights[chosen][known]
        if given is not None:
            sources = given[sources]
        return sources.astype(np.int32), targets.astype(np.int32), weights.astype(np.float32)

    def _given_to(self, layer: int) -> np.ndarray | None:
        """Return which of its sources a layer sees, int64; None for all in their order."""
        if layer not in self._given:
            given = [
                self._insides[each.layer - 1].output_neurons if each.layer else None
                for each in self._sources[layer]
            ]
            starts = np.cumsum([0, *(each.size for each in self._sources[layer])])
            parts = [
                start + (np.arange(source.size) if each is None else each)
                for start, source, each in zip(starts, self._sources[layer], given, strict=False)
            ]
            self._given[layer] = None if all(each is None for each in given) else np.concatenate(parts)
        return self._given[layer]

    def _reads_one(self, layer: int) -> bool:
        """Return whether a layer reads one other, and all of it."""
        sources = self._sources[layer]
        return len(sources) == 1 and sources[0].size == self.layers[sources[0].layer].shape.size

    def _check_source(self, layer: int, source: int) -> None:
        sources = self._sources[layer]
        if self._reads_one(layer):
            self.check(sources[0].layer, source)
            return
        count = sum(each.size for each in sources)
        if not 0 <= source < count:
            read = " and ".join(self._name(each.layer) for each in sources)
            raise AddressError(
                f"{self._name(layer)} has sources 0 to {count - 1} in {read}, no source {source}"
            )

    def _check_layer(self, layer: int, first: int) -> None:
        last = len(self.layers) - 1
        if layer == 0 and first == 1:
            raise AddressError(f"layer 0 is the input image, which computes nothing: give layer 1 to {last}")
        if not first <= layer <= last:
            raise AddressError(f"there is no layer {layer}: give {first} to {last}")

    def _name(self, layer: int) -> str:
        return f"layer {layer} ({self.layers[layer].name})"


def _input_shape(network: Network) -> Shape:
    """Return the input as a layer; several inputs lie one after another."""
    shapes = input_shapes(network)
    return as_image(shapes[0]) if len(shapes) == 1 else Shape(1, sum(shape.size for shape in shapes), 1)


def _sources_of(network: Network, insides: Sequence[NeuronLayer]) -> list[list[Source]]:
    """Return what every layer reads, by number; the input nothing."""
    shapes = input_shapes(network)
    starts = np.cumsum([0, *(shape.size for shape in shapes)]).tolist()
    inputs = [Source(0, first, shape.size) for first, shape in zip(starts, shapes, strict=False)]
    numbers = sources_within(insides, 0, [-1 - number for number in range(len(inputs))])
    return [
        [],
        *(
            [inputs[-1 - n] if n < 0 else Source(n + 1, 0, insides[n].shape.size) for n in each]
            for each in numbers
        ),
    ]


def joined_connections(parts: Sequence[Connections]) -> Connections:
    """Return several connections as one."""
    if len(parts) == 1:
        return parts[0]
    if not parts:
        return Connections.none()
    factors = [
        np.ones(len(each.neurons), np.float32) if each.factors is None else each.factors for each in parts
    ]
    return Connections(
        np.concatenate([each.neurons for each in parts]),
        np.concatenate([each.places for each in parts]),
        np.concatenate(factors),
    )


def _names(insides: Sequence[NeuronLayer], labels: Mapping[str, str]) -> list[str]:
    """Return what layers are called, the input left out."""
    names = []
    numbers: Counter[str] = Counter()
    for inside in insides:
        part, _, rest = inside.name.partition(".")
        if part in labels:
            names.append(f"{labels[part]} {numbers[part]}")
        elif part.isdigit() or not part:
            names.append(" ".join([inside.family, *filter(None, (part, rest.replace(".", " ")))]))
        else:
            names.append(" ".join(filter(None, (part, rest.replace(".", " ")))))
        numbers[part] += 1
    return names


def _last_of_the_first_part(insides: Sequence[NeuronLayer], labels: Mapping[str, str]) -> int | None:
    parts = [inside.name.partition(".")[0] for inside in insides]
    return parts.count(parts[0]) if parts and parts[0] in labels else None


def largest(sizes: np.ndarray, count: int) -> np.ndarray:
    """Return the positions of the largest of some numbers, at most so many, the largest first."""
    count = min(count, len(sizes))
    chosen = np.argpartition(sizes, len(sizes) - count)[len(sizes) - count :] if count else np.zeros(0, int)
    return chosen[np.lexsort((chosen, -sizes[chosen]))]

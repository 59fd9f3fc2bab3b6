"""The layers of a network by number, and where in its parameters every neuron and connection is.

The first layers are the inputs of the network, of most networks layer 0 alone; the others compute, in the
order in which they run, as `wiring` of the network has them. Where these show one of several moments, so do
the inputs. Neurons are flat indices into a layer's (height, width, channels). A neuron numbers its sources
through all layers that its own layer reads, one after another.
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
from nn import Activation, AnyShape, SequenceShape, Shape, VideoShape
from nn.tiling import Box
from workbench.errors import AddressError


class LayerPart(NamedTuple):
    """A layer of neurons.

    Attributes
    ----------
    name
        Of an input `input`, or its name where there are several. Of others the label of the part and a number
        in it, `encoder 0`; without labels the name that the network has for it, with its family where that is
        a number.
    kind
        Its family; `input` of an input.
    shape
        Height, width, channels.
    offset
        Where its neurons begin among those of all layers.
    """

    name: str
    kind: str
    shape: Shape
    offset: int


class Anatomy:
    """Layers, neurons and connections of a network, and their places in `network.parameters.values`.

    Parameters
    ----------
    network
        Any, on any rung.
    labels
        Labels of its parts, by their names in it.

    Attributes
    ----------
    layers
        All of them, the inputs first.
    inputs
        How many of them are inputs.
    code
        Number of the last layer of the first part that has a label; None without labels.
    neurons
        Of all layers together, inputs included.
    """

    def __init__(self, network: Network, labels: Mapping[str, str] | None = None) -> None:
        self.network = network
        self._computing: Sequence[NeuronLayer] = network.wiring()
        self._rows: dict[int, list[Rows]] = {}
        self._given: dict[int, np.ndarray | None] = {}
        self.layers: list[LayerPart] = []
        for name, shape in _named_inputs(network).items():
            self._add(name, "input", as_image(shape))
        self.inputs = len(self.layers)
        for name, layer in zip(_names(self._computing, labels or {}), self._computing, strict=True):
            self._add(name, layer.family, layer.shape)
        self._sources = _sources_of(self._computing, self.inputs)
        in_first_part = _layers_of_the_first_part(self._computing, labels or {})
        self.code = self.inputs - 1 + in_first_part if in_first_part else None

    def _add(self, name: str, kind: str, shape: Shape) -> None:
        self.layers.append(LayerPart(name, kind, shape, self.neurons))

    @property
    def neurons(self) -> int:
        """How many neurons all layers have together."""
        return self.layers[-1].offset + self.layers[-1].shape.size if self.layers else 0

    @property
    def input_neurons(self) -> int:
        """How many neurons all inputs have together: the first of all."""
        return sum(layer.shape.size for layer in self.layers[: self.inputs])

    def is_input(self, layer: int) -> bool:
        """Return whether a layer is an input of the network, which computes nothing."""
        return layer < self.inputs

    def sources(self, layer: int) -> Sequence[int]:
        """Return the layers that a layer reads, in the order in which it numbers its sources."""
        self._check_layer(layer)
        return self._sources[layer]

    def outputs(self, layer: int) -> Sequence[str] | None:
        """Return the names of the outputs of the network that a layer is; None where it is none."""
        self._check_layer(layer)
        if any(each.outputs for each in self._computing):
            return None if self.is_input(layer) else self._inside(layer).outputs or None
        return () if layer == len(self.layers) - 1 else None

    def check(self, layer: int, neuron: int) -> None:
        """Raise an error for a neuron that does not exist.

        Raises
        ------
        AddressError
            When there is no such layer, or it has no such neuron.
        """
        self._check_layer(layer)
        size = self.layers[layer].shape.size
        if not 0 <= neuron < size:
            raise AddressError(f"{self._name(layer)} has neurons 0 to {size - 1}, no neuron {neuron}")

    def neuron_layer(self, layer: int, neuron: int = 0) -> NeuronLayer:
        """Return the layer of the network itself; AddressError for an input, which computes nothing."""
        self._check_layer(layer, self.inputs)
        self.check(layer, neuron)
        if self.is_input(layer):
            raise AddressError(
                f"{self._name(layer)} is an input, which computes nothing: "
                f"give layer {self.inputs} to {len(self.layers) - 1}"
            )
        return self._inside(layer)

    def _inside(self, layer: int) -> NeuronLayer:
        return self._computing[layer - self.inputs]

    def is_pictured(self, layer: int) -> bool:
        """Return whether the values of a layer are brightnesses: those of an input, or of what is like it."""
        self._check_layer(layer)
        return self.is_input(layer) or self._inside(layer).pictured

    def activation(self, layer: int) -> Activation | None:
        """Return the activation of a layer; AddressError for an input."""
        return self.neuron_layer(layer).activation()

    def connections(self, layer: int) -> int:
        """Return how many connections lead into a layer, delayed ones included; none into an input."""
        self._check_layer(layer)
        if self.is_input(layer):
            return 0
        inside = self._inside(layer)
        return inside.wiring.count + (0 if inside.delayed is None else inside.delayed.count)

    def bias(self, layer: int, neuron: int) -> int:
        """Return the place of the bias of a neuron among all parameters.

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
        """Places of the biases of all neurons among all parameters, int64; -1 for none."""
        places = [np.full(self.input_neurons, FIXED)]
        for inside in self._computing:
            biases = inside.wiring.biases()
            places.append(np.where(biases == FIXED, FIXED, biases + inside.start))
        return np.concatenate(places)

    def weight(self, layer: int, target: int, source: int) -> int:
        """Return the place, among all parameters, of the weight into a neuron from one of its sources.

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

    def fixed_factor(self, layer: int, target: int, source: int) -> float | None:
        """Return what a connection without a weight multiplies by; None if it has one, or is not there.

        Raises
        ------
        AddressError
            When there is no such neuron.
        """
        into = self.incoming(layer, target)
        fixed = np.flatnonzero((into.neurons == source) & (into.places == FIXED))
        return float(into.weights(self.network.parameters.values)[fixed[0]]) if len(fixed) else None

    def parameters_of(self, layer: int) -> np.ndarray:
        """Return the places of all weights into a layer and of its biases, int64 (n,), each once."""
        rows = [as_places(each.places) for each in self.rows(layer)]
        part = self.layers[layer]
        biases = self.bias_places[part.offset : part.offset + part.shape.size]
        places = np.unique(np.concatenate([*rows, biases]))
        return places[places != FIXED]

    def incoming_parameters(self, layer: int, neuron: int) -> np.ndarray:
        """Return the places of the bias of a neuron and of all weights into it, int64 (n,)."""
        self.neuron_layer(layer, neuron)
        bias = self.bias_places[self.layers[layer].offset + neuron : self.layers[layer].offset + neuron + 1]
        weights = [self._into(layer, neuron).places, self.delayed(layer, neuron).places]
        places = np.concatenate([bias, *weights])
        return places[places != FIXED]

    def incoming(self, layer: int, neuron: int) -> Connections:
        """Return the connections into a neuron from what its layer reads; none for an input."""
        self.check(layer, neuron)
        if self.is_input(layer):
            return Connections.none()
        found, given = self._into(layer, neuron), self._given_to(layer)
        return found if given is None else found._replace(neurons=given[found.neurons].astype(np.int32))

    def _into(self, layer: int, neuron: int) -> Connections:
        inside = self._inside(layer)
        return inside.wiring.incoming(neuron).shifted(inside.start)

    def outgoing(self, layer: int, neuron: int) -> dict[int, Connections]:
        """Return the connections out of a neuron by the layers that read it; none of the last layer."""
        self.check(layer, neuron)
        found = {}
        for reader, sources in enumerate(self._sources):
            numbers, start = [], 0
            for source in sources:
                if source == layer:
                    numbers.append(start + neuron)
                start += self.layers[source].shape.size
            if numbers:
                found[reader] = self._out_of(reader, numbers)
        return found

    def _out_of(self, reader: int, sources: Sequence[int]) -> Connections:
        """Return the connections into a layer from some of its sources."""
        inside, given = self._inside(reader), self._given_to(reader)
        wired = sources if given is None else np.flatnonzero(np.isin(given, sources)).tolist()
        parts = [inside.wiring.outgoing(each).shifted(inside.start) for each in wired]
        return joined_connections(parts)

    def delayed(self, layer: int, neuron: int) -> Connections:
        """Return the connections into a neuron from a layer a step before; none where nothing recurs."""
        self.check(layer, neuron)
        inside = None if self.is_input(layer) else self._inside(layer)
        if inside is None or inside.delayed is None:
            return Connections.none()
        return inside.delayed.incoming(neuron).shifted(inside.start)

    def delayed_from(self, layer: int) -> int | None:
        """Return the layer that the delayed connections into a layer are from; None where it has none."""
        self._check_layer(layer)
        inside = None if self.is_input(layer) else self._inside(layer)
        if inside is None or inside.delayed is None:
            return None
        return layer + 1 if inside.delayed_from is None else inside.delayed_from + self.inputs

    def window(self, layer: int, neuron: int) -> Box | None:
        """Return the window of a neuron, in pixels of the layer that it reads; None where it has none."""
        self.check(layer, neuron)
        if self.is_input(layer) or len(self._sources[layer]) > 1:
            return None
        return self._inside(layer).wiring.window(neuron)

    def rows(self, layer: int) -> list[Rows]:
        """Return the weights into a layer, neuron by neuron, at their places among all parameters.

        Those from the layers that it reads, and those of delayed connections if there are some.
        """
        inside = self.neuron_layer(layer)
        if layer not in self._rows:
            wirings = [inside.wiring] if inside.delayed is None else [inside.wiring, inside.delayed]
            self._rows[layer] = [wiring.rows().shifted(inside.start) for wiring in wirings]
        return self._rows[layer]

    def strongest(self, layer: int, count: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return connections into a layer with the largest weights, the largest first.

        Of a shared weight, one of its connections.

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
        """Return the numbers of the sources that a layer reads, int64; None for all in their order."""
        if layer not in self._given:
            sources = self._sources[layer]
            sizes = [self.layers[each].shape.size for each in sources]
            given = [None if self.is_input(each) else self._inside(each).output_neurons for each in sources]
            parts = [
                start + (np.arange(size) if each is None else each)
                for start, size, each in zip(np.cumsum([0, *sizes]), sizes, given, strict=False)
            ]
            self._given[layer] = None if all(each is None for each in given) else np.concatenate(parts)
        return self._given[layer]

    def _check_source(self, layer: int, source: int) -> None:
        sources = self._sources[layer]
        if not sources:
            raise AddressError(f"{self._name(layer)} reads no other layer of the same moment")
        if len(sources) == 1:
            self.check(sources[0], source)
            return
        count = sum(self.layers[each].shape.size for each in sources)
        if not 0 <= source < count:
            read = " and ".join(map(self._name, sources))
            raise AddressError(
                f"{self._name(layer)} has sources 0 to {count - 1} in {read}, no source {source}"
            )

    def _check_layer(self, layer: int, first: int = 0) -> None:
        """Raise an error for a layer that does not exist, which names those from `first` on."""
        last = len(self.layers) - 1
        if not 0 <= layer <= last:
            raise AddressError(f"there is no layer {layer}: give {first} to {last}")

    def _name(self, layer: int) -> str:
        return f"layer {layer} ({self.layers[layer].name})"


def _named_inputs(network: Network) -> dict[str, AnyShape]:
    """Return the shapes of all inputs by name; a single one is called `input`."""
    shapes = [at_a_moment(shape) if network.moments > 1 else shape for shape in input_shapes(network)]
    if len(shapes) == 1:
        return {"input": shapes[0]}
    known = getattr(network, "input_shapes", None)
    names = known if isinstance(known, Mapping) else [f"input {number}" for number in range(len(shapes))]
    return dict(zip(names, shapes, strict=True))


def at_a_moment(shape: AnyShape) -> AnyShape:
    """Return the shape of one step of values that have steps."""
    if isinstance(shape, VideoShape):
        return Shape(*shape[1:])
    return Shape(1, 1, shape.features) if isinstance(shape, SequenceShape) else shape


def _sources_of(computing: Sequence[NeuronLayer], inputs: int) -> list[tuple[int, ...]]:
    """Return the layers that every layer reads, by their numbers; inputs read none."""
    return [()] * inputs + sources_within(computing, inputs, range(inputs))


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


def _names(computing: Sequence[NeuronLayer], labels: Mapping[str, str]) -> list[str]:
    """Return the names of the layers that compute."""
    names = []
    numbers: Counter[str] = Counter()
    for layer in computing:
        part, _, rest = layer.name.partition(".")
        if part in labels:
            names.append(f"{labels[part]} {numbers[part]}")
        elif part.isdigit() or not part:
            names.append(" ".join([layer.family, *filter(None, (part, rest.replace(".", " ")))]))
        else:
            names.append(" ".join(filter(None, (part, rest.replace(".", " ")))))
        numbers[part] += 1
    return names


def _layers_of_the_first_part(computing: Sequence[NeuronLayer], labels: Mapping[str, str]) -> int:
    """Return how many layers the first part has; 0 where it has no label."""
    parts = [layer.name.partition(".")[0] for layer in computing]
    return parts.count(parts[0]) if parts and parts[0] in labels else 0


def largest(sizes: np.ndarray, count: int) -> np.ndarray:
    """Return the positions of the largest of some numbers, at most so many, the largest first."""
    count = min(count, len(sizes))
    chosen = np.argpartition(sizes, len(sizes) - count)[len(sizes) - count :] if count else np.zeros(0, int)
    return chosen[np.lexsort((chosen, -sizes[chosen]))]


def as_places(places: slice | np.ndarray) -> np.ndarray:
    """Return places that lie side by side, or do not, as an array of int64."""
    return np.arange(places.start, places.stop) if isinstance(places, slice) else places

"""Graph: neurons and their connections. The ground truth that every network computes faster.

    graph = Graph()
    image = graph.input_layer(Shape(28, 28, 1))
    code = graph.dense(image, Shape(1, 1, 32), activation=Tanh(), generator=generator)
    extra = graph.add_neuron(Sigmoid())
    graph.connect(graph.neuron(code.first), extra, 0.5, delay=1)
    graph.set_output(code)

A graph is wiring and initial parameters; `networks.graph.GraphNetwork` runs it.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Self, TypeVar

import numpy as np

from nn.activations import Activation, Identity
from nn.graph.columns import Column, Compressed, compress
from nn.graph.layer_stack import LayerStackBuilder
from nn.graph.levels import Levels, find_levels
from nn.graph.neuron import Connection, Kind, Layer, Neuron, Weight
from nn.graph.neuron_activations import NeuronActivations
from nn.graph.partition import Partition, partition
from nn.graph.pruning import remaining_graph
from nn.graph.storage import FIXED, NO_BIAS
from nn.shape import Shape

Found = TypeVar("Found")


class Graph(LayerStackBuilder):
    """Neurons and connections, built one at a time or a layer image at a time.

    See `nn.graph.layers.LayerBuilder` for layers, `nn.graph.storage.GraphStorage` for the arrays behind.
    """

    def __init__(self) -> None:
        super().__init__()
        self._found: dict[str, Any] = {}

    @property
    def graph(self) -> Graph:
        """Itself: handles ask their owner."""
        return self

    def _begin_change(self) -> None:
        super()._begin_change()
        self._found.clear()

    # One at a time

    def add_input(self) -> Neuron:
        """Add an input neuron."""
        return Neuron(self, self.add_neurons(1, Kind.INPUT, Identity()))

    def add_neuron(
        self, activation: Activation, *, bias: float | None = 0.0, bias_of: Neuron | None = None
    ) -> Neuron:
        """Add a neuron that sums.

        Parameters
        ----------
        activation
            Applied to the sum.
        bias
            Initial value of its own bias; None for a neuron without.
        bias_of
            A neuron whose bias it shares instead.

        Raises
        ------
        ValueError
            When `bias_of` has no bias or belongs elsewhere, or the bias is NaN or infinite.
        """
        if bias_of is not None:
            self._check_own_handle(bias_of)
            number = int(self.bias_of[bias_of.index])
            if number == NO_BIAS:
                raise ValueError(f"{self.name_of(bias_of.index)} has no bias to share")
        else:
            number = NO_BIAS if bias is None else self.add_biases(bias)
        return Neuron(self, self.add_neurons(1, Kind.SUM, activation, number))

    def add_product(self, activation: Activation = Identity()) -> Neuron:  # noqa: B008 - frozen
        """Add a neuron that multiplies what comes in; without connections its product is 1."""
        return Neuron(self, self.add_neurons(1, Kind.PRODUCT, activation))

    def connect(
        self, source: Neuron, target: Neuron, weight: float | Weight | None, *, delay: int = 0
    ) -> Connection:
        """Connect two neurons.

        Parameters
        ----------
        source, target
            Neurons of this graph; the target is no input.
        weight
            Initial value of a new weight, a weight to share, or None for a fixed 1.
        delay
            How many steps ago the source is read.

        Raises
        ------
        ValueError
            When a handle belongs elsewhere, the target is an input, the weight is NaN or infinite, or
            the delay is negative.
        """
        self._check_neuron(source)
        self._check_neuron(target)
        self._check_own_handle(weight)
        ends = np.array([source.index]), np.array([target.index])
        self._check_connections(*ends, np.array([FIXED]), delay)
        if weight is None:
            number = FIXED
        else:
            number = weight.index if isinstance(weight, Weight) else self.add_weights(weight)
        return Connection(self, self.add_connections(*ends, number, delay))

    def _check_neuron(self, neuron: Neuron) -> None:
        if not isinstance(neuron, Neuron):
            raise ValueError(f"{neuron!r} is not a neuron: give a handle, such as graph.neuron(0)")
        self._check_own_handle(neuron)

    def _check_own_handle(self, handle: Neuron | Weight | float | None) -> None:
        if isinstance(handle, Neuron | Weight) and handle.owner is not self:
            raise ValueError(f"{handle!r} belongs to another graph or to a network")

    # Activations

    @property
    def neuron_activations(self) -> NeuronActivations:
        """The activation of every neuron."""
        return NeuronActivations(self.activations, self.activation_of)

    def replacing(self, before: Activation, after: Activation) -> Self:
        """Return a finished graph in which `after` replaces `before` in every neuron but inputs.

        Raises
        ------
        ValueError
            When there is no such neuron, or this graph is not finished: both graphs share their arrays.
        """
        twin = self._twin()
        neuron_activations = self.neuron_activations.replacing(before, after, self.kinds != Kind.INPUT)
        twin.activations, twin._activation_of = neuron_activations.activations, Column(np.int32)
        twin._activation_of.extend(neuron_activations.numbers)
        twin._found = dict(self._found)
        return twin

    def _twin(self) -> Self:
        """Return a graph that shares everything with this one; refuse one that can still be changed."""
        if not self._finished:
            raise ValueError("this graph can still be changed: make a network of it first")
        twin = type(self).__new__(type(self))
        vars(twin).update(vars(self))
        return twin

    # Other ends

    def rewired(self, sources: np.ndarray, targets: np.ndarray) -> Self:
        """Return a finished graph whose connections lead from and to other neurons.

        Every connection keeps its number, its weight and its delay.

        Parameters
        ----------
        sources, targets
            Indices of neurons, whole numbers (connections,); no target is an input.

        Raises
        ------
        ValueError
            When there are not as many, there is no such neuron, a target is an input, or this graph is not
            finished: both graphs share their other arrays.
        CycleError
            When connections without delay would form a cycle.
        """
        twin = self._twin()
        for what, neurons in (("sources", sources), ("targets", targets)):
            if neurons.shape != (self.connection_count,) or neurons.dtype.kind not in "iu":
                raise ValueError(
                    f"graph: {what} are {neurons.dtype} {neurons.shape}, expected a whole number for each of "
                    f"{self.connection_count} connections"
                )
        self._check_connections(sources, targets, self.weight_of, 0)
        twin._sources, twin._targets = Column(np.int32), Column(np.int32)
        twin._sources.extend(sources)
        twin._targets.extend(targets)
        twin._found = {name: self._found[name] for name in ("by_weight",) if name in self._found}
        _ = twin.levels  # which finds cycles
        return twin

    # Leaving out

    def without(
        self, neurons: Iterable[Neuron | int] = (), connections: Iterable[Connection | int] = ()
    ) -> Self:
        """Return a graph without some neurons and connections, which can be changed; this one stays as it is.

        The connections of removed neurons are removed as well, and so are weights and biases that nothing
        carries any more. All others keep their values and order; they are renumbered, so handles and layers
        must be looked up again. A layer that loses neurons is no longer an image: its remaining neurons are
        single ones.

        Parameters
        ----------
        neurons, connections
            Handles of this graph, numbers, or a mask, bool (neurons,) or (connections,).

        Raises
        ------
        ValueError
            When a neuron is an input or an output, or there is none like it.
        """
        return self.from_arrays(*remaining_graph(self, neurons, connections))

    # Inputs and outputs

    def set_output(self, output: Layer | Sequence[Neuron]) -> None:
        """Choose the output neurons: a layer, or neurons in an order.

        Raises
        ------
        ValueError
            When there is none, one comes twice, is not a neuron or belongs elsewhere.
        """
        self._begin_change()
        if isinstance(output, Layer):
            neurons = list(self._neurons(output))
        elif not isinstance(output, Sequence):
            raise ValueError(f"output {output!r} is neither a layer nor a list of neurons")
        else:
            for neuron in output:
                self._check_neuron(neuron)
            neurons = [neuron.index for neuron in output]
        if not neurons or len(set(neurons)) != len(neurons):
            raise ValueError(f"{len(neurons)} output neurons, {len(set(neurons))} different: give each once")
        self._outputs = np.array(neurons, np.int32)

    @property
    def inputs(self) -> np.ndarray:
        """Indices of the input neurons, ascending."""
        return np.flatnonzero(self.kinds == Kind.INPUT)

    @property
    def input_shape(self) -> Shape:
        """Shape of the input layer; 1 x 1 x inputs when there is not exactly one such layer."""
        return self._shape_of(self.inputs)

    @property
    def output_shape(self) -> Shape:
        """Shape of the output layer; 1 x 1 x outputs when the outputs are not one layer."""
        return self._shape_of(self.outputs)

    def _shape_of(self, neurons: np.ndarray) -> Shape:
        for layer in self.layers:
            if len(neurons) == layer.shape.size and np.array_equal(neurons, layer.neurons):
                return layer.shape
        return Shape(1, 1, len(neurons))

    # Looking

    def neuron(self, index: int) -> Neuron:
        """Return a handle to one neuron."""
        return Neuron(self, checked_index("neuron", index, self.neuron_count))

    def connection(self, index: int) -> Connection:
        """Return a handle to one connection."""
        return Connection(self, checked_index("connection", index, self.connection_count))

    def weight(self, index: int) -> Weight:
        """Return a handle to one weight."""
        return Weight(self, checked_index("weight", index, len(self.weights)))

    def neurons(self) -> Iterator[Neuron]:
        """Yield a handle to every neuron."""
        return (Neuron(self, index) for index in range(self.neuron_count))

    def layer(self, name: str) -> Layer:
        """Return a layer by its name.

        Raises
        ------
        KeyError
            When there is none; the message lists those there are.
        """
        for layer in self.layers:
            if layer.name == name:
                return layer
        raise KeyError(f"no layer {name!r}; there are {[layer.name for layer in self.layers]}")

    def layer_of(self, index: int) -> Layer | None:
        """Return the layer of a neuron, None where it was made on its own."""
        number = bisect_right(self.layers, index, key=lambda layer: layer.first) - 1
        if number < 0 or index not in self.layers[number].neurons:
            return None
        return self.layers[number]

    def name_of(self, index: int) -> str:
        """Name a neuron for messages: `neuron 7 (hidden 0, 1, 3)` with row, column and channel."""
        layer = self.layer_of(index)
        if layer is None:
            return f"neuron {index}"
        place = np.unravel_index(index - layer.first, layer.shape)
        return f"neuron {index} ({layer.name} {', '.join(str(part) for part in place)})"

    @property
    def by_target(self) -> Compressed:
        """Connections into every neuron."""
        return self._find("by_target", lambda: compress(self.targets, self.neuron_count))

    @property
    def by_source(self) -> Compressed:
        """Connections out of every neuron."""
        return self._find("by_source", lambda: compress(self.sources, self.neuron_count))

    @property
    def by_weight(self) -> Compressed:
        """Connections that carry every weight."""
        return self._find("by_weight", lambda: compress(self.weight_of, len(self.weights)))

    @property
    def levels(self) -> Levels:
        """The order in which neurons are computed within one step.

        Raises
        ------
        CycleError
            When connections without delay form a cycle; it names the neurons on it.
        """
        now = self.delays == 0
        return self._find(
            "levels",
            lambda: find_levels(self.sources[now], self.targets[now], self.neuron_count, self.name_of),
        )

    def partition(self, count: int) -> Partition:
        """Divide the neurons into parts of nearly equal work with few connections between them."""
        return partition(self.sources, self.targets, self.neuron_count, count)

    def _find(self, name: str, search: Callable[[], Found]) -> Found:
        """Return what a search finds, cached until the graph changes."""
        if name not in self._found:
            self._found[name] = search()
        found: Found = self._found[name]
        return found


def checked_index(what: str, index: int, count: int) -> int:
    """Return an index after checking that it is in range.

    Raises
    ------
    IndexError
        When it is not.
    """
    if not 0 <= index < count:
        raise IndexError(f"{what} {index}: there are {count}, from 0")
    return index

"""What a graph is stored as: columns of numbers for its neurons and connections."""

from __future__ import annotations

from numbers import Integral
from typing import Self

import numpy as np
from numpy.typing import ArrayLike

from nn.activations import Activation, Identity
from nn.deep_copied import DeepCopied
from nn.graph.arrays import Arrays, Description, check_arrays, read_description
from nn.graph.columns import Column
from nn.graph.neuron import Kind, Layer
from nn.shape import Shape

NO_BIAS = -1
FIXED = -1


class GraphStorage(DeepCopied):
    """Neurons and connections in columns that grow by many entries at a time.

    Attributes
    ----------
    activations
        The different activations of the neurons; `activation_of` counts in this list.
    layers
        The layer images in the order in which they were made.
    """

    def __init__(self) -> None:
        self.activations: list[Activation] = []
        self.layers: list[Layer] = []
        self._kinds = Column(np.int8)
        self._activation_of = Column(np.int32)
        self._bias_of = Column(np.int32)
        self._sources = Column(np.int32)
        self._targets = Column(np.int32)
        self._weight_of = Column(np.int32)
        self._delays = Column(np.int32)
        self._weights = Column(np.float64)
        self._biases = Column(np.float64)
        self._outputs = np.empty(0, np.int32)
        self._finished = False

    @property
    def kinds(self) -> np.ndarray:
        """`Kind` of every neuron, int8 (neurons,)."""
        return self._kinds.array

    @property
    def activation_of(self) -> np.ndarray:
        """Number of every neuron's activation, int32 (neurons,)."""
        return self._activation_of.array

    @property
    def bias_of(self) -> np.ndarray:
        """Number of every neuron's bias, -1 where it has none, int32 (neurons,)."""
        return self._bias_of.array

    @property
    def sources(self) -> np.ndarray:
        """Where every connection comes from, int32 (connections,)."""
        return self._sources.array

    @property
    def targets(self) -> np.ndarray:
        """Where every connection leads, int32 (connections,)."""
        return self._targets.array

    @property
    def weight_of(self) -> np.ndarray:
        """Number of every connection's weight, -1 for a fixed 1, int32 (connections,)."""
        return self._weight_of.array

    @property
    def delays(self) -> np.ndarray:
        """How many steps ago every connection reads its source, int32 (connections,)."""
        return self._delays.array

    @property
    def weights(self) -> np.ndarray:
        """Initial weights, float64 (weights,)."""
        return self._weights.array

    @property
    def biases(self) -> np.ndarray:
        """Initial biases, float64 (biases,)."""
        return self._biases.array

    @property
    def outputs(self) -> np.ndarray:
        """Indices of the output neurons in their order, int32 (outputs,)."""
        return self._outputs

    @property
    def neuron_count(self) -> int:
        """Number of neurons."""
        return len(self._kinds)

    @property
    def connection_count(self) -> int:
        """Number of connections."""
        return len(self._sources)

    def add_weights(self, values: ArrayLike) -> int:
        """Add trainable weights with their initial values; return the number of the first."""
        return self._add_parameters(self._weights, values, "weight")

    def add_biases(self, values: ArrayLike) -> int:
        """Add biases with their initial values; return the number of the first."""
        return self._add_parameters(self._biases, values, "bias")

    def _add_parameters(self, column: Column, values: ArrayLike, what: str) -> int:
        self._begin_change()
        if np.asarray(values).dtype.kind not in "fiu" or not np.isfinite(values).all():
            raise ValueError(f"a {what} starts at NaN or infinity, or at no number")
        first = len(column)
        column.extend(np.ravel(values))
        return first

    def add_neurons(
        self, count: int, kind: Kind, activation: Activation, bias_of: int | np.ndarray = NO_BIAS
    ) -> int:
        """Add neurons of one kind and activation; return the index of the first.

        Parameters
        ----------
        count
            How many.
        kind, activation
            Of all of them. The value of an input is given: its activation is the identity.
        bias_of
            Number of each neuron's bias, (count,) or one for all; -1 for none.

        Raises
        ------
        ValueError
            When there is no such bias or activation, or an input or a product is given one.
        """
        self._begin_change()
        numbers = np.broadcast_to(np.asarray(bias_of, np.int32), count)
        if ((numbers < NO_BIAS) | (numbers >= len(self._biases))).any():
            raise ValueError(f"a bias number is outside -1 .. {len(self._biases) - 1}")
        if kind is not Kind.SUM and (numbers != NO_BIAS).any():
            raise ValueError("only sum neurons have a bias")
        if kind is Kind.INPUT and activation != Identity():
            raise ValueError("the value of an input neuron is given: its activation is the identity")
        if not isinstance(activation, Activation):
            raise ValueError(f"{activation!r} is not an activation: give one, such as Tanh()")
        if activation not in self.activations:
            self.activations.append(activation)
        first = self.neuron_count
        self._kinds.extend(np.full(count, kind, np.int8))
        self._activation_of.extend(np.full(count, self.activations.index(activation), np.int32))
        self._bias_of.extend(numbers)
        return first

    def add_layer(
        self,
        name: str | None,
        shape: Shape,
        kind: Kind = Kind.SUM,
        activation: Activation = Identity(),  # noqa: B008 - frozen
        bias_of: int | np.ndarray = NO_BIAS,
    ) -> Layer:
        """Add a layer image of unconnected neurons.

        Parameters
        ----------
        name
            Unique; `layer 0`, `layer 1` ... by the number of layers before it when it is None.
        shape
            Height, width, channels; each at least 1.
        kind, activation, bias_of
            As for `add_neurons`.

        Raises
        ------
        ValueError
            When the name is taken, a side is below 1, or the neurons are refused.
        """
        name = f"layer {len(self.layers)}" if name is None else name
        shape = Shape(*shape)
        self.check_layer(name, shape)
        layer = Layer(name, shape, self.add_neurons(shape.size, kind, activation, bias_of))
        self.layers.append(layer)
        return layer

    def check_layer(self, name: str | None, shape: Shape) -> None:
        """Refuse a name that is taken and a shape with nothing in it."""
        if any(layer.name == name for layer in self.layers):
            raise ValueError(f"there is a layer {name!r} already")
        if min(shape) < 1:
            raise ValueError(f"layer of shape {shape}: every side must be at least 1")

    def add_connections(
        self, sources: ArrayLike, targets: ArrayLike, weight_of: ArrayLike, delay: int = 0
    ) -> int:
        """Add connections; return the number of the first.

        Parameters
        ----------
        sources, targets
            Indices of neurons, (connections,); no target is an input.
        weight_of
            Numbers of weights, (connections,) or one for all; -1 for a fixed 1.
        delay
            How many steps ago they read their sources.

        Raises
        ------
        ValueError
            When there is no neuron or weight of a number, a target is an input, or the delay is negative.
        """
        self._begin_change()
        sources, targets = np.atleast_1d(sources), np.atleast_1d(targets)
        numbers = np.broadcast_to(weight_of, len(sources))
        self._check_connections(sources, targets, numbers, delay)
        first = self.connection_count
        self._sources.extend(sources)
        self._targets.extend(targets)
        self._weight_of.extend(numbers)
        self._delays.extend(np.full(len(sources), delay, np.int32))
        return first

    def _check_connections(
        self, sources: np.ndarray, targets: np.ndarray, numbers: np.ndarray, delay: int
    ) -> None:
        if len(sources) != len(targets):
            raise ValueError(f"{len(sources)} sources, but {len(targets)} targets")
        for neurons, what in ((sources, "source"), (targets, "target")):
            missing = neurons[(neurons < 0) | (neurons >= self.neuron_count)]
            if missing.size:
                raise ValueError(f"{what} {missing[0]}: the graph has {self.neuron_count} neurons")
        if ((numbers < FIXED) | (numbers >= len(self._weights))).any():
            raise ValueError(f"a weight number is outside -1 .. {len(self._weights) - 1}")
        if not isinstance(delay, Integral) or delay < 0:
            raise ValueError(f"delay {delay!r}: give whole steps; a connection cannot read the future")
        fed = targets[self.kinds[targets] == Kind.INPUT]
        if fed.size:
            raise ValueError(f"neuron {fed[0]} is an input: nothing can be connected to it")

    def finish(self) -> None:
        """Refuse changes of the wiring from now on: a network uses it."""
        self._finished = True

    def _begin_change(self) -> None:
        if self._finished:
            raise ValueError("a network runs on this graph: change a copy() of it, and make a new network")

    def to_configuration(self) -> Description:
        """Return the JSON-able part: activations, layers, and how many parameters there are."""
        return {
            "activations": [activation.to_configuration() for activation in self.activations],
            "layers": [
                {"name": layer.name, "shape": str(layer.shape), "first": layer.first} for layer in self.layers
            ],
            "weights": len(self._weights),
            "biases": len(self._biases),
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the wiring as copies of all columns; `weights` and `biases` hold the initial values."""
        return {name: getattr(self, name).copy() for name in Arrays._fields}

    @classmethod
    def from_arrays(cls, configuration: Description, arrays: dict[str, np.ndarray]) -> Self:
        """Build the graph that `to_configuration` and `arrays` described.

        Parameters
        ----------
        configuration, arrays
            The results of those. `weights` and `biases` may be missing: they then start at zero.

        Raises
        ------
        ValueError
            Naming what is missing, unknown, of the wrong type or out of range.
        """
        activations, layers = read_description(configuration)
        checked = check_arrays(configuration, arrays, len(activations), layers)
        graph = cls()
        graph.activations, graph.layers = activations, layers
        graph._outputs = checked.outputs.astype(np.int32)
        for name in Arrays._fields:
            if name != "outputs":
                getattr(graph, f"_{name}").extend(getattr(checked, name))
        return graph

    def copy(self) -> Self:
        """Return a graph with the same neurons and connections that can be changed."""
        return self.from_arrays(self.to_configuration(), self.arrays())

"""What recurrent networks are made of: directed layers, their parameters, histories and description."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from networks.base.checks import check_dtype
from networks.base.configuration import Fields
from networks.base.configured_network import undrawn
from networks.base.directed_layers import (
    DIRECTIONS,
    DirectedLayer,
    History,
    make_directed_layers,
    make_history,
)
from networks.base.recurrent_wiring import GatedWiring, GatePart, GateWiring
from networks.base.stateful import Stateful
from networks.base.wiring import NeuronLayer
from nn.argument_checks import check_count
from nn.history import aligned_zeros, padded
from nn.initializers import Initializer, Zeros
from nn.parameter_limit import check_memory, check_parameter_count
from nn.parameters import Parameters
from nn.shape import AnyShape, SequenceShape, Shape, as_shape


class Layered(Stateful):
    """Layers in one direction or both, with room for what they see.

    Parameters
    ----------
    input_shape
        Steps and features.
    units
        Hidden neurons of every layer and direction.
    layers
        How many lie on one another; each reads the outputs of both directions of the one below.
    bidirectional
        Whether a second direction reads from the end, with parameters of its own.
    whole_sequence
        Whether the output is that of every step, (steps, units * directions), or the last hidden
        values of each direction, (1, 1, units * directions).
    stateful
        Whether a forward goes on from the final states of the one before, until `reset`. No gradient
        flows from one to the other.
    dtype
        float32 or float64.

    Raises
    ------
    ValueError
        When the input is no sequence, or `units` or `layers` is no whole number of at least 1.
    """

    gate_count: ClassVar[int]
    input_gates: ClassVar[Sequence[int]] = range(4)
    """The gates that have rows of input weights and biases, in the order of these."""
    recurrent_gates: ClassVar[Sequence[int]] = range(4)
    """The gates that have rows of recurrent weights, in the order of these."""

    def __init__(
        self,
        input_shape: AnyShape,
        *,
        units: int,
        layers: int,
        bidirectional: bool,
        whole_sequence: bool,
        stateful: bool,
        dtype: DTypeLike,
    ) -> None:
        self.input_shape = as_shape(input_shape)
        if not isinstance(self.input_shape, SequenceShape):
            raise ValueError(
                f"{self.family}: the input {self.input_shape} is no sequence: give steps, features"
            )
        units = check_count(f"{self.family}: units", units)
        layers = check_count(f"{self.family}: layers", layers)
        self.steps, self.units, self.layer_count = self.input_shape.steps, units, layers
        self.bidirectional, self.whole_sequence, self.stateful = bidirectional, whole_sequence, stateful
        width = units * self.directions
        as_shape((self.steps, self.gate_count * width))  # refuses what cannot be counted
        self.output_shape = as_shape((self.steps, width) if whole_sequence else (1, 1, width))
        self._check_size(self.input_shape.features, check_dtype(dtype))
        self.directed_layers = make_directed_layers(self.input_shape.features, units, layers, self.directions)
        shapes = {
            directed.prefix + name: shape
            for directed in self.directed_layers
            for name, shape in self._directed_shapes(directed.inputs).items()
        }
        self.parameters = Parameters(shapes, check_dtype(dtype))
        self._mask: np.ndarray | None = None
        self._entries = 0
        self._reserve(0)
        self._signals = np.zeros((*self.output_shape, 0), self.dtype)
        self._state_signals = self._empty_states(0)

    def _check_size(self, features: int, dtype: np.dtype) -> None:
        """Ask whether there may be so many parameters, before there is an object for every layer."""
        first, other = (
            sum(math.prod(shape) for shape in self._directed_shapes(inputs).values())
            for inputs in (features, self.units * self.directions)
        )
        count = self.directions * (first + (self.layer_count - 1) * other)
        check_parameter_count(count)
        check_memory(count * dtype.itemsize, "for its parameters")

    @abstractmethod
    def _directed_shapes(self, inputs: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the parameters of a directed layer by name."""

    def _draw(
        self, initializer: Initializer, recurrent_initializer: Initializer, generator: np.random.Generator
    ) -> None:
        """Draw the input and recurrent weights of all directed layers, each gate's on its own."""
        kinds = {"input_weights": initializer, "recurrent_weights": recurrent_initializer}
        for directed in self.directed_layers:
            for name, kind in kinds.items():
                weights = self.parameters[directed.prefix + name]
                for gate in np.split(weights, len(weights) // self.units):
                    gate[...] = kind(
                        gate.shape, gate.shape[1], self.units, generator=generator, dtype=self.dtype
                    )

    def _state_shape(self, entries: int) -> tuple[int, ...]:
        return len(self.directed_layers), self.units, entries

    @property
    def directions(self) -> int:
        """1 or 2."""
        return 1 + self.bidirectional

    def _directed_layers_of(self, layer: int) -> list[DirectedLayer]:
        return self.directed_layers[layer * self.directions : (layer + 1) * self.directions]

    def _sends_below(self, directed: DirectedLayer) -> bool:
        """Whether anybody reads the input signals of a directed layer."""
        return directed.layer > 0 or self.propagates

    def _reserve(self, histories: int) -> None:
        """Make room for the histories of all directed layers, and for the values between layers."""
        gates = (self.steps, self.gate_count, self.units, histories)
        states = len(self.state_kind._fields)
        self._histories = [
            make_history(directed, gates, states, self.dtype) for directed in self.directed_layers
        ]
        width = self.units * self.directions
        inputs = [self._directed_layers_of(layer)[0].inputs for layer in range(self.layer_count)]
        self._outputs = [aligned_zeros((self.steps, width, histories), self.dtype) for _ in inputs]
        self._input_signals = [aligned_zeros((self.steps, each, histories), self.dtype) for each in inputs]
        self._top = self._outputs[-1]

    def _find(self, layer: int, direction: str) -> tuple[DirectedLayer, History]:
        """Return a directed layer, and what it saw, by name."""
        prefix = f"layer_{layer}.{direction}."
        for directed, history in zip(self.directed_layers, self._histories, strict=True):
            if directed.prefix == prefix:
                return directed, history
        names = ", ".join(directed.prefix.removesuffix(".") for directed in self.directed_layers)
        raise ValueError(f"{self.family}: no {prefix.removesuffix('.')}; there are {names}")

    def gates(self, layer: int = 0, direction: str = "forward") -> np.ndarray:
        """Return the values of a directed layer's gates in the last forward, (T, gates, units, N).

        Raises
        ------
        ValueError
            When there is no such layer or direction.
        """
        return self._find(layer, direction)[1].gates[..., : self._entries]

    def deltas(self, layer: int = 0, direction: str = "forward") -> np.ndarray:
        """Return dLoss / d sum of every gate in the last backward, (T, gates, units, N); see `gates`."""
        return self._find(layer, direction)[1].deltas[..., : self._entries]

    def hidden(self, layer: int = 0, direction: str = "forward") -> np.ndarray:
        """Return the hidden values after every step of the last forward, (T, units, N); see `gates`."""
        directed, history = self._find(layer, direction)
        return directed.after(history.states[0])[..., : self._entries]

    @property
    def connections(self) -> int:
        """Uses of weights per history: every weight at every step."""
        weights = sum(
            math.prod(self.parameters.shapes[name]) for name in self.parameters.names if "weights" in name
        )
        return self.steps * weights

    def history_bytes(self, histories: int) -> int:
        """Return about how much memory a training step takes beside the parameters."""
        states = 1 + len(self.state_kind._fields)
        numbers = sum(
            self.units * (2 * self.gate_count + states) + 2 * directed.inputs + self.units
            for directed in self.directed_layers
        )
        return self.steps * numbers * padded(histories) * self.dtype.itemsize

    def forward_bytes(self, histories: int) -> int:
        """Return what the states and gates of all directed layers take at every step."""
        kinds = self.gate_count + len(self.state_kind._fields)
        numbers = len(self.directed_layers) * self.units * kinds
        return self.steps * numbers * padded(histories) * self.dtype.itemsize

    def to_configuration(self) -> dict[str, Any]:
        """Describe the network."""
        return super().to_configuration() | {
            "units": self.units,
            "layers": self.layer_count,
            "bidirectional": self.bidirectional,
            "whole_sequence": self.whole_sequence,
            "stateful": self.stateful,
        }

    @classmethod
    def _options(cls, fields: Fields) -> dict[str, Any]:
        return undrawn() | {
            "recurrent_initializer": Zeros(),
            "units": fields.whole("units"),
            "layers": fields.whole("layers"),
            "bidirectional": fields.boolean("bidirectional"),
            "whole_sequence": fields.boolean("whole_sequence"),
            "stateful": fields.boolean("stateful"),
        }

    def wiring(self) -> Sequence[NeuronLayer]:
        """Return, for every layer, its gates and its hidden values at every step; see `Network.wiring`.

        Gates lie as (steps, units of all directions, gates), hidden values as (steps, units of all
        directions).
        """
        return [
            each
            for layer in range(self.layer_count)
            for each in (self._gates_of(layer), self._hidden_of(layer))
        ]

    def _gates_of(self, layer: int) -> NeuronLayer:
        """Return the gates of a layer, which see its inputs and, a step before, its hidden values."""
        directed_layers = self._directed_layers_of(layer)
        width = self.units * self.directions
        inputs = [
            self._gate_part(directed, "input_weights", self.input_gates, 0) for directed in directed_layers
        ]
        before = [
            self._gate_part(directed, "recurrent_weights", self.recurrent_gates, directed.rows.start)
            for directed in directed_layers
        ]

        def of_all(find: Callable[[int, str], np.ndarray]) -> np.ndarray:
            parts = [np.moveaxis(find(layer, DIRECTIONS[n]), 1, 2) for n in range(self.directions)]
            return np.concatenate(parts, axis=1)

        return NeuronLayer(
            shape=Shape(self.steps, width, self.gate_count),
            wiring=GateWiring(self.steps, self.units, directed_layers[0].inputs, inputs),
            values=lambda: of_all(self.gates),
            signals=lambda: of_all(self.deltas),
            name=self._named(layer, "gates"),
            family=self.family,
            delayed=GateWiring(self.steps, self.units, width, before),
        )

    def _named(self, layer: int, what: str) -> str:
        return what if self.layer_count == 1 else f"layer {layer} {what}"

    def _gate_part(self, directed: DirectedLayer, name: str, gates: Sequence[int], first: int) -> GatePart:
        """Return the weights of that name of a directed layer's gates, from neuron `first` of a step on."""
        recurrent = name == "recurrent_weights"
        rows = [gates.index(gate) if gate in gates else None for gate in range(self.gate_count)]
        biases = [None] * self.gate_count if recurrent else self._gate_biases(directed)
        sources = self.parameters.shapes[directed.prefix + name][1]
        lag = (-1 if directed.backward else 1) if recurrent else 0
        return GatePart(self._place_of(directed.prefix + name), rows, biases, first, sources, lag)

    def _gate_biases(self, directed: DirectedLayer) -> list[int | None]:
        """Return where the biases of each gate begin."""
        first = self._place_of(directed.prefix + "biases")
        return [
            first + self.input_gates.index(gate) * self.units if gate in self.input_gates else None
            for gate in range(self.gate_count)
        ]

    def _hidden_of(self, layer: int) -> NeuronLayer:
        """Return the hidden values of a layer; the signals of the last layer alone are known one by one."""
        width, top = self.units * self.directions, layer == self.layer_count - 1

        def values() -> np.ndarray:
            parts = [self.hidden(layer, DIRECTIONS[n]) for n in range(self.directions)]
            return np.concatenate(parts, axis=1)

        def signals() -> np.ndarray:
            if top and self.whole_sequence:
                return self.signals
            told = np.full((self.steps * width, self.signals.shape[-1]), np.nan, self.dtype)
            if top:
                told[self._given] = self.signals.reshape(width, -1)
            return told

        return NeuronLayer(
            shape=Shape(self.steps, width, 1),
            wiring=GatedWiring(self.steps * width, self.gate_count),
            values=values,
            signals=signals,
            name=self._named(layer, "hidden"),
            family=self.family,
            gives=self._given if top and not self.whole_sequence else None,
        )

    @property
    def _given(self) -> np.ndarray:
        """Which hidden values are the last of each direction: the output where it is not a sequence."""
        ends = [
            0 if directed.backward else self.steps - 1
            for directed in self._directed_layers_of(self.layer_count - 1)
        ]
        width = self.units * self.directions
        return np.concatenate(
            [end * width + n * self.units + np.arange(self.units) for n, end in enumerate(ends)]
        )

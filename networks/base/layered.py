"""What recurrent networks are made of: tracks in layers, their parameters, histories and description."""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from networks.base.checks import check_dtype
from networks.base.configuration import Fields
from networks.base.described import undrawn
from networks.base.recurrent_wiring import GatedWiring, GatePart, GateWiring
from networks.base.stateful import Stateful
from networks.base.tracks import DIRECTIONS, History, Track, make_history, make_tracks
from networks.base.wiring import NeuronLayer
from nn.history import aligned_zeros, padded
from nn.initializers import Initializer, Zeros
from nn.parameter_limit import check_parameter_count, check_room
from nn.parameters import Parameters
from nn.ranges import check_count
from nn.shape import AnyShape, SequenceShape, Shape, as_shape


class Layered(Stateful):
    """Tracks in layers, in one direction or both, with room for what they see.

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
        self.tracks = make_tracks(self.input_shape.features, units, layers, self.directions)
        shapes = {
            track.prefix + name: shape
            for track in self.tracks
            for name, shape in self._track_shapes(track.inputs).items()
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
            sum(math.prod(shape) for shape in self._track_shapes(inputs).values())
            for inputs in (features, self.units * self.directions)
        )
        count = self.directions * (first + (self.layer_count - 1) * other)
        check_parameter_count(count)
        check_room(count * dtype.itemsize, "for its parameters")

    @abstractmethod
    def _track_shapes(self, inputs: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the parameters of a track by name."""

    def _draw(
        self, initializer: Initializer, recurrent_initializer: Initializer, generator: np.random.Generator
    ) -> None:
        """Draw the input and recurrent weights of all tracks, each gate's on its own."""
        kinds = {"input_weights": initializer, "recurrent_weights": recurrent_initializer}
        for track in self.tracks:
            for name, kind in kinds.items():
                weights = self.parameters[track.prefix + name]
                for gate in np.split(weights, len(weights) // self.units):
                    gate[...] = kind(
                        gate.shape, gate.shape[1], self.units, generator=generator, dtype=self.dtype
                    )

    def _state_shape(self, entries: int) -> tuple[int, ...]:
        return len(self.tracks), self.units, entries

    @property
    def directions(self) -> int:
        """1 or 2."""
        return 1 + self.bidirectional

    def _tracks_of(self, layer: int) -> list[Track]:
        return self.tracks[layer * self.directions : (layer + 1) * self.directions]

    def _sends_below(self, track: Track) -> bool:
        """Whether anybody reads the input signals of a track."""
        return track.layer > 0 or self.propagates

    def _reserve(self, histories: int) -> None:
        """Make room for the histories of all tracks, and for the values between layers."""
        gates = (self.steps, self.gate_count, self.units, histories)
        states = len(self.state_kind._fields)
        self._histories = [make_history(track, gates, states, self.dtype) for track in self.tracks]
        width = self.units * self.directions
        inputs = [self._tracks_of(layer)[0].inputs for layer in range(self.layer_count)]
        self._outputs = [aligned_zeros((self.steps, width, histories), self.dtype) for _ in inputs]
        self._input_signals = [aligned_zeros((self.steps, each, histories), self.dtype) for each in inputs]
        self._top = self._outputs[-1]

    def _find(self, layer: int, direction: str) -> tuple[Track, History]:
        """Return a track, and what it saw, by name."""
        prefix = f"layer_{layer}.{direction}."
        for track, history in zip(self.tracks, self._histories, strict=True):
            if track.prefix == prefix:
                return track, history
        names = ", ".join(track.prefix.removesuffix(".") for track in self.tracks)
        raise ValueError(f"{self.family}: no {prefix.removesuffix('.')}; there are {names}")

    def gates(self, layer: int = 0, direction: str = "forward") -> np.ndarray:
        """Return the values of a track's gates at every step of the last forward, (T, gates, units, N).

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
        track, history = self._find(layer, direction)
        return track.after(history.states[0])[..., : self._entries]

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
            self.units * (2 * self.gate_count + states) + 2 * track.inputs + self.units
            for track in self.tracks
        )
        return self.steps * numbers * padded(histories) * self.dtype.itemsize

    def forward_bytes(self, histories: int) -> int:
        """Return what the states and gates of all tracks take at every step."""
        kinds = self.gate_count + len(self.state_kind._fields)
        numbers = len(self.tracks) * self.units * kinds
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
        tracks = self._tracks_of(layer)
        width = self.units * self.directions
        inputs = [self._gate_part(track, "input_weights", self.input_gates, 0) for track in tracks]
        before = [
            self._gate_part(track, "recurrent_weights", self.recurrent_gates, track.rows.start)
            for track in tracks
        ]

        def of_all(find: Callable[[int, str], np.ndarray]) -> np.ndarray:
            parts = [np.moveaxis(find(layer, DIRECTIONS[n]), 1, 2) for n in range(self.directions)]
            return np.concatenate(parts, axis=1)

        return NeuronLayer(
            shape=Shape(self.steps, width, self.gate_count),
            wiring=GateWiring(self.steps, self.units, tracks[0].inputs, inputs),
            values=lambda: of_all(self.gates),
            signals=lambda: of_all(self.deltas),
            name=self._named(layer, "gates"),
            family=self.family,
            delayed=GateWiring(self.steps, self.units, width, before),
        )

    def _named(self, layer: int, what: str) -> str:
        return what if self.layer_count == 1 else f"layer {layer} {what}"

    def _gate_part(self, track: Track, name: str, gates: Sequence[int], first: int) -> GatePart:
        """Return the weights of the gates of a track that are called so, from neuron `first` of a step on."""
        recurrent = name == "recurrent_weights"
        rows = [gates.index(gate) if gate in gates else None for gate in range(self.gate_count)]
        biases = [None] * self.gate_count if recurrent else self._gate_biases(track)
        sources = self.parameters.shapes[track.prefix + name][1]
        lag = (-1 if track.backward else 1) if recurrent else 0
        return GatePart(self._place_of(track.prefix + name), rows, biases, first, sources, lag)

    def _gate_biases(self, track: Track) -> list[int | None]:
        """Return where the biases of each gate begin."""
        first = self._place_of(track.prefix + "biases")
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
        ends = [0 if track.backward else self.steps - 1 for track in self._tracks_of(self.layer_count - 1)]
        width = self.units * self.directions
        return np.concatenate(
            [end * width + n * self.units + np.arange(self.units) for n, end in enumerate(ends)]
        )

"""What recurrent networks share: layers, directions, masks, and states that come in and go out.

A recurrent network is made of tracks: one layer in one direction (`networks.tracks`). A family says
what a track computes (`_forward_track`, `_backward_track`); the rest is here, the same on every rung.

A step that is not there (`step_mask`) leaves the states as they are, and its output is zero. So the
backward direction of a short sequence, filled up at its end, begins at its own last step.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import DTypeLike

from networks.configuration import Fields
from networks.network import check_dtype, check_input, check_signals
from networks.stateful import AnyStates, Stateful
from networks.tracks import History, Track, make_history, make_tracks
from nn.history import aligned_zeros, padded
from nn.initializers import Zeros
from nn.parameters import Parameters
from nn.shape import AnyShape, SequenceShape, Shape, as_shape


class Recurrent(Stateful):
    """A network that reads sequences step by step and remembers.

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
        When the input is no sequence, or `units` or `layers` is below 1.
    """

    gate_count: ClassVar[int]

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
        if units < 1 or layers < 1:
            raise ValueError(f"{self.family}: {units} units in {layers} layers: give at least 1 of each")
        self.steps, self.units, self.layer_count = self.input_shape.steps, units, layers
        self.bidirectional, self.whole_sequence, self.stateful = bidirectional, whole_sequence, stateful
        self.tracks = make_tracks(self.input_shape.features, units, layers, self.directions)
        width = units * self.directions
        self.output_shape = SequenceShape(self.steps, width) if whole_sequence else Shape(1, 1, width)
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

    @abstractmethod
    def _track_shapes(self, inputs: int) -> dict[str, tuple[int, ...]]:
        """Return the shapes of the parameters of a track by name."""

    @abstractmethod
    def _forward_track(self, track: Track, history: History) -> None:
        """Fill the gates and all slots of the states but the first; `history.inputs` is set."""

    @abstractmethod
    def _backward_track(
        self,
        track: Track,
        history: History,
        signals: np.ndarray,
        state_signals: Sequence[np.ndarray],
        learning_rate: float | None,
    ) -> None:
        """Backpropagate through a track: fill its deltas, add or apply the gradients of its parameters.

        `signals` are those of its outputs, (T, units, N), zero where a step is not there.
        `state_signals`, (units, N) each, are those of the final states; they become those of the
        initial ones in place. Input signals are added to `self._input_signals[track.layer]`, where
        `self._sends_below(track)`.
        """

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

    def _where_present(self, step: int, values: np.ndarray, otherwise: Any) -> np.ndarray:
        """Return values (..., N), and something else for the histories that have no such step."""
        return values if self._mask is None else np.where(self._mask[step], values, otherwise)

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

    def _lay_out(self, values: np.ndarray) -> np.ndarray:
        """Return values (..., N) contiguous, as the loops of a rung want them; o2 pads the histories."""
        return np.ascontiguousarray(values)

    def forward(
        self, values: np.ndarray, training: bool = False, initial: AnyStates | None = None
    ) -> np.ndarray:
        """Return the output values of input values (steps, features, N).

        `initial` are the states of every track before its first step; by default zero or, where the
        network is stateful, those it ended with.
        """
        check_input(self, values, self.input_shape, "input values")
        entries = values.shape[-1]
        starts = self._starting_states(initial, entries)
        mask = self._checked_mask(entries)
        self._mask = None if mask is None else self._lay_out(mask)
        below = self._lay_out(values.reshape(self.steps, -1, entries))
        if self._mask is not None:
            below = np.where(self._mask[:, None], below, self.dtype.type(0))
        if self._top.shape[-1] != below.shape[-1]:
            self._reserve(below.shape[-1])
        self._entries = entries
        for layer in range(self.layer_count):
            for track in self._tracks_of(layer):
                history = self._histories[track.number]
                history.inputs = below
                history.begin(track, starts)
                self._forward_track(track, history)
            below = self._collect(layer)
        self._top = below
        self._carried = self.final_states if self.stateful else None
        return self.values

    def _collect(self, layer: int) -> np.ndarray:
        """Return the outputs of a layer, (T, units * directions, N)."""
        tracks = self._tracks_of(layer)
        if len(tracks) == 1 and self._mask is None:
            return self._histories[layer].states[0][1:]
        outputs = self._outputs[layer]
        for track in tracks:
            outputs[:, track.rows] = track.after(self._histories[track.number].states[0])
        if self._mask is not None:
            np.copyto(outputs, 0, where=~self._mask[:, None])
        return outputs

    def backward(
        self,
        signals: np.ndarray,
        learning_rate: float | None = None,
        final_signals: AnyStates | None = None,
    ) -> np.ndarray:
        """Return the input signals (steps, features, N) of output signals; gradients are added or applied.

        `final_signals` are dLoss / d final states, by default zero; `initial_signals` follow from them.
        """
        check_signals(self, signals)
        self._signals = signals
        above, self._state_signals = self._signals_of_the_top(signals, final_signals)
        for layer in reversed(range(self.layer_count)):
            self._input_signals[layer].fill(0)
            for track in self._tracks_of(layer):
                ends = [state[track.number] for state in self._state_signals]
                history = self._histories[track.number]
                self._backward_track(track, history, above[:, track.rows], ends, learning_rate)
            above = self._input_signals[layer]
        return above[..., : self._entries].reshape(*self.input_shape, -1)

    def _signals_of_the_top(
        self, signals: np.ndarray, final_signals: AnyStates | None
    ) -> tuple[np.ndarray, AnyStates]:
        """Return the signals of the top layer's outputs at every step, and those of all final states."""
        finals = self._empty_states(self._top.shape[-1])
        if final_signals is not None:
            self._check_states(final_signals, "final signals", self._entries)
            for state, given in zip(finals, final_signals, strict=True):
                state[..., : self._entries] = given
        if self.whole_sequence:
            above = self._lay_out(signals.reshape(self.steps, -1, self._entries))
            if self._mask is not None:
                above = np.where(self._mask[:, None], above, self.dtype.type(0))
            return above, finals
        last = signals.reshape(self.directions, self.units, -1)
        finals.hidden[-self.directions :, :, : self._entries] += last
        return np.zeros_like(self._top), finals

    @property
    def final_states(self) -> AnyStates:
        """A copy of the states after the last step of every track."""
        slots = [
            [history.states[kind][track.last_slot, :, : self._entries] for kind in range(len(history.states))]
            for track, history in zip(self.tracks, self._histories, strict=True)
        ]
        return self.state_kind(*(np.stack(each) for each in zip(*slots, strict=True)))

    @property
    def initial_signals(self) -> AnyStates:
        """dLoss / d initial states of every track in the last backward."""
        return self.state_kind(*(state[..., : self._entries] for state in self._state_signals))

    @property
    def values(self) -> np.ndarray:
        """Output values of the last forward."""
        if self.whole_sequence:
            return self._top[..., : self._entries].reshape(*self.output_shape, -1)
        tracks = self._tracks_of(self.layer_count - 1)
        last = [self._histories[track.number].states[0][track.last_slot] for track in tracks]
        return np.concatenate(last)[..., : self._entries].reshape(*self.output_shape, -1)

    @property
    def signals(self) -> np.ndarray:
        """Signals of the outputs in the last backward."""
        return self._signals

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

    def to_configuration(self) -> dict[str, Any]:
        """Describe the network."""
        return {
            "family": self.family,
            "input_shape": str(self.input_shape),
            "units": self.units,
            "layers": self.layer_count,
            "bidirectional": self.bidirectional,
            "whole_sequence": self.whole_sequence,
            "stateful": self.stateful,
        }

    @classmethod
    def from_configuration(
        cls,
        configuration: Mapping[str, Any],
        structure: Mapping[str, np.ndarray],
        *,
        dtype: DTypeLike = np.float32,
    ) -> Self:
        """Build the network that `to_configuration` described, with parameters of zero; it has no structure.

        Raises
        ------
        ValueError
            Naming the field that is missing, unknown or does not fit.
        """
        with Fields(configuration, structure) as fields:
            input_shape, options = fields.shape("input_shape"), cls._options(fields)
            options |= {
                "generator": np.random.default_rng(0),
                "initializer": Zeros(),
                "recurrent_initializer": Zeros(),
            }
            return cls(input_shape, dtype=dtype, **options)

    @classmethod
    def _options(cls, fields: Fields) -> dict[str, Any]:
        """Take the fields that `to_configuration` wrote, as arguments of the constructor."""
        return {
            "units": fields.whole("units"),
            "layers": fields.whole("layers"),
            "bidirectional": fields.boolean("bidirectional"),
            "whole_sequence": fields.boolean("whole_sequence"),
            "stateful": fields.boolean("stateful"),
        }


def cell_shape(family: str, input_shape: AnyShape) -> Shape:
    """Return the shape of what a single step reads.

    Raises
    ------
    ValueError
        When it is not 1 x 1 x inputs.
    """
    shape = as_shape(input_shape)
    if not isinstance(shape, Shape) or shape[:2] != (1, 1):
        raise ValueError(f"{family}: the input {shape} is no single step: give 1 x 1 x inputs")
    return shape

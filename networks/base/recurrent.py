"""What recurrent networks share: layers, directions, masks, and states that come in and go out.

A recurrent network is made of directed layers: one layer in one direction (`networks.base.directed_layers`).
A family says what a directed layer computes (`_forward_directed`, `_backward_directed`); the rest is here,
the same on every rung.

A step that is not there (`step_mask`) leaves the states as they are, and its output is zero. So the
backward direction of a short sequence, filled up at its end, begins at its own last step.
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any

import numpy as np

from networks.base.checks import check_input, check_signals
from networks.base.directed_layers import DirectedLayer, History
from networks.base.gradient_targets import named_targets
from networks.base.layered import Layered
from networks.base.stateful import AnyStates
from nn.shape import Shape, ShapeLike, layer_shape


class Recurrent(Layered):
    """A network that reads sequences step by step and remembers; see `networks.base.layered.Layered`."""

    @abstractmethod
    def _forward_directed(self, directed: DirectedLayer, history: History) -> None:
        """Fill the gates and all slots of the states but the first; `history.inputs` is set."""

    @abstractmethod
    def _backward_directed(
        self,
        directed: DirectedLayer,
        history: History,
        signals: np.ndarray,
        state_signals: Sequence[np.ndarray],
        learning_rate: float | None,
    ) -> None:
        """Backpropagate through a directed layer: fill its deltas, add or apply its gradients.

        `signals` are those of its outputs, (T, units, N), zero where a step is not there.
        `state_signals`, (units, N) each, are those of the final states; they become those of the
        initial ones in place. Input signals are added to `self._input_signals[directed.layer]`, where
        `self._sends_below(directed)`.
        """

    def _where_present(self, step: int, values: np.ndarray, otherwise: Any) -> np.ndarray:
        """Return values (..., N), and something else for the histories that have no such step."""
        return values if self._mask is None else np.where(self._mask[step], values, otherwise)

    def _present(self) -> np.ndarray:
        """Return which steps are there, bool (T, N)."""
        return np.ones((self.steps, self._entries), np.bool_) if self._mask is None else self._mask

    def _targets_of(
        self, directed: DirectedLayer, learning_rate: float | None
    ) -> tuple[list[np.ndarray], Any]:
        """Return what the gradients of a directed layer are added to, and the factor they are added with."""
        names = [directed.prefix + name for name in self._directed_shapes(directed.inputs)]
        return named_targets(self.parameters, names, learning_rate)

    def _lay_out(self, values: np.ndarray) -> np.ndarray:
        """Return values (..., N) contiguous, as the loops of a rung want them; o2 pads the histories."""
        return np.ascontiguousarray(values)

    def forward(
        self, values: np.ndarray, training: bool = False, initial: AnyStates | None = None
    ) -> np.ndarray:
        """Return the output values of input values (steps, features, N).

        `initial` are the states of every directed layer before its first step; by default zero or, where the
        network is stateful, those it ended with.
        """
        check_input(self, values, self.input_shape, "input values")
        entries = values.shape[-1]
        starts = self._starting_states(initial, entries, training)
        mask = self.checked_step_mask(entries)
        self._mask = None if mask is None else self._lay_out(mask)
        below = self._lay_out(values.reshape(self.steps, -1, entries))
        if self._mask is not None:
            below = np.where(self._mask[:, None], below, self.dtype.type(0))
        if self._top.shape[-1] != below.shape[-1]:
            self._reserve(below.shape[-1])
        self._entries = entries
        for layer in range(self.layer_count):
            for directed in self._directed_layers_of(layer):
                history = self._histories[directed.number]
                history.inputs = below
                history.begin(directed, starts)
                self._forward_directed(directed, history)
            below = self._collect(layer)
        self._top = below
        self._carry_on(training)
        return self.values

    def _collect(self, layer: int) -> np.ndarray:
        """Return the outputs of a layer, (T, units * directions, N)."""
        directed_layers = self._directed_layers_of(layer)
        if len(directed_layers) == 1 and self._mask is None:
            return self._histories[layer].states[0][1:]
        outputs = self._outputs[layer]
        for directed in directed_layers:
            outputs[:, directed.rows] = directed.after(self._histories[directed.number].states[0])
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
            for directed in self._directed_layers_of(layer):
                ends = [state[directed.number] for state in self._state_signals]
                history = self._histories[directed.number]
                self._backward_directed(directed, history, above[:, directed.rows], ends, learning_rate)
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

    def _end(self, directed: DirectedLayer, kind: int) -> np.ndarray:
        """Return a kind of states after the last step of a directed layer, (units, N)."""
        return self._histories[directed.number].states[kind][directed.last_slot]

    @property
    def final_states(self) -> AnyStates:
        """A copy of the states after the last step of every directed layer."""
        slots = [
            [self._end(directed, kind)[:, : self._entries] for kind in range(len(self.state_kind._fields))]
            for directed in self.directed_layers
        ]
        return self.state_kind(*(np.stack(each) for each in zip(*slots, strict=True)))

    @property
    def initial_signals(self) -> AnyStates:
        """dLoss / d initial states of every directed layer in the last backward."""
        return self.state_kind(*(state[..., : self._entries] for state in self._state_signals))

    @property
    def values(self) -> np.ndarray:
        """Output values of the last forward."""
        if self.whole_sequence:
            return self._top[..., : self._entries].reshape(*self.output_shape, -1)
        directed_layers = self._directed_layers_of(self.layer_count - 1)
        last = [self._end(directed, 0) for directed in directed_layers]
        return np.concatenate(last)[..., : self._entries].reshape(*self.output_shape, -1)

    @property
    def signals(self) -> np.ndarray:
        """Signals of the outputs in the last backward."""
        return self._signals


def cell_shape(family: str, input_shape: ShapeLike) -> Shape:
    """Return the shape of what a single step reads.

    Raises
    ------
    ValueError
        When it is not 1 x 1 x inputs.
    """
    shape = layer_shape(f"{family}: input_shape", input_shape)
    if not isinstance(shape, Shape) or shape[:2] != (1, 1):
        raise ValueError(f"{family}: the input {shape} is no single step: give 1 x 1 x inputs")
    return shape

"""The skeleton of recurrent networks: layers, directions, masks, and states that come in and go out.

A recurrent network is made of directed layers: one layer in one direction (`networks.base.directed_layers`).
A family says what its gates compute in one step, and back (`_step`, `_step_back`), and which parameters and
states it has; the rest is here, the same on every rung.

A step that is not there (`step_mask`) leaves the states as they are, and its output is zero. So the
backward direction of a short sequence, filled up at its end, begins at its own last step.
"""

from __future__ import annotations

import math
from abc import abstractmethod
from collections.abc import Callable, Mapping, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import DTypeLike

from networks.base.checks import check_dtype, check_input, check_signals
from networks.base.configuration import Fields, undrawn
from networks.base.directed_layers import (
    DirectedLayer,
    History,
    make_directed_layers,
    make_history,
    sum_over_steps,
)
from networks.base.gradient_targets import apply_gradient
from networks.base.recurrent_wiring import SeenStep, gates_and_hidden, gates_and_hidden_at
from networks.base.stateful import AnyStates, Stateful
from networks.base.wiring import NeuronLayer
from nn.argument_checks import check_count
from nn.history import aligned_zeros, padded
from nn.initializers import Glorot, Initializer, Orthogonal, Zeros
from nn.parameter_limit import check_memory, check_parameter_count
from nn.parameters import Parameters
from nn.shape import AnyShape, SequenceShape, as_shape
from nn.sums import total


class Recurrent(Stateful):
    """A network that reads sequences step by step and remembers, in layers, in one direction or both.

    Parameters
    ----------
    input_shape
        Steps and features.
    units
        Hidden neurons of every layer and direction.
    layers
        Number of stacked layers; each reads the outputs of both directions of the one below.
    bidirectional
        Whether a second direction reads from the end, with parameters of its own.
    whole_sequence
        Whether the output is that of every step, (steps, units * directions), or the last hidden
        values of each direction, (1, 1, units * directions).
    stateful
        Whether a forward continues from the final states of the one before, until `reset`. No gradient
        flows from one to the other.
    initializer, recurrent_initializer
        How input and recurrent weights start, each gate's drawn on its own.
    generator
        Source of the initial weights.
    dtype
        float32 or float64.

    Attributes
    ----------
    input_gates, recurrent_gates
        The gates that have rows of input weights, or of recurrent ones, in the order of these.
    gate_biases
        The array that holds the biases of each gate, and which block of units in it.

    Raises
    ------
    ValueError
        When the input is not a sequence, or `units` or `layers` is not a whole number of at least 1.
    """

    gate_count: ClassVar[int] = 4
    input_gates: ClassVar[Sequence[int]] = range(4)
    recurrent_gates: ClassVar[Sequence[int]] = range(4)
    gate_biases: ClassVar[Sequence[tuple[str, int]]] = tuple(("biases", gate) for gate in range(4))

    def __init__(
        self,
        input_shape: AnyShape,
        *,
        units: int,
        generator: np.random.Generator,
        layers: int = 1,
        bidirectional: bool = False,
        whole_sequence: bool = True,
        stateful: bool = False,
        initializer: Initializer = Glorot(),  # noqa: B008 - frozen
        recurrent_initializer: Initializer = Orthogonal(),  # noqa: B008 - frozen
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.input_shape = as_shape(input_shape)
        if not isinstance(self.input_shape, SequenceShape):
            raise ValueError(
                f"{self.family}: the input {self.input_shape} is not a sequence: give steps, features"
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
        self._draw({"input_weights": initializer, "recurrent_weights": recurrent_initializer}, generator)

    def _draw(self, initializers: Mapping[str, Initializer], generator: np.random.Generator) -> None:
        """Draw the weights of all directed layers by name, each gate's on its own."""
        for directed in self.directed_layers:
            for name, draw in initializers.items():
                weights = self.parameters[directed.prefix + name]
                for gate in np.split(weights, len(weights) // self.units):
                    gate[...] = draw(
                        gate.shape, gate.shape[1], self.units, generator=generator, dtype=self.dtype
                    )

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

    def _state_shape(self, entries: int) -> tuple[int, ...]:
        return len(self.directed_layers), self.units, entries

    @property
    def directions(self) -> int:
        """1 or 2."""
        return 1 + self.bidirectional

    def directed_layers_of(self, layer: int) -> list[DirectedLayer]:
        """Return the directions of a layer."""
        return self.directed_layers[layer * self.directions : (layer + 1) * self.directions]

    def _sends_below(self, directed: DirectedLayer) -> bool:
        """Whether the input signals of a directed layer are needed."""
        return directed.layer > 0 or self.propagates

    def _reserve(self, histories: int) -> None:
        """Make room for the histories of all directed layers, and for the values between layers."""
        gates = (self.steps, self.gate_count, self.units, histories)
        states = len(self.state_kind._fields)
        self._histories = [
            make_history(directed, gates, states, self.dtype) for directed in self.directed_layers
        ]
        width = self.units * self.directions
        inputs = [self.directed_layers_of(layer)[0].inputs for layer in range(self.layer_count)]
        self._outputs = [aligned_zeros((self.steps, width, histories), self.dtype) for _ in inputs]
        self._input_signals = [aligned_zeros((self.steps, each, histories), self.dtype) for each in inputs]
        self._top = self._outputs[-1]

    def _find(self, layer: int, direction: str) -> tuple[DirectedLayer, History]:
        """Return a directed layer, and what it saw, by name."""
        prefix = f"layer_{layer}.{direction}."
        for directed in self.directed_layers:
            if directed.prefix == prefix:
                return directed, self._history_of(directed)
        names = ", ".join(directed.prefix.removesuffix(".") for directed in self.directed_layers)
        raise ValueError(f"{self.family}: no {prefix.removesuffix('.')}; there are {names}")

    def pass_of(self, directed: DirectedLayer, entries: int) -> History:
        """Return what a directed layer saw in the last forward and backward, of the first so many histories.

        The arrays may be views: the next pass overwrites them.
        """
        history = self._history_of(directed)
        shown = (each[..., :entries] for each in (history.inputs, history.gates, history.deltas))
        inputs, gates, deltas = shown
        return History(inputs, tuple(each[..., :entries] for each in history.states), gates, deltas)

    def _history_of(self, directed: DirectedLayer) -> History:
        return self._histories[directed.number]

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
        """Return the memory for states and gates of all directed layers at every step."""
        kinds = self.gate_count + len(self.state_kind._fields)
        numbers = len(self.directed_layers) * self.units * kinds
        return self.steps * numbers * padded(histories) * self.dtype.itemsize

    def to_configuration(self) -> dict[str, Any]:
        """Describe the network."""
        return super().to_configuration() | {"units": self.units} | self._arrangement()

    def _arrangement(self) -> dict[str, Any]:
        """Describe how directed layers lie on one another and what comes out of them."""
        return {
            "layers": self.layer_count,
            "bidirectional": self.bidirectional,
            "whole_sequence": self.whole_sequence,
            "stateful": self.stateful,
        }

    @classmethod
    def _options(cls, fields: Fields) -> dict[str, Any]:
        options = undrawn() | {"recurrent_initializer": Zeros(), "units": fields.whole("units")}
        return options | cls._arrangement_options(fields)

    @classmethod
    def _arrangement_options(cls, fields: Fields) -> dict[str, Any]:
        """Take from a description what `_arrangement` wrote there."""
        return {
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
        return gates_and_hidden(self)

    def wiring_at(self, find: Callable[[], SeenStep]) -> Sequence[NeuronLayer]:
        """Return the gates and the hidden values of one step of a single layer that reads forwards.

        Parameters
        ----------
        find
            Returns what the layer saw at that step.
        """
        return gates_and_hidden_at(self, find)

    def seen_at(self, step: int) -> SeenStep:
        """Return what a single layer that reads forwards saw at a step of the last forward and backward."""
        signals: np.ndarray | None = None
        entries = self.signals.shape[-1]
        if entries and (self.whole_sequence or step == self.steps - 1):
            signals = self.signals.reshape(-1, self.units, entries)[step if self.whole_sequence else 0]
        return SeenStep(self.gates()[step], self.hidden()[step], self.deltas()[step], signals)

    @abstractmethod
    def _step(
        self, parameters: Mapping[str, np.ndarray], sums: np.ndarray, states: Sequence[np.ndarray]
    ) -> tuple[Sequence[np.ndarray], Sequence[np.ndarray]]:
        """Return the values of all gates, and the states after a step.

        Parameters
        ----------
        parameters
            Of the directed layer, by name.
        sums
            What the gates with input weights get from the inputs, biases included, (gates, units, N).
        states
            Before the step, (units, N) each.
        """

    @abstractmethod
    def _step_back(
        self,
        parameters: Mapping[str, np.ndarray],
        gates: np.ndarray,
        before: Sequence[np.ndarray],
        after: Sequence[np.ndarray],
        signals: Sequence[np.ndarray],
    ) -> tuple[np.ndarray, Sequence[np.ndarray]]:
        """Return the deltas of all gates, (gates, units, N), and the signals of the states before a step.

        Parameters
        ----------
        parameters
            Of the directed layer, by name.
        gates
            Their values at the step, (gates, units, N).
        before, after
            States before and after the step, (units, N) each.
        signals
            Of the states after the step, (units, N) each.
        """

    def _own_gradients(self, directed: DirectedLayer, history: History) -> dict[str, np.ndarray]:
        """Return the gradients of the parameters that only this family has."""
        return {}

    def _forward_directed(self, directed: DirectedLayer, history: History) -> None:
        """Fill the gates and all slots of the states but the first; `history.inputs` is set."""
        parameters = self._parameters_of(directed)
        sums = parameters["input_weights"] @ history.inputs + parameters["biases"][:, None]
        sums = sums.reshape(self.steps, -1, self.units, sums.shape[-1])
        for t in directed.steps(self.steps):
            before, after = directed.slots(t)
            old = [states[before] for states in history.states]
            history.gates[t], new = self._step(parameters, sums[t], old)
            for states, state, kept in zip(history.states, new, old, strict=True):
                states[after] = self._where_present(t, state, kept)

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
        parameters = self._parameters_of(directed)
        for t in reversed(directed.steps(self.steps)):
            before, after = ([states[slot] for states in history.states] for slot in directed.slots(t))
            given = [signals[t] + state_signals[0], *state_signals[1:]]
            deltas, earlier = self._step_back(parameters, history.gates[t], before, after, given)
            history.deltas[t] = self._where_present(t, deltas, 0)
            for state_signal, signal in zip(state_signals, earlier, strict=True):
                state_signal[...] = self._where_present(t, signal, state_signal)
        deltas = self._deltas_of(history, self.input_gates)
        self._input_signals[directed.layer] += parameters["input_weights"].T @ deltas
        gradients = {
            "input_weights": sum_over_steps(deltas, history.inputs),
            "recurrent_weights": sum_over_steps(
                self._deltas_of(history, self.recurrent_gates), directed.before(history.states[0])
            ),
            "biases": total(deltas, axis=(0, 2)),
        }
        for name, gradient in (gradients | self._own_gradients(directed, history)).items():
            apply_gradient(self.parameters, directed.prefix + name, gradient, learning_rate)

    def _parameters_of(self, directed: DirectedLayer) -> dict[str, np.ndarray]:
        """Return the parameters of a directed layer by name."""
        names = self._directed_shapes(directed.inputs)
        return {name: self.parameters[directed.prefix + name] for name in names}

    def _deltas_of(self, history: History, gates: Sequence[int]) -> np.ndarray:
        """Return the deltas of some gates as rows of their weights, (T, gates * units, N)."""
        deltas = history.deltas if len(gates) == self.gate_count else history.deltas[:, list(gates)]
        return deltas.reshape(self.steps, len(gates) * self.units, -1)

    def _where_present(self, step: int, values: np.ndarray, otherwise: Any) -> np.ndarray:
        """Return values (..., N), replaced by `otherwise` for the histories that lack a step."""
        return values if self._mask is None else np.where(self._mask[step], values, otherwise)

    def _present(self) -> np.ndarray:
        """Return which steps are there, bool (T, N)."""
        return np.ones((self.steps, self._entries), np.bool_) if self._mask is None else self._mask

    def _lay_out(self, values: np.ndarray) -> np.ndarray:
        """Return values (..., N) contiguous, as the loops of a rung want them; o2 pads the histories."""
        return np.ascontiguousarray(values)

    def forward(
        self, values: np.ndarray, training: bool = False, initial: AnyStates | None = None
    ) -> np.ndarray:
        """Return the output values of input values (steps, features, N).

        `initial` are the states of every directed layer before its first step; by default zero or, where the
        network is stateful, those after the last forward.
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
            for directed in self.directed_layers_of(layer):
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
        directed_layers = self.directed_layers_of(layer)
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
            for directed in self.directed_layers_of(layer):
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
        directed_layers = self.directed_layers_of(self.layer_count - 1)
        last = [self._end(directed, 0) for directed in directed_layers]
        return np.concatenate(last)[..., : self._entries].reshape(*self.output_shape, -1)

    @property
    def signals(self) -> np.ndarray:
        """Signals of the outputs in the last backward."""
        return self._signals

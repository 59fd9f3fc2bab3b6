"""What the second-order terms of the LSTM and the GRU share: layers, directions, steps and masks.

Every line of a family's step, forward and backward, is differentiated in `networks.second_order.lstm` and
`.gru`. The sums over steps are the same for both, with deltas and tangents as in
`networks.second_order.weighted`:

    d(W)' = sum over t, N of delta' x^T + delta x'^T      d(R)' = the same with h before every step
"""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from networks.base.directed_layers import DirectedLayer, History, sum_over_steps
from networks.base.gradient_targets import apply_gradient
from networks.base.network import Network
from networks.second_order.tangent import NonlinearTangent
from nn.step_masks import zero_masked_steps
from nn.sums import total

States = Sequence[np.ndarray]


class Moved(NamedTuple):
    """A directed layer's passes and their changes: inputs, gates and states as in `History`."""

    history: History
    inputs: np.ndarray
    gates: np.ndarray
    states: tuple[np.ndarray, ...]


class StepBack(NamedTuple):
    """What a step sends back, and its changes: deltas (gates, units, N), signals of the states before."""

    deltas: np.ndarray
    signals: States
    moved_deltas: np.ndarray
    moved_signals: States


class RecurrentTangent(NonlinearTangent):
    """A recurrent network; its states before the first step do not move."""

    network: Any

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self._moved: list[Moved] = []

    def forward_tangent(self, tangents: np.ndarray) -> np.ndarray:
        """Return the changes of the outputs."""
        network, self._moved, entries = self.network, [], tangents.shape[-1]
        below = self._where_there(tangents.reshape(network.steps, -1, tangents.shape[-1]))
        for layer in range(network.layer_count):
            outputs = []
            for directed in network.directed_layers_of(layer):
                moved = self._run(directed, below)
                self._moved.append(moved)
                outputs.append(directed.after(moved.states[0]))
            below = self._where_there(np.concatenate(outputs, axis=1) if len(outputs) > 1 else outputs[0])
        if network.whole_sequence:
            return below[..., :entries].reshape(*network.output_shape, -1)
        tops = network.directed_layers_of(network.layer_count - 1)
        last = [self._moved[directed.number].states[0][directed.last_slot] for directed in tops]
        return np.concatenate(last)[..., :entries].reshape(*network.output_shape, -1)

    def backward_tangent(self, signal_tangents: np.ndarray) -> np.ndarray:
        """Return the changes of the input signals; add the gradients."""
        network = self.network
        above, moved_above = self._above(self._signals), self._above(signal_tangents)
        for layer in reversed(range(network.layer_count)):
            parts = [
                self._run_back(directed, above[:, directed.rows], moved_above[:, directed.rows], layer)
                for directed in network.directed_layers_of(layer)
            ]
            above, moved_above = (sum(part[1:], part[0]) for part in zip(*parts, strict=True))
        return moved_above[..., : signal_tangents.shape[-1]].reshape(*network.input_shape, -1)

    def _run(self, directed: DirectedLayer, tangents: np.ndarray) -> Moved:
        """Run all steps of a directed layer forward."""
        network, entries = self.network, tangents.shape[-1]
        history = network.pass_of(directed, entries)
        weights = network.parameters[directed.prefix + "input_weights"]
        sums = (weights @ tangents).reshape(network.steps, -1, network.units, entries)
        gates = np.zeros_like(history.gates)
        states = tuple(np.zeros(each.shape, each.dtype) for each in history.states)
        moved = Moved(history, tangents, gates, states)
        for t in directed.steps(network.steps):
            before, after = directed.slots(t)
            gates[t], new = self._step(directed, moved, t, sums[t])
            for slots, state in zip(states, new, strict=True):
                slots[after] = self._if_there(t, state, slots[before])
        return moved

    def _run_back(
        self, directed: DirectedLayer, above: np.ndarray, moved_above: np.ndarray, layer: int
    ) -> tuple[np.ndarray, np.ndarray]:
        """Run all steps back; return the signals of the layer's inputs and their changes."""
        network, moved = self.network, self._moved[directed.number]
        kinds = len(moved.states)
        signals, moved_signals = ([np.zeros_like(moved.states[0][0]) for _ in range(kinds)] for _ in range(2))
        if not network.whole_sequence and layer == network.layer_count - 1:
            step = directed.steps(network.steps)[-1]
            signals[0] += above[step]
            moved_signals[0] += moved_above[step]
            above, moved_above = np.zeros_like(above), np.zeros_like(moved_above)
        deltas = np.zeros_like(moved.gates)
        for t in reversed(directed.steps(network.steps)):
            given = [above[t] + signals[0], *signals[1:]]
            moved_given = [moved_above[t] + moved_signals[0], *moved_signals[1:]]
            sent = self._step_back(directed, moved, t, given, moved_given)
            deltas[t] = self._if_there(t, sent.moved_deltas, 0)
            signals = [self._if_there(t, n, o) for n, o in zip(sent.signals, signals, strict=True)]
            pairs = zip(sent.moved_signals, moved_signals, strict=True)
            moved_signals = [self._if_there(t, new, old) for new, old in pairs]
        self._add_gradients(directed, moved, deltas)
        turned = network.parameters[directed.prefix + "input_weights"].T
        first = moved.history.deltas
        below = turned @ self._rows(first, network.input_gates) if layer else np.zeros(0, first.dtype)
        return below, turned @ self._rows(deltas, network.input_gates)

    def _add_gradients(self, directed: DirectedLayer, moved: Moved, deltas: np.ndarray) -> None:
        network, history = self.network, moved.history
        first_in, moved_in = (self._rows(each, network.input_gates) for each in (history.deltas, deltas))
        first, recurrent = (self._rows(each, network.recurrent_gates) for each in (history.deltas, deltas))
        before = directed.before(history.states[0])
        gradients = {
            "input_weights": sum_over_steps(moved_in, history.inputs)
            + sum_over_steps(first_in, moved.inputs),
            "recurrent_weights": sum_over_steps(recurrent, before)
            + sum_over_steps(first, directed.before(moved.states[0])),
            "biases": total(moved_in, axis=(0, 2)),
        }
        for name, gradient in (gradients | self._own_gradients(directed, moved, deltas)).items():
            apply_gradient(network.parameters, directed.prefix + name, gradient, None)

    @abstractmethod
    def _step(
        self, directed: DirectedLayer, moved: Moved, t: int, sums: np.ndarray
    ) -> tuple[Sequence[np.ndarray], States]:
        """Return the changes of all gates and of the states after step t; `sums` are W x'(t)."""

    @abstractmethod
    def _step_back(
        self, directed: DirectedLayer, moved: Moved, t: int, signals: States, moved_signals: States
    ) -> StepBack:
        """Return what step t sends back, of the signals of the states after it."""

    def _own_gradients(
        self, directed: DirectedLayer, moved: Moved, deltas: np.ndarray
    ) -> dict[str, np.ndarray]:
        """Return the gradients of the parameters that only this family has."""
        return {}

    def _parameter(self, directed: DirectedLayer, name: str) -> np.ndarray:
        array: np.ndarray = self.network.parameters[directed.prefix + name]
        return array

    def _rows(self, deltas: np.ndarray, gates: Sequence[int]) -> np.ndarray:
        """Return the deltas of some gates as rows of their weights, (T, gates * units, N)."""
        chosen = deltas if len(gates) == deltas.shape[1] else deltas[:, list(gates)]
        return chosen.reshape(len(deltas), -1, deltas.shape[-1])

    def _above(self, signals: np.ndarray) -> np.ndarray:
        """Return the signals of the top layer's outputs at every step, (T, units * directions, N)."""
        network = self.network
        if network.whole_sequence:
            return self._where_there(signals.reshape(network.steps, -1, signals.shape[-1]))
        flat = signals.reshape(1, -1, signals.shape[-1])
        return np.repeat(flat, network.steps, axis=0)

    def _where_there(self, values: np.ndarray) -> np.ndarray:
        """Return values (T, rows, N) with zeros where a mask leaves steps out."""
        return zero_masked_steps(values, self.network.step_mask)

    def _if_there(self, step: int, values: Any, otherwise: Any) -> Any:
        """Return values (..., N), and something else for the entries that have no such step."""
        mask = self.network.step_mask
        return values if mask is None else np.where(mask[step], values, otherwise)

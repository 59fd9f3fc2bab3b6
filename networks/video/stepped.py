"""Linear layers and LSTMs step by step on the fast rungs: what is the same for all steps is done once.

    the products of a step                 run on blocks of weights that fit a core's cache
    the weights, transposed, for signals   once for all steps back
    the gradients of the weights           one product over all steps and histories, after the last step back

where one network for every step would do all three again at each. Parameters belong to the networks of the
ladder, which these stand for; outputs are views of arrays that the next pass overwrites.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from networks.base.directed_layers import DirectedLayer
from networks.base.recurrent_wiring import SeenStep
from networks.base.stateful import AnyStates, States
from networks.base.wiring import NeuronLayer
from nn.history import aligned_zeros, pad_histories, padded
from nn.kernels.steps import gates as gate_kernels
from nn.kernels.steps import products as kernels
from nn.parameters import Parameters
from nn.sums import total

WORTH_A_REGION = 500_000
"""Multiply-adds of a product from which a parallel region pays."""

GATES_WORTH_A_REGION = 16_384
"""Cells from which the gates of a step run in parallel."""


class Product:
    """A matrix of weights that is applied step by step.

    Parameters
    ----------
    parameters, name
        Whose they are, and what they are called; any shape of (outputs, ...).
    outputs
        Rows of the matrix.
    parallel
        Whether blocks of rows run on several threads.
    """

    def __init__(self, parameters: Parameters, name: str, outputs: int, parallel: bool) -> None:
        self._parameters, self._name, self._parallel = parameters, name, parallel
        self.rows, self.columns = outputs, parameters[name].size // outputs
        self._turned_weights = self._turned = self._packed = np.zeros(0, parameters.dtype)
        self._none = np.zeros(0, parameters.dtype)

    def forward(
        self, values: np.ndarray, sums: np.ndarray, biases: np.ndarray | None = None, add: bool = False
    ) -> None:
        """Write, or add to, sums (..., rows, N) of values (..., columns, N), for any number of steps."""
        weights = self._parameters[self._name].ravel()
        added = self._none if biases is None else biases.ravel()
        arguments = weights, added, values.ravel(), sums.ravel(), self.columns, values.shape[-1], add
        self._run(kernels.product, sums.size * self.columns, *arguments)

    def begin_back(self) -> None:
        """Transpose the weights, for `backward` until they change."""
        if not self._turned_weights.size:
            self._turned_weights = aligned_zeros(self.rows * self.columns, self._parameters.dtype)
        weights = self._parameters[self._name].ravel()
        self._run(kernels.transpose_parallel, weights.size, weights, self._turned_weights, self.columns)

    def backward(self, deltas: np.ndarray, signals: np.ndarray, add: bool = False) -> None:
        """Write, or add to, the signals (..., columns, N) of deltas (..., rows, N)."""
        arguments = self._turned_weights, self._none, deltas.ravel(), signals.ravel(), self.rows
        self._run(kernels.product, signals.size * self.rows, *arguments, deltas.shape[-1], add)

    def add_gradient(self, deltas: np.ndarray, values: np.ndarray) -> None:
        """Add the gradient, given the deltas (T, rows, N) and values (T, columns, N) of all steps."""
        if not self._parameters.collects_gradients:
            return
        histories = values.shape[-1]
        length = len(values) * histories
        size = -(-self.columns // kernels.PANEL) * kernels.PANEL * length
        if self._turned.size != size:
            self._turned = aligned_zeros(size, values.dtype)
            self._packed = aligned_zeros(self.rows * length, values.dtype)
        self._run(kernels.turn, size, values.ravel(), self._turned, self.columns, histories)
        self._run(kernels.pack, deltas.size, deltas.ravel(), self._packed, self.rows, histories)
        target = self._parameters.gradient(self._name).ravel()
        arguments = self._packed, self._turned, target, self.columns, length
        self._run(kernels.gradient, deltas.size * self.columns, *arguments)

    def _run(self, kernel: Any, work: int, *arguments: Any) -> None:
        run_kernel(kernel, self._parallel and work >= WORTH_A_REGION, *arguments)


def kept(array: np.ndarray, shape: tuple[int, ...], entries: int) -> np.ndarray:
    """Return an array of a shape (..., N), the same where it has that, with zeros from `entries` on."""
    if array.shape != shape:
        return aligned_zeros(shape, array.dtype)
    array[..., entries:] = 0
    return array


def run_kernel(kernel: Any, parallel: bool, *arguments: Any) -> None:
    """Run a kernel on several threads, or on one."""
    (kernel if parallel else kernel.serial)(*arguments)


class LinearSteps:
    """A dense layer without an activation; see `networks.video.parts.Part`.

    Parameters
    ----------
    network
        The layer.
    parallel
        Whether it runs on several threads.
    """

    def __init__(self, network: Any, parallel: bool) -> None:
        self.network = network
        self._product = Product(network.parameters, "weights", network.output_shape.size, parallel)
        self._entries = 0
        self._inputs = self._outputs = self._deltas = self._signals = np.zeros((0, 0, 0), network.dtype)
        self._given = self._given_back = self._inputs

    def neurons(self, step: Callable[[], int]) -> list[NeuronLayer]:
        """See `networks.video.parts.Part.neurons`."""
        (layer,) = self.network.wiring()
        seen = {"values": lambda: self._outputs[step()], "signals": lambda: self._deltas[step()]}
        return [replace(layer, clamp=None, **seen)]

    def run(self, values: np.ndarray, training: bool) -> np.ndarray:
        """Return the outputs (T, ..., N) of inputs."""
        steps, self._entries = len(values), values.shape[-1]
        self._inputs = pad_histories(values.reshape(steps, -1, self._entries))
        self._reserve(steps, self._inputs.shape[-1])
        self._product.forward(self._inputs, self._outputs, self._biases)
        return self._shaped(self._outputs)

    def run_back(self, signals: np.ndarray) -> np.ndarray:
        """Return the input signals of the last `run`; gradients are added."""
        self._deltas = pad_histories(signals.reshape(len(signals), -1, self._entries))
        if self.network.propagates:
            self._product.begin_back()
            self._product.backward(self._deltas, self._signals)
        self.end_back()
        return self._signals[..., : self._entries]

    def begin(self, steps: int, histories: int) -> None:
        """Get ready for so many single steps on so many histories."""
        self._entries = histories
        whole = padded(histories)
        self._reserve(steps, whole)
        self._inputs = self._given = kept(self._given, (steps, self._product.columns, whole), histories)

    def step(self, number: int, values: np.ndarray, training: bool) -> np.ndarray:
        """Return the outputs (..., N) of a step."""
        self._inputs[number, :, : self._entries] = values.reshape(-1, self._entries)
        self._product.forward(self._inputs[number], self._outputs[number], self._biases)
        return self._shaped(self._outputs[number])

    def begin_back(self) -> None:
        """Transpose the weights."""
        self._product.begin_back()
        self._deltas = self._given_back = kept(self._given_back, self._outputs.shape, self._entries)

    def step_back(self, number: int, signals: np.ndarray) -> np.ndarray:
        """Return the input signals (..., N) of a step."""
        self._deltas[number, :, : self._entries] = signals.reshape(-1, self._entries)
        self._product.backward(self._deltas[number], self._signals[number])
        return self._signals[number, :, : self._entries]

    def end_back(self) -> None:
        """Add the gradients of all steps."""
        self._product.add_gradient(self._deltas, self._inputs)
        parameters = self.network.parameters
        if parameters.collects_gradients:
            parameters.gradient("biases").reshape(-1)[...] += total(self._deltas, axis=(0, 2))

    @property
    def _biases(self) -> np.ndarray:
        biases: np.ndarray = self.network.parameters["biases"]
        return biases

    def _shaped(self, outputs: np.ndarray) -> np.ndarray:
        """Return outputs (..., rows, N) as those of the layer, without what is filled up."""
        shape = *outputs.shape[:-2], *self.network.output_shape, outputs.shape[-1]
        return outputs.reshape(shape)[..., : self._entries]

    def _reserve(self, steps: int, histories: int) -> None:
        shape = steps, self._product.rows, histories
        if self._outputs.shape != shape:
            self._outputs = aligned_zeros(shape, self.network.dtype)
            self._signals = aligned_zeros((steps, self._product.columns, histories), self.network.dtype)


class LSTMSteps:
    """A layer of an LSTM; see `networks.video.parts.RecurrentPart`.

    Parameters
    ----------
    network
        An `LSTM` of one layer and direction that gives its output at every step, or the last.
    parallel
        Whether it runs on several threads.
    """

    def __init__(self, network: Any, parallel: bool) -> None:
        self.network, self._parallel = network, parallel
        directed: DirectedLayer = network.directed_layers[0]
        self._prefix, self._units, gates = directed.prefix, network.units, 4 * network.units
        parameters = network.parameters
        self._of_inputs = Product(parameters, self._prefix + "input_weights", gates, parallel)
        self._of_hidden = Product(parameters, self._prefix + "recurrent_weights", gates, parallel)
        self.initial: AnyStates | None = None
        self.final_signals: AnyStates | None = None
        self._entries = 0
        self._inputs = self._given = self._signals = np.zeros((0, 0, 0), network.dtype)
        self._gates = self._deltas = self._hidden = self._cells = self._signals
        self._hidden_signals = self._cell_signals = np.zeros((0, 0), network.dtype)

    def neurons(self, step: Callable[[], int]) -> Sequence[NeuronLayer]:
        """See `networks.video.parts.Part.neurons`."""

        def seen() -> SeenStep:
            number = step()
            by_gate = self.network.gate_count, self._units, -1
            gates, deltas = (each[number].reshape(by_gate) for each in (self._gates, self._deltas))
            return SeenStep(gates, self._hidden[number + 1], deltas)

        layers: Sequence[NeuronLayer] = self.network.wiring_at(seen)
        return layers

    def run(self, values: np.ndarray, training: bool) -> np.ndarray:
        """Return the outputs (T, 1, 1, units, N) of inputs (T, ..., N)."""
        steps, entries = len(values), values.shape[-1]
        self.begin(steps, entries, given=pad_histories(values.reshape(steps, -1, entries)))
        self._of_inputs.forward(self._inputs, self._gates)
        for number in range(steps):
            self._advance(number)
        return self._hidden[1:, None, None, :, : self._entries]

    def run_back(self, signals: np.ndarray) -> np.ndarray:
        """Return the input signals of the last `run`; gradients are added."""
        given = signals.reshape(-1, self._units, self._entries)
        self._begin_back(self.network.propagates)
        for number in reversed(range(len(self._gates))):
            if len(given) == len(self._gates):
                self._hidden_signals[:, : self._entries] += given[number]
            elif number == len(self._gates) - 1:  # the output is that of the last step
                self._hidden_signals[:, : self._entries] += given[0]
            self._go_back(number)
        if self.network.propagates:
            self._of_inputs.backward(self._deltas, self._signals)
        self.end_back()
        return self._signals[..., : self._entries]

    def begin(self, steps: int, histories: int, given: np.ndarray | None = None) -> None:
        """Begin with the initial states, and make room; `given` are the inputs of all steps."""
        self._entries, whole = histories, padded(histories)
        self._reserve(steps, whole)
        if given is None:
            self._given = kept(self._given, (steps, self._of_inputs.columns, whole), histories)
        self._inputs = self._given if given is None else given
        for states, first in zip((self._hidden, self._cells), self.initial or (None, None), strict=True):
            states[0] = 0
            if first is not None:
                states[0, :, :histories] = first.reshape(self._units, histories)

    def step(self, number: int, values: np.ndarray, training: bool) -> np.ndarray:
        """Return the outputs (1, 1, units, N) of a step."""
        self._inputs[number, :, : self._entries] = values.reshape(-1, self._entries)
        self._of_inputs.forward(self._inputs[number], self._gates[number])
        self._advance(number)
        return self._hidden[number + 1, None, None, :, : self._entries]

    def _advance(self, number: int) -> None:
        """Take a step; the inputs' share of the sums of the gates is there."""
        gates, cells = self._gates[number], self._cells
        self._of_hidden.forward(self._hidden[number], gates, add=True)
        self._run(
            gate_kernels.gates_forward,
            gates.ravel(),
            self._parameter("biases"),
            self._parameter("peepholes"),
            cells[number].ravel(),
            cells[number + 1].ravel(),
            self._hidden[number + 1].ravel(),
            gates.shape[-1],
        )

    def begin_back(self) -> None:
        """Begin with the signals of the final states, and transpose the weights."""
        self._begin_back(True)

    def _begin_back(self, propagates: bool) -> None:
        self._of_hidden.begin_back()
        if propagates:
            self._of_inputs.begin_back()
        for signals, last in zip(
            (self._hidden_signals, self._cell_signals), self.final_signals or (None, None), strict=True
        ):
            signals[...] = 0
            if last is not None:
                signals[:, : self._entries] = last.reshape(self._units, self._entries)

    def step_back(self, number: int, signals: np.ndarray) -> np.ndarray:
        """Return the input signals (..., N) of a step."""
        self._hidden_signals[:, : self._entries] += signals.reshape(self._units, self._entries)
        self._go_back(number)
        self._of_inputs.backward(self._deltas[number], self._signals[number])
        return self._signals[number, :, : self._entries]

    def _go_back(self, number: int) -> None:
        """Compute the deltas of a step, and the signals of the states before it."""
        deltas, cells = self._deltas[number], self._cells
        self._run(
            gate_kernels.gates_backward,
            self._gates[number].ravel(),
            self._parameter("peepholes"),
            cells[number].ravel(),
            cells[number + 1].ravel(),
            self._hidden_signals.ravel(),
            self._cell_signals.ravel(),
            deltas.ravel(),
            deltas.shape[-1],
        )
        self._of_hidden.backward(deltas, self._hidden_signals)

    def end_back(self) -> None:
        """Add the gradients of all steps."""
        parameters = self.network.parameters
        if not parameters.collects_gradients:
            return
        self._of_inputs.add_gradient(self._deltas, self._inputs)
        self._of_hidden.add_gradient(self._deltas, self._hidden[:-1])
        parameters.gradient(self._prefix + "biases")[...] += total(self._deltas, axis=(0, 2))
        if self.network.peepholes:
            shape = len(self._deltas), 4, self._units, -1
            deltas, before, after = self._deltas.reshape(shape), self._cells[:-1], self._cells[1:]
            seen = (0, before), (1, before), (3, after)
            rows = [total(deltas[:, gate] * cells, axis=(0, 2)) for gate, cells in seen]
            parameters.gradient(self._prefix + "peepholes")[...] += np.stack(rows)

    @property
    def final(self) -> States:
        """The states after the last step, (1, units, N)."""
        return self._states(self._hidden[-1], self._cells[-1])

    @property
    def initial_signals(self) -> States:
        """dLoss / d initial states in the last backward, (1, units, N)."""
        return self._states(self._hidden_signals, self._cell_signals)

    def _states(self, *arrays: np.ndarray) -> States:
        hidden, cells = (each[None, :, : self._entries].copy() for each in arrays)
        return States(hidden, cells)

    def _parameter(self, name: str) -> np.ndarray:
        """Return a parameter, flat; of size 0 where there is none."""
        parameters = self.network.parameters
        if self._prefix + name not in parameters.shapes:
            return np.zeros(0, self.network.dtype)
        values: np.ndarray = parameters[self._prefix + name].ravel()
        return values

    def _run(self, kernel: Any, *arguments: Any) -> None:
        worth = self._parallel and self._hidden_signals.size >= GATES_WORTH_A_REGION
        run_kernel(kernel, worth, *arguments)

    def _reserve(self, steps: int, histories: int) -> None:
        shape = steps, 4 * self._units, histories
        if self._gates.shape == shape:
            return
        make = partial(aligned_zeros, dtype=self.network.dtype)
        self._gates, self._deltas = make(shape), make(shape)
        self._hidden, self._cells = (make((steps + 1, self._units, histories)) for _ in range(2))
        self._signals = make((steps, self._of_inputs.columns, histories))
        self._hidden_signals, self._cell_signals = (make((self._units, histories)) for _ in range(2))

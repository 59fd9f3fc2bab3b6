"""Convolutional LSTM, rung o1: the same steps as compiled loops on one thread.

Previous rung:  networks/convolutional_lstm.py
What changed:   1. the convolutions are the loops of convolution_o1 over windows and taps, compiled by
                   Numba, with the histories innermost
                2. everything a gate does to one neuron is one pass, without an array for every
                   intermediate result
Predicted gain: 1 to 5 where images are so small that NumPy's calls rule (some 150 of some
                microseconds each a step); below 1 where channels are many, because NumPy's products
                run on a tuned library
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                             N  direction   ms  x below  x PyTorch  of the limit
    8x16x16x8 to 16 channels, 3x3  16  forward    262     0.09       0.03   3% products
    8x16x16x8 to 16 channels, 3x3  16  backward   397     0.13       0.08   4% products
.. benchmark: end
Loses when:     there are more than a few channels
Numerics:       1e-5 relative in float32: sums in another order than the library's
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from networks import convolutional_lstm
from nn.kernels.convolution.loops import correlate_loops, gather_loops, spread_loops
from nn.kernels.convolutional_lstm.loops import deltas_loops, gates_loops


class ConvolutionalLSTM(convolutional_lstm.ConvolutionalLSTM):
    """A layer that reads a video; see `networks.convolutional_lstm.ConvolutionalLSTM`."""

    def _run(self, states: Sequence[np.ndarray]) -> None:
        self._inputs = np.ascontiguousarray(self._inputs)
        self._hidden[0], self._cells[0] = states
        peepholes = self._flat_peepholes()
        for t in range(self.steps):
            arrays = self._hidden[t], self._cells[t], self._gates[t], self._hidden[t + 1], self._cells[t + 1]
            flat = (_by_position(array) for array in (self._sums(t), *arrays))
            gates_loops(next(flat), peepholes, self._present(t), *flat)

    def _sums(self, t: int) -> np.ndarray:
        sums, recurrent = np.empty((2, *self._gates[t].shape), self.dtype)
        axes = self._windows.rows, self._windows.columns
        gather_loops(*axes, self.parameters["input_weights"], self._inputs[t], sums)
        gather_loops(*axes, self.parameters["recurrent_weights"], self._hidden[t], recurrent)
        sums += recurrent
        sums += self.parameters["biases"][:, None]
        return sums

    def _present(self, t: int) -> np.ndarray:
        """Return which histories have a step, (N,)."""
        return np.ones(self._entries, bool) if self._mask is None else np.ascontiguousarray(self._mask[t])

    def _flat_peepholes(self) -> np.ndarray:
        """Return the peepholes as (3, positions, channels); zeros where none are."""
        if not self.peepholes:
            return np.zeros((3, self.input_shape.height * self.input_shape.width, self.channels), self.dtype)
        return self.parameters["peepholes"].reshape(3, -1, self.channels)

    def _run_back(self, finals: Sequence[np.ndarray]) -> tuple[Sequence[np.ndarray], np.ndarray]:
        hidden_signals, cell_signals = finals
        input_signals = np.empty((*self.input_shape, self._entries), self.dtype)
        axes, earlier = (self._windows.rows, self._windows.columns), np.empty_like(hidden_signals)
        for t in reversed(range(self.steps)):
            above = hidden_signals + (self._signals[t] if self.whole_sequence else 0)
            self._fill_deltas(t, above, cell_signals)
            spread_loops(*axes, self.parameters["recurrent_weights"], self._deltas[t], earlier)
            hidden_signals[...] = self._where_present(t, earlier, hidden_signals)
            if self.propagates:
                spread_loops(*axes, self.parameters["input_weights"], self._deltas[t], input_signals[t])
        return (hidden_signals, cell_signals), input_signals

    def _fill_deltas(self, t: int, hidden_signals: np.ndarray, cell_signals: np.ndarray) -> None:
        states = self._cells[t], self._cells[t + 1], hidden_signals, cell_signals, self._deltas[t]
        flat = (_by_position(array) for array in states)
        deltas_loops(_by_position(self._gates[t]), self._flat_peepholes(), self._present(t), *flat)

    def _weight_gradient(self, seen: np.ndarray) -> np.ndarray:
        gates = self.gate_count * self.channels
        gradient = np.zeros((gates, self.kernel, self.kernel, seen.shape[3]), self.dtype)
        for deltas, images in zip(self._deltas, seen, strict=True):
            axes = self._windows.rows, self._windows.columns
            correlate_loops(*axes, deltas, images, gradient, self.dtype.type(1))
        return gradient


def _by_position(images: np.ndarray) -> np.ndarray:
    """Return images (H, W, C, N) as (positions, C, N), the same memory."""
    return images.reshape(-1, *images.shape[2:])

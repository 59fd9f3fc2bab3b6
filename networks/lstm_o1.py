"""LSTM, rung o1: the same sums as compiled loops on one thread.

Previous rung:  networks/lstm.py
What changed:   1. a layer in one direction is one kernel forward and three backward: loops over steps,
                   gates and units, compiled by Numba, with the histories innermost
                2. gates, states and deltas are written where they stay, without arrays in between
Predicted gain: 3 for small layers, where NumPy's some thirty calls a step rule; below 1 where its
                products run on a tuned library (the loops reach a tenth of the machine's rate)
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                            N  direction              ms  x below  x PyTorch  of the limit
    24 steps of 6 to 24 units    128  forward             0.670     3.05       0.60  23% products
    24 steps of 6 to 24 units    128  backward             6.53     0.27       0.13   5% products
    24 steps of 6 to 24 units    128  forward + backward   7.16     0.57       0.20   6% products
    28 steps of 28 to 128 units   64  forward              10.5     0.77       0.17  23% products
    28 steps of 28 to 128 units   64  backward             84.7     0.12       0.05   6% products
    28 steps of 28 to 128 units   64  forward + backward   94.9     0.20       0.06   8% products
    20 steps of 64 to 256 units   32  forward              23.5     0.36       0.10  15% products
    20 steps of 64 to 256 units   32  backward              104     0.12       0.05   7% products
    20 steps of 64 to 256 units   32  forward + backward    127     0.16       0.06   9% products
.. benchmark: end
Loses when:     backwards, also in small layers; forwards, a layer has more than some ten thousand weights
Numerics:       1e-5 relative in float32: sums in another order than the library's, rational tanh and exp
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from networks import lstm
from networks.base.tracks import History, Track
from networks.lstm import FORGET, INPUT, OUTPUT
from nn.kernels.lstm import loops as kernels


class LSTM(lstm.LSTM):
    """Long short-term memory; see `networks.lstm.LSTM`."""

    def _forward_track(self, track: Track, history: History) -> None:
        kernels.forward_loops(
            self.parameters[track.prefix + "input_weights"],
            self.parameters[track.prefix + "recurrent_weights"],
            self.parameters[track.prefix + "biases"],
            self._peephole_rows(track),
            history.inputs,
            *history.states,
            history.gates,
            self._present(),
            track.backward,
        )

    def _peephole_rows(self, track: Track) -> np.ndarray:
        """Return the peepholes (3, units), zeros where there are none."""
        if self.peepholes:
            return self.parameters[track.prefix + "peepholes"]
        return np.zeros((3, self.units), self.dtype)

    def _backward_track(
        self,
        track: Track,
        history: History,
        signals: np.ndarray,
        state_signals: Sequence[np.ndarray],
        learning_rate: float | None,
    ) -> None:
        kernels.backward_loops(
            self.parameters[track.prefix + "recurrent_weights"],
            self._peephole_rows(track),
            history.states[1],
            history.gates,
            history.deltas,
            np.ascontiguousarray(signals),
            *state_signals,
            self._present(),
            track.backward,
        )
        if self._sends_below(track):
            weights = self.parameters[track.prefix + "input_weights"]
            deltas = history.deltas.reshape(self.steps, len(weights), -1)
            kernels.input_signals_loops(weights, deltas, self._input_signals[track.layer])
        self._apply_gradients(track, history, learning_rate)

    def _apply_gradients(self, track: Track, history: History, learning_rate: float | None) -> None:
        (weights, recurrent_weights, biases, *peepholes), scale = self._targets_of(track, learning_rate)
        deltas = history.deltas.reshape(self.steps, len(weights), -1)
        hidden, cells = history.states
        kernels.gradients_loops(
            deltas, history.inputs, track.before(hidden), weights, recurrent_weights, biases, scale
        )
        for target in peepholes:
            seen = track.before(cells), track.before(cells), track.after(cells)
            for row, (gate, cell) in enumerate(zip((INPUT, FORGET, OUTPUT), seen, strict=True)):
                kernels.peephole_gradients_loops(history.deltas[:, gate], cell, target[row], scale)


class LSTMCell(lstm.LSTMCell, LSTM):
    """One step of an LSTM; see `networks.lstm.LSTMCell`."""

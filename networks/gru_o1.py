"""Gated recurrent unit, rung o1: the same sums as compiled loops on one thread.

Previous rung:  networks/gru.py
What changed:   1. a layer in one direction is one kernel forward and three backward: loops over steps,
                   gates and units, compiled by Numba, with the histories innermost
                2. gates, states and deltas are written where they stay, without arrays in between
Predicted gain: 3 for small layers, where NumPy's some thirty calls a step rule; below 1 where its
                products run on a tuned library (the loops reach a tenth of the machine's rate)
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                            N  direction              ms  x below  x PyTorch  of the limit
    24 steps of 6 to 24 units    128  forward             0.476     4.06       2.47  24% products
    24 steps of 6 to 24 units    128  backward             4.50     0.33       0.58   5% products
    24 steps of 6 to 24 units    128  forward + backward   4.93     0.72       0.84   7% products
    28 steps of 28 to 128 units   64  forward              7.74     0.85       0.35  24% products
    28 steps of 28 to 128 units   64  backward             62.1     0.14       0.10   6% products
    28 steps of 28 to 128 units   64  forward + backward   70.7     0.22       0.15   8% products
.. benchmark: end
Loses when:     backwards, also in small layers; forwards, a layer has more than some ten thousand weights
Numerics:       1e-5 relative in float32: sums in another order than the library's, rational tanh and exp
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from networks import gru
from networks.base.tracks import History, Track
from nn.kernels.gru import loops as kernels


class GRU(gru.GRU):
    """Gated recurrent units; see `networks.gru.GRU`."""

    def _forward_track(self, track: Track, history: History) -> None:
        kernels.forward_loops(
            *(self.parameters[track.prefix + name] for name in self._track_shapes(track.inputs)),
            history.inputs,
            history.states[0],
            self._by_row(history.gates),
            self._present(),
            track.backward,
        )

    def _by_row(self, gates: np.ndarray) -> np.ndarray:
        """Return gates or deltas as (T, 4 * units, N), the same memory."""
        return gates.reshape(self.steps, self.gate_count * self.units, -1)

    def _backward_track(
        self,
        track: Track,
        history: History,
        signals: np.ndarray,
        state_signals: Sequence[np.ndarray],
        learning_rate: float | None,
    ) -> None:
        deltas = self._by_row(history.deltas)
        kernels.backward_loops(
            self.parameters[track.prefix + "recurrent_weights"],
            history.states[0],
            self._by_row(history.gates),
            deltas,
            np.ascontiguousarray(signals),
            *state_signals,
            self._present(),
            track.backward,
        )
        if self._sends_below(track):
            weights = self.parameters[track.prefix + "input_weights"]
            kernels.input_signals_loops(weights, deltas, self._input_signals[track.layer])
        targets, scale = self._targets_of(track, learning_rate)
        before = track.before(history.states[0])
        kernels.gradients_loops(deltas, history.inputs, before, *targets, scale)


class GRUCell(gru.GRUCell, GRU):
    """One step of a GRU; see `networks.gru.GRUCell`."""

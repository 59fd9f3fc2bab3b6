"""Second-order terms of the GRU: every line of `networks.gru`, differentiated in the direction x'.

With a = W x' for the sums of the inputs, and h without a step that before it:

    r'      = r (1 - r) (a_r + R_r h')       z'  = z (1 - z) (a_z + R_z h')
    m'      = R_n h'                         n'  = (1 - n²) (a_n + r' m + r m')
    h'(t)   = z' (h - n) + (1 - z) n' + z h'

and backwards, with dh for d(h(t)):

    delta_z'  = (dh' (h - n) + dh (h' - n')) z (1 - z) + dh (h - n) (1 - 2 z) z'
    delta_n'  = (dh' (1 - z) - dh z') (1 - n²) - 2 dh (1 - z) n n'
    delta_m'  = delta_n' r + delta_n r'
    delta_r'  = (delta_n' m + delta_n m') r (1 - r) + delta_n m (1 - 2 r) r'
    d(h)'     = dh' z + dh z' + R^T of the deltas' of r, z and m
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from networks.base.directed_layers import DirectedLayer
from networks.gru import CANDIDATE, RECURRENT
from networks.second_order.recurrent import Moved, RecurrentTangent, States, StepBack
from nn.sums import total


class GRUTangent(RecurrentTangent):
    """A GRU."""

    def _step(
        self, directed: DirectedLayer, moved: Moved, t: int, sums: np.ndarray
    ) -> tuple[Sequence[np.ndarray], States]:
        (r, z, n, m), (before, _) = moved.history.gates[t], directed.slots(t)
        hidden, hidden_moved = moved.history.states[0][before], moved.states[0][before]
        recurrent = self._parameter(directed, "recurrent_weights") @ hidden_moved
        sum_r, sum_z, moved_m = recurrent.reshape(sums.shape)
        moved_r = r * (1 - r) * (sums[0] + sum_r)
        moved_z = z * (1 - z) * (sums[1] + sum_z)
        moved_n = (1 - n * n) * (sums[2] + moved_r * m + r * moved_m)
        new = moved_z * (hidden - n) + (1 - z) * moved_n + z * hidden_moved
        return (moved_r, moved_z, moved_n, moved_m), (new,)

    def _step_back(
        self, directed: DirectedLayer, moved: Moved, t: int, signals: States, moved_signals: States
    ) -> StepBack:
        (r, z, n, m), (mr, mz, mn, mm) = moved.history.gates[t], moved.gates[t]
        before, _ = directed.slots(t)
        hidden, hidden_moved = moved.history.states[0][before], moved.states[0][before]
        (dh,), (moved_dh,) = signals, moved_signals
        deltas = moved.history.deltas[t]
        candidate = deltas[CANDIDATE]
        delta_z = (moved_dh * (hidden - n) + dh * (hidden_moved - mn)) * z * (1 - z)
        delta_z = delta_z + dh * (hidden - n) * (1 - 2 * z) * mz
        delta_n = (moved_dh * (1 - z) - dh * mz) * (1 - n * n) - 2 * dh * (1 - z) * n * mn
        delta_m = delta_n * r + candidate * mr
        delta_r = (delta_n * m + candidate * mm) * r * (1 - r) + candidate * m * (1 - 2 * r) * mr
        moved_deltas = np.stack([delta_r, delta_z, delta_n, delta_m])
        turned = self._parameter(directed, "recurrent_weights").T
        gates = list(self.network.recurrent_gates)
        back, moved_back = (
            turned @ each[gates].reshape(turned.shape[1], -1) for each in (deltas, moved_deltas)
        )
        return StepBack(deltas, (back + dh * z,), moved_deltas, (moved_back + moved_dh * z + dh * mz,))

    def _own_gradients(
        self, directed: DirectedLayer, moved: Moved, deltas: np.ndarray
    ) -> dict[str, np.ndarray]:
        return {"recurrent_biases": total(deltas[:, RECURRENT], axis=(0, 2))}

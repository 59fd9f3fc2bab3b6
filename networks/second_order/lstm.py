"""Second-order terms of the LSTM: every line of `networks.lstm`, differentiated in the direction x'.

With a the sums of the gates, s = tanh(c(t)), c and h without a step those before it:

    a'      = W x' + R h'         and for the peepholes  + p_i c', + p_f c', + p_o c'(t)
    i'      = i (1 - i) a_i'      f', o' likewise        g' = (1 - g²) a_g'
    c'(t)   = f' c + f c' + i' g + i g'
    s'      = (1 - s²) c'(t)      h'(t) = o' s + o s'

and backwards, with dh and dc for d(h(t)) and d(c(t)), and with q = dh s:

    delta_o'   = q' o (1 - o) + q (1 - 2 o) o'                       q' = dh' s + dh s'
    dc'        = dc' from step t+1 + (dh' o + dh o') (1 - s²) - 2 dh o s s' + p_o delta_o'
    delta_i'   = (dc' g + dc g') i (1 - i) + dc g (1 - 2 i) i'
    delta_f'   = (dc' c + dc c') f (1 - f) + dc c (1 - 2 f) f'
    delta_g'   = (dc' i + dc i') (1 - g²) - 2 dc i g g'
    d(c)'      = dc' f + dc f' + p_i delta_i' + p_f delta_f'
    d(h)'      = R^T delta'
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from networks.base.directed_layers import DirectedLayer
from networks.lstm import FORGET, INPUT, OUTPUT
from networks.second_order.recurrent import Moved, RecurrentTangent, States, StepBack
from nn.sums import total


class LSTMTangent(RecurrentTangent):
    """An LSTM, with or without peepholes."""

    def _step(
        self, directed: DirectedLayer, moved: Moved, t: int, sums: np.ndarray
    ) -> tuple[Sequence[np.ndarray], States]:
        (i, f, g, o), (before, after) = moved.history.gates[t], directed.slots(t)
        p_i, p_f, p_o = self._peepholes(directed)
        cells, new_cells = (moved.history.states[1][slot] for slot in (before, after))
        hidden_moved, cells_moved = (states[before] for states in moved.states)
        recurrent = self._parameter(directed, "recurrent_weights") @ hidden_moved
        a_i, a_f, a_g, a_o = sums + recurrent.reshape(sums.shape)
        moved_i = i * (1 - i) * (a_i + p_i * cells_moved)
        moved_f = f * (1 - f) * (a_f + p_f * cells_moved)
        moved_g = (1 - g * g) * a_g
        new_moved = moved_f * cells + f * cells_moved + moved_i * g + i * moved_g
        moved_o = o * (1 - o) * (a_o + p_o * new_moved)
        squashed = np.tanh(new_cells)
        hidden = moved_o * squashed + o * (1 - squashed * squashed) * new_moved
        return (moved_i, moved_f, moved_g, moved_o), (hidden, new_moved)

    def _step_back(
        self, directed: DirectedLayer, moved: Moved, t: int, signals: States, moved_signals: States
    ) -> StepBack:
        (i, f, g, o), (mi, mf, mg, mo) = moved.history.gates[t], moved.gates[t]
        before, after = directed.slots(t)
        p_i, p_f, p_o = self._peepholes(directed)
        cells, new_cells = (moved.history.states[1][slot] for slot in (before, after))
        cells_moved, new_moved = (moved.states[1][slot] for slot in (before, after))
        (dh, dc), (moved_dh, moved_dc) = signals, moved_signals
        s = np.tanh(new_cells)
        slope = 1 - s * s
        moved_s = slope * new_moved
        deltas = moved.history.deltas[t]
        delta_o = (moved_dh * s + dh * moved_s) * o * (1 - o) + dh * s * (1 - 2 * o) * mo
        moved_dc = moved_dc + (moved_dh * o + dh * mo) * slope - 2 * dh * o * s * moved_s + p_o * delta_o
        dc = dc + dh * o * slope + p_o * deltas[OUTPUT]
        delta_i = (moved_dc * g + dc * mg) * i * (1 - i) + dc * g * (1 - 2 * i) * mi
        delta_f = (moved_dc * cells + dc * cells_moved) * f * (1 - f) + dc * cells * (1 - 2 * f) * mf
        delta_g = (moved_dc * i + dc * mi) * (1 - g * g) - 2 * dc * i * g * mg
        moved_deltas = np.stack([delta_i, delta_f, delta_g, delta_o])
        turned = self._parameter(directed, "recurrent_weights").T
        hidden, moved_hidden = (turned @ each.reshape(turned.shape[1], -1) for each in (deltas, moved_deltas))
        return StepBack(
            deltas,
            (hidden, dc * f + p_i * deltas[INPUT] + p_f * deltas[FORGET]),
            moved_deltas,
            (moved_hidden, moved_dc * f + dc * mf + p_i * delta_i + p_f * delta_f),
        )

    def _peepholes(self, directed: DirectedLayer) -> np.ndarray:
        """Return the peepholes of the input, forget and output gate, (3, units, 1); zeros where none are."""
        if not self.network.peepholes:
            return np.zeros((3, 1, 1), self.network.dtype)
        return self._parameter(directed, "peepholes")[..., None]

    def _own_gradients(
        self, directed: DirectedLayer, moved: Moved, deltas: np.ndarray
    ) -> dict[str, np.ndarray]:
        if not self.network.peepholes:
            return {}
        cells, cells_moved = moved.history.states[1], moved.states[1]
        sides = directed.before, directed.before, directed.after
        products = [
            total(deltas[:, gate] * side(cells) + moved.history.deltas[:, gate] * side(cells_moved), (0, 2))
            for gate, side in zip((INPUT, FORGET, OUTPUT), sides, strict=True)
        ]
        return {"peepholes": np.stack(products)}

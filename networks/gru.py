"""Gated recurrent unit, plain: the reference. Hidden values change as far as a gate lets them.

For every step t, with x the inputs and h the hidden values (both (units, N)); W, R and b are the rows of
input weights, recurrent weights and biases that belong to a gate, d the recurrent biases:

    r = sigmoid(W_r x(t) + R_r h(t-1) + b_r)       reset gate
    z = sigmoid(W_z x(t) + R_z h(t-1) + b_z)       update gate
    m = R_n h(t-1) + d                             what the hidden values say of the candidate
    n = tanh(W_n x(t) + b_n + r * m)               candidate
    h(t) = (1 - z) * n + z * h(t-1)

(Cho et al. 2014, "Learning phrase representations using RNN encoder-decoder for statistical machine
translation", equations 5 to 8; with the reset gate behind the recurrent product, which has a bias of its
own there, as PyTorch and cuDNN compute it.) And backwards, with d(y) = dLoss / d y, delta = dLoss / d sum
of a gate, from the last step to the first:

    d(h(t))   = signal(t) + d(h) that comes from step t+1
    delta_z   = d(h(t)) * (h(t-1) - n) * z (1 - z)
    delta_n   = d(h(t)) * (1 - z) * (1 - n²)
    delta_m   = delta_n * r
    delta_r   = delta_n * m * r (1 - r)
    d(h(t-1)) = d(h(t)) * z + R_r^T delta_r + R_z^T delta_z + R_n^T delta_m
    d(x(t))   = W_r^T delta_r + W_z^T delta_z + W_n^T delta_n

    d(W) = sum over t, N of delta * x(t)        with the deltas of r, z and n; d(b) likewise, of delta
    d(R) = sum over t, N of delta * h(t-1)      with the deltas of r, z and m; d(d) = of delta_m

(Werbos 1990, "Backpropagation through time".) Each line below is one of these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from networks.base.directed_layers import DirectedLayer, History
from networks.base.recurrent import Recurrent
from networks.base.recurrent_cell import RecurrentCell
from networks.base.stateful import HiddenStates
from nn.activations import Sigmoid
from nn.sums import total

RESET, UPDATE, CANDIDATE, RECURRENT = range(4)
"""Order in `gates` and deltas: the last is what the hidden values say of the candidate, m above. Weights
have the first three; in recurrent weights the third is that of m."""

sigmoid = Sigmoid()


class GRU(Recurrent):
    """Gated recurrent units in layers, in one direction or both.

    The parameters of a layer and direction are called `layer_0.forward.input_weights` (3 * units,
    inputs), `.recurrent_weights` (3 * units, units), `.biases` (3 * units,) and `.recurrent_biases`
    (units,) of the candidate; gates in the order reset, update, candidate.

    Parameters
    ----------
    input_shape, units, layers, bidirectional, whole_sequence, stateful
        See `networks.base.recurrent.Recurrent`.
    initializer, recurrent_initializer, generator, dtype
        See there. Biases start at zero.
    """

    family = "gru"
    state_kind = HiddenStates
    input_gates = (RESET, UPDATE, CANDIDATE)
    recurrent_gates = (RESET, UPDATE, RECURRENT)
    gate_biases = (("biases", RESET), ("biases", UPDATE), ("biases", CANDIDATE), ("recurrent_biases", 0))

    def _directed_shapes(self, inputs: int) -> dict[str, tuple[int, ...]]:
        rows = 3 * self.units
        return {
            "input_weights": (rows, inputs),
            "recurrent_weights": (rows, self.units),
            "biases": (rows,),
            "recurrent_biases": (self.units,),
        }

    def _step(
        self, parameters: Mapping[str, np.ndarray], sums: np.ndarray, states: Sequence[np.ndarray]
    ) -> tuple[Sequence[np.ndarray], Sequence[np.ndarray]]:
        (hidden,) = states
        of_hidden = (parameters["recurrent_weights"] @ hidden).reshape(sums.shape)
        r = sigmoid(sums[RESET] + of_hidden[RESET])
        z = sigmoid(sums[UPDATE] + of_hidden[UPDATE])
        m = of_hidden[CANDIDATE] + parameters["recurrent_biases"][:, None]
        n = np.tanh(sums[CANDIDATE] + r * m)
        return (r, z, n, m), [(1 - z) * n + z * hidden]

    def _step_back(
        self,
        parameters: Mapping[str, np.ndarray],
        gates: np.ndarray,
        before: Sequence[np.ndarray],
        after: Sequence[np.ndarray],
        signals: Sequence[np.ndarray],
    ) -> tuple[np.ndarray, Sequence[np.ndarray]]:
        (r, z, n, m), (hidden,), (signal,) = gates, before, signals
        delta_z = signal * (hidden - n) * sigmoid.derivative(z)
        delta_n = signal * (1 - z) * (1 - n**2)
        delta_m = delta_n * r
        delta_r = delta_n * m * sigmoid.derivative(r)
        back = parameters["recurrent_weights"].T @ np.concatenate([delta_r, delta_z, delta_m])
        return np.stack([delta_r, delta_z, delta_n, delta_m]), [signal * z + back]

    def _own_gradients(self, directed: DirectedLayer, history: History) -> dict[str, np.ndarray]:
        return {"recurrent_biases": total(history.deltas[:, RECURRENT], axis=(0, 2))}


class GRUCell(RecurrentCell, GRU):
    """One step of a GRU, from hidden values that are given to hidden values that are returned.

    Its parameters are called as those of a GRU of one layer, and can be copied from there.

    Parameters
    ----------
    input_shape
        1 x 1 x inputs; the output is 1 x 1 x units.
    units, initializer, recurrent_initializer, generator, dtype
        See `GRU`.

    Raises
    ------
    ValueError
        When the input is more than one step's features, or `units` is below 1.
    """

    family = "gru_cell"

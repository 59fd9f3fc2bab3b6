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

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.base.configuration import Fields
from networks.base.configured_network import undrawn
from networks.base.directed_layers import DirectedLayer, History, sum_over_steps
from networks.base.gradient_targets import apply_gradient
from networks.base.recurrent import Recurrent, cell_shape
from networks.base.stateful import HiddenStates
from nn.activations import Sigmoid
from nn.initializers import Glorot, Initializer, Orthogonal, Zeros
from nn.shape import AnyShape, SequenceShape, ShapeLike
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
    input_shape, units, layers, bidirectional, whole_sequence, stateful, dtype
        See `networks.base.recurrent.Recurrent`.
    initializer, recurrent_initializer
        How input and recurrent weights start, each gate's drawn on its own. Biases start at zero.
    generator
        Source of the initial weights.
    """

    family = "gru"
    state_kind = HiddenStates
    gate_count = 4
    input_gates = (RESET, UPDATE, CANDIDATE)
    recurrent_gates = (RESET, UPDATE, RECURRENT)

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
        super().__init__(
            input_shape,
            units=units,
            layers=layers,
            bidirectional=bidirectional,
            whole_sequence=whole_sequence,
            stateful=stateful,
            dtype=dtype,
        )
        self._draw(initializer, recurrent_initializer, generator)

    def _directed_shapes(self, inputs: int) -> dict[str, tuple[int, ...]]:
        rows = 3 * self.units
        return {
            "input_weights": (rows, inputs),
            "recurrent_weights": (rows, self.units),
            "biases": (rows,),
            "recurrent_biases": (self.units,),
        }

    def _forward_directed(self, directed: DirectedLayer, history: History) -> None:
        (hidden,) = history.states
        weights = self.parameters[directed.prefix + "recurrent_weights"]
        biases = self.parameters[directed.prefix + "biases"][:, None]
        sums = self.parameters[directed.prefix + "input_weights"] @ history.inputs + biases
        for t in directed.steps(self.steps):
            before, after = directed.slots(t)
            of_inputs, of_hidden = np.split(sums[t], 3), np.split(weights @ hidden[before], 3)
            r = sigmoid(of_inputs[RESET] + of_hidden[RESET])
            z = sigmoid(of_inputs[UPDATE] + of_hidden[UPDATE])
            m = of_hidden[CANDIDATE] + self.parameters[directed.prefix + "recurrent_biases"][:, None]
            n = np.tanh(of_inputs[CANDIDATE] + r * m)
            history.gates[t] = r, z, n, m
            hidden[after] = self._where_present(t, (1 - z) * n + z * hidden[before], hidden[before])

    def _backward_directed(
        self,
        directed: DirectedLayer,
        history: History,
        signals: np.ndarray,
        state_signals: Sequence[np.ndarray],
        learning_rate: float | None,
    ) -> None:
        weights = self.parameters[directed.prefix + "recurrent_weights"]
        (hidden,), (hidden_signals,) = history.states, state_signals
        for t in reversed(directed.steps(self.steps)):
            r, z, n, m = history.gates[t]
            before, _ = directed.slots(t)
            signal = signals[t] + hidden_signals
            delta_z = signal * (hidden[before] - n) * sigmoid.derivative(z)
            delta_n = signal * (1 - z) * (1 - n**2)
            delta_m = delta_n * r
            delta_r = delta_n * m * sigmoid.derivative(r)
            earlier = signal * z + weights.T @ np.concatenate([delta_r, delta_z, delta_m])
            history.deltas[t] = self._where_present(t, np.stack([delta_r, delta_z, delta_n, delta_m]), 0)
            hidden_signals[...] = self._where_present(t, earlier, hidden_signals)
        deltas = self._deltas_at(history, CANDIDATE)
        self._input_signals[directed.layer] += self.parameters[directed.prefix + "input_weights"].T @ deltas
        self._apply_gradients(directed, history, learning_rate)

    def _deltas_at(self, history: History, third: int) -> np.ndarray:
        """Return the deltas of reset gate, update gate and a third, as rows of weights: (T, 3 * units, N)."""
        deltas = history.deltas[:, [RESET, UPDATE, third]]
        return deltas.reshape(self.steps, 3 * self.units, -1)

    def _apply_gradients(
        self, directed: DirectedLayer, history: History, learning_rate: float | None
    ) -> None:
        of_inputs = self._deltas_at(history, CANDIDATE)
        gradients = {
            "input_weights": sum_over_steps(of_inputs, history.inputs),
            "recurrent_weights": sum_over_steps(
                self._deltas_at(history, RECURRENT), directed.before(history.states[0])
            ),
            "biases": total(of_inputs, axis=(0, 2)),
            "recurrent_biases": total(history.deltas[:, RECURRENT], axis=(0, 2)),
        }
        for name, gradient in gradients.items():
            apply_gradient(self.parameters, directed.prefix + name, gradient, learning_rate)

    def _gate_biases(self, directed: DirectedLayer) -> list[int | None]:
        return [
            *super()._gate_biases(directed)[:RECURRENT],
            self._place_of(directed.prefix + "recurrent_biases"),
        ]


class GRUCell(GRU):
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
    masks_steps = False

    def __init__(
        self,
        input_shape: ShapeLike,
        *,
        units: int,
        generator: np.random.Generator,
        initializer: Initializer = Glorot(),  # noqa: B008 - frozen
        recurrent_initializer: Initializer = Orthogonal(),  # noqa: B008 - frozen
        dtype: DTypeLike = np.float32,
    ) -> None:
        shape = cell_shape(self.family, input_shape)
        super().__init__(
            SequenceShape(1, shape.channels),
            units=units,
            generator=generator,
            whole_sequence=False,
            initializer=initializer,
            recurrent_initializer=recurrent_initializer,
            dtype=dtype,
        )
        self.input_shape = shape

    def to_configuration(self) -> dict[str, Any]:
        """Describe the cell."""
        described = super().to_configuration()
        return {name: described[name] for name in ("family", "input_shape", "units")}

    @classmethod
    def _options(cls, fields: Fields) -> dict[str, Any]:
        return undrawn() | {"recurrent_initializer": Zeros(), "units": fields.whole("units")}

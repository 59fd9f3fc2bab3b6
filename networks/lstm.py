"""LSTM, plain: the reference. Cells store what gates let in until gates release it.

For every step t, with x the inputs and h, c the hidden values and cells (all (units, N)); W, R and b are
the rows of input weights, recurrent weights and biases that belong to a gate, p its peepholes:

    i = sigmoid(W_i x(t) + R_i h(t-1) + p_i * c(t-1) + b_i)        input gate
    f = sigmoid(W_f x(t) + R_f h(t-1) + p_f * c(t-1) + b_f)        forget gate
    g = tanh   (W_g x(t) + R_g h(t-1)                + b_g)        what may be written to the cell
    c(t) = f * c(t-1) + i * g
    o = sigmoid(W_o x(t) + R_o h(t-1) + p_o * c(t)   + b_o)        output gate
    h(t) = o * tanh(c(t))

(Hochreiter and Schmidhuber 1997, "Long short-term memory", section 4; the forget gate from Gers,
Schmidhuber and Cummins 2000, "Learning to forget"; the peepholes from Gers, Schraudolph and Schmidhuber
2002, "Learning precise timing with LSTM recurrent networks"; all of them together as in Greff et al. 2017,
"LSTM: a search space odyssey", section II.A.) And backwards, with d(y) = dLoss / d y, delta = dLoss / d sum
of a gate, from the last step to the first:

    d(h(t))   = signal(t) + d(h) that comes from step t+1
    delta_o   = d(h(t)) * tanh(c(t)) * o (1 - o)
    d(c(t))   = d(c) that comes from step t+1 + d(h(t)) * o * (1 - tanh(c(t))²) + p_o * delta_o
    delta_i   = d(c(t)) * g * i (1 - i)
    delta_f   = d(c(t)) * c(t-1) * f (1 - f)
    delta_g   = d(c(t)) * i * (1 - g²)
    d(c(t-1)) = d(c(t)) * f + p_i * delta_i + p_f * delta_f
    d(h(t-1)) = R^T delta
    d(x(t))   = W^T delta

    d(W) = sum over t, N of delta * x(t)      d(R) = the same of delta * h(t-1)      d(b) = of delta
    d(p_i), d(p_f) = of delta * c(t-1)        d(p_o) = of delta * c(t)

(Werbos 1990, "Backpropagation through time"; Greff et al. 2017, section II.B.) Each line below is one of
these.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.base.configuration import Fields
from networks.base.directed_layers import DirectedLayer, History
from networks.base.recurrent import Recurrent
from networks.base.recurrent_cell import RecurrentCell
from networks.base.stateful import States
from nn.activations import Sigmoid
from nn.argument_checks import check_number
from nn.initializers import Glorot, Initializer, Orthogonal
from nn.shape import AnyShape, ShapeLike
from nn.sums import total

INPUT, FORGET, CELL, OUTPUT = range(4)
"""Order of the gates in weights, biases and `gates`."""

sigmoid = Sigmoid()


class LSTM(Recurrent):
    """Long short-term memory in layers, in one direction or both.

    The parameters of a layer and direction are called `layer_0.forward.input_weights` (4 * units,
    inputs), `.recurrent_weights` (4 * units, units), `.biases` (4 * units,) and, where there are some,
    `.peepholes` (3, units) of the input, forget and output gate.

    Parameters
    ----------
    input_shape, units, layers, bidirectional, whole_sequence, stateful
        See `networks.base.recurrent.Recurrent`.
    peepholes
        Whether gates see the cells; by default none do, in any recurrent network. Peepholes start at zero.
    forget_bias
        Where the biases of forget gates start (Jozefowicz et al. 2015); all others at zero.
    initializer, recurrent_initializer, generator, dtype
        See there.
    """

    family = "lstm"
    state_kind = States

    def __init__(
        self,
        input_shape: AnyShape,
        *,
        units: int,
        generator: np.random.Generator,
        layers: int = 1,
        bidirectional: bool = False,
        peepholes: bool = False,
        forget_bias: float = 1.0,
        whole_sequence: bool = True,
        stateful: bool = False,
        initializer: Initializer = Glorot(),  # noqa: B008 - frozen
        recurrent_initializer: Initializer = Orthogonal(),  # noqa: B008 - frozen
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.peepholes, start = peepholes, check_number(f"{self.family}: forget_bias", forget_bias)
        super().__init__(
            input_shape,
            units=units,
            layers=layers,
            bidirectional=bidirectional,
            whole_sequence=whole_sequence,
            stateful=stateful,
            generator=generator,
            initializer=initializer,
            recurrent_initializer=recurrent_initializer,
            dtype=dtype,
        )
        for directed in self.directed_layers:
            np.split(self.parameters[directed.prefix + "biases"], self.gate_count)[FORGET][:] = start

    def _directed_shapes(self, inputs: int) -> dict[str, tuple[int, ...]]:
        gates = self.gate_count * self.units
        shapes: dict[str, tuple[int, ...]] = {
            "input_weights": (gates, inputs),
            "recurrent_weights": (gates, self.units),
            "biases": (gates,),
        }
        return shapes | ({"peepholes": (3, self.units)} if self.peepholes else {})

    def _step(
        self, parameters: Mapping[str, np.ndarray], sums: np.ndarray, states: Sequence[np.ndarray]
    ) -> tuple[Sequence[np.ndarray], Sequence[np.ndarray]]:
        (hidden, cells), (p_i, p_f, p_o) = states, self._peepholes(parameters)
        i, f, g, o = sums + (parameters["recurrent_weights"] @ hidden).reshape(sums.shape)
        i = sigmoid(i + p_i * cells)
        f = sigmoid(f + p_f * cells)
        g = np.tanh(g)
        new_cells = f * cells + i * g
        o = sigmoid(o + p_o * new_cells)
        return (i, f, g, o), (o * np.tanh(new_cells), new_cells)

    def _step_back(
        self,
        parameters: Mapping[str, np.ndarray],
        gates: np.ndarray,
        before: Sequence[np.ndarray],
        after: Sequence[np.ndarray],
        signals: Sequence[np.ndarray],
    ) -> tuple[np.ndarray, Sequence[np.ndarray]]:
        (i, f, g, o), (p_i, p_f, p_o) = gates, self._peepholes(parameters)
        (_, cells), (_, new_cells), (hidden_signals, cell_signals) = before, after, signals
        squashed = np.tanh(new_cells)
        delta_o = hidden_signals * squashed * sigmoid.derivative(o)
        cell_signals = cell_signals + hidden_signals * o * (1 - squashed**2) + p_o * delta_o
        delta_i = cell_signals * g * sigmoid.derivative(i)
        delta_f = cell_signals * cells * sigmoid.derivative(f)
        delta_g = cell_signals * i * (1 - g**2)
        earlier_cells = cell_signals * f + p_i * delta_i + p_f * delta_f
        deltas = np.stack([delta_i, delta_f, delta_g, delta_o])
        weights = parameters["recurrent_weights"]
        return deltas, (weights.T @ deltas.reshape(len(weights), -1), earlier_cells)

    def _peepholes(self, parameters: Mapping[str, np.ndarray]) -> np.ndarray:
        """Return the peepholes of the input, forget and output gate, (3, units, 1), or zeros."""
        if not self.peepholes:
            return np.zeros((3, 1, 1), self.dtype)
        return parameters["peepholes"][..., None]

    def _own_gradients(self, directed: DirectedLayer, history: History) -> dict[str, np.ndarray]:
        if not self.peepholes:
            return {}
        before, after = directed.before(history.states[1]), directed.after(history.states[1])
        gates = (history.deltas[:, gate] for gate in (INPUT, FORGET, OUTPUT))
        seen = before, before, after
        products = [total(delta * cell, axis=(0, 2)) for delta, cell in zip(gates, seen, strict=True)]
        return {"peepholes": np.stack(products)}

    def cells(self, layer: int = 0, direction: str = "forward") -> np.ndarray:
        """Return the cells after every step of the last forward, (T, units, N); see `gates`."""
        directed, history = self._find(layer, direction)
        return directed.after(history.states[1])[..., : self._entries]

    def to_configuration(self) -> dict[str, Any]:
        """Describe the network."""
        return super().to_configuration() | {"peepholes": self.peepholes}

    @classmethod
    def _options(cls, fields: Fields) -> dict[str, Any]:
        return super()._options(fields) | {"peepholes": fields.boolean("peepholes")}


class LSTMCell(RecurrentCell, LSTM):
    """One step of an LSTM, from given states to returned ones.

    Its parameters have the names of those of an LSTM of one layer, and can be copied from there.

    Parameters
    ----------
    input_shape
        1 x 1 x inputs; the output is 1 x 1 x units.
    units, peepholes, forget_bias, initializer, recurrent_initializer, generator, dtype
        See `LSTM`.

    Raises
    ------
    ValueError
        When the input is more than one step's features, or `units` is below 1.
    """

    family = "lstm_cell"

    def __init__(
        self,
        input_shape: ShapeLike,
        *,
        units: int,
        generator: np.random.Generator,
        peepholes: bool = False,
        forget_bias: float = 1.0,
        initializer: Initializer = Glorot(),  # noqa: B008 - frozen
        recurrent_initializer: Initializer = Orthogonal(),  # noqa: B008 - frozen
        dtype: DTypeLike = np.float32,
    ) -> None:
        self._begin(
            input_shape,
            units=units,
            generator=generator,
            peepholes=peepholes,
            forget_bias=forget_bias,
            initializer=initializer,
            recurrent_initializer=recurrent_initializer,
            dtype=dtype,
        )

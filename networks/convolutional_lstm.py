"""Convolutional LSTM, plain: the reference. An LSTM of images whose products are convolutions.

For every step t, with X the inputs, H and C the hidden values and cells (all (height, width, channels, N)),
* a convolution that keeps the size of the image (zeros around it), and o the product entry by entry:

    i = sigmoid(Wxi * X(t) + Whi * H(t-1) + Wci o C(t-1) + bi)        input gate
    f = sigmoid(Wxf * X(t) + Whf * H(t-1) + Wcf o C(t-1) + bf)        forget gate
    g = tanh   (Wxc * X(t) + Whc * H(t-1)                + bc)        what may be written to the cells
    C(t) = f o C(t-1) + i o g
    o = sigmoid(Wxo * X(t) + Who * H(t-1) + Wco o C(t)   + bo)        output gate
    H(t) = o o tanh(C(t))

The peepholes Wci, Wcf and Wco have a weight for every position and channel. (Shi et al. 2015,
"Convolutional LSTM network: a machine learning approach for precipitation nowcasting", equation 3.)
And backwards, with d(Y) = dLoss / dY, delta = dLoss / d sum of a gate, from the last step to the first:

    d(H(t))   = signal(t) + d(H) that comes from step t+1
    delta_o   = d(H(t)) o tanh(C(t)) o o (1 - o)
    d(C(t))   = d(C) that comes from step t+1 + d(H(t)) o o (1 - tanh(C(t))²) + Wco o delta_o
    delta_i   = d(C(t)) o g o i (1 - i)
    delta_f   = d(C(t)) o C(t-1) o f (1 - f)
    delta_g   = d(C(t)) o i o (1 - g²)
    d(C(t-1)) = d(C(t)) o f + Wci o delta_i + Wcf o delta_f
    d(X(t)), d(H(t-1)) = delta spread back over the windows by Wx, by Wh

    d(W) = sum over t, positions, N of delta o what W saw there        d(b) = of delta
    d(Wci), d(Wcf) = sum over t, N of delta o C(t-1)                   d(Wco) = of delta o C(t)

Each line below is one of these. Layers are stacked with `networks.sequential.Sequential`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.base.configuration import Fields
from networks.base.convolutional_recurrent import ConvolutionalRecurrent
from networks.base.recurrent_wiring import GatedWiring, SeenStep
from networks.base.stateful import AnyStates, States
from networks.base.window_wiring import WindowWiring
from networks.base.wiring import NeuronLayer, Stacked
from networks.convolution import correlate, gather, spread
from nn.activations import Sigmoid
from nn.argument_checks import check_number
from nn.initializers import Glorot, Initializer, Orthogonal
from nn.shape import AnyShape, Shape
from nn.step_masks import zero_masked_steps
from nn.sums import total

INPUT, FORGET, CELL, OUTPUT = range(4)
"""Order of the gates in weights and biases."""

sigmoid = Sigmoid()


class ConvolutionalLSTM(ConvolutionalRecurrent):
    """A layer that reads a video image by image and remembers two images: hidden values and cells.

    Parameters are `input_weights` (4 * channels, kernel, kernel, input channels), `recurrent_weights`
    (4 * channels, kernel, kernel, channels), `biases` (4 * channels,) and, where there are some,
    `peepholes` (3, height, width, channels) of the input, forget and output gate.

    Parameters
    ----------
    input_shape, channels, kernel, whole_sequence, stateful, dtype
        See `networks.base.convolutional_recurrent.ConvolutionalRecurrent`.
    generator
        Source of the initial weights.
    peepholes
        Whether gates see the cells; by default none do, in any recurrent network. Peepholes start at zero.
    forget_bias
        Where the biases of the forget gate start (Jozefowicz et al. 2015); others at zero.
    initializer, recurrent_initializer
        How input and recurrent weights start, each gate's drawn on its own.
    """

    family = "convolutional_lstm"
    state_kind = States
    gate_count = 4

    def __init__(
        self,
        input_shape: AnyShape,
        *,
        channels: int,
        kernel: int,
        generator: np.random.Generator,
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
            channels=channels,
            kernel=kernel,
            whole_sequence=whole_sequence,
            stateful=stateful,
            dtype=dtype,
        )
        self._draw("input_weights", initializer, generator)
        self._draw("recurrent_weights", recurrent_initializer, generator)
        np.split(self.parameters["biases"], self.gate_count)[FORGET][:] = start

    def _shapes(self) -> dict[str, tuple[int, ...]]:
        height, width, channels, _ = self._state_shape(0)
        return super()._shapes() | ({"peepholes": (3, height, width, channels)} if self.peepholes else {})

    def _reserve(self, histories: int) -> None:
        height, width, channels, _ = shape = self._state_shape(histories)
        self._hidden, self._cells = np.zeros((2, self.steps + 1, *shape), self.dtype)
        gates = self.steps, height, width, self.gate_count * channels, histories
        self._gates, self._deltas = np.zeros((2, *gates), self.dtype)

    def _run(self, states: Sequence[np.ndarray]) -> None:
        """Take all steps from the initial states."""
        self._hidden[0], self._cells[0] = states
        for t in range(self.steps):
            hidden, cells = self._hidden[t], self._cells[t]
            i, f, g, o = np.split(self._sums(t), self.gate_count, axis=-2)
            peepholes = self._peepholes
            i = sigmoid(i + peepholes[0] * cells)
            f = sigmoid(f + peepholes[1] * cells)
            g = np.tanh(g)
            new_cells = f * cells + i * g
            o = sigmoid(o + peepholes[2] * new_cells)
            self._gates[t] = np.concatenate([i, f, g, o], axis=-2)
            self._cells[t + 1] = self._where_present(t, new_cells, cells)
            self._hidden[t + 1] = self._where_present(t, o * np.tanh(new_cells), hidden)

    def _sums(self, t: int) -> np.ndarray:
        """Return what inputs, hidden values and biases contribute to all gates at step t."""
        inputs = gather(self._windows, self.parameters["input_weights"], self._inputs[t])
        recurrent = gather(self._windows, self.parameters["recurrent_weights"], self._hidden[t])
        return inputs + recurrent + self.parameters["biases"][:, None]

    @property
    def _peepholes(self) -> np.ndarray:
        """Peepholes of the input, forget and output gate, (3, H, W, channels, 1), or zeros."""
        if not self.peepholes:
            return np.zeros((3, 1, 1, 1, 1), self.dtype)
        return self.parameters["peepholes"][..., None]

    def _run_back(self, finals: Sequence[np.ndarray]) -> tuple[Sequence[np.ndarray], np.ndarray]:
        """Take all steps back: fill the deltas; return the signals of the initial states and the inputs."""
        hidden_signals, cell_signals = finals
        signals = zero_masked_steps(self._signals, self._mask)
        input_signals = np.empty((*self.input_shape, self._entries), self.dtype)
        for t in reversed(range(self.steps)):
            above = hidden_signals + (signals[t] if self.whole_sequence else 0)
            deltas, earlier_cells = self._step_deltas(t, above, cell_signals)
            self._deltas[t] = self._where_present(t, deltas, 0)
            earlier = spread(self._windows, self.parameters["recurrent_weights"], deltas)
            hidden_signals = self._where_present(t, earlier, hidden_signals)
            cell_signals = self._where_present(t, earlier_cells, cell_signals)
            input_signals[t] = spread(self._windows, self.parameters["input_weights"], self._deltas[t])
        return (hidden_signals, cell_signals), input_signals

    def _step_deltas(
        self, t: int, hidden_signals: np.ndarray, cell_signals: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        """Return the deltas of all gates at step t, and the signals of the cells before it."""
        i, f, g, o = np.split(self._gates[t], self.gate_count, axis=-2)
        peepholes = self._peepholes
        squashed = np.tanh(self._cells[t + 1])
        delta_o = hidden_signals * squashed * sigmoid.derivative(o)
        cell_signals = cell_signals + hidden_signals * o * (1 - squashed**2) + peepholes[2] * delta_o
        delta_i = cell_signals * g * sigmoid.derivative(i)
        delta_f = cell_signals * self._cells[t] * sigmoid.derivative(f)
        delta_g = cell_signals * i * (1 - g**2)
        earlier_cells = cell_signals * f + peepholes[0] * delta_i + peepholes[1] * delta_f
        return np.concatenate([delta_i, delta_f, delta_g, delta_o], axis=-2), earlier_cells

    def _gradients(self) -> dict[str, np.ndarray]:
        gradients = {
            "input_weights": self._weight_gradient(self._inputs),
            "recurrent_weights": self._weight_gradient(self._hidden[:-1]),
            "biases": total(self._deltas, axis=(0, 1, 2, 4)),
        }
        if self.peepholes:
            i, f, _, o = np.split(self._deltas, self.gate_count, axis=-2)
            before, after = self._cells[:-1], self._cells[1:]
            seen = [total(each, axis=(0, 4)) for each in (i * before, f * before, o * after)]
            gradients["peepholes"] = np.stack(seen)
        return gradients

    def _weight_gradient(self, seen: np.ndarray) -> np.ndarray:
        """Sum the gradients of weights that saw images (T, H, W, C, N) over all steps."""
        steps = [correlate(self._windows, *pair) for pair in zip(self._deltas, seen, strict=True)]
        return np.sum(steps, axis=0)

    @property
    def final_states(self) -> AnyStates:
        """A copy of the states after the last step."""
        return States(self._hidden[-1].copy(), self._cells[-1].copy())

    def gates(self) -> np.ndarray:
        """Return the values of all gates at every step of the last forward, (T, 4, H, W, channels, N)."""
        shape = self._gates.shape
        apart = self._gates.reshape(*shape[:3], self.gate_count, self.channels, shape[-1])
        return np.moveaxis(apart, 3, 1)

    def _hidden_images(self) -> np.ndarray:
        return self._hidden

    @property
    def connections(self) -> int:
        """Uses of weights per history: at every step, and every position where they see the image."""
        peepholes = self.parameters["peepholes"].size if self.peepholes else 0
        return super().connections + self.steps * peepholes

    def to_configuration(self) -> dict[str, Any]:
        """Describe the layer."""
        return super().to_configuration() | {"peepholes": self.peepholes}

    @classmethod
    def _options(cls, fields: Fields) -> dict[str, Any]:
        return super()._options(fields) | {"peepholes": fields.boolean("peepholes")}

    def wiring(self) -> Sequence[NeuronLayer]:
        """Return the gates and the hidden images of every step; see `Network.wiring`."""
        height, width, channels, _ = self._state_shape(0)
        gates, rows = self.gate_count * channels, self.steps * height
        seen, own = self.input_shape.channels, height * width * channels
        inputs, before = self._windows_of_gates()

        def unknown() -> np.ndarray:
            return np.full((rows * width * gates, self._entries), np.nan, self.dtype)

        def hidden_signals() -> np.ndarray:
            known = np.full((self.steps, own, self.signals.shape[-1]), np.nan, self.dtype)
            known[slice(None) if self.whole_sequence else -1] = self.signals.reshape(
                -1, own, self.signals.shape[-1]
            )
            return known

        return [
            NeuronLayer(
                shape=Shape(rows, width, gates),
                wiring=Stacked(inputs, self.steps, [height * width * seen]),
                values=lambda: np.moveaxis(self.gates(), 1, 3),
                signals=unknown,
                name="gates",
                family=self.family,
                delayed=Stacked(before, self.steps, [own], lag=1),
            ),
            NeuronLayer(
                shape=Shape(rows, width, channels),
                wiring=GatedWiring(self.steps * own, self.gate_count, channels),
                values=lambda: self._hidden_images()[1:],
                signals=hidden_signals,
                name="hidden",
                family=self.family,
                output_neurons=None if self.whole_sequence else (self.steps - 1) * own + np.arange(own),
            ),
        ]

    def wiring_at(self, find: Callable[[], SeenStep]) -> Sequence[NeuronLayer]:
        """Return the gates and the hidden image of one step.

        Parameters
        ----------
        find
            Returns what the layer saw at that step.
        """
        height, width, channels, _ = self._state_shape(0)
        inputs, before = self._windows_of_gates()

        def signals() -> np.ndarray:
            seen = find()
            return np.full_like(seen.hidden, np.nan) if seen.signals is None else seen.signals

        return [
            NeuronLayer(
                shape=Shape(height, width, self.gate_count * channels),
                wiring=inputs,
                values=lambda: np.moveaxis(find().gates, 0, 2),
                signals=lambda: np.full_like(find().gates, np.nan),
                name="gates",
                family=self.family,
                delayed=before,
            ),
            NeuronLayer(
                shape=Shape(height, width, channels),
                wiring=GatedWiring(height * width * channels, self.gate_count, channels),
                values=lambda: find().hidden,
                signals=signals,
                name="hidden",
                family=self.family,
            ),
        ]

    def seen_at(self, step: int) -> SeenStep:
        """Return what the layer, which gives all its hidden images, saw at a step of the last passes."""
        signals = self.signals[step] if self.signals.shape[-1] else None
        return SeenStep(self.gates()[step], self._hidden_images()[step + 1], None, signals)

    def _windows_of_gates(self) -> tuple[WindowWiring, WindowWiring]:
        """Return how the gates see the image of their step, and the hidden image of the step before."""
        seen, gates = self.input_shape.channels, self.gate_count * self.channels
        places = self._place_of("input_weights"), self._place_of("biases")
        inputs = WindowWiring(self._windows, (gates, seen), *places)
        before = WindowWiring(
            self._windows, (gates, self.channels), self._place_of("recurrent_weights"), None
        )
        return inputs, before

"""LSTM, rung o2: register tiles of explicit SIMD, gates fused, in parallel.

Previous rung:  networks/lstm_o1.py
What changed:   1. all products run on the register tile of nn/tile.py; the input's share of the gates
                   is one product for all steps, and so are the gradients of the weights
                2. the four gates of 8 units are worked off together, and their cells and hidden values
                   follow on vectors while the sums are in cache
                3. histories never meet: each thread takes a slice of them through all steps without
                   waiting for others; with few histories or large weights the threads share the units
                   of a step instead
                4. backward reads transposed copies of the weights, in the order of memory
                5. plain gradient descent can be applied in the same pass, without a gradient array
Predicted gain: 10 to 20 on one thread, as in networks/dense_o2.py: the loops of o1 reach a tenth of
                the machine's rate of products
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
.. benchmark: end
Loses when:     never seen; a network of one or two units takes the same time on every rung
Numerics:       1e-5 relative in float32: fused multiply-adds, rational tanh; the same bits for any
                number of threads, because every sum is made by one thread in a fixed order
"""

from __future__ import annotations

from collections.abc import Sequence

import numba
import numpy as np

from networks import lstm, lstm_o1
from networks.storage import converts
from networks.tracks import History, Track
from nn.history import LANES, aligned_zeros, pad_histories
from nn.kernels import lstm as forward_kernels
from nn.kernels import lstm_backward as backward_kernels
from nn.kernels.lstm import TILE, Blocks, Layer
from nn.kernels.lstm_backward import Signals, Targets
from nn.kernels.lstm_gradients import PANEL

WORTH_A_REGION = 1_000_000
"""Multiply-adds of a track from which parallel regions (some microseconds each) pay."""

SLICE = 2 * LANES
"""Histories of a slice: the width of the register tile."""

SECOND_LEVEL = 1 << 20
"""Bytes of recurrent weights that a core keeps close by from step to step."""

BLOCKS = 32
"""Blocks of rows in parallel: more than the threads, so that uneven ones even out."""


@converts
class LSTM(lstm_o1.LSTM):
    """Long short-term memory; see `networks.lstm.LSTM`."""

    def _lay_out(self, values: np.ndarray) -> np.ndarray:
        return pad_histories(values)

    def _reserve(self, histories: int) -> None:
        super()._reserve(histories)
        self._buffers: dict[int, Signals] = {}

    def _forward_track(self, track: Track, history: History) -> None:
        blocks, worth = self._blocks(track, history)
        forward = forward_kernels.forward_parallel if worth else forward_kernels.forward_serial
        forward(self._layer(track, history), blocks)

    def _blocks(self, track: Track, history: History) -> tuple[Blocks, bool]:
        """Return how the work on a track is cut, and whether it is worth parallel regions."""
        rows, histories = 4 * self.units, history.gates.shape[-1]
        worth = rows * (track.inputs + self.units) * histories * self.steps >= WORTH_A_REGION
        few = histories < SLICE * numba.get_num_threads()
        large = rows * self.units * self.dtype.itemsize > SECOND_LEVEL
        blocks = Blocks(
            rows=_part(rows),
            units=_part(self.units),
            histories=min(SLICE, histories),
            over_units=worth and (few or large),
        )
        return blocks, worth

    def _layer(self, track: Track, history: History) -> Layer:
        none = np.zeros(0, self.dtype)
        hidden, cells = history.states
        peepholes = self.parameters[track.prefix + "peepholes"] if self.peepholes else none
        return Layer(
            input_weights=self.parameters[track.prefix + "input_weights"].ravel(),
            recurrent_weights=self.parameters[track.prefix + "recurrent_weights"].ravel(),
            biases=self.parameters[track.prefix + "biases"],
            peepholes=peepholes.ravel(),
            present=none if self._mask is None else self._mask.astype(self.dtype).ravel(),
            inputs=history.inputs.ravel(),
            hidden=hidden.ravel(),
            cells=cells.ravel(),
            gates=history.gates.ravel(),
            steps=self.steps,
            features=track.inputs,
            units=self.units,
            histories=history.inputs.shape[-1],
            backward=track.backward,
        )

    def _backward_track(
        self,
        track: Track,
        history: History,
        signals: np.ndarray,
        state_signals: Sequence[np.ndarray],
        learning_rate: float | None,
    ) -> None:
        blocks, worth = self._blocks(track, history)
        backward = backward_kernels.backward_parallel if worth else backward_kernels.backward_serial
        backward(
            self._layer(track, history),
            self._signals_of(track, history, signals, state_signals),
            self._targets(track, learning_rate),
            blocks,
            self._sends_below(track),
        )

    def _signals_of(
        self, track: Track, history: History, signals: np.ndarray, state_signals: Sequence[np.ndarray]
    ) -> Signals:
        hidden, cells = state_signals
        buffers = self._buffers_of(track, history)
        return buffers._replace(
            outputs=np.ascontiguousarray(signals).ravel(), hidden=hidden.ravel(), cells=cells.ravel()
        )

    def _buffers_of(self, track: Track, history: History) -> Signals:
        """Return the arrays that backward needs of a track, made on first use."""
        if track.number not in self._buffers:
            rows, length, none = (
                4 * self.units,
                self.steps * history.inputs.shape[-1],
                np.zeros(0, self.dtype),
            )
            self._buffers[track.number] = Signals(
                outputs=none,
                hidden=none,
                cells=none,
                deltas=history.deltas.ravel(),
                inputs=self._input_signals[track.layer].ravel(),
                input_columns=aligned_zeros(track.inputs * rows, self.dtype),
                recurrent_columns=aligned_zeros(self.units * rows, self.dtype),
                inputs_transposed=aligned_zeros(length * whole_panels(track.inputs), self.dtype),
                hidden_transposed=aligned_zeros(length * whole_panels(self.units), self.dtype),
                packed=aligned_zeros(rows * length, self.dtype),
            )
        return self._buffers[track.number]

    def _targets(self, track: Track, learning_rate: float | None) -> Targets:
        targets, scale = self._targets_of(track, learning_rate)
        weights, recurrent_weights, biases = (target.ravel() for target in targets[:3])
        peepholes = targets[3].ravel() if self.peepholes else np.zeros(0, self.dtype)
        return Targets(weights, recurrent_weights, biases, peepholes, scale)


@converts
class LSTMCell(lstm.LSTMCell, LSTM):
    """One step of an LSTM; see `networks.lstm.LSTMCell`."""


def _part(rows: int) -> int:
    """Return how many rows make a block: whole tiles."""
    return TILE * -(-rows // (TILE * BLOCKS))


def whole_panels(rows: int) -> int:
    """Return a number of rows, rounded up to whole panels."""
    return -(-rows // PANEL) * PANEL

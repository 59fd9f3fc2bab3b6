"""LSTM, rung o2: register tiles of explicit SIMD, gates fused, in parallel.

Previous rung:  networks/lstm_o1.py
What changed:   1. all products run on the register tile of nn/kernels/core/tile.py; the gradients of the
                   weights are one product over all steps and histories, of deltas packed by blocks of rows
                2. histories never meet: each thread takes a slice of 32 of them through all steps
                   without waiting for others. What it writes lies slice after slice, so that threads
                   never share a cache line or its neighbour; a gate's inputs and hidden values are one
                   product, and its sums become values while they are in cache
                3. with few histories or large weights the threads share the units of a step instead,
                   and the input's share of the gates is one product for all steps
                4. backward reads transposed copies of the weights, in the order of memory
                5. plain gradient descent can be applied in the same pass, without a gradient array
Predicted gain: 10 to 20 on one thread, as in networks/dense_o2.py: the loops of o1 reach a tenth of
                the machine's rate of products
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                              N  direction              ms  x below  x PyTorch  of the limit
    24 steps of 6 to 24 units      128  forward             0.224     3.00       1.81  34% products
    24 steps of 6 to 24 units      128  backward            0.382    17.10       2.26  40% products
    24 steps of 6 to 24 units      128  forward + backward  0.583    12.28       2.41  39% products
    28 steps of 28 to 128 units     64  forward              1.61     6.56       1.15  77% products
    28 steps of 28 to 128 units     64  backward             3.20    26.48       1.25  78% products
    28 steps of 28 to 128 units     64  forward + backward   4.88    19.43       1.24  76% products
    20 steps of 64 to 256 units     32  forward              2.25    10.46       1.03  81% products
    20 steps of 64 to 256 units     32  backward             4.69    22.20       1.09  77% products
    20 steps of 64 to 256 units     32  forward + backward   6.96    18.31       1.10  78% products
    10 steps of 1024 to 512 units   32  forward              9.56     2.91       1.16  91% products
    10 steps of 1024 to 512 units   32  backward             22.5     2.42       1.15  78% products
    10 steps of 1024 to 512 units   32  forward + backward   31.7     2.62       1.17  83% products
.. benchmark: end
Limited by:     products: at 28 steps of 28 to 128 units, 64 histories, one thread, they take 2.5 of 2.9 ms
                forward, and 2.5 of 2.9 ms of the steps backward; most of the rest is tanh. Slices keep
                16 cores busy from 512 histories on, 64 cores from 2048. With fewer, cores share tiles of
                8 units, at most 32 blocks, with a barrier in every step: 16 cores need 128 units, and
                64 cores more blocks, as the gradients do
Loses when:     never seen; a network of one or two units takes the same time on every rung
Numerics:       1e-5 relative in float32: fused multiply-adds, rational tanh; the same bits for any
                number of threads, because every sum is made by one thread in a fixed order
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from networks import lstm, lstm_o1
from networks.base.recurrent_tiles import TiledRecurrent, in_slices, whole
from networks.base.storage import converts
from networks.base.tracks import History, Track
from nn.kernels.lstm import backward as backward_kernels
from nn.kernels.lstm import forward as forward_kernels
from nn.kernels.lstm.backward import Signals, Targets
from nn.kernels.lstm.forward import Layer


@converts
class LSTM(TiledRecurrent, lstm_o1.LSTM):
    """Long short-term memory; see `networks.lstm.LSTM`."""

    def _forward_track(self, track: Track, history: History) -> None:
        blocks, worth = self._blocks(track)
        forward = forward_kernels.forward_parallel if worth else forward_kernels.forward_serial
        forward(self._layer(track, history), blocks)

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
            outputs=self._outputs[track.layer].ravel(),
            packed=self._packed[track.number],
            scratch=self._scratch,
            steps=self.steps,
            features=track.inputs,
            units=self.units,
            histories=history.inputs.shape[-1],
            output_row=track.rows.start,
            output_rows=self._outputs[track.layer].shape[1],
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
        blocks, worth = self._blocks(track)
        columns, panels = self._room_of(track)
        hidden, cells = (in_slices(each) for each in state_signals)
        arrays = Signals(
            outputs=np.ascontiguousarray(signals).ravel(),
            hidden=hidden.ravel(),
            cells=cells.ravel(),
            deltas=history.deltas.ravel(),
            inputs=self._input_signals[track.layer].ravel(),
            columns=columns,
            panels=panels,
        )
        backward = backward_kernels.backward_parallel if worth else backward_kernels.backward_serial
        targets = self._targets(track, learning_rate)
        backward(self._layer(track, history), arrays, targets, blocks, self._sends_below(track))
        for state_signal, sliced in zip(state_signals, (hidden, cells), strict=True):
            state_signal[...] = whole(sliced)

    def _targets(self, track: Track, learning_rate: float | None) -> Targets:
        targets, scale = self._targets_of(track, learning_rate)
        weights, recurrent_weights, biases = (target.ravel() for target in targets[:3])
        peepholes = targets[3].ravel() if self.peepholes else np.zeros(0, self.dtype)
        return Targets(weights, recurrent_weights, biases, peepholes, scale)


@converts
class LSTMCell(lstm.LSTMCell, LSTM):
    """One step of an LSTM; see `networks.lstm.LSTMCell`."""

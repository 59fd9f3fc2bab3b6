"""Gated recurrent unit, rung o2: register tiles of explicit SIMD, gates fused, in parallel.

Previous rung:  networks/gru_o1.py
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
    row                            N  direction              ms  x below  x PyTorch  of the limit
    24 steps of 6 to 24 units    128  forward             0.191     2.50       6.17  30% products
    24 steps of 6 to 24 units    128  backward            0.340    13.27       7.70  34% products
    24 steps of 6 to 24 units    128  forward + backward  0.510     9.65       8.14  34% products
    28 steps of 28 to 128 units   64  forward              1.23     6.27       2.20  75% products
    28 steps of 28 to 128 units   64  backward             2.56    24.26       2.52  73% products
    28 steps of 28 to 128 units   64  forward + backward   4.03    17.53       2.69  69% products
.. benchmark: end
Limited by:     as the LSTM, networks/lstm_o2.py, with three products a step instead of four
Loses when:     never seen; a network of one or two units takes the same time on every rung
Numerics:       1e-5 relative in float32: fused multiply-adds, rational tanh; the same bits for any
                number of threads, because every sum is made by one thread in a fixed order
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from networks import gru, gru_o1
from networks.base.recurrent_tiles import TiledRecurrent, in_slices, whole
from networks.base.storage import converts
from networks.base.tracks import History, Track
from nn.kernels.gru import backward as backward_kernels
from nn.kernels.gru import forward as forward_kernels
from nn.kernels.gru.backward import Signals, Targets
from nn.kernels.gru.forward import Layer


@converts
class GRU(TiledRecurrent, gru_o1.GRU):
    """Gated recurrent units; see `networks.gru.GRU`."""

    def _forward_track(self, track: Track, history: History) -> None:
        blocks, worth = self._blocks(track)
        forward = forward_kernels.forward_parallel if worth else forward_kernels.forward_serial
        forward(self._layer(track, history), blocks)

    def _layer(self, track: Track, history: History) -> Layer:
        weights = {name: self.parameters[track.prefix + name] for name in self._track_shapes(track.inputs)}
        none = np.zeros(0, self.dtype)
        return Layer(
            **{name: array.ravel() for name, array in weights.items()},
            present=none if self._mask is None else self._mask.astype(self.dtype).ravel(),
            inputs=history.inputs.ravel(),
            hidden=history.states[0].ravel(),
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
        hidden = in_slices(state_signals[0])
        arrays = Signals(
            outputs=np.ascontiguousarray(signals).ravel(),
            hidden=hidden.ravel(),
            deltas=history.deltas.ravel(),
            inputs=self._input_signals[track.layer].ravel(),
            columns=columns,
            panels=panels,
        )
        (weights, recurrent_weights, biases, recurrent_biases), scale = self._targets_of(track, learning_rate)
        flat = Targets(weights.ravel(), recurrent_weights.ravel(), biases, recurrent_biases, scale)
        backward = backward_kernels.backward_parallel if worth else backward_kernels.backward_serial
        backward(self._layer(track, history), arrays, flat, blocks, self._sends_below(track))
        state_signals[0][...] = whole(hidden)


@converts
class GRUCell(gru.GRUCell, GRU):
    """One step of a GRU; see `networks.gru.GRUCell`."""

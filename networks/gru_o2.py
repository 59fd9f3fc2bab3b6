"""Gated recurrent unit, rung o2: register tiles of explicit SIMD, gates fused, in parallel.

Previous rung:  networks/gru_o1.py
What changed:   1. all products run on the register tile of nn/tile.py; the gradients of the weights are
                   one product each over all steps and histories
                2. the gates of 8 units are worked off together, and their hidden values follow on
                   vectors while the sums are in cache
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

from networks import gru_o1
from networks.lstm_o2 import BLOCKS, SECOND_LEVEL, SLICE, WORTH_A_REGION, whole_panels
from networks.storage import converts
from networks.tracks import History, Track
from nn.history import aligned_zeros, pad_histories
from nn.kernels import gru as forward_kernels
from nn.kernels import gru_backward as backward_kernels
from nn.kernels.gru import Layer
from nn.kernels.gru_backward import Signals, Targets
from nn.kernels.lstm import TILE, Blocks


@converts
class GRU(gru_o1.GRU):
    """Gated recurrent units; see `networks.gru.GRU`."""

    def _lay_out(self, values: np.ndarray) -> np.ndarray:
        return pad_histories(values)

    def _reserve(self, histories: int) -> None:
        super()._reserve(histories)
        self._buffers: dict[int, Signals] = {}

    def _forward_track(self, track: Track, history: History) -> None:
        layer = self._layer(track, history)
        blocks, worth = self._blocks(layer)
        forward = forward_kernels.forward_parallel if worth else forward_kernels.forward_serial
        forward(layer, blocks)

    def _blocks(self, layer: Layer) -> tuple[Blocks, bool]:
        """Return how the work on a track is cut, and whether it is worth parallel regions."""
        weights = layer.input_weights.size + layer.recurrent_weights.size
        worth = weights * layer.histories * layer.steps >= WORTH_A_REGION
        few = layer.histories < SLICE * numba.get_num_threads()
        large = layer.recurrent_weights.nbytes > SECOND_LEVEL
        rows, units = (TILE * -(-count // (TILE * BLOCKS)) for count in (3 * self.units, self.units))
        blocks = Blocks(
            rows=rows,
            units=units,
            histories=min(SLICE, layer.histories),
            over_units=worth and (few or large),
        )
        return blocks, worth

    def _layer(self, track: Track, history: History) -> Layer:
        weights = {name: self.parameters[track.prefix + name] for name in self._track_shapes(track.inputs)}
        none = np.zeros(0, self.dtype)
        return Layer(
            **{name: array.ravel() for name, array in weights.items()},
            present=none if self._mask is None else self._mask.astype(self.dtype).ravel(),
            inputs=history.inputs.ravel(),
            hidden=history.states[0].ravel(),
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
        layer = self._layer(track, history)
        blocks, worth = self._blocks(layer)
        buffers = self._buffers_of(track, history)._replace(
            outputs=np.ascontiguousarray(signals).ravel(), hidden=state_signals[0].ravel()
        )
        (weights, recurrent_weights, biases, recurrent_biases), scale = self._targets_of(track, learning_rate)
        flat = Targets(weights.ravel(), recurrent_weights.ravel(), biases, recurrent_biases, scale)
        backward = backward_kernels.backward_parallel if worth else backward_kernels.backward_serial
        backward(layer, buffers, flat, blocks, self._sends_below(track))

    def _buffers_of(self, track: Track, history: History) -> Signals:
        """Return the arrays that backward needs of a track, made on first use."""
        if track.number not in self._buffers:
            rows, none = 3 * self.units, np.zeros(0, self.dtype)
            length = self.steps * history.inputs.shape[-1]
            self._buffers[track.number] = Signals(
                outputs=none,
                hidden=none,
                deltas=history.deltas.ravel(),
                inputs=self._input_signals[track.layer].ravel(),
                input_columns=aligned_zeros(track.inputs * rows, self.dtype),
                recurrent_columns=aligned_zeros(self.units * rows, self.dtype),
                inputs_transposed=aligned_zeros(length * whole_panels(track.inputs), self.dtype),
                hidden_transposed=aligned_zeros(length * whole_panels(self.units), self.dtype),
                packed=aligned_zeros(self.gate_count * self.units * length, self.dtype),
            )
        return self._buffers[track.number]

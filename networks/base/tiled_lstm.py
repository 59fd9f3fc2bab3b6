"""The fast rungs of the LSTM: register tiles, gates fused; see `recurrent_tiles`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from networks import lstm
from networks.base.directed_layers import DirectedLayer, History
from networks.base.recurrent_tiles import TiledRecurrent, in_slices, whole
from nn.kernels.lstm import backward as backward_kernels
from nn.kernels.lstm import forward as forward_kernels
from nn.kernels.lstm.backward import Signals, Targets
from nn.kernels.lstm.forward import Layer


class TiledLSTM(TiledRecurrent, lstm.LSTM):
    """Long short-term memory; see `networks.lstm.LSTM`."""

    def _forward_directed(self, directed: DirectedLayer, history: History) -> None:
        blocks, worth = self._blocks(directed)
        forward = forward_kernels.forward_parallel if worth else forward_kernels.forward_serial
        forward(self._layer(directed, history), blocks)

    def _layer(self, directed: DirectedLayer, history: History) -> Layer:
        none = np.zeros(0, self.dtype)
        hidden, cells = history.states
        peepholes = self.parameters[directed.prefix + "peepholes"] if self.peepholes else none
        return Layer(
            input_weights=self.parameters[directed.prefix + "input_weights"].ravel(),
            recurrent_weights=self.parameters[directed.prefix + "recurrent_weights"].ravel(),
            biases=self.parameters[directed.prefix + "biases"],
            peepholes=peepholes.ravel(),
            present=none if self._mask is None else self._mask.astype(self.dtype).ravel(),
            inputs=history.inputs.ravel(),
            hidden=hidden.ravel(),
            cells=cells.ravel(),
            gates=history.gates.ravel(),
            outputs=self._outputs[directed.layer].ravel(),
            packed=self._packed[directed.number],
            scratch=self._scratch,
            steps=self.steps,
            features=directed.inputs,
            units=self.units,
            histories=history.inputs.shape[-1],
            output_row=directed.rows.start,
            output_rows=self._outputs[directed.layer].shape[1],
            backward=directed.backward,
        )

    def _backward_directed(
        self,
        directed: DirectedLayer,
        history: History,
        signals: np.ndarray,
        state_signals: Sequence[np.ndarray],
        learning_rate: float | None,
    ) -> None:
        blocks, worth = self._blocks(directed)
        columns, panels = self._room_of(directed)
        hidden, cells = (in_slices(each) for each in state_signals)
        arrays = Signals(
            outputs=np.ascontiguousarray(signals).ravel(),
            hidden=hidden.ravel(),
            cells=cells.ravel(),
            deltas=history.deltas.ravel(),
            inputs=self._input_signals[directed.layer].ravel(),
            columns=columns,
            panels=panels,
        )
        backward = backward_kernels.backward_parallel if worth else backward_kernels.backward_serial
        targets = self._targets(directed, learning_rate)
        backward(self._layer(directed, history), arrays, targets, blocks, self._sends_below(directed))
        for state_signal, sliced in zip(state_signals, (hidden, cells), strict=True):
            state_signal[...] = whole(sliced)

    def _targets(self, directed: DirectedLayer, learning_rate: float | None) -> Targets:
        targets, scale = self._targets_of(directed, learning_rate)
        weights, recurrent_weights, biases = (target.ravel() for target in targets[:3])
        peepholes = targets[3].ravel() if self.peepholes else np.zeros(0, self.dtype)
        return Targets(weights, recurrent_weights, biases, peepholes, scale)

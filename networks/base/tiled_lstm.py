"""The fast rungs of the LSTM: register tiles, gates fused; see `recurrent_tiles`."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from networks import lstm
from networks.base.recurrent_tiles import TiledRecurrent, in_slices, whole
from networks.base.tracks import History, Track
from nn.kernels.lstm import backward as backward_kernels
from nn.kernels.lstm import forward as forward_kernels
from nn.kernels.lstm.backward import Signals, Targets
from nn.kernels.lstm.forward import Layer


class TiledLSTM(TiledRecurrent, lstm.LSTM):
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

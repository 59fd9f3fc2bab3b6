"""The fast rungs of the LSTM: register tiles, gates fused; see `recurrent_tiles`."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import ClassVar

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

    forward_kernels: ClassVar[ModuleType] = forward_kernels

    def _layer(self, directed: DirectedLayer, history: History) -> Layer:
        none = np.zeros(0, self.dtype)
        peepholes = self.parameters[directed.prefix + "peepholes"] if self.peepholes else none
        return Layer(
            input_weights=self.parameters[directed.prefix + "input_weights"].ravel(),
            recurrent_weights=self.parameters[directed.prefix + "recurrent_weights"].ravel(),
            biases=self.parameters[directed.prefix + "biases"],
            peepholes=peepholes.ravel(),
            cells=history.states[1].ravel(),
            **self._shared_fields(directed, history),
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
        columns, panels = self._scratch_of(directed)
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

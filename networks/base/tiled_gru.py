"""The fast rungs of the gated recurrent unit: register tiles, gates fused; see `recurrent_tiles`."""

from __future__ import annotations

from collections.abc import Sequence
from types import ModuleType
from typing import Any, ClassVar

import numpy as np

from networks import gru
from networks.base.directed_layers import DirectedLayer, History
from networks.base.recurrent_tiles import TiledRecurrent, in_slices, whole
from nn.kernels.gru import backward as backward_kernels
from nn.kernels.gru import forward as forward_kernels
from nn.kernels.gru.backward import Signals, Targets
from nn.kernels.gru.forward import Layer


class TiledGRU(TiledRecurrent, gru.GRU):
    """Gated recurrent units; see `networks.gru.GRU`."""

    forward_kernels: ClassVar[ModuleType] = forward_kernels

    def _layer(self, directed: DirectedLayer, history: History) -> Layer:
        names = self._directed_shapes(directed.inputs)
        parameters: dict[str, Any] = {name: self.parameters[directed.prefix + name].ravel() for name in names}
        return Layer(**parameters, **self._shared_fields(directed, history))

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
        hidden = in_slices(state_signals[0])
        arrays = Signals(
            outputs=np.ascontiguousarray(signals).ravel(),
            hidden=hidden.ravel(),
            deltas=history.deltas.ravel(),
            inputs=self._input_signals[directed.layer].ravel(),
            columns=columns,
            panels=panels,
        )
        (weights, recurrent_weights, biases, recurrent_biases), scale = self._targets_of(
            directed, learning_rate
        )
        flat = Targets(weights.ravel(), recurrent_weights.ravel(), biases, recurrent_biases, scale)
        backward = backward_kernels.backward_parallel if worth else backward_kernels.backward_serial
        backward(self._layer(directed, history), arrays, flat, blocks, self._sends_below(directed))
        state_signals[0][...] = whole(hidden)

"""Second-order terms of the LSTM on its fast rungs: `networks.second_order.lstm`, with kernels for its steps.

With peepholes or a mask, the lines of the plain rung run.
"""

from __future__ import annotations

import numpy as np

from networks.base.directed_layers import DirectedLayer
from networks.base.gradient_targets import apply_gradient
from networks.second_order.lstm import LSTMTangent
from networks.second_order.recurrent import Moved
from nn.history import aligned_zeros, pad_histories, padded
from nn.kernels.lstm import tangent as kernels
from nn.sums import total


class TiledLSTMTangent(LSTMTangent):
    """An LSTM whose passes run on the register tile."""

    def _sends(self, layer: int) -> bool:
        """Whether somebody reads the signals of a layer's inputs."""
        return bool(layer or self.network.propagates)

    @property
    def _is_plain(self) -> bool:
        return self.network.peepholes or self.network.step_mask is not None

    def _run(self, directed: DirectedLayer, tangents: np.ndarray) -> Moved:
        if self._is_plain:
            return super()._run(directed, tangents)
        inputs = np.ascontiguousarray(pad_histories(tangents))
        history = self.network.pass_of(directed, inputs.shape[-1])
        states = tuple(aligned_zeros(each.shape, each.dtype) for each in history.states)
        moved = Moved(history, inputs, aligned_zeros(history.gates.shape, inputs.dtype), states)
        kernels.forward_parallel(self._layer(directed, moved), self._moved_of(moved, moved.gates))
        return moved

    def _run_back(
        self, directed: DirectedLayer, above: np.ndarray, moved_above: np.ndarray, layer: int
    ) -> tuple[np.ndarray, np.ndarray]:
        if self._is_plain:
            return super()._run_back(directed, above, moved_above, layer)
        network, moved = self.network, self._moved[directed.number]
        histories, dtype = moved.inputs.shape[-1], moved.inputs.dtype
        sides = [pad_histories(each) for each in (above, moved_above)]
        states = aligned_zeros((4, network.units, histories), dtype)
        if not network.whole_sequence and layer == network.layer_count - 1:
            step = directed.steps(network.steps)[-1]
            states[0], states[2] = sides[0][step], sides[1][step]
            sides = [np.zeros_like(each) for each in sides]
        sent = [
            aligned_zeros(moved.inputs.shape if wanted else 0, dtype)
            for wanted in (layer, self._sends(layer))
        ]
        weights = [
            np.ascontiguousarray(self._parameter(directed, name).T)
            for name in ("recurrent_weights", "input_weights")
        ]
        signals = (np.ascontiguousarray(each).ravel() for each in (*sides, states, *sent, *weights))
        deltas = aligned_zeros(moved.gates.shape, dtype)
        arguments = self._layer(directed, moved), self._moved_of(moved, deltas)
        kernels.backward_parallel(*arguments, kernels.Signals(*signals))
        self._add_products(directed, arguments, deltas)
        return sent[0], sent[1] if self._sends(layer) else np.zeros_like(moved.inputs)

    def _add_products(
        self, directed: DirectedLayer, arguments: tuple[kernels.Layer, kernels.Moved], deltas: np.ndarray
    ) -> None:
        """Add the gradients of weights and biases."""
        network, dtype, features = self.network, deltas.dtype, directed.inputs
        width = padded(features + network.units)
        panels = [aligned_zeros(network.steps * deltas.shape[-1] * width, dtype) for _ in range(2)]
        gradients = aligned_zeros((4 * network.units, width), dtype)
        kernels.gradients_parallel(*arguments, *panels, gradients.ravel())
        found = {
            "input_weights": gradients[:, :features],
            "recurrent_weights": gradients[:, features : features + network.units],
            "biases": total(deltas.reshape(network.steps, -1, deltas.shape[-1]), axis=(0, 2)),
        }
        for name, gradient in found.items():
            apply_gradient(network.parameters, directed.prefix + name, gradient, None)

    def _layer(self, directed: DirectedLayer, moved: Moved) -> kernels.Layer:
        history = moved.history
        hidden, cells = history.states
        return kernels.Layer(
            input_weights=self._parameter(directed, "input_weights").ravel(),
            recurrent_weights=self._parameter(directed, "recurrent_weights").ravel(),
            inputs=np.ascontiguousarray(history.inputs).ravel(),
            hidden=np.ascontiguousarray(hidden).ravel(),
            cells=np.ascontiguousarray(cells).ravel(),
            gates=np.ascontiguousarray(history.gates).ravel(),
            deltas=np.ascontiguousarray(history.deltas).ravel(),
            steps=self.network.steps,
            features=directed.inputs,
            units=self.network.units,
            histories=moved.inputs.shape[-1],
            backward=directed.backward,
        )

    @staticmethod
    def _moved_of(moved: Moved, deltas: np.ndarray) -> kernels.Moved:
        arrays = (moved.inputs, *moved.states, moved.gates, deltas)
        return kernels.Moved(*(each.ravel() for each in arrays))

"""Second-order terms of batch and layer normalisation.

With r = 1 / sqrt(variance + epsilon), n = (x - mean) r the normalised values, s the signals of the outputs,
d = s * scale, and means over what is measured together:

    n'       = r (x' - mean(x') - n mean(x' n))                  y' = scale n'
    r'       = -r² mean(x' n)
    signal   = r e        with e = d - mean(d) - n mean(d n)
    e'       = d' - mean(d') - n' mean(d n) - n mean(d' n + d n')
    signal'  = r' e + r e'
    d scale' = sum of s' n + s n'        d shift' = sum of s'

With running statistics nothing is measured: n' = r x' and signal' = r d'.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from networks.base.gradient_targets import apply_gradient
from networks.base.network import Network
from networks.second_order.tangent import NonlinearTangent
from nn.sums import mean, total, variance


class NormalisationTangent(NonlinearTangent):
    """A batch or layer normalisation.

    Everything is computed from the inputs, as (groups, measured, N) or (positions, channels, N).

    Raises
    ------
    ValueError
        In `forward`, where a mask leaves steps out.
    """

    network: Any

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self._measures, self._active = False, 0
        self._inputs = self._normalised = self._factors = np.zeros(0, network.dtype)
        self._tangents = self._projected = np.zeros(0, network.dtype)

    def forward(self, values: np.ndarray, training: bool) -> np.ndarray:
        """Keep the inputs."""
        if self.network.step_mask is not None:
            raise ValueError(
                f"{self.network.family}: has no second-order terms where a mask leaves steps out: "
                "give sequences of one length, or a network without normalisation"
            )
        self._inputs, self._measures = values, self._is_measured(training)
        self._active = self.network.active_entries(values.shape[-1]) if training else values.shape[-1]
        outputs: np.ndarray = super().forward(values, training)
        return outputs

    def forward_tangent(self, tangents: np.ndarray) -> np.ndarray:
        """Return y' = scale n'."""
        inputs, moved = self._flat(self._inputs), self._flat(tangents)
        means, variances = self._statistics(inputs)
        self._factors = 1 / np.sqrt(variances + inputs.dtype.type(self.network.epsilon))
        self._normalised = (inputs - means) * self._factors
        self._projected = self._mean(moved * self._normalised)
        self._tangents = self._factors * (moved - self._mean(moved) - self._normalised * self._projected)
        return self._shaped(self._tangents * self._scale)

    def backward_tangent(self, signal_tangents: np.ndarray) -> np.ndarray:
        """Return the change of the input signals; add the gradients."""
        n, moved_n, r = self._normalised, self._tangents, self._factors
        s, moved_s = self._flat(self._signals), self._flat(signal_tangents)
        d, moved_d = s * self._scale, moved_s * self._scale
        slope = self._mean(d * n)
        e = d - self._mean(d) - n * slope
        moved_e = moved_d - self._mean(moved_d) - moved_n * slope
        moved_e = moved_e - n * self._mean(moved_d * n + d * moved_n)
        for name, gradient in (("scale", moved_s * n + s * moved_n), ("shift", moved_s)):
            apply_gradient(self.network.parameters, name, self._sum(name, gradient), None)
        signals = r * moved_e - r * r * self._projected * e
        signals[..., self._active :] = 0  # these were not measured
        return self._shaped(signals)

    def _is_measured(self, training: bool) -> bool:
        """Return whether mean and variance are those of the values that are given."""
        return True

    def _statistics(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return means and variances, to be broadcast over the inputs."""
        axes, measured = self._axes, self._measured(inputs)
        return mean(measured, axis=axes, keepdims=True), variance(measured, axis=axes, keepdims=True)

    def _measured(self, values: np.ndarray) -> np.ndarray:
        """Return the values that means are taken over."""
        return values

    @property
    def _axes(self) -> int | tuple[int, ...]:
        """What is measured together: the features of every entry."""
        return 1

    @property
    def _scale(self) -> np.ndarray:
        scale: np.ndarray = self.network.parameters["scale"].reshape(-1, 1)
        return scale

    def _mean(self, values: np.ndarray) -> np.ndarray:
        """Return the means over what is measured together, zero where nothing is."""
        if not self._measures:
            return np.zeros((1, 1, 1), values.dtype)
        return mean(self._measured(values), axis=self._axes, keepdims=True)

    def _sum(self, name: str, values: np.ndarray) -> np.ndarray:
        return total(values, axis=(0, 2)).reshape(self.network.parameters.shapes[name])

    def _flat(self, values: np.ndarray) -> np.ndarray:
        return values.reshape(-1, self._scale.size, values.shape[-1])

    def _shaped(self, flat: np.ndarray) -> np.ndarray:
        return flat.reshape(*self.network.input_shape, -1)


class BatchNormalisationTangent(NormalisationTangent):
    """A batch normalisation: channels are measured over positions and entries, in training."""

    def _is_measured(self, training: bool) -> bool:
        return training and not self.network.fixed_statistics

    def _statistics(self, inputs: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        if self._measures:
            return super()._statistics(inputs)
        running = self.network.state()
        return running["means"][:, None], running["variances"][:, None]

    @property
    def _axes(self) -> int | tuple[int, ...]:
        return 0, 2

    def _measured(self, values: np.ndarray) -> np.ndarray:
        return values[..., : self._active]

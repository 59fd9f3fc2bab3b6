"""Normalisation, rung o1: a few passes of compiled loops on one thread.

Previous rung:  networks/normalisation.py
What changed:   1. mean and variance are two passes over the values, the output a third: NumPy writes an
                   array as large as the values for every operation in the formulas
                2. backward is one pass for the sums and one for the input signals
                3. outputs and input signals are buffers kept between calls
Predicted gain: 2 to 4: where NumPy reads or writes the values some 20 times, the loops do 8 times
Measured gain:  on the machine and with the meaning of docs/benchmarks.md
.. benchmark: begin
    row                             N  direction     ms  x below  x PyTorch  of the limit
    batch normalisation, 32x32x16  64  forward    0.285    11.28       3.49    89% memory
    batch normalisation, 32x32x16  64  backward   0.371    10.33       0.64   137% memory
    layer normalisation, 28x128    64  forward    0.064     8.51       1.12    88% memory
    layer normalisation, 28x128    64  backward   0.285     2.85       0.26    39% memory
.. benchmark: end
Loses when:     never seen
Numerics:       1e-5 relative in float32: sums in another order than NumPy's
"""

from __future__ import annotations

import numpy as np

from networks import normalisation
from networks.base.normalisation_base import Normalisation
from nn.history import aligned_zeros
from nn.kernels.normalisation import loops as kernels


class Buffered(Normalisation):
    """Contiguous arrays, and buffers for what comes out."""

    @staticmethod
    def _lay_out(values: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray(values)

    def _reserve(self) -> None:
        if self._values.shape != self._inputs.shape:
            self._values = aligned_zeros(self._inputs.shape, self.dtype)
            self._input_signals = aligned_zeros(self._inputs.shape, self.dtype)


class BatchNormalisation(Buffered, normalisation.BatchNormalisation):
    """Normalises channels over the batch; see `networks.normalisation.BatchNormalisation`."""

    def _measure(self, active: int) -> tuple[np.ndarray, np.ndarray]:
        means, variances = np.empty((2, *self._running_means.shape), self.dtype)
        kernels.measure_channels(self._inputs, active, means, variances)
        return means, variances

    def _normalise(self) -> np.ndarray:
        self._reserve()
        factors = self.parameters["scale"] * self._factors
        kernels.normalise_channels(self._inputs, self._means, factors, self.parameters["shift"], self._values)
        return self._values

    def _sums(self) -> tuple[np.ndarray, np.ndarray]:
        products, totals = np.empty((2, *self._running_means.shape), self.dtype)
        kernels.sum_channels(self._inputs, self._signals, self._means, products, totals)
        return products * self._factors, totals

    def _propagate(self, scale_gradient: np.ndarray, shift_gradient: np.ndarray) -> np.ndarray:
        if self.propagates:
            kernels.propagate_channels(
                self._inputs,
                self._signals,
                self._means,
                *self._line(scale_gradient, shift_gradient),
                self._inputs.shape[2] if self._active is None else self._active,
                self._input_signals,
            )
        return self._input_signals

    def _line(
        self, scale_gradient: np.ndarray, shift_gradient: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return a, b and c of: input signal = a * signal - b * (input - mean) - c."""
        factors = self.parameters["scale"] * self._factors
        share = 0 if self._active is None else 1 / (len(self._inputs) * self._active)
        shares = factors * self.dtype.type(share)
        return factors, shares * scale_gradient * self._factors, shares * shift_gradient


class LayerNormalisation(Buffered, normalisation.LayerNormalisation):
    """Normalises the features of each entry; see `networks.normalisation.LayerNormalisation`."""

    def _reserve(self) -> None:
        super()._reserve()
        groups, _, histories = self._inputs.shape
        if self._means.shape != (groups, histories):
            self._means, self._factors = np.empty((2, groups, histories), self.dtype)

    def _normalise(self) -> np.ndarray:
        self._reserve()
        scale, shift = self.parameters["scale"].ravel(), self.parameters["shift"].ravel()
        epsilon = self.dtype.type(self.epsilon)
        kernels.normalise_entries(
            self._inputs, scale, shift, epsilon, self._means, self._factors, self._values
        )
        return self._values

    def _propagate(self) -> tuple[np.ndarray, dict[str, np.ndarray]]:
        scale = self.parameters["scale"].ravel()
        gradients = {name: np.zeros_like(scale) for name in ("scale", "shift")}
        kernels.propagate_entries(
            self._inputs,
            self._signals,
            scale,
            self._means,
            self._factors,
            self._input_signals,
            gradients["scale"],
            gradients["shift"],
        )
        return self._input_signals, gradients

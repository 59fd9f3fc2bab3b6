"""Layer normalisation over whole entries of which some steps are not there; plain, for every rung.

    mean      = sum over what is there of value / count         variance likewise
    d value   = (delta - mean(delta) - normalised * mean(delta * normalised)) / sqrt(variance + epsilon)

as in `networks.normalisation`, each entry with a count of its own; zero where no step is.
"""

from __future__ import annotations

import numpy as np

from nn.sums import total


class PartialNormalisation:
    """What was measured of values (measured, N), where `there`, bool (measured, N), is true.

    Attributes
    ----------
    normalised
        (measured, N), zero where nothing is there.
    """

    def __init__(self, values: np.ndarray, there: np.ndarray, epsilon: np.floating) -> None:
        self._there = there
        self._count = np.maximum(1, there.sum(axis=0)).astype(values.dtype)
        values = np.where(there, values, 0)
        deviations = np.where(there, values - self._mean(values), 0)
        self._factors = 1 / np.sqrt(self._mean(deviations * deviations) + epsilon)
        self.normalised = deviations * self._factors

    def outputs(self, scale: np.ndarray, shift: np.ndarray) -> np.ndarray:
        """Return the values scaled and shifted, (measured, 1) each."""
        return np.where(self._there, self.normalised * scale + shift, 0)

    def propagate(self, signals: np.ndarray, scale: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the signals of the values, and the gradients of scale and shift, (measured,) each."""
        signals = np.where(self._there, signals, 0)
        deltas = signals * scale
        means = self._mean(deltas) + self.normalised * self._mean(deltas * self.normalised)
        input_signals = np.where(self._there, self._factors * (deltas - means), 0)
        return input_signals, total(signals * self.normalised, axis=-1), total(signals, axis=-1)

    def _mean(self, values: np.ndarray) -> np.ndarray:
        return total(values, axis=0) / self._count

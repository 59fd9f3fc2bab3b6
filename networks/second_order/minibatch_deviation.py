"""Second-order terms of the minibatch deviation.

With c = x - mean(x) and d the deviations of numbers, n entries in a group, K numbers in an entry, s the
statistic, q the sum of the group's signals of it, and means and sums over the group:

    c'      = x' - mean(x')        d' = mean(c x') / d        s' = mean over the K numbers of d'
    signal  = signal + q c / (n K d)
    signal' = signal' + (q' c / d + q (c' / d - c d' / d²)) / (n K)

The gradient of the sum of all scores with respect to one entry has what its numbers change in the scores of
its whole group, as with a batch normalisation. Without training the statistic is a constant.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from networks.base.network import Network
from networks.second_order.tangent import Tangent


class MinibatchDeviationTangent(Tangent):
    """A minibatch deviation, also where a mask leaves steps out."""

    network: Any

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self._of_statistics = np.zeros(0, network.dtype)
        self._moved = [np.zeros(0, network.dtype)] * 2

    def backward(self, signals: np.ndarray) -> Any:
        """Keep the signals of the statistics."""
        _, self._of_statistics = self.network.apart(signals)
        return super().backward(signals)

    def forward_tangent(self, tangents: np.ndarray) -> np.ndarray:
        """Return x' with s' behind its features."""
        measured, statistics = self.network.measured, np.zeros(tangents.shape[-1], tangents.dtype)
        if measured is not None:
            *self._moved, of_groups = measured.moved(tangents)
            statistics = measured.of_entries(of_groups)
        moved: np.ndarray = self.network.beside(tangents, statistics)
        return moved

    def backward_tangent(self, signal_tangents: np.ndarray) -> np.ndarray:
        """Return the change of the input signals."""
        through, moved = self.network.apart(signal_tangents)
        measured = self.network.measured
        if measured is None:
            return np.asarray(through)
        centred, roots = self._moved
        slopes = centred / measured.roots - measured.deviations * roots / measured.roots**2
        sent = measured.send(moved, measured.slopes)
        sent = sent + measured.send(self._of_statistics, measured.shares * slopes)
        return np.asarray(through + sent)

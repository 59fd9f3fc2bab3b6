"""Tangent: what every family's second-order terms have in common, and those of networks that are linear."""

from __future__ import annotations

from abc import ABC, abstractmethod
from copy import deepcopy
from typing import Any

import numpy as np

from networks.base.network import Network


class Tangent(ABC):
    """A network's forward and backward beside their changes in one direction.

    The four passes run in this order: `forward`, `backward`, `forward_tangent`, `backward_tangent`; nothing
    else may run the network between the first and the last.

    Parameters
    ----------
    network
        Whose passes they are.
    """

    def __init__(self, network: Network) -> None:
        self.network = network

    def forward(self, values: Any, training: bool) -> Any:
        """Run the network's forward."""
        return self.network.forward(values, training)

    def backward(self, signals: Any) -> Any:
        """Run the network's backward, and keep what the later passes need of the signals."""
        return self.network.backward(signals)

    @abstractmethod
    def forward_tangent(self, tangents: Any) -> Any:
        """Return how the outputs change when the inputs change by `tangents`, both (*shape, N)."""

    @abstractmethod
    def backward_tangent(self, signal_tangents: Any) -> Any:
        """Return how the input signals change, and add how the parameters' gradients do.

        Parameters
        ----------
        signal_tangents
            How the signals of the outputs change, (*output_shape, N).
        """


class NonlinearTangent(Tangent):
    """A network whose signals are part of how its input signals and gradients change."""

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self._signals = np.zeros(0, network.dtype)

    def backward(self, signals: np.ndarray) -> Any:
        """Keep the signals as well: their array belongs to the network above, which reuses it."""
        self._signals = signals.copy()
        return super().backward(signals)


class LinearTangent(Tangent):
    """A network without parameters that is linear and the same in every forward: sums, moves, averages.

    Its forward and backward are their own changes. The forward of the change is that of a twin: networks
    above read the values of the first in its arrays.
    """

    def __init__(self, network: Network) -> None:
        super().__init__(network)
        self._twin = deepcopy(network)

    def forward_tangent(self, tangents: Any) -> Any:
        """Run the forward of the twin: y' = A x'."""
        return self._twin.forward(tangents)

    def backward_tangent(self, signal_tangents: Any) -> Any:
        """Run the backward again."""
        return self.network.backward(signal_tangents)


class DiagonalTangent(Tangent):
    """A network that multiplies every value by a factor which backward repeats, such as dropout's mask."""

    def forward_tangent(self, tangents: np.ndarray) -> np.ndarray:
        """Multiply by the factors of the forward that came before, as the signals are."""
        return self.network.backward(tangents).copy()

    def backward_tangent(self, signal_tangents: np.ndarray) -> np.ndarray:
        """Multiply by them again."""
        return self.network.backward(signal_tangents)


class LookupTangent(Tangent):
    """A network whose inputs are labels: these cannot move, so neither do the outputs."""

    def forward_tangent(self, tangents: np.ndarray) -> np.ndarray:
        """Return zeros."""
        return np.zeros((*self.network.output_shape, tangents.shape[-1]), self.network.dtype)

    def backward_tangent(self, signal_tangents: np.ndarray) -> np.ndarray:
        """Add what the rows of the table get."""
        return self.network.backward(signal_tangents)

"""What the training loop needs of a network, whatever family it is of."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

import numpy as np

from nn.parameters import Parameters


class Trainable(Protocol):
    """A network as the training loop sees it; `networks.network.Network` keeps this protocol."""

    @property
    def parameters(self) -> Parameters:
        """Flat values and gradients."""

    @property
    def leaves(self) -> Mapping[str, Any]:
        """The networks inside by name; each has `family`, `values` and `signals` of the last pass."""

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the outputs (..., N) of inputs (..., N)."""

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Add the gradients, or descend along them at once when there is a learning rate."""

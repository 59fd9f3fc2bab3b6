"""What a network has learned, copied: its parameters, and what it carries beside them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NamedTuple, Self

import numpy as np

from nn.dotted_names import select_prefix
from nn.training.trainable import Trainable, state_copy

VALUES = "parameters"
CARRIED = "carried."


class LearnedState(NamedTuple):
    """A copy of what a network has learned.

    Attributes
    ----------
    parameters
        Flat values, (size,).
    carried
        What `Network.state` returns.
    """

    parameters: np.ndarray
    carried: dict[str, np.ndarray]

    @classmethod
    def of(cls, network: Trainable) -> Self:
        """Copy what a network has learned so far."""
        return cls(network.parameters.values.copy(), state_copy(network))

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Any]) -> Self | None:
        """Return what `arrays` returned, among other things; None where there are no parameters."""
        return cls(arrays[VALUES], select_prefix(arrays, CARRIED)) if VALUES in arrays else None

    def check(self, network: Trainable) -> None:
        """Check that this fits a network.

        Raises
        ------
        ValueError
            When it does not.
        """
        values, expected = self.parameters, network.parameters
        if values.shape != (expected.size,) or values.dtype != expected.dtype:
            raise ValueError(
                f"{VALUES} are {values.dtype} {values.shape}, expected {expected.dtype} ({expected.size},)"
            )
        carried = state_copy(network)
        try:
            network.load_state(self.carried)
        finally:
            network.load_state(carried)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays by name; no copies."""
        return {VALUES: self.parameters, **{CARRIED + name: array for name, array in self.carried.items()}}

    def restore_to(self, network: Trainable) -> None:
        """Set a network to this state.

        Raises
        ------
        ValueError
            When it carries other things; nothing is changed then.
        """
        network.load_state(self.carried)
        network.parameters.values[:] = self.parameters

"""What all networks have in common that can be built again from their configuration alone."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from typing import Any, Self

import numpy as np
from numpy.typing import DTypeLike

from networks.base.configuration import Fields
from networks.base.network import Network
from nn.initializers import Zeros


class ConfiguredNetwork(Network):
    """A network that is said by its input shape and the other arguments of its constructor."""

    def to_configuration(self) -> dict[str, Any]:
        """Describe the network: its family and input shape, to which each family adds its own fields."""
        return {"family": self.family, "input_shape": str(self.input_shape)}

    @classmethod
    def _input_shape(cls, fields: Fields) -> Any:
        """Take the first argument of the constructor from a description: the input shape."""
        return fields.shape("input_shape")

    @classmethod
    @abstractmethod
    def _options(cls, fields: Fields) -> dict[str, Any]:
        """Take what the constructor is given beside input shape and dtype from a description."""

    @classmethod
    def from_configuration(
        cls,
        configuration: Mapping[str, Any],
        structure: Mapping[str, np.ndarray],
        *,
        dtype: DTypeLike = np.float32,
    ) -> Self:
        """Build the network that `to_configuration` described, with parameters of zero; it has no structure.

        Raises
        ------
        ValueError
            Naming the field that is missing, unknown or does not fit.
        """
        with Fields(configuration, structure) as fields:
            kind: Any = cls  # every family has options of its own
            network: Self = kind(cls._input_shape(fields), **cls._options(fields), dtype=dtype)
        network.parameters.values[:] = 0
        return network


def undrawn() -> dict[str, Any]:
    """Return the arguments of a constructor that leave weights at zero, so that none is drawn in vain."""
    return {"generator": np.random.default_rng(0), "initializer": Zeros()}

"""Stack: networks one after another, of any family and any rung."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from networks.network import Network
from nn.parameters import Parameters


class Stack(Network):
    """Feeds each network's output to the next one.

    Parameters
    ----------
    networks
        At least one, neighbours with equal shapes and all of one dtype. Their parameters move into
        one flat array; network number k's `weights` are called `k.weights`. A stack may hold
        stacks, such as an encoder and a decoder that can also be run alone.

    Raises
    ------
    ValueError
        When there is none, or two neighbours do not fit; the message names both sides.
    """

    family = "stack"

    def __init__(self, networks: Sequence[Network]) -> None:
        if not networks:
            raise ValueError("a stack needs at least one network")
        for number, (below, above) in enumerate(pairwise(networks)):
            if below.output_shape != above.input_shape:
                raise ValueError(
                    f"network {number} ({below.family}) gives {below.output_shape}, but network "
                    f"{number + 1} ({above.family}) takes {above.input_shape}"
                )
        self.networks = list(networks)
        self.input_shape = networks[0].input_shape
        self.output_shape = networks[-1].output_shape
        self.parameters = Parameters.join({str(n): each.parameters for n, each in enumerate(networks)})

    @property
    def propagates(self) -> bool:
        """Whether the first network computes its input signals."""
        return self.networks[0].propagates

    @propagates.setter
    def propagates(self, wanted: bool) -> None:
        self.networks[0].propagates = wanted

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values of input values (H, W, C, N)."""
        for network in self.networks:
            values = network.forward(values, training)
        return values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals of output signals (H, W, C, N)."""
        for network in reversed(self.networks):
            signals = network.backward(signals, learning_rate)
        return signals

    @property
    def values(self) -> list[Any]:
        """The values of every network in the last forward."""
        return [network.values for network in self.networks]

    @property
    def signals(self) -> list[Any]:
        """The signals of every network in the last backward."""
        return [network.signals for network in self.networks]

    @property
    def layers(self) -> Sequence[Network]:
        """The networks, stacks within the stack taken apart."""
        return [layer for network in self.networks for layer in network.layers]

    @property
    def connections(self) -> int:
        """Connections of all networks together."""
        return sum(network.connections for network in self.networks)

    def to_configuration(self) -> dict[str, Any]:
        """Describe the networks in order."""
        return {"family": self.family, "networks": [each.to_configuration() for each in self.networks]}

    def structure(self) -> dict[str, np.ndarray]:
        """Return the arrays of all networks: network number k's `sources` are called `k.sources`."""
        return {
            f"{number}.{name}": array
            for number, network in enumerate(self.networks)
            for name, array in network.structure().items()
        }

"""Sequential: networks one after another, of any family and any rung."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Self

import numpy as np

from networks.network import Network
from networks.parts import join_arrays, join_generators, load_arrays
from nn.parameters import Parameters
from nn.shape import AnyShape


class Sequential(Network):
    """Feeds each network's output to the next one.

    Parameters
    ----------
    networks
        At least one, neighbours with equal shapes and all of one dtype; a mapping gives them names,
        otherwise they are called "0", "1" and so on. Their parameters move into one flat array: the
        `weights` of network `code` are called `code.weights`. Networks may hold networks, such as an
        encoder and a decoder that can also be run alone.

    Raises
    ------
    ValueError
        When there is none, a name is empty or holds a dot, or two neighbours do not fit; the message
        names both sides.
    """

    family = "sequential"

    def __init__(self, networks: Sequence[Network] | Mapping[str, Network]) -> None:
        if not networks:
            raise ValueError("sequential: give at least one network")
        named = networks if isinstance(networks, Mapping) else {str(n): e for n, e in enumerate(networks)}
        self.named = dict(named)
        self.networks = list(self.named.values())
        for name in self.named:
            if not name or "." in name:
                raise ValueError(
                    f"sequential: {name!r} is no name for a network: it needs letters and no dot"
                )
        for (below, lower), (above, upper) in pairwise(self.named.items()):
            if lower.output_shape != upper.input_shape:
                raise ValueError(
                    f"network {below} ({lower.family}) gives {lower.output_shape}, but network "
                    f"{above} ({upper.family}) takes {upper.input_shape}"
                )
        self.input_shape = self.networks[0].input_shape
        self.output_shape = self.networks[-1].output_shape
        self.parameters = Parameters.join({name: each.parameters for name, each in self.named.items()})

    @classmethod
    def chain(cls, input_shape: AnyShape, *makers: Callable[[Any], Network]) -> Self:
        """Put networks together that are each made for what the one before gives.

        Parameters
        ----------
        input_shape
            What the first takes.
        makers
            Each makes a network from its input shape, such as
            `partial(Convolution, channels=8, kernel=3, generator=generator)`.
        """

        def networks() -> Iterator[Network]:
            shape: AnyShape = input_shape
            for maker in makers:
                network = maker(shape)
                yield network
                shape = network.output_shape

        return cls(list(networks()))

    @property
    def propagates(self) -> bool:
        """Whether the first network computes its input signals."""
        return self.networks[0].propagates

    @propagates.setter
    def propagates(self, wanted: bool) -> None:
        self.networks[0].propagates = wanted

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values (*output_shape, N) of input values (*input_shape, N)."""
        for network in self.networks:
            values = network.forward(values, training)
        return values

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals (*input_shape, N) of output signals (*output_shape, N)."""
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
        """The networks, those within others taken apart."""
        return [layer for network in self.networks for layer in network.layers]

    @property
    def leaves(self) -> Mapping[str, Network]:
        """The networks that hold no others, by name: `encoder.0`."""
        return join_arrays({name: network.leaves for name, network in self.named.items()})

    @property
    def connections(self) -> int:
        """Connections of all networks together."""
        return sum(network.connections for network in self.networks)

    def to_configuration(self) -> dict[str, Any]:
        """Describe the networks in order."""
        networks = {name: each.to_configuration() for name, each in self.named.items()}
        return {"family": self.family, "networks": networks}

    def structure(self) -> dict[str, np.ndarray]:
        """Return the arrays of all networks: network `k`'s `sources` are called `k.sources`."""
        return join_arrays({name: network.structure() for name, network in self.named.items()})

    def state(self) -> dict[str, np.ndarray]:
        """Return what all networks carry, by name: `k.means`."""
        return join_arrays({name: network.state() for name, network in self.named.items()})

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what `state` returned; see `Network.load_state`."""
        load_arrays(self.named, state)

    def reset(self) -> None:
        """Reset every network."""
        for network in self.networks:
            network.reset()

    @property
    def generators(self) -> dict[str, np.random.Generator]:
        """What the networks draw from, by name."""
        return join_generators(self.named)

    @property
    def masks_steps(self) -> bool:  # type: ignore[override]
        """Whether any network reads the mask."""
        return any(network.masks_steps for network in self.networks)

    @property
    def step_mask(self) -> np.ndarray | None:
        """Which steps of the next forwards are there; see `Network.step_mask`."""
        return self._step_mask

    @step_mask.setter
    def step_mask(self, mask: np.ndarray | None) -> None:
        if mask is not None and not self.masks_steps:
            raise ValueError("sequential: no network in it reads steps that a mask could leave out")
        self._step_mask = mask
        for network in self.networks:
            if network.masks_steps:
                network.step_mask = mask

    def history_bytes(self, histories: int) -> int:
        """Return what all networks take; see `Network.history_bytes`."""
        return sum(network.history_bytes(histories) for network in self.networks)

    def output_range(self, input_range: tuple[float, float] = (-np.inf, np.inf)) -> tuple[float, float]:
        """Return what the last network can reach from what those before it can."""
        for network in self.networks:
            input_range = network.output_range(input_range)
        return input_range

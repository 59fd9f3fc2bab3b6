"""Sequential: networks one after another, of any family and any rung."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import pairwise
from typing import Any, Self

import numpy as np

from networks.base.checks import check_network
from networks.base.configuration import Fields
from networks.base.container import Build, Container, build_all, check_names
from networks.base.dense_stack import DenseStack, stacked
from networks.base.holding import Hold, check_neurons
from networks.base.network import Network
from nn.parameters import Parameters
from nn.shape import AnyShape


class Sequential(Container):
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
        When there is none, one is no network, a name is empty or holds a dot or colon, or two neighbours
        do not fit; the message names both sides.
    """

    family = "sequential"

    def __init__(self, networks: Sequence[Network] | Mapping[str, Network]) -> None:
        if not networks:
            raise ValueError("sequential: give at least one network")
        named = networks if isinstance(networks, Mapping) else {str(n): e for n, e in enumerate(networks)}
        self.named = dict(named)
        self.networks = list(self.named.values())
        check_names(self.family, self.named)
        for name, network in self.named.items():
            check_network(f"sequential: network {name}", network)
        for (below, lower), (above, upper) in pairwise(self.named.items()):
            if lower.output_shape != upper.input_shape:
                raise ValueError(
                    f"network {below} ({lower.family}) gives {lower.output_shape}, but network "
                    f"{above} ({upper.family}) takes {upper.input_shape}"
                )
        self.input_shape = self.networks[0].input_shape
        self.output_shape = self.networks[-1].output_shape
        self.parameters = Parameters.join({name: each.parameters for name, each in self.named.items()})
        self._runs = stacked(self.networks, self.parameters)
        self._holds: dict[str, Hold] = {}

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
                if not callable(maker):
                    raise ValueError(
                        f"sequential: {type(maker).__name__} makes no network of its input shape: give "
                        "partial(Dense, output_shape=..., generator=...), or networks to Sequential([...])"
                    )
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

    @property
    def labels(self) -> int | None:  # type: ignore[override]
        """How many labels an input of the first network may be."""
        return self.networks[0].labels

    def forward(self, values: np.ndarray, training: bool = False) -> np.ndarray:
        """Return the output values (*output_shape, N) of input values (*input_shape, N)."""
        values = self._filling_removed(values)
        for each in self._steps():
            values = each.forward(values, training)
        return self._filling_removed(values)

    def backward(self, signals: np.ndarray, learning_rate: float | None = None) -> np.ndarray:
        """Return the input signals (*input_shape, N) of output signals (*output_shape, N)."""
        signals = self._filling_removed(signals)
        for each in reversed(self._steps()):
            signals = each.backward(signals, learning_rate)
        return self._filling_removed(signals)

    @property
    def returned(self) -> np.ndarray:
        """What the last network returned in the last forward."""
        outputs: np.ndarray = self._steps()[-1].returned
        return outputs

    def _steps(self) -> Sequence[Network | DenseStack | Hold]:
        """Return what runs one after another; while a neuron is held, every network on its own."""
        if not self._holds:
            return self._runs
        return [self._holds.get(name, network) for name, network in self.named.items()]

    def hold(self, name: str, neurons: Mapping[int, float]) -> None:
        """Hold output neurons of one of the networks at values in the forwards to come.

        Whatever their inputs are, they have these values for every history, and the network shows them.
        Their signals become zero: nothing is learned from them below. A held neuron is no part of what the
        network is: configuration and parameters know nothing of it. A network that passes on the array it
        is given, such as a reshape, goes on showing that.

        Parameters
        ----------
        name
            One of `named`. Of a network within another, hold the neurons there: `encoder.hold("0", ...)`.
        neurons
            Flat index in its output shape to value, in place of those held before; {} lets all go.

        Raises
        ------
        ValueError
            When there is no such network or neuron, or a value is no finite number; nothing is changed then.
        """
        if name not in self.named:
            raise ValueError(f"{self.family}: no network {name!r}; there are {', '.join(self.named)}")
        network = self.named[name]
        what = f"{self.family}: network {name}"
        checked = check_neurons(what, neurons, network.output_shape.size, self.dtype)
        self._holds.pop(name, None)
        if checked:
            self._holds[name] = Hold(network, checked)

    @property
    def held(self) -> dict[str, dict[int, float]]:
        """Which neurons are held at which values, by the names of their networks; see `hold`."""
        return {name: dict(hold.neurons) for name, hold in self._holds.items()}

    @property
    def layers(self) -> Sequence[Network]:
        """The networks, those within others taken apart."""
        return [layer for network in self.networks for layer in network.layers]

    def to_configuration(self) -> dict[str, Any]:
        """Describe the networks in order."""
        networks = {name: each.to_configuration() for name, each in self.named.items()}
        return {"family": self.family, "networks": networks}

    @classmethod
    def from_configuration(
        cls, configuration: Mapping[str, Any], structure: Mapping[str, np.ndarray], *, build: Build
    ) -> Self:
        """Build the networks that `to_configuration` described, with parameters of zero.

        Raises
        ------
        ValueError
            Naming the field that is missing, unknown or does not fit.
        """
        with Fields(configuration) as fields:
            described = fields.named("networks")
        return cls(build_all(cls.family, described, structure, build))

    def output_range(self, input_range: tuple[float, float] = (-np.inf, np.inf)) -> tuple[float, float]:
        """Return what the last network can reach from what those before it can."""
        for network in self.networks:
            input_range = network.output_range(input_range)
        return input_range

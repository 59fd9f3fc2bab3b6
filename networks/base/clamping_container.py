"""A container whose networks can have clamped neurons."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Self

from networks.base.clamping import Clamp, checked_clamps
from networks.base.container import Container
from networks.base.network import Network
from networks.base.wiring import NeuronLayer, sources_within


class ClampingContainer(Container):
    """A network made of named networks that runs them one by one while neurons are clamped."""

    def __init__(self) -> None:
        self._clamps: dict[str, Clamp] = {}

    def clamp(self, name: str, neurons: Mapping[int, float]) -> None:
        """Clamp output neurons of one of the networks to values in the forwards to come.

        Whatever their inputs are, they have these values for every history, and the network shows them.
        Their signals become zero: nothing is learned from them below. Clamping is not part of the network:
        its configuration and parameters do not record it. A network that passes on its input array, such as
        a reshape, still shows that array as its values.

        Parameters
        ----------
        name
            One of `named`. Neurons of a network within another are clamped there: `encoder.clamp("0", ...)`.
        neurons
            Flat index in its output shape to value, instead of those clamped before; {} releases all.

        Raises
        ------
        ValueError
            When there is no such network or neuron, or a value is not finite; nothing is changed then.
        """
        if name not in self.named:
            raise ValueError(f"{self.family}: no network {name!r}; there are {', '.join(self.named)}")
        network = self.named[name]
        what = f"{self.family}: network {name}"
        checked = checked_clamps(what, neurons, network.output_shape.size, self.dtype)
        self._clamps.pop(name, None)
        if checked:
            self._clamps[name] = Clamp(network, checked)

    @property
    def clamped(self) -> dict[str, dict[int, float]]:
        """Which neurons are clamped, and to which values, by the names of their networks; see `clamp`."""
        return {name: dict(clamp.neurons) for name, clamp in self._clamps.items()}

    def synchronise_with(self, other: Self) -> None:
        """Take over clamped neurons as well; see `Network.synchronise_with`."""
        super().synchronise_with(other)
        if other.clamped != self.clamped:
            for name in self.named:
                self.clamp(name, other.clamped.get(name, {}))

    def _run_of(self, name: str) -> Network | Clamp:
        """Return what runs a network: itself, or what clamps neurons of it."""
        return self._clamps.get(name, self.named[name])

    def _layers_of(self, name: str, network: Network, first: int, inputs: Sequence[int]) -> list[NeuronLayer]:
        """Return the layers of one of the networks as those of the container.

        Parameters
        ----------
        name, network
            Of the network.
        first
            Number of its first layer in the container.
        inputs
            Numbers of the layers it reads.
        """
        start, inside = network.parameters.start_within(self.parameters), network.wiring()
        layers = []
        for layer, sources in zip(inside, sources_within(inside, first, inputs), strict=True):
            clampable = layer.clamp is None and layer.name == "" and layer.output_neurons is None
            clamp = partial(self.clamp, name) if clampable else layer.clamp
            before = None if layer.delayed_from is None else first + layer.delayed_from
            layers.append(layer.within(name, start, clamp=clamp, sources=sources, delayed_from=before))
        return layers

"""Container: what all networks that hold other networks have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, Self, TypeAlias

import numpy as np

from networks.base.member_arrays import join_arrays, load_arrays
from networks.base.network import Network
from nn.activations import Activation
from nn.dotted_names import group_by_first_name
from nn.short_text import join_names, short_repr
from nn.step_masks import zero_masked_steps

Build: TypeAlias = Callable[[Mapping[str, Any], Mapping[str, np.ndarray]], Network]
"""Builds a network from its configuration and structure; see `networks.ladder.network_from_configuration`."""


class Container(Network):
    """A network made of named networks; their states, generators and parameters are found under their names.

    Attributes
    ----------
    named
        The networks by name, in the order in which they run.
    """

    named: dict[str, Network]
    _entries: int | None = None

    @cached_property
    def _carrying(self) -> dict[str, Network]:
        """The networks that may carry a state: every step reads states, and most networks never have one."""
        return {n: each for n, each in self.named.items() if type(each).state is not Network.state}

    @cached_property
    def _drawing(self) -> dict[str, Network]:
        """The networks that may draw."""
        return {n: each for n, each in self.named.items() if type(each).generators is not Network.generators}

    @cached_property
    def _masking(self) -> list[Network]:
        """The networks that read the mask of steps."""
        return [network for network in self.named.values() if network.masks_steps]

    @property
    def values(self) -> Any:
        """The values of every network in the last forward."""
        return [network.values for network in self.named.values()]

    @property
    def signals(self) -> Any:
        """The signals of every network in the last backward."""
        return [network.signals for network in self.named.values()]

    @cached_property
    def all_networks(self) -> Sequence[Network]:
        """Itself, and all that it holds."""
        return self, *(each for network in self.named.values() for each in network.all_networks)

    @property
    def leaves(self) -> Mapping[str, Network]:
        """The networks that hold no others, by name: `encoder.0`."""
        return join_arrays({name: network.leaves for name, network in self.named.items()})

    def map_activations(self, change: Callable[[Activation], Activation]) -> None:
        """Replace the activations of the neurons of all networks."""
        for network in self.named.values():
            network.map_activations(change)

    def synchronise_with(self, other: Self) -> None:
        """Synchronise every network with the one of its name; see `Network.synchronise_with`."""
        for name, network in other.named.items():
            self.named[name].synchronise_with(network)

    @property
    def connections(self) -> int:
        """Connections of all networks together."""
        return sum(network.connections for network in self.named.values())

    def structure(self) -> dict[str, np.ndarray]:
        """Return the arrays of all networks: network `k`'s `sources` are called `k.sources`."""
        return join_arrays({name: network.structure() for name, network in self.named.items()})

    def state(self) -> dict[str, np.ndarray]:
        """Return the states of all networks, by name: `k.means`."""
        carrying = self._carrying
        return join_arrays({name: each.state() for name, each in carrying.items()}) if carrying else {}

    def load_state(self, state: Mapping[str, np.ndarray]) -> None:
        """Go on from what `state` returned; see `Network.load_state`."""
        load_arrays(self.named, state)

    def reset(self) -> None:
        """Reset every network."""
        for network in self.named.values():
            network.reset()

    def state_restorer(self) -> None:
        """Return None: the networks inside restore their own states."""

    @property
    def generators(self) -> dict[str, np.random.Generator]:
        """The generators of the networks, by name."""
        drawing = self._drawing
        return join_arrays({name: each.generators for name, each in drawing.items()}) if drawing else {}

    @property
    def masks_steps(self) -> bool:  # type: ignore[override]
        """Whether any network reads the mask."""
        return any(network.masks_steps for network in self.named.values())

    @property
    def step_mask(self) -> np.ndarray | None:
        """Which steps of the next forwards are there; see `Network.step_mask`."""
        return self._step_mask

    @step_mask.setter
    def step_mask(self, mask: np.ndarray | None) -> None:
        if mask is not None and not self.masks_steps:
            raise ValueError(f"{self.family}: no network in it reads steps that a mask could leave out")
        self._step_mask = mask
        for network in self._masking:
            network.step_mask = mask

    def _zero_masked_steps(self, values: np.ndarray) -> np.ndarray:
        """Return values or signals (..., N) with zeros at steps that are not there.

        So a network that ignores the mask, such as a normalisation before an LSTM, sees zeros as padding.
        """
        return zero_masked_steps(values, self._step_mask)

    @property
    def storage(self) -> str:  # type: ignore[override]
        """How the values of the first network are stored; see `Network.store_as`, which sets it for all."""
        return next(iter(self.named.values())).storage

    def _store_as(self, storage: str) -> None:
        for network in self.named.values():
            network._store_as(storage)

    @property
    def entries(self) -> int | None:
        """How many histories hold entries of the batch; see `Network`."""
        return self._entries

    @entries.setter
    def entries(self, count: int | None) -> None:
        self._entries = count
        for network in self.named.values():
            network.entries = count

    def history_bytes(self, histories: int) -> int:
        """Return the memory of all networks; see `Network.history_bytes`."""
        return sum(network.history_bytes(histories) for network in self.named.values())

    def forward_bytes(self, histories: int) -> int:
        """Return the memory of all networks; see `Network.forward_bytes`."""
        return sum(network.forward_bytes(histories) for network in self.named.values())


def build_all(
    family: str,
    described: Mapping[str, Mapping[str, Any]],
    structure: Mapping[str, np.ndarray],
    build: Build,
) -> dict[str, Network]:
    """Build the networks that a container holds, each from its description and its part of the structure.

    Raises
    ------
    ValueError
        When a name is not allowed, structure belongs to no network, or one cannot be built; the message says
        which.
    """
    check_names(family, described)
    parts = group_by_first_name(structure)
    if foreign := [name for name in structure if name.partition(".")[0] not in described]:
        raise ValueError(f"{family}: no network in it has the structure {join_names(sorted(foreign))}")
    built: dict[str, Network] = {}
    for name, description in described.items():
        try:
            built[name] = build(description, parts.get(name, {}))
        except ValueError as error:
            raise ValueError(f"network {join_names([name])}: {error}") from error
    return built


def check_names(family: str, networks: Iterable[str]) -> None:
    """Refuse names that could be confused with the names of contents.

    Raises
    ------
    ValueError
        When a name is empty, or holds a dot or a colon.
    """
    for name in networks:
        if not isinstance(name, str):
            raise ValueError(f"{family}: {short_repr(name)} is not a name for a network: names are texts")
        if not name or set(name) & {".", ":"}:
            raise ValueError(
                f"{family}: {short_repr(name)} is not a name for a network: give letters, no dot or colon"
            )

"""What networks that hold other networks share: names of items inside, joined with a dot."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from networks.base.network import Network
from nn.dotted_names import Item, select_prefix


def join_arrays(of_networks: Mapping[str, Mapping[str, Item]]) -> dict[str, Item]:
    """Return the items of all networks: `means` of network `k` is called `k.means`, "" is called `k`."""
    return {
        f"{network}.{name}" if name else network: item
        for network, named in of_networks.items()
        for name, item in named.items()
    }


def load_arrays(networks: Mapping[str, Network], state: Mapping[str, np.ndarray]) -> None:
    """Give every network its part of a state.

    Raises
    ------
    ValueError
        When an array belongs to no network, or does not fit its own; nothing is changed then.
    """
    parts = {name: select_prefix(state, f"{name}.") for name in networks}
    foreign = set(state) - set(join_arrays(parts))
    if foreign:
        raise ValueError(f"no network carries {', '.join(sorted(foreign))}")
    before = {name: {key: array.copy() for key, array in networks[name].state().items()} for name in networks}
    try:
        for name, network in networks.items():
            network.load_state(parts[name])
    except ValueError:
        for name, network in networks.items():
            network.load_state(before[name])
        raise

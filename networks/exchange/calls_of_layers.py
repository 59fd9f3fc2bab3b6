"""Layers of a network, each with all its calls."""

from __future__ import annotations

import numpy as np

from networks.base.network import Network


def calls_of_layers(network: Network) -> dict[str, list[Network]]:
    """Return the layers by name, those that share their parameters together, by the first of their names."""
    found: dict[str, list[Network]] = {}
    for name, layer in network.leaves.items():
        values = layer.parameters.values
        shared = (each for each in found.values() if np.shares_memory(values, each[0].parameters.values))
        calls = next(shared, None)
        if calls is None:
            found[name] = [layer]
        else:
            calls.append(layer)
    return found

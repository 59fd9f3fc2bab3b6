"""Layers of a network, each once."""

from __future__ import annotations

import numpy as np

from networks.base.network import Network


def distinct_layers(network: Network) -> dict[str, Network]:
    """Return the layers by name, those that share their parameters under the first of their names alone."""
    found: dict[str, Network] = {}
    for name, layer in network.leaves.items():
        values = layer.parameters.values
        if not any(np.shares_memory(values, each.parameters.values) for each in found.values()):
            found[name] = layer
    return found

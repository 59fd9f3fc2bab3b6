"""The ladder: every family of networks and its rungs from the plain one up, and how they are built by name.

Tests, benchmarks and the applications read this list and nothing else: a new family is one line in
`networks.base.layer_families` or `networks.base.weightless_families`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from networks.base.family import RUNGS, Family
from networks.base.layer_families import LAYERS
from networks.base.network import Network
from networks.base.weightless_families import WEIGHTLESS
from networks.model import Model
from networks.sequential import Sequential
from networks.spectral_normalisation import SpectralNormalisation
from networks.time_distributed import TimeDistributed
from nn.lookup import look_up
from nn.short_text import short_repr

__all__ = ["CONTAINERS", "DEEPEST", "FAMILIES", "RUNGS", "Family", "network_from_configuration", "rung"]

DEEPEST = 50
"""Deepest nesting of networks in a description; Python's own limit is a few times that."""

FAMILIES: dict[str, Family] = {**LAYERS, **WEIGHTLESS}

CONTAINERS: dict[str, Any] = {
    "model": Model,
    "sequential": Sequential,
    "spectral_normalisation": SpectralNormalisation,
    "time_distributed": TimeDistributed,
}
"""Networks that hold others, and are as fast as those."""


def rung(family: str, name: str) -> Any:
    """Return the class of a rung.

    Raises
    ------
    ValueError
        When the family or the rung is unknown; the message suggests the nearest.
    """
    rungs = look_up(FAMILIES, family, "family").rungs
    return look_up(rungs, name, f"rung of {family}")


def network_from_configuration(
    configuration: Mapping[str, Any],
    structure: Mapping[str, np.ndarray],
    *,
    rung_name: str = "o2",
    dtype: DTypeLike = np.float32,
) -> Network:
    """Build the network that `to_configuration` and `structure` described, on any rung.

    Its parameters are zero: they are copied or loaded afterwards. It stores float32: `Network.store_as`
    chooses.

    Raises
    ------
    ValueError
        When a field is missing, unknown or does not fit; the message names it.
    """
    return _build(configuration, structure, rung_name=rung_name, dtype=dtype)


def _build(
    configuration: Mapping[str, Any],
    structure: Mapping[str, np.ndarray],
    *,
    rung_name: str,
    dtype: DTypeLike,
    depth: int = 0,
) -> Network:
    """Build a network at a depth of nesting."""
    if not isinstance(configuration, Mapping):
        raise ValueError(f"a network is described by its fields, not by {short_repr(configuration)}")
    if depth > DEEPEST:
        raise ValueError(f"networks lie within networks, more than {DEEPEST} deep")
    family = configuration.get("family")
    if isinstance(family, str) and family in CONTAINERS:
        build = partial(_build, rung_name=rung_name, dtype=dtype, depth=depth + 1)
        container: Network = CONTAINERS[family].from_configuration(configuration, structure, build=build)
        return container
    kind = look_up(FAMILIES, family, "family").rungs
    network: Network = look_up(kind, rung_name, f"rung of {family}").from_configuration(
        configuration, structure, dtype=dtype
    )
    return network

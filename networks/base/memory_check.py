"""Checks the memory to run a network on so many entries, before any of it is allocated."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

from nn.history import padded
from nn.parameter_limit import check_memory
from nn.shape import AnyShape

if TYPE_CHECKING:
    from networks.base.network import Network


def require_memory_to_run(
    network: Network,
    inputs: Mapping[str, AnyShape],
    outputs: Mapping[str, AnyShape],
    given: Mapping[str, Any],
    batch_size: int,
) -> None:
    """Refuse to run a network on more entries than memory holds.

    Parameters
    ----------
    network
        The network; see `Network.forward_bytes`.
    inputs, outputs
        Shapes of both ends by name.
    given
        The entries to run on, (N, ...), by the names of the inputs.
    batch_size
        How many entries are run at once.

    Raises
    ------
    MemoryError
        With the figures.
    """
    taken, made = (
        sum(shape.size for shape in shapes.values()) * network.dtype.itemsize for shapes in (inputs, outputs)
    )
    entries = max(np.shape(array)[0] if np.ndim(array) else 0 for array in given.values())
    together = min(entries, batch_size)
    check_memory(
        entries * made + padded(together) * taken + network.forward_bytes(padded(together)),
        f"to run on {entries:,} entries, {together:,} at once",
        "run it on fewer, or give a smaller batch_size",
    )

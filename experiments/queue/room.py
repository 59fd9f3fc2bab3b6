"""What there is on a machine at a moment, within the limits of a container: memory, cores, load."""

from __future__ import annotations

import os
from typing import NamedTuple

from experiments.cores import allowed_cores
from nn.data.memory import available_memory, container_memory, total_memory


class Room(NamedTuple):
    """What there is.

    Attributes
    ----------
    free, total
        Bytes of memory: those that can be taken now, and all there could ever be.
    in_container
        Whether it is a container's limit that leaves no more.
    cores
        That this process may use.
    load
        How many threads ran or waited for a core in the last minute, on average, over the whole machine.
    processors
        Cores of the whole machine.
    """

    free: int
    total: int
    in_container: bool
    cores: int
    load: float
    processors: int


def room_now() -> Room:
    """Return what there is now."""
    free, left = available_memory(), container_memory()
    load = os.getloadavg()[0]
    return Room(free, total_memory(), free in left, allowed_cores(), load, os.cpu_count() or 1)

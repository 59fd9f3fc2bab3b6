"""Racing the contestants of a row, and what the figures mean beside the machine's limits."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

import numba
import numpy as np

from benchmarks.machine import Limits
from benchmarks.peers import torch
from benchmarks.row import Row
from benchmarks.timing import Contestant, race
from networks.network import Network

DIRECTIONS = ("forward", "backward")
PEER = "PyTorch"


@dataclass(frozen=True)
class Figure:
    """One contestant's figure in one direction of one row.

    Attributes
    ----------
    seconds, spread
        Median of a call, and half the distance of the quartiles relative to it.
    over_below, over_peer
        How many times faster than the rung below, and than PyTorch; None where there is none.
    over_one_thread
        How many times faster than the same rung on one thread.
    product_share, bandwidth_share
        Share of the machine's matrix-product rate and memory bandwidth with as many threads.
    """

    family: str
    row: str
    histories: int
    direction: str
    contestant: str
    threads: int
    seconds: float
    spread: float
    gigaflops: float
    over_below: float | None
    over_peer: float | None
    over_one_thread: float | None
    product_share: float
    bandwidth_share: float

    def to_dict(self) -> dict[str, Any]:
        """Return the figure as JSON-able numbers and strings."""
        return asdict(self)


def measure_row(row: Row, limits: dict[int, Limits], repeats: int) -> list[Figure]:
    """Race all contestants of a row, forwards and then backwards."""
    networks = row.prepare()
    figures: list[Figure] = []
    for direction in DIRECTIONS:
        contestants = _contestants(row, networks, direction)
        race(contestants, repeats)
        work = _work(networks[row.rungs[-1]], row.histories, direction)
        figures += [_figure(row, direction, each, contestants, work, limits) for each in contestants]
    return figures


def _contestants(row: Row, networks: dict[str, Network], direction: str) -> list[Contestant]:
    most = numba.config.NUMBA_NUM_THREADS
    contestants = []
    for name, network in networks.items():
        call = _call(network, row, direction)
        threads = [1] if name != row.rungs[-1] or most == 1 else [1, most]
        contestants += [Contestant(name, call, count) for count in threads]
    if torch is not None:
        torch.set_num_threads(most)
        peer = row.peer(networks[row.rungs[-1]], row.values)
        contestants.append(Contestant(PEER, getattr(peer, direction), most))
    return contestants


def _call(network: Network, row: Row, direction: str) -> Callable[[], object]:
    if direction == "forward":
        return lambda: network.forward(row.values)
    return lambda: network.backward(row.signals)


def _work(network: Network, histories: int, direction: str) -> tuple[int, int]:
    """Return floating-point operations and the fewest bytes that have to move.

    Forward reads inputs and weights and writes values; backward reads inputs, values, signals and
    weights, writes input signals, and reads and writes the gradients.
    """
    item = np.dtype(np.float32).itemsize
    inputs, outputs = network.input_shape.size * histories, network.output_shape.size * histories
    parameters = network.parameters.size
    operations = 2 * network.connections * histories
    if direction == "forward":
        return operations, item * (inputs + outputs + parameters)
    return 2 * operations, item * (2 * inputs + 2 * outputs + 3 * parameters)


def _figure(
    row: Row,
    direction: str,
    one: Contestant,
    all_of_them: list[Contestant],
    work: tuple[int, int],
    limits: dict[int, Limits],
) -> Figure:
    seconds = {(each.name, each.threads): each.median for each in all_of_them}
    below = row.rungs[row.rungs.index(one.name) - 1] if one.name in row.rungs[1:] else None
    peer = next((each.median for each in all_of_them if each.name == PEER), None)
    limit = limits[one.threads]
    operations, moved = work
    return Figure(
        family=row.family,
        row=row.title,
        histories=row.histories,
        direction=direction,
        contestant=one.name,
        threads=one.threads,
        seconds=one.median,
        spread=one.spread,
        gigaflops=operations / one.median / 1e9,
        over_below=seconds[below, 1] / one.median if below else None,
        over_peer=peer / one.median if peer else None,
        over_one_thread=_over_one_thread(one, seconds),
        product_share=operations / one.median / limit.product,
        bandwidth_share=moved / one.median / limit.bandwidth,
    )


def _over_one_thread(one: Contestant, seconds: dict[tuple[str, int], float]) -> float | None:
    if one.threads == 1 or one.name == PEER:
        return None
    return seconds[one.name, 1] / one.median

"""Measuring rows: every direction is a race of the rungs and their peers."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager, nullcontext

import numba

from benchmarks.figures import DIGITS, Direction, MeasuredRow, Timing
from benchmarks.row import Entrants, Peer, Row, nothing
from benchmarks.timing import Contestant, race
from benchmarks.torch_peer import use_threads

try:
    from threadpoolctl import threadpool_limits
except ImportError:
    threadpool_limits = None

MOST_WORDS = 60
"""Characters of an error that fit into a table."""


def measure_row(row: Row, repeats: int, without: Collection[str] = ()) -> MeasuredRow:
    """Compare the results of a row's contestants, then race them.

    Parameters
    ----------
    row
        What is measured.
    repeats
        Turns of every contestant.
    without
        Peers that are left out.

    Raises
    ------
    AssertionError
        When a rung or a peer computes something different.
    """
    begin = time.perf_counter()
    use_threads()
    entrants = row.enter(row.rungs)
    peers, absent = _make_peers(entrants, without)
    directions = [_race(row, entrants, peers, direction, repeats) for direction in row.directions]
    return MeasuredRow(
        title=row.title,
        histories=row.histories,
        rungs=tuple(row.rungs),
        headline=tuple(row.headline),
        connections=entrants.connections,
        bytes_beside=entrants.memory.beside,
        bytes_histories=entrants.memory.histories,
        absent=absent,
        directions=tuple(directions),
        took=round(time.perf_counter() - begin, 1),
    )


def _make_peers(entrants: Entrants, without: Collection[str]) -> tuple[dict[str, Peer], dict[str, str]]:
    """Return the peers, and why others have none."""
    peers: dict[str, Peer] = {}
    absent: dict[str, str] = {}
    for name in [name for name in entrants.peers if name not in without]:
        try:
            peer = entrants.peers[name]()
        except Exception as error:  # compilers raise all kinds of errors
            absent[name] = f"{type(error).__name__}: {error}".splitlines()[0][:MOST_WORDS]
            continue
        peer.check()
        peers[name] = peer
    return peers, absent


def _race(row: Row, entrants: Entrants, peers: dict[str, Peer], direction: str, repeats: int) -> Direction:
    most = numba.config.NUMBA_NUM_THREADS
    contestants = []
    for name, calls in entrants.rungs.items():
        threads = sorted({1, most}) if name == row.rungs[-1] else [1]
        prepare = entrants.prepare.get(name, nothing)
        for count in threads:
            around = one_product_thread if count == 1 else nullcontext
            contestants.append(Contestant(name, calls[direction], count, prepare, around))
    contestants += [
        Contestant(name, peer.calls[direction], most, peer.prepare)
        for name, peer in peers.items()
        if direction in peer.calls
    ]
    race(contestants, repeats)
    work = entrants.work[direction]
    return Direction(direction, work.operations, work.moved, tuple(map(_timing, contestants)))


def _timing(contestant: Contestant) -> Timing:
    seconds = tuple(float(f"{each:.{DIGITS}g}") for each in contestant.seconds)
    return Timing(contestant.name, contestant.threads, seconds)


@contextmanager
def one_product_thread() -> Iterator[None]:
    """Limit NumPy's products to one thread for rungs that have one; peers are never limited."""
    if threadpool_limits is None:
        yield
        return
    with threadpool_limits(1, user_api="blas"):
        yield

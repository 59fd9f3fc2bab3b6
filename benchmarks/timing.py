"""Timing contestants fairly on a machine that others use too.

All contestants of a row run in one process, one after another, again and again, so that a slow spell
falls on all of them; what counts is the median over the repeats. A turn begins with a rest, in which
the worker threads of the contestant before go to sleep, and a call that is not timed.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numba

REST_SECONDS = 0.03
TURN_SECONDS = 0.03
MOST_CALLS = 50


@dataclass
class Contestant:
    """Something to time: a call, and the threads that Numba may use for it."""

    name: str
    call: Callable[[], object]
    threads: int = 1
    seconds: list[float] = field(default_factory=list)
    is_long: bool = False

    @property
    def median(self) -> float:
        """Median seconds of a call."""
        return statistics.median(self.seconds)

    def begin(self) -> None:
        """Make a first call, which may compile."""
        numba.set_num_threads(self.threads)
        start = time.perf_counter()
        self.call()
        self.is_long = time.perf_counter() - start > TURN_SECONDS

    def take_turn(self) -> None:
        """Run for a while and note the seconds of the median call."""
        time.sleep(REST_SECONDS)
        numba.set_num_threads(self.threads)
        if not self.is_long:
            self.call()
        laps: list[float] = []
        begin = time.perf_counter()
        while len(laps) < MOST_CALLS and (not laps or time.perf_counter() - begin < TURN_SECONDS):
            start = time.perf_counter()
            self.call()
            laps.append(time.perf_counter() - start)
        self.seconds.append(statistics.median(laps))
        self.is_long = self.seconds[-1] > TURN_SECONDS


def race(contestants: Sequence[Contestant], repeats: int = 9) -> None:
    """Give every contestant `repeats` turns, interleaved; the first round also compiles."""
    before = numba.get_num_threads()
    for contestant in contestants:
        contestant.begin()
    for _ in range(repeats):
        for contestant in contestants:
            contestant.take_turn()
    numba.set_num_threads(before)

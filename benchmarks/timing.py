"""Timing contestants fairly on a machine that others use too.

All contestants of a row run in one process, one after another, again and again, so that a slow spell
falls on all of them; the figure is the median over the repeats. A turn begins with a rest, in which the
worker threads of the previous contestant go to sleep, and a call that is not timed. Where a call of even the
fastest contestant fills a turn, the untimed call is left out for all.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field

from nn.threads import threads

REST_SECONDS = 0.03
TURN_SECONDS = 0.03
MOST_CALLS = 50


@dataclass
class Contestant:
    """A contestant: something to time.

    Attributes
    ----------
    call
        What is timed.
    threads
        Those that Numba may use for it.
    prepare
        Called before every turn, untimed.
    around
        Makes the context in which a turn runs.
    seconds
        Of the median call of every turn.
    latest
        Seconds of a call, as last seen.
    """

    name: str
    call: Callable[[], object]
    threads: int = 1
    prepare: Callable[[], object] = lambda: None
    around: Callable[[], AbstractContextManager[object]] = nullcontext
    seconds: list[float] = field(default_factory=list)
    latest: float = 0.0

    @property
    def median(self) -> float:
        """Median seconds of a call."""
        return statistics.median(self.seconds)

    def begin(self) -> None:
        """Make a first call, which may compile."""
        threads.use(self.threads)
        with self.around():
            self.latest = self._lap()

    def take_turn(self, wakes: bool) -> None:
        """Run for a while and note the seconds of the median call; first an untimed one if it `wakes`."""
        time.sleep(REST_SECONDS)
        threads.use(self.threads)
        self.prepare()
        with self.around():
            if wakes:
                self.call()
            self.latest = statistics.median(self._laps())
        self.seconds.append(self.latest)

    def _laps(self) -> list[float]:
        laps: list[float] = []
        begin = time.perf_counter()
        while len(laps) < MOST_CALLS and (not laps or time.perf_counter() - begin < TURN_SECONDS):
            laps.append(self._lap())
        return laps

    def _lap(self) -> float:
        start = time.perf_counter()
        self.call()
        return time.perf_counter() - start


def race(contestants: Sequence[Contestant], repeats: int = 9) -> None:
    """Give every contestant `repeats` turns, interleaved; the first round also compiles."""
    with threads.restored():
        for contestant in contestants:
            contestant.begin()
        for _ in range(repeats):
            wakes = min(contestant.latest for contestant in contestants) < TURN_SECONDS
            for contestant in contestants:
                contestant.take_turn(wakes)

"""Choosing a number of threads from the times that regions take on different ones.

At intervals, all regions are timed for a moment (a *look*). What they cost is compared with what the same
regions cost on fewer threads, as last measured; where that is outdated, or nearly as good, fewer threads are
tried. More threads are tried at growing intervals, as long as they turn out to be slower. So usually a look
is short and tries nothing.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field

MILLISECOND = 1_000_000

WINDOW = 20 * MILLISECOND
"""How long regions are timed on one number of threads: some time slices of the operating system."""

MOST_WINDOWS = 20
"""After so many windows a phase ends even if no region has come twice."""

BETWEEN_LOOKS = 250 * MILLISECOND
LONGEST_WAIT = 4_000 * MILLISECOND
"""More threads are tried after a quarter of a second, and after twice as long every time they are slower."""

TRUSTED_FOR = 10_000 * MILLISECOND
"""How long what fewer threads cost counts as known."""

NEARLY = 0.9
"""Fewer threads are tried when all regions on them cost less than this part more."""

BETTER = 0.95
"""Another number is taken when it costs less than this share."""

HOPELESS = 1.5
"""A number that costs so much more than the one in use is not tried to the end of its window."""

FEW_KNOWN = 4_000
"""Regions of other sizes that are remembered."""

Key = Hashable


def numbers_to_try(most: int) -> list[int]:
    """Return numbers of threads from 1 to `most`: all but a few, then halves.

    Another program takes one or two cores, or it takes them all.
    """
    numbers = {most, most - 1, most - 2, most * 3 // 4}
    while most > 1:
        most //= 2
        numbers.add(most)
    return sorted(number for number in numbers if number > 0)


@dataclass
class Cost:
    """Times of one region: how often it ran, and nanoseconds in all."""

    calls: int = 0
    total: int = 0

    @property
    def mean(self) -> float:
        """Nanoseconds of a call."""
        return self.total / self.calls


@dataclass
class Phase:
    """Regions timed on one number of threads."""

    threads: int
    costs: dict[Key, Cost] = field(default_factory=dict)
    spent: int = 0
    comes_again: bool = False

    def add(self, key: Key, nanoseconds: int) -> None:
        """Add the time of a region."""
        cost = self.costs.get(key)
        if cost is None:
            cost = self.costs[key] = Cost()
        else:
            self.comes_again = True
        cost.calls += 1
        cost.total += nanoseconds
        self.spent += nanoseconds

    @property
    def is_over(self) -> bool:
        """Whether enough was seen: long enough, and the same work at least twice."""
        return self.spent >= WINDOW and (self.comes_again or self.spent >= MOST_WINDOWS * WINDOW)

    def share_of(self, means: Mapping[Key, float]) -> float | None:
        """Return what these calls cost, as a multiple of what they would by other mean times.

        None where half of the time or more went into regions whose mean is not known.
        """
        known = [(cost, means[key]) for key, cost in self.costs.items() if key in means]
        here = sum(cost.total for cost, _ in known)
        if 2 * here <= self.spent:
            return None
        return here / sum(cost.calls * mean for cost, mean in known)


class ThreadChoice:
    """The number of threads for the regions of a program.

    All times are nanoseconds of one clock.

    Parameters
    ----------
    most
        The largest number that may be chosen, with which it begins.

    Attributes
    ----------
    due
        When the next look begins.
    """

    def __init__(self, most: int) -> None:
        self._numbers = numbers_to_try(most)
        self._place = len(self._numbers) - 1
        self._phase: Phase | None = None
        self._first: Phase | None = None
        self._tried: list[int] = []
        self._left: list[int] = []
        self._means: dict[int, dict[Key, float]] = {number: {} for number in self._numbers}
        self._seen_at = dict.fromkeys(self._numbers, 0)
        self._wait = BETWEEN_LOOKS
        self._more_at = 0
        self.due = 0

    @property
    def chosen(self) -> int:
        """The best number known so far."""
        return self._numbers[self._place]

    @property
    def is_largest(self) -> bool:
        """Whether that is the largest there is."""
        return self._place == len(self._numbers) - 1

    @property
    def is_looking(self) -> bool:
        """Whether regions are timed at the moment."""
        return self._phase is not None

    @property
    def threads(self) -> int:
        """How many the next region is to run on."""
        return self.chosen if self._phase is None else self._phase.threads

    def begin_if_due(self, now: int) -> None:
        """Begin a look when it is time for one."""
        if self._phase is None and now >= self.due:
            self._phase = Phase(self.chosen)

    def note(self, key: Key, nanoseconds: int, now: int) -> None:
        """Add the time of a region that ran on `threads` threads during a look."""
        phase = self._phase
        if phase is None:
            return
        phase.add(key, nanoseconds)
        if phase.is_over or (self._first is not None and self._is_hopeless(phase)):
            self._end(phase, now)

    def _is_hopeless(self, phase: Phase) -> bool:
        if 3 * phase.spent < WINDOW:
            return False
        share = phase.share_of(self._means[self.chosen])
        return share is not None and share > HOPELESS

    def _end(self, phase: Phase, now: int) -> None:
        """Go on to the next number that is to be tried, or decide."""
        self._remember(phase, now)
        if self._first is None:
            self._first = phase
            self._tried = self._worth_a_try(phase, now)
            self._left = list(self._tried)
        self._phase = Phase(self._left.pop()) if self._left else None
        if self._phase is None:
            self._decide(self._first, now)
            self._first = None

    def _remember(self, phase: Phase, now: int) -> None:
        means = self._means[phase.threads]
        if len(means) > FEW_KNOWN:
            means.clear()
        means.update((key, cost.mean) for key, cost in phase.costs.items())
        self._seen_at[phase.threads] = now

    def _worth_a_try(self, phase: Phase, now: int) -> list[int]:
        """Return numbers that may be better: fewer, if they may cost less, and more, if it is time."""
        numbers = []
        for number in self._fewer():
            share = phase.share_of(self._means[number])
            if share is None or share > NEARLY or now - self._seen_at[number] > TRUSTED_FOR:
                numbers.append(number)
        if not self.is_largest and now >= self._more_at:
            numbers += sorted({self._numbers[self._place + 1], self._numbers[-1]})
        return numbers

    def _fewer(self) -> list[int]:
        """Return the next two below, and half: where two cores are busy, one thread less is no gain."""
        below = self._numbers[: self._place]
        half = [number for number in below if 2 * number <= self.chosen][-1:]
        return sorted({*below[-2:], *half})

    def _decide(self, first: Phase, now: int) -> None:
        """Choose the cheapest of the numbers that were tried."""
        best, before = BETTER, self.chosen
        for number in self._tried:
            share = first.share_of(self._means[number])
            if share is not None and 1 / share < best:
                self._place, best = self._numbers.index(number), 1 / share
        if self.chosen != before:
            self._wait = BETWEEN_LOOKS
            self._more_at = now + self._wait
        elif max(self._tried, default=0) > before:
            self._wait = min(2 * self._wait, LONGEST_WAIT)
            self._more_at = now + self._wait
        self.due = now + BETWEEN_LOOKS

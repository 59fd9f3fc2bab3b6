"""What data should be like, said before a model is built, and everything of a set that is not so."""

from __future__ import annotations

import hashlib
import math
from abc import ABC, abstractmethod
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple, Self

import numpy as np

from nn.argument_checks import check_count, check_number
from nn.data.errors import DataError
from nn.short_text import join_names, short_repr

ROWS = 256
"""Entries that are looked at together."""

HELD_OUT = "held out: "


@dataclass(frozen=True)
class Expectation:
    """What a set should be like. What is None may be anything.

    Attributes
    ----------
    shape
        Of every entry: (height, width, channels), (steps, variables) or (steps, height, width, channels);
        None for a size that may be any. Series have as many steps as they are long.
    low, high
        What no value may lie beyond.
    missing
        Whether values may be missing.
    classes
        How many classes labels are of, or the names of these in their order.
    least
        How many entries there must be of every class, or in all where there are no classes; not of what is
        held out.

    Raises
    ------
    ValueError
        When one of these cannot be.
    """

    shape: Sequence[int | None] | None = None
    low: float | None = None
    high: float | None = None
    missing: bool = False
    classes: int | Sequence[str] | None = None
    least: int = 1

    def __post_init__(self) -> None:
        for side in self.shape or ():
            if side is not None:
                check_count("expectation: a side of the shape", side)
        for name in ("low", "high"):
            if getattr(self, name) is not None:
                check_number(f"expectation: {name}", getattr(self, name))
        if isinstance(self.classes, str):
            raise DataError(f"expectation: classes {self.classes!r}: give their number, or a list of names")
        if isinstance(self.classes, int):
            check_count("expectation: classes", self.classes)
        check_count("expectation: least", self.least)


class ExpectationError(DataError):
    """A set is not as expected; `problems` lists all that is not."""

    def __init__(self, problems: Sequence[str]) -> None:
        self.problems = tuple(problems)
        count = "one thing does not fit" if len(problems) == 1 else f"{len(problems)} things do not fit"
        super().__init__(f"{count}: {'; '.join(problems)}")


class Facts(NamedTuple):
    """What can be looked at in a set.

    Attributes
    ----------
    kinds
        What entries are called, such as "images".
    shape
        Of every entry.
    names
        N names.
    axes
        What the axes of an entry are called.
    values
        (N, ...), None where they are read when they are used.
    counted
        Which of these are no padding, bool, broadcast to them; None for all.
    lengths
        Steps of every entry, int64 (N,); None where all have those of the shape.
    labels
        int64 (N,); None where they are not known.
    classes
        Their names, none where they are not known.
    """

    kinds: str
    shape: tuple[int, ...]
    names: Sequence[str]
    axes: tuple[str, ...]
    values: np.ndarray | None = None
    counted: np.ndarray | None = None
    lengths: np.ndarray | None = None
    labels: np.ndarray | None = None
    classes: Sequence[str] = ()


class DataSet(ABC):
    """Entries that can be held to an expectation."""

    @abstractmethod
    def facts(self) -> Facts:
        """Return what can be looked at."""

    @abstractmethod
    def check_apart_from(self, held_out: Self) -> None:
        """Raise a DataError when a held-out set of the same kind has parts of the same originals."""

    def validate(self, expectation: Expectation, held_out: DataSet | None = None) -> None:
        """Refuse a set that is not as expected, naming everything that is not.

        Parameters
        ----------
        expectation
            What it should be like; the held-out set, too.
        held_out
            What is not trained on. It must have nothing of what is: no part of the same original, and no
            entry with the same numbers, unless these are all the same one; and no class that is not trained
            on.

        Raises
        ------
        ExpectationError
            With all problems, each by the entry where it is first seen.
        """
        facts = self.facts()
        problems = list(_problems(facts, expectation, expectation.least))
        if held_out is not None:
            others = held_out.facts()
            problems += [HELD_OUT + each for each in _problems(others, expectation, 0)]
            if type(held_out) is not type(self):
                problems.append(f"{HELD_OUT}{others.kinds}, and what is trained on are {facts.kinds}")
            else:
                problems += _leaks(self, held_out)
        if problems:
            raise ExpectationError(problems)


def _problems(facts: Facts, expectation: Expectation, least: int) -> Iterator[str]:
    yield from _of_shape(facts, expectation)
    yield from _of_values(facts, expectation)
    yield from _of_labels(facts, expectation, least)


def _of_shape(facts: Facts, expectation: Expectation) -> Iterator[str]:
    if expectation.shape is None:
        return
    wanted, has = tuple(expectation.shape), facts.shape
    if len(wanted) != len(has):
        yield f"{facts.kinds} have {len(has)} axes, {join_names(facts.axes)}: {len(wanted)} are expected"
        return
    for axis, side, want in zip(facts.axes, has, wanted, strict=True):
        if want is None:
            continue
        if axis == facts.axes[0] and facts.lengths is not None:
            wrong = np.flatnonzero(facts.lengths != want)
            if len(wrong):
                first = facts.names[wrong[0]]
                yield (
                    f"{len(wrong)} {facts.kinds} do not have {want} {axis}s, such as {first} with "
                    f"{facts.lengths[wrong[0]]}"
                )
        elif side != want:
            yield f"{facts.kinds} have {side} {axis}s: {want} are expected"


class _Seen(NamedTuple):
    """How many values are of a kind, and where the first is."""

    total: int = 0
    first: tuple[int, ...] = ()
    value: float = math.nan

    def with_more(self, found: np.ndarray, values: np.ndarray, start: int) -> _Seen:
        """Return it with those of further rows."""
        count = int(np.count_nonzero(found))
        if self.total or not count:
            return self._replace(total=self.total + count)
        place = tuple(map(int, np.unravel_index(int(found.argmax()), found.shape)))
        return _Seen(count, (start + place[0], *place[1:]), float(values[place]))


def _of_values(facts: Facts, expectation: Expectation) -> Iterator[str]:
    values = facts.values
    if values is None:
        return
    low = -math.inf if expectation.low is None else expectation.low
    high = math.inf if expectation.high is None else expectation.high
    missing, below, above = _Seen(), _Seen(), _Seen()
    for start in range(0, len(values), ROWS):
        rows = values[start : start + ROWS]
        counted: Any = True
        if facts.counted is not None:
            counted = np.broadcast_to(facts.counted[start : start + ROWS], rows.shape)
        if not expectation.missing and rows.dtype.kind == "f":
            missing = missing.with_more(np.isnan(rows) & counted, rows, start)
        below = below.with_more((rows < low) & counted, rows, start)
        above = above.with_more((rows > high) & counted, rows, start)
    if missing.total:
        yield f"{_many(missing.total, 'is', 'are')} missing, first {_place(missing, facts)}"
    for seen, how, bound in ((below, "below", low), (above, "above", high)):
        if seen.total:
            yield (
                f"{_many(seen.total, 'is', 'are')} {how} {bound:g}, first {seen.value:g} "
                f"{_place(seen, facts)}"
            )


def _many(count: int, one: str, several: str) -> str:
    return f"one value {one}" if count == 1 else f"{count:,} values {several}"


def _place(seen: _Seen, facts: Facts) -> str:
    entry, *rest = seen.first
    places = ", ".join(f"{axis} {place}" for axis, place in zip(facts.axes, rest, strict=True))
    return f"in {facts.names[entry]}, {places}"


def _of_labels(facts: Facts, expectation: Expectation, least: int) -> Iterator[str]:
    if expectation.classes is None:
        if len(facts.names) < least:
            yield f"{len(facts.names)} {facts.kinds}: at least {least} are expected"
        return
    if facts.labels is None:
        yield "there are no labels"
        return
    names = _class_names(facts, expectation)
    if isinstance(expectation.classes, int):
        wrong = np.flatnonzero((facts.labels < 0) | (facts.labels >= len(names)))
        if len(wrong):
            yield (
                f"{len(wrong)} labels are none of 0 to {len(names) - 1}, such as {facts.labels[wrong[0]]} of "
                f"{facts.names[wrong[0]]}"
            )
    elif tuple(facts.classes) != tuple(expectation.classes):
        yield f"classes are {join_names(facts.classes)}: {join_names(expectation.classes)} are expected"
        return
    counts = np.bincount(facts.labels[facts.labels >= 0], minlength=len(names))
    few = [names[place] for place in range(len(names)) if counts[place] < least]
    if few:
        yield f"fewer than {least} {facts.kinds} of class {join_names(few)}"


def _class_names(facts: Facts, expectation: Expectation) -> list[str]:
    if isinstance(expectation.classes, int):
        return list(map(str, range(expectation.classes)))
    return list(map(str, expectation.classes or facts.classes))


def _leaks(training: DataSet, held_out: Any) -> Iterator[str]:
    try:
        training.check_apart_from(held_out)
    except DataError as error:
        yield str(error)
        return  # parts of one original have equal entries, too
    ours, theirs = training.facts(), held_out.facts()
    known = {digest: name for name, digest in _digests(ours)}
    same = [(name, known[digest]) for name, digest in _digests(theirs) if digest in known]
    if same:
        yield (
            f"{HELD_OUT}{len(same)} {theirs.kinds} are trained on, too, with the same numbers: "
            f"{same[0][0]} is {same[0][1]}"
        )
    if ours.labels is not None and theirs.labels is not None:
        only = sorted(set(theirs.labels.tolist()) - set(ours.labels.tolist()))
        names = [theirs.classes[each] if each < len(theirs.classes) else str(each) for each in only]
        if names:
            yield f"{HELD_OUT}class {join_names(map(short_repr, names))} is not trained on"


def _digests(facts: Facts) -> Iterator[tuple[str, bytes]]:
    """Yield a name and a digest of every entry whose numbers are not all the same one."""
    if facts.values is None:
        return
    for number, name in enumerate(facts.names):
        entry = facts.values[number]
        if facts.lengths is not None:
            entry = entry[: facts.lengths[number]]
        if entry.size and (entry != entry.flat[0]).any():
            yield name, hashlib.sha256(np.ascontiguousarray(entry).data).digest()

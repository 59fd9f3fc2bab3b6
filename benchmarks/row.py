"""A row of a table: one task at one size, raced by the rungs of its ladder and by their peers."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

Call = Callable[[], Any]

Calls = Mapping[str, Call]
"""What is timed, by direction."""

FORWARD, BACKWARD, BOTH = "forward", "backward", "forward + backward"
STEP, EPOCH, ROUND = "step", "epoch", "round"
DIRECTIONS = (FORWARD, BACKWARD, BOTH, STEP, EPOCH, ROUND)


class Work(NamedTuple):
    """Floating-point operations of a call, and the fewest bytes that have to move."""

    operations: int
    moved: int


class Memory(NamedTuple):
    """Bytes that a network allocates: those that do not grow with the histories, and the histories."""

    beside: int
    histories: int


def nothing() -> None:
    """Prepare nothing."""


class Peer(NamedTuple):
    """The task of a row in another library, the check that it computes the same, and how a turn begins."""

    calls: Calls
    check: Call
    prepare: Call = nothing


@dataclass(frozen=True)
class Entrants:
    """The contestants of a row, rungs that have been compared with the slowest.

    Attributes
    ----------
    rungs
        Name of a rung to its calls, slowest first.
    peers
        Name of a peer to a function that makes it. If that fails, the table says so.
    work
        Of each direction.
    connections
        Of the network.
    memory
        Measured on the fastest rung.
    prepare
        Name of a rung to what is called before each of its turns, untimed.
    """

    rungs: Mapping[str, Calls]
    peers: Mapping[str, Callable[[], Peer]]
    work: Mapping[str, Work]
    connections: int
    memory: Memory
    prepare: Mapping[str, Call] = field(default_factory=dict)


@dataclass(frozen=True)
class Row:
    """One task at one size.

    Attributes
    ----------
    family
        Which table: the name of the modules of a ladder, or another name.
    title
        What the table calls the row.
    histories
        Entries of the batch.
    rungs
        Those that take part, slowest first; a plain one that would take minutes is left out.
    directions
        What is timed: some of `DIRECTIONS`.
    enter
        Builds the rungs of the given names and raises `AssertionError` where they disagree.
    headline
        Directions that stand in the summary.
    """

    family: str
    title: str
    histories: int
    rungs: Sequence[str]
    directions: Sequence[str]
    enter: Callable[[Sequence[str]], Entrants]
    headline: Sequence[str] = ()


def disagreement(found: Any, expected: Any) -> float:
    """Return the norm of the difference of two arrays or numbers, relative to that of the expected one.

    It is the Euclidean norm: where a sum lies so near a kink that rounding decides the side, a single
    gradient may differ.
    """
    length = float(np.linalg.norm(np.subtract(found, expected)))
    return length / (float(np.linalg.norm(expected)) or 1.0)


def assert_agreement(what: str, found: Any, expected: Any, tolerance: float) -> None:
    """Refuse to time contestants that compute different results.

    Raises
    ------
    AssertionError
        When the two differ by more than the tolerance, or one is not finite.
    """
    error = disagreement(found, expected)
    if not error <= tolerance:
        raise AssertionError(f"{what} differs by {error:.1e}, more than {tolerance:.0e}")

"""Limits on parameters: the number that a file states, and what fits into memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from nn.byte_sizes import format_bytes

LARGE = 2**26
"""Bytes above which available memory is checked; smaller arrays cost less than the check."""


class _Budget:
    """How many parameters there are, and how many of them have been given to networks."""

    def __init__(self, count: int) -> None:
        self.count, self.given = count, 0


_budget: ContextVar[_Budget | None] = ContextVar("budget", default=None)


@contextmanager
def at_most_parameters(count: int) -> Iterator[None]:
    """Refuse more than `count` parameters in all networks together, before memory is allocated."""
    token = _budget.set(_Budget(count))
    try:
        yield
    finally:
        _budget.reset(token)


@contextmanager
def uncounted() -> Iterator[None]:
    """Allow parameters that belong to a network to be laid out again."""
    token = _budget.set(None)
    try:
        yield
    finally:
        _budget.reset(token)


def check_parameter_count(count: int) -> None:
    """Check whether `count` more parameters are allowed, before anything of that size is allocated.

    Raises
    ------
    ValueError
        When they exceed a limit.
    """
    budget = _budget.get()
    if budget is not None and budget.given + count > budget.count:
        raise ValueError(
            f"at least {budget.given + count:,} parameters are described, but {budget.count:,} are there"
        )


def give_parameters(count: int) -> None:
    """Count parameters that a network gets; raise as `check_parameter_count`."""
    check_parameter_count(count)
    budget = _budget.get()
    if budget is not None:
        budget.given += count


def check_memory(
    size_in_bytes: int, purpose: str, instead: str = "make it smaller", owner: str = "the network"
) -> None:
    """Check for available memory, before the system overcommits and kills the process.

    Parameters
    ----------
    size_in_bytes
        How much is needed.
    purpose
        For what, such as "for its parameters".
    instead
        What to do where there is not enough memory.
    owner
        Who needs it.

    Raises
    ------
    MemoryError
        With the figures.
    """
    if size_in_bytes < LARGE:
        return
    from nn.data.memory import available_memory  # noqa: PLC0415 - its package is large, and rarely needed here

    available = available_memory()
    if size_in_bytes > available:
        raise MemoryError(
            f"{owner} needs {format_bytes(size_in_bytes)} {purpose}, and {format_bytes(available)} is "
            f"available: {instead}"
        )

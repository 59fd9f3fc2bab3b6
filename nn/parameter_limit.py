"""Limits on parameters: what a file says there are, and what memory has room for."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from nn.sizes import as_size

LARGE = 2**26
"""Bytes from which it is asked whether there is room; what is smaller costs less than the question."""

_limit: ContextVar[int | None] = ContextVar("limit", default=None)


@contextmanager
def at_most_parameters(count: int) -> Iterator[None]:
    """Refuse to make room for more than `count` parameters in one network, before memory is taken."""
    token = _limit.set(count)
    try:
        yield
    finally:
        _limit.reset(token)


def check_parameter_count(count: int) -> None:
    """Ask whether so many parameters are allowed.

    Raises
    ------
    ValueError
        When there is a limit and they are more.
    """
    limit = _limit.get()
    if limit is not None and count > limit:
        raise ValueError(f"a network of {count:,} parameters is described, but {limit:,} are there")


def check_room(size_in_bytes: int, purpose: str) -> None:
    """Ask whether there is memory, before the system grants more than there is and ends the process.

    Raises
    ------
    MemoryError
        With the figures, when a network needs more than that `purpose`.
    """
    if size_in_bytes < LARGE:
        return
    from nn.data.memory import available_memory  # noqa: PLC0415 - its package is large, and rarely needed here

    available = available_memory()
    if size_in_bytes > available:
        raise MemoryError(
            f"the network needs {as_size(size_in_bytes)} {purpose}, and {as_size(available)} is available: "
            "make it smaller"
        )

"""A limit on parameters, for networks that are built on the word of a file."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

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

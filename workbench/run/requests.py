"""What is asked of the process that trains."""

from __future__ import annotations

from typing import Any, NamedTuple

CLOSE = "close"
"""Asked last: save, say where things stand, and end. No operation of a page."""

UNASKED = 0
"""Number of what is sent though nobody asked for it."""


class Request(NamedTuple):
    """Something asked of the process that trains.

    Attributes
    ----------
    number
        Comes back with the answer.
    op, args
        Of an operation.
    """

    number: int
    op: str
    args: dict[str, Any]

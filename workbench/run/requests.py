"""Requests to the training process."""

from __future__ import annotations

from typing import Any, NamedTuple

CLOSE = "close"
"""Asked last: save, say where things stand, and end. No operation of a page."""

UNASKED = 0
"""Number of what is sent though nobody asked for it."""


class Request(NamedTuple):
    """A request to the training process.

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

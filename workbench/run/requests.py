"""Requests to the training process."""

from __future__ import annotations

from typing import Any, NamedTuple

CLOSE = "close"
"""The last request, which no page makes: save, reply with the last save, and end."""

UNASKED = 0
"""Number of messages that answer no request."""


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

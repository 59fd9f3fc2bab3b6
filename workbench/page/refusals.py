"""Errors of the process that trains, as its callers see them."""

from __future__ import annotations


class OperationRefused(Exception):  # noqa: N818 - what happened, not who is to blame
    """An operation was not done: the message is for the person who asked."""


class StartFailed(Exception):  # noqa: N818
    """The run could not be opened: the message says why.

    Attributes
    ----------
    status
        The exit status that stands for it.
    """

    def __init__(self, status: int, text: str) -> None:
        super().__init__(text)
        self.status = status

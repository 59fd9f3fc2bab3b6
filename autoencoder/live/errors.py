"""Errors of a run that is watched and changed: shown to the person who asked, as they are."""

from __future__ import annotations

INTERNAL_ERROR = "internal error: see the terminal"
"""What is said of any other error."""


class OperationError(ValueError):
    """An operation that cannot be done as asked: the message says why and what can be asked instead."""


class AddressError(OperationError):
    """No such layer, neuron or connection: the message says which there are."""

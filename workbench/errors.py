"""Errors that are reported to the user in one line, instead of a traceback."""

from __future__ import annotations

from nn.one_line import one_line

INTERNAL_ERROR = "internal error: see the terminal"
"""The message of any other error."""


class SettingsError(ValueError):
    """Unusable settings: the message says where they are and what to do."""


class InputError(ValueError):
    """An unusable file that was given to the program: one line names it and what is expected."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class OperationError(ValueError):
    """An operation that is impossible as requested: the message says why and what is possible instead."""


class AddressError(OperationError):
    """No such layer, neuron or connection: the message says which there are."""

"""Errors that are reported in one line, to the person who asked, instead of a traceback."""

from __future__ import annotations

from nn.one_line import one_line

INTERNAL_ERROR = "internal error: see the terminal"
"""What is said of any other error."""


class SettingsError(ValueError):
    """Settings that cannot be used: the message says where they stand and what to do."""


class InputError(ValueError):
    """A file given to the program that cannot be used: one line names it and what is expected."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))


class OperationError(ValueError):
    """An operation that cannot be done as asked: the message says why and what can be asked instead."""


class AddressError(OperationError):
    """No such layer, neuron or connection: the message says which there are."""

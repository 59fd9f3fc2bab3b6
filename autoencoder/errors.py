"""Errors that the program reports in one line instead of a traceback."""

from __future__ import annotations

from nn.written import one_line


class SettingsError(ValueError):
    """Settings that cannot be used: the message says where they stand and what to do."""


class InputError(ValueError):
    """A file given to the program that cannot be used: one line names it and what is expected."""

    def __init__(self, message: str) -> None:
        super().__init__(one_line(message))

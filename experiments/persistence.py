"""Operations on the records that are tried again while the file is locked or the disk is full."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

from workbench.records import RecordsError

Result = TypeVar("Result")

RETRY = 0.5
"""Seconds until something is tried again that a full disk or a locked file prevented."""


def persist(operation: Callable[[], Result], stopping: threading.Event) -> Result:
    """Return what an operation on the records returns, which is tried again where it may yet succeed.

    Raises
    ------
    RecordsError
        When it cannot, or whoever calls is to stop.
    """
    while True:
        try:
            return operation()
        except RecordsError as error:
            if not error.passing or stopping.wait(RETRY):
                raise

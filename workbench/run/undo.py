"""What a person changed in a session, and what would take it back: kept to be undone and redone."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

from workbench.run.changes import Change, ClampChange, LockChange, WeightLockChange

MOST_KEPT = 200
"""How many may be undone; earlier ones are forgotten."""

ONE_MOVE_SECONDS = 1.0
"""Changes of the same numbers that follow each other faster are of one slider, and are undone together."""

DESCRIBED = 3
"""How many changes of a list are described."""


class Deed(NamedTuple):
    """Changes that were made together, or in one movement of a slider.

    Attributes
    ----------
    made, back
        The changes, and those that take them back.
    moment
        When the last of them was made, in seconds of a clock.
    """

    made: tuple[Change, ...]
    back: tuple[Change, ...]
    moment: float

    def describe(self) -> dict[str, Any]:
        """Return the number of changes and the first of them, as JSON-able values."""
        return {"count": len(self.made), "changes": [each.model_dump() for each in self.made[:DESCRIBED]]}


class UndoHistory:
    """What can be undone and redone.

    Parameters
    ----------
    clock
        Seconds that only grow.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._done: deque[Deed] = deque(maxlen=MOST_KEPT)
        self._undone: list[Deed] = []

    @property
    def last_done(self) -> Deed | None:
        """What is undone next."""
        return self._done[-1] if self._done else None

    @property
    def last_undone(self) -> Deed | None:
        """What is redone next."""
        return self._undone[-1] if self._undone else None

    def add(self, made: Sequence[Change], back: Sequence[Change]) -> None:
        """Record changes with those that take them back; nothing can be redone from here on."""
        deed, before = Deed(tuple(made), tuple(back), self._clock()), self.last_done
        if before is not None and not self._undone and _is_one_move(before, deed):
            self._done[-1] = deed._replace(back=before.back)
        else:
            self._done.append(deed)
        self._undone.clear()

    def undid(self) -> None:
        """Record that the last one was undone."""
        self._undone.append(self._done.pop())

    def redid(self, back: Sequence[Change]) -> None:
        """Record that the last one was redone, and what takes it back now."""
        self._done.append(self._undone.pop()._replace(back=tuple(back), moment=-ONE_MOVE_SECONDS))

    def clear(self) -> None:
        """Forget everything."""
        self._done.clear()
        self._undone.clear()


def _is_one_move(before: Deed, after: Deed) -> bool:
    if after.moment - before.moment >= ONE_MOVE_SECONDS:
        return False
    return _moved(before.made) == _moved(after.made) and None not in _moved(after.made)


def _moved(changes: Sequence[Change]) -> list[dict[str, Any] | None]:
    """Return which numbers were changed; None for what a slider does not do."""
    return [None if _is_switched(each) else each.model_dump(exclude={"value"}) for each in changes]


def _is_switched(change: Change) -> bool:
    released = isinstance(change, ClampChange) and change.value is None
    return released or isinstance(change, LockChange | WeightLockChange)

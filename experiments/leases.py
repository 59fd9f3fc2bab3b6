"""Leases: rows of a table in the records that workers take, hold while they live, and give back.

Such a table has the columns `number`, `state`, `owner`, `system` and `lease_until`. Workers of one system
know by locks of files which of their rows are held (`experiments.sweep.held`); between systems the lease
says it.
"""

from __future__ import annotations

import socket
import time
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from workbench.records import Store
from workbench.records.errors import explained
from workbench.records.process import running_system

WAITING, RUNNING = "waiting", "running"
"""States of a row that may be taken."""

LEASE_SECONDS = 120.0
"""How long another system's worker may be silent; a live one renews its lease far more often."""

RENEWAL = 20.0
"""Seconds between two renewals of a lease."""

FREE = f"(state = '{WAITING}' OR (state = '{RUNNING}' AND (system = ? OR lease_until < ?)))"
"""Which rows a worker of this system may take, given what `_free` returns.

On the same system locks say more. Those of another may not be seen from here: so this is asked again, within
the transaction, when a row is taken.
"""


@dataclass(frozen=True)
class Leases:
    """The rows of a table, or some of them.

    Attributes
    ----------
    store
        The records file, open.
    table
        Its name.
    condition, values
        Which of its rows, in SQL, and what stands for the question marks.
    """

    store: Store
    table: str
    condition: str = "TRUE"
    values: Sequence[Any] = ()

    def takeable(self, order: str = "number") -> list[int]:
        """Return the rows that a worker of this system may take if nobody holds their locks, in order.

        One that runs is among them, unless its worker is of another system and not silent: workers of this
        one hold the lock of their row as long as they, or what they have started, live.
        """
        return self._numbers(f"{FREE} ORDER BY {order}", _free())

    def running_here(self) -> list[int]:
        """Return the rows that workers of this system have taken, alive or not."""
        return self._numbers("state = ? AND system = ?", (RUNNING, _system()))

    def are_held_elsewhere(self) -> bool:
        """Return whether a worker of another system has a row, and was heard of."""
        held = "state = ? AND system != ? AND lease_until >= ? LIMIT 1"
        return bool(self._numbers(held, (RUNNING, _system(), time.time())))

    def take(self, number: int, owner: str) -> bool:
        """Take a row, whose lock the caller holds; return whether it was free. Within `Store.writing`."""
        cursor = self.store.connection.execute(
            f"UPDATE {self.table} SET state = ?, owner = ?, system = ?, lease_until = ? "
            f"WHERE {self.condition} AND number = ? AND {FREE}",
            (RUNNING, owner, _system(), _lease(), *self.values, number, *_free()),
        )
        return cursor.rowcount > 0

    def renew(self, owner: str) -> bool:
        """Renew the lease of what a worker holds; return whether it still holds anything."""
        with self.store.writing():
            cursor = self.store.connection.execute(
                f"UPDATE {self.table} SET lease_until = ? WHERE {self.condition} AND owner = ?",
                (_lease(), *self.values, owner),
            )
            return cursor.rowcount > 0

    def give_back(self, number: int, owner: str, state: str, reason: str, attempts: int) -> bool:
        """Give a row back, unless another worker has it by now. Within `Store.writing`.

        Parameters
        ----------
        number, owner
            The row, and the worker that held it.
        state, reason
            Of the row from now on.
        attempts
            How often it has failed.

        Returns
        -------
        bool
            Whether the worker still had it.
        """
        cursor = self.store.connection.execute(
            f"UPDATE {self.table} SET state = ?, reason = ?, attempts = ?, owner = NULL, system = NULL, "
            f"lease_until = NULL WHERE {self.condition} AND number = ? AND owner = ?",
            (state, reason, attempts, *self.values, number, owner),
        )
        return cursor.rowcount > 0

    def _numbers(self, rest: str, values: Sequence[Any]) -> list[int]:
        query = f"SELECT number FROM {self.table} WHERE {self.condition} AND {rest}"
        with explained(self.store.path):
            found = self.store.connection.execute(query, (*self.values, *values)).fetchall()
        return [number for (number,) in found]


def _free() -> tuple[str, float]:
    return _system(), time.time()


def _system() -> str:
    """Return what tells this system from others."""
    return running_system() or socket.gethostname()


def _lease() -> float:
    return time.time() + LEASE_SECONDS

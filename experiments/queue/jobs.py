"""The jobs as the records file has them: submitted, taken, given back, cancelled."""

from __future__ import annotations

import contextlib
import json
import os
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path
from typing import Any

from experiments.leases import RUNNING, WAITING, Leases
from experiments.queue.job import CANCELLED, ENDED, FAILED, Job, Terms, job_name
from nn.one_line import one_line
from workbench.errors import InputError
from workbench.files import make_directory
from workbench.records import Label, Store
from workbench.records.errors import explained
from workbench.records.labels import JOBS

FOLDER = "jobs"
"""Of all jobs' folders and locks, beside the records file."""

ORDER = "priority DESC, number"

COLUMNS = (
    "priority, retries, memory_mib, minutes, silent_minutes, notice, number, program, words, place, folder, "
    "state, reason, waiting_for, cancelling, attempts, exit_status, submitted_at, started_at, ended_at, owner"
)
"""What a `Job` is made of, by the names of its attributes."""


class Jobs:
    """The jobs in a records file.

    Parameters
    ----------
    store
        The records file, open.

    Attributes
    ----------
    folder
        Where their folders and locks are.
    """

    def __init__(self, store: Store) -> None:
        # one name wherever a worker is: runs are found by their folder, and places are relative to it
        self.store, self.folder = store, store.path.absolute().parent.resolve() / FOLDER
        self._leases = Leases(store, "jobs")

    def submit(self, program: str, words: Sequence[str], place: Path, terms: Terms) -> Job:
        """Add a job, make its folder, and return it.

        Parameters
        ----------
        program, words, place
            As of `Job`; they were checked.
        terms
            What is asked for it.
        """
        make_directory(self.folder)
        with self._new_folder() as number:
            values = {
                **asdict(terms),
                "number": number,
                "program": program,
                "words": json.dumps(words),
                "place": os.path.relpath(place.absolute(), self.folder.parent),
                "folder": f"{FOLDER}/{job_name(number)}",
                "state": WAITING,
                "submitted_at": time.time(),
            }
            marks = ", ".join("?" * len(values))
            query = f"INSERT INTO jobs ({', '.join(values)}) VALUES ({marks})"
            self.store.connection.execute(query, list(values.values()))
        return self.job(number)

    @contextmanager
    def _new_folder(self) -> Iterator[int]:
        """Write what is in the block with the next number whose folder another queue has not made."""
        with self.store.writing():
            query = "SELECT max(seq) FROM sqlite_sequence WHERE name = 'jobs'"
            number = (self.store.connection.execute(query).fetchone()[0] or 0) + 1
            while not _made(folder := self.folder / job_name(number)):
                number += 1
            try:
                yield number
            except BaseException:
                folder.rmdir()
                raise

    def jobs(self, states: Sequence[str] = (), *, limit: int | None = None) -> list[Job]:
        """Return jobs in some states, or all: the first to be run first, those that have ended last.

        Parameters
        ----------
        states
            Some of `STATES`; empty for all.
        limit
            Most of those that have ended, the newest; None for all.
        """
        active = self._select(
            f"WHERE state IN (?, ?) ORDER BY state = ? DESC, {ORDER}", (RUNNING, WAITING, RUNNING)
        )
        marks = ", ".join("?" * len(ENDED))
        ended = self._select(
            f"WHERE state IN ({marks}) ORDER BY ended_at DESC, number DESC LIMIT ?",
            (*ENDED, -1 if limit is None else limit),
        )
        return [job for job in (*active, *ended) if not states or job.state in states]

    def job(self, number: int) -> Job:
        """Return a job.

        Raises
        ------
        InputError
            When there is none of that number.
        """
        found = self._select("WHERE number = ?", (number,))
        if not found:
            raise InputError(
                f"{self.store.path}: has no job {number}; `python -m experiments jobs` shows which"
            )
        return found[0]

    def run_of(self, job: Job) -> int | None:
        """Return the number of the recorded run of a job, the last one where there are several."""
        label = Label(JOBS, job.number)
        with explained(self.store.path):
            rows = self.store.connection.execute(
                "SELECT number, folder FROM runs WHERE sweep = ? AND trial = ? ORDER BY number DESC", label
            ).fetchall()
        return next(
            (number for number, folder in rows if Path(folder or "").is_relative_to(job.folder)), None
        )

    def are_all_ended(self) -> bool:
        """Return whether no job waits and none is run."""
        return not self._select("WHERE state IN (?, ?) LIMIT 1", (WAITING, RUNNING))

    def takeable(self) -> list[int]:
        """Return the jobs that a worker of this machine may take if nobody holds their locks, in order."""
        return self._leases.takeable(ORDER)

    def take(self, number: int, owner: str) -> Job | None:
        """Take a job, whose lock the caller holds; return None where it has ended, or is another's."""
        with self.store.writing():
            if not self._leases.take(number, owner):
                return None
            self.store.connection.execute(
                "UPDATE jobs SET waiting_for = '', started_at = coalesce(started_at, ?) WHERE number = ?",
                (time.time(), number),
            )
        return self.job(number)

    def renew(self, owner: str) -> bool:
        """Renew the lease of what a worker runs; return whether it still is that worker's."""
        return self._leases.renew(owner)

    def release(
        self, job: Job, owner: str, state: str, *, reason: str, attempts: int, exit_status: int | None
    ) -> None:
        """Give a job back to wait, or end it, unless another worker has it by now.

        Parameters
        ----------
        job, owner
            The job, and the worker that ran it.
        state, reason, attempts, exit_status
            As of `Job`, from now on.
        """
        with self.store.writing():
            if self._leases.give_back(job.number, owner, state, reason, attempts):
                ended_at = time.time() if state in ENDED else None
                self.store.connection.execute(
                    "UPDATE jobs SET exit_status = ?, ended_at = ? WHERE number = ?",
                    (exit_status, ended_at, job.number),
                )

    def note_waiting(self, job: Job, waiting_for: str) -> None:
        """Note why a job that waits is not started, where that is not noted yet."""
        if job.waiting_for != one_line(waiting_for):
            with self.store.writing():
                self.store.connection.execute(
                    "UPDATE jobs SET waiting_for = ? WHERE number = ? AND state = ?",
                    (one_line(waiting_for), job.number, WAITING),
                )

    def ask_to_cancel(self, number: int) -> None:
        """End a job that waits, and ask whoever runs it to end one that runs.

        Raises
        ------
        InputError
            When it has ended.
        """
        with self.store.writing():
            self._refuse(number, ENDED, "nothing is left to cancel")
            self.store.connection.execute(
                "UPDATE jobs SET state = ?, ended_at = ? WHERE number = ? AND state = ?",
                (CANCELLED, time.time(), number, WAITING),
            )
            self.store.connection.execute("UPDATE jobs SET cancelling = 1 WHERE number = ?", (number,))

    def is_cancelling(self, number: int) -> bool:
        """Return whether somebody has asked for the end of a job."""
        return self.job(number).cancelling

    def retry(self, number: int) -> None:
        """Let a job that failed or was cancelled wait again, with all its retries.

        Raises
        ------
        InputError
            When it is in another state.
        """
        with self.store.writing():
            wrong = [state for state in (WAITING, RUNNING, *ENDED) if state not in (FAILED, CANCELLED)]
            self._refuse(number, wrong, "what failed or was cancelled can be tried again")
            self.store.connection.execute(
                "UPDATE jobs SET state = ?, reason = '', attempts = 0, cancelling = 0, exit_status = NULL, "
                "started_at = NULL, ended_at = NULL WHERE number = ?",
                (WAITING, number),
            )

    def set_priority(self, number: int, priority: int) -> None:
        """Let a job come before or after others.

        Raises
        ------
        InputError
            When it has ended.
        """
        with self.store.writing():
            self._refuse(number, ENDED, "what has ended comes before nothing")
            query = "UPDATE jobs SET priority = ? WHERE number = ?"
            self.store.connection.execute(query, (priority, number))

    def _refuse(self, number: int, states: Sequence[str], why: str) -> None:
        state = self.job(number).state
        if state in states:
            raise InputError(f"job {number}: is {state}: {why}")

    def _select(self, rest: str, values: Sequence[Any]) -> list[Job]:
        with explained(self.store.path):
            rows = self.store.connection.execute(f"SELECT {COLUMNS} FROM jobs {rest}", values).fetchall()
        return [self._read(dict(zip(COLUMNS.split(", "), row, strict=True))) for row in rows]

    def _read(self, values: dict[str, Any]) -> Job:
        home = self.folder.parent
        return Job(
            **{
                **values,
                "words": tuple(json.loads(values["words"])),
                "place": Path(os.path.normpath(home / values["place"])),
                "folder": home / values["folder"],
                "cancelling": bool(values["cancelling"]),
            }
        )


def _made(folder: Path) -> bool:
    """Make a folder; return False where there is one already."""
    with contextlib.suppress(FileExistsError):
        folder.mkdir()
        return True
    return False

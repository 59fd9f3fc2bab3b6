"""Notices of jobs that have ended: told in a thread of their own, so that they never delay or break a job."""

from __future__ import annotations

import queue
import threading
import time
from collections.abc import Mapping
from pathlib import Path

from experiments.queue.notice_file import AnyWay, read_notices
from experiments.queue.saying import Say
from experiments.queue.telling import Facts, NoticeError, tell
from experiments.toml_file import nearest

PAUSES = (2.0, 10.0)
"""Seconds until what failed is tried again, and again."""

PATIENCE = 60.0
"""Seconds that a worker that ends waits for notices that are not sent yet."""


class Notices:
    """Those whom a worker tells of jobs.

    Parameters
    ----------
    path
        Of the file that says who; None to tell nobody.
    say
        Prints a line.
    pauses
        See `PAUSES`.
    """

    def __init__(self, path: Path | None, say: Say, pauses: tuple[float, ...] = PAUSES) -> None:
        self._path, self._say, self._pauses = path, say, pauses
        self._ways: Mapping[str, AnyWay] = {} if path is None else read_notices(path)
        self._waiting: queue.Queue[tuple[str, Facts] | None] = queue.Queue()
        self._thread = threading.Thread(target=self._send_all, daemon=True)
        self._thread.start()

    def tell(self, facts: Facts, name: str | None) -> None:
        """Tell of a job that has ended; return at once.

        Parameters
        ----------
        facts
            What happened.
        name
            Whom the job asks to tell; None for those alone who are told of every job.
        """
        if name is not None and name not in self._ways:
            hint = nearest(name, list(self._ways)) if self._ways else ""
            self._say(f"job {facts.job}: nobody is told: {self._path or '--notices'} has no {name}{hint}")
        for each, way in self._ways.items():
            if facts.state in way.on and (way.every_job or each == name):
                self._waiting.put((each, facts))

    def close(self) -> None:
        """Wait until all are told, but not for long."""
        self._waiting.put(None)
        self._thread.join(PATIENCE)

    def _send_all(self) -> None:
        while (waiting := self._waiting.get()) is not None:
            self._send(*waiting)

    def _send(self, name: str, facts: Facts) -> None:
        for pause in (*self._pauses, None):
            try:
                tell(self._ways[name], facts)
                return
            except NoticeError as error:
                why = str(error)
            except Exception as error:  # whatever it is, others are still to be told; it may hold a secret
                why = type(error).__name__
            again = "" if pause is None else f"; tries again in {pause:g} seconds"
            self._say(f"job {facts.job}: {name} was not told: {why}{again}")
            time.sleep(pause or 0.0)

"""Workers that an engine keeps at work: others are begun for those that were killed."""

from __future__ import annotations

import time
from collections.abc import Sequence

from experiments.engines.engine import Engine, Started
from workbench.errors import OperationError


class Crew:
    """Workers that all do the same.

    Parameters
    ----------
    engine
        Starts them.
    words
        After Python's, that start one.
    wanted
        How many there are to be.
    """

    def __init__(self, engine: Engine, words: Sequence[str], wanted: int) -> None:
        self._engine, self._words, self._wanted = engine, words, wanted
        self._workers: list[Started] = []

    def keep_at_work(self) -> None:
        """Begin workers, and others for those that were killed.

        Raises
        ------
        OperationError
            When one has failed, or cannot be started.
        """
        for worker in self._workers:
            if (worker.poll() or 0) > 0:
                raise OperationError("a worker failed, as it says above")
        self._workers = [worker for worker in self._workers if worker.poll() is None]
        while len(self._workers) < self._wanted:
            self._workers.append(self._engine.start(self._words))

    def end(self, grace: float) -> None:
        """Let workers end what they do, and wait for it; kill those that take more than so many seconds."""
        for worker in self._workers:
            worker.terminate()
        given_up = time.monotonic() + grace
        for worker in self._workers:
            if worker.wait(max(0.0, given_up - time.monotonic())) is None:
                worker.kill()
                worker.wait(grace)

"""A worker whose slots are processes of their own, which an engine starts on the machines that it has."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Sequence

from experiments.engines.crew import Crew
from experiments.engines.engine import Engine
from experiments.queue.jobs import Jobs
from experiments.queue.saying import News, Say
from experiments.sweep.training import GRACE
from nn.training.interrupts import stopping_on_interrupts
from workbench.records import RecordsError, Store

POLL = 0.2
"""Seconds between two looks at the jobs and the slots."""

HOSTED = "--hosted"
"""Option of a worker that an engine has started, before the threads that it may use."""


def work_spread(
    engine: Engine, store: Store, words: Sequence[str], *, slots: int, until_empty: bool, say: Say
) -> bool:
    """Keep slots at work; return False where they were asked to stop.

    Parameters
    ----------
    engine
        Starts them.
    store
        The records, which all machines reach at this path.
    words
        After Python's, that start a worker with one slot.
    slots
        How many.
    until_empty
        Whether they end when all jobs have ended.
    say
        See `Say`.

    Raises
    ------
    OperationError
        When a slot fails.
    RecordsError
        When the records cannot be used.
    """
    jobs, stopping = Jobs(store), threading.Event()
    news, crew = News(jobs, say), Crew(engine, [*words, HOSTED, str(engine.threads)], slots)
    with stopping_on_interrupts(stopping.set):
        try:
            while not stopping.is_set():
                if _is_done(jobs, news) and until_empty:
                    return True
                crew.keep_at_work()
                stopping.wait(POLL)
            return False
        finally:
            crew.end(GRACE + 10)
            with contextlib.suppress(RecordsError):
                news.tell()


def _is_done(jobs: Jobs, news: News) -> bool:
    """Say what is new, and return whether all jobs have ended."""
    try:
        news.tell()
        return jobs.are_all_ended()
    except RecordsError as error:  # locked, or the disk is full: later, perhaps
        if not error.passing:
            raise
        return False

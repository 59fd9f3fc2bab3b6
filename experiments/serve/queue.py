"""The queue as a page shows and changes it; all of it is called in the thread that has the records."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from experiments.leases import RUNNING, WAITING
from experiments.queue.alive import is_worked_at
from experiments.queue.cancel_command import end_without_worker
from experiments.queue.job import CANCELLED, ENDED, FAILED, Job, Terms
from experiments.queue.jobs import Jobs
from experiments.queue.jobs_command import cells
from experiments.queue.submission import words_of
from experiments.sweep.programs import PROGRAMS, program_by_name
from experiments.sweep.training import LOG
from workbench.records import Store
from workbench.settings.table import Given, to_key, to_name, to_text

ENDED_SHOWN = 50
"""Jobs that have ended and are listed, the newest."""

TAIL = 16_384
"""Bytes of a log that are shown."""

COUNTED = {"epochs": "epoch", "steps": "step", "minutes": "seconds"}
"""Settings that say how long a training is, and the statistic that counts towards each."""

MINUTE = 60.0


class Listed(NamedTuple):
    """The jobs: a row for each, how many wait and run, and whether a worker is there."""

    rows: list[dict[str, Any]]
    waiting: int
    running: int
    worked_at: bool


class Shown(NamedTuple):
    """A job with the number of its run, how far that is, and the end of what it has printed."""

    job: Job
    run: int | None
    progress: str
    log: str


def list_jobs(store: Store) -> Listed:
    """Return the jobs: those that run, those that wait, and the last that have ended."""
    jobs = Jobs(store)
    found = jobs.jobs(limit=ENDED_SHOWN)
    rows = []
    for job in found:
        run = jobs.run_of(job)
        progress = _progress(store, run) if job.state == RUNNING else ""
        rows.append({"number": job.number, "cells": [*cells(job, run), progress]})
    states = [job.state for job in found]
    worked_at = is_worked_at(jobs.folder)
    return Listed(rows, states.count(WAITING), states.count(RUNNING), worked_at)


def show_job(store: Store, number: int) -> Shown:
    """Return a job.

    Raises
    ------
    InputError
        When there is none of that number.
    """
    jobs = Jobs(store)
    job = jobs.job(number)
    run = jobs.run_of(job)
    return Shown(job, run, _progress(store, run), tail(job.folder / LOG))


def _progress(store: Store, run: int | None) -> str:
    """Say how far a run is, of how much."""
    if run is None:
        return ""
    settings = store.settings([run])[run]
    for unit, counter in COUNTED.items():
        whole = settings.get(unit)
        if isinstance(whole, int | float) and whole:
            curve = next(iter(store.statistics(run, [counter]).values()), None)
            reached = curve.values[-1] if curve else 0.0
            return f"{reached / MINUTE if unit == 'minutes' else reached:.4g} of {whole:,.6g} {unit}"
    return ""


def tail(path: Path) -> str:
    """Return the end of what a program has printed; of a line that was drawn over, as it was last."""
    try:
        with path.open("rb") as file:
            start = max(0, file.seek(0, 2) - TAIL)
            file.seek(start)
            text = file.read().decode(errors="replace")
    except OSError:
        return ""
    lines = [line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n")]
    return "\n".join(lines[1:] if start else lines)


def submit(store: Store, name: str, values: Mapping[str, str], terms: Terms, watched: bool) -> int:
    """Put a training into the queue, and return the number of the job.

    Parameters
    ----------
    store
        The records.
    name
        Of the program.
    values
        Settings that are given, by key, as a user writes them.
    terms
        What is asked for the job.
    watched
        Whether a page shows it as long as it runs.

    Raises
    ------
    SettingsError, InputError, DataError
        When the program would refuse them.
    """
    given = {to_name(key): Given(value, key) for key, value in values.items()}
    words = words_of(program_by_name(name, PROGRAMS), given, watched=watched)
    return Jobs(store).submit(name, words, Path.cwd(), terms).number


def cancel(store: Store, number: int) -> None:
    """End a job, or ask whoever runs it to."""
    jobs = Jobs(store)
    jobs.ask_to_cancel(number)
    if (job := jobs.job(number)).state not in ENDED:
        end_without_worker(jobs, job)


def retry(store: Store, number: int) -> None:
    """Let a job that failed or was cancelled wait again."""
    Jobs(store).retry(number)


def set_priority(store: Store, number: int, priority: int) -> None:
    """Let a job come before or after others."""
    Jobs(store).set_priority(number, priority)


def can_retry(job: Job) -> bool:
    """Return whether a job can be tried again."""
    return job.state in (FAILED, CANCELLED)


def has_page(name: str) -> bool:
    """Return whether trainings of a program in the queue can be watched in a page."""
    return bool(program_by_name(name, PROGRAMS).watched)


def form(name: str) -> list[dict[str, Any]]:
    """Return the settings of a program by section: keys with help texts, bounds, choices and defaults."""
    program = program_by_name(name, PROGRAMS)
    table = program.table
    sections = []
    for title, names in table.sections().items():
        fields = [_field(table, field) for field in names if field not in program.places]
        if fields:
            sections.append({"title": title.capitalize(), "fields": fields})
    return sections


def _field(table: Any, name: str) -> dict[str, Any]:
    known = table.model.model_fields[name]
    bounds = table.bounds(name)
    return {
        "key": to_key(name),
        "help": known.description or "",
        "bounds": bounds,
        "choices": bounds.split(", ") if table.placeholder(name) == "NAME" and ", " in bounds else [],
        "default": "" if known.is_required() else to_text(known.get_default(call_default_factory=True)),
    }

"""The queue: its jobs, what one of them has printed, and what can be done to it."""

from __future__ import annotations

import asyncio
from functools import partial

from nicegui import ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments
from pydantic import BaseModel, Field, ValidationError

from experiments.queue.job import ENDED, Terms
from experiments.queue.jobs_command import HEADINGS, LEFT
from experiments.queue.saying import command_of
from experiments.records.tables import moment
from experiments.serve.panels.fields import Problem, framed_choice, typed
from experiments.serve.queue import (
    Listed,
    Shown,
    can_retry,
    cancel,
    form,
    has_page,
    list_jobs,
    retry,
    set_priority,
    show_job,
)
from experiments.serve.queue import submit as submit_job
from experiments.serve.visit import Visit, give
from experiments.sweep.programs import PROGRAMS
from nn import DataError
from workbench.errors import InputError, SettingsError
from workbench.page.panels.elements import button, enable, group, panel, text

COLUMNS = (*HEADINGS, "progress")
"""Of a job's row."""

ORDER = ("job", "state", "progress", "took", "run", "priority", "remark", "what")
"""Which of them the page shows, in this order; when one was submitted is said of the one that is chosen."""

NO_WORKER = (
    "No worker is there: python -m experiments worker --slots 2 runs what waits, and goes on with what ran."
)


class JobTable(Element, component="job_table.js"):
    """Jobs, one a line; emits `show` with the number of one."""


class JobForm(Element, component="job_form.js"):
    """The settings of a program; emits `submit` with those that were given, and whether it is watched."""


class Queue:
    """The list of jobs; the left side."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        dialog = NewJob(visit)
        with panel("Queue", "queue"):
            with group("g-tools g-pager"):
                self._count = text("span", "", "g-muted")
                self._count.props["data-test"] = "queue-count"
                text("span", "", "g-spacer")
                button("New job", "new-job", dialog.open, "add", classes="g-primary")
            self._idle = Problem("queue-idle", "g-muted g-small")
            self._table = JobTable()
            right = {name for place, name in enumerate(HEADINGS) if place not in LEFT}
            columns = [{"name": name, "right": name in right} for name in ORDER]
            self._table.props.update(columns=columns, rows=[])
            self._table.on("show", self._choose)
        visit.add(self._show)

    def _choose(self, event: GenericEventArguments) -> None:
        self._visit.change(job=int(event.args))

    async def _show(self) -> None:
        if self._visit.view.place != "queue":
            return
        listed: Listed = await self._visit.feed.ask(list_jobs)
        places = [COLUMNS.index(name) for name in ORDER]
        chosen = self._visit.view.job
        rows = [
            {
                "number": row["number"],
                "chosen": row["number"] == chosen,
                "cells": [row["cells"][place] for place in places],
            }
            for row in listed.rows
        ]
        worker = "a worker is there" if listed.worked_at else "no worker"
        self._count.text = f"{listed.running} running, {listed.waiting} waiting, {worker}"
        has_work = listed.waiting or listed.running
        self._idle.say(NO_WORKER if has_work and not listed.worked_at else "")
        give(self._table, rows=rows)


class OneJob:
    """What a job has printed, and what can be done to it; the right side."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        with panel("Job", "job"):
            self._hint = text("p", "Choose a job in the queue to see what it prints.", "g-empty")
            with group("g-both") as self._body:
                self._head = text("p", "", "g-job-head")
                self._head.props["data-test"] = "job-head"
                self._command = text("pre", "", "g-pre g-command")
                self._command.props["data-test"] = "job-command"
                with group("g-tools"):
                    self._cancel = button("Cancel", "job-cancel", partial(self._do, cancel), "stop")
                    self._retry = button("Try again", "job-retry", partial(self._do, retry), "replay")
                    self._run = button("Its run", "job-run", self._look_at_run, "show_chart")
                    self._priority = typed("Priority", "job-priority", "", self._order, classes="g-short")
                with group("g-log"):  # which stays at its end while more is printed
                    self._log = text("pre", "", "g-pre")
                self._log.props.update(
                    {"data-test": "job-log", "tabindex": "0", "aria-label": "What it printed"}
                )
        self._shown: Shown | None = None
        visit.add(self._show)

    async def _show(self) -> None:
        if self._visit.view.place != "queue":
            return
        number = self._visit.view.job
        try:
            shown = await self._visit.feed.ask(show_job, number) if number else None
        except InputError:
            shown = None  # of another file
        self._hint.set_visibility(shown is None)
        self._body.set_visibility(shown is not None)
        before, self._shown = self._shown, shown
        if shown is None:
            return
        job = shown.job
        submitted = f"submitted {moment(job.submitted_at)}"
        parts = [f"Job {job.number}: {job.state}", job.reason, shown.progress, submitted]
        waiting = f"waits for {job.waiting_for}" if job.waiting_for else ""
        self._head.text = ", ".join(part for part in (*parts, waiting) if part)
        self._command.text = command_of(job)
        self._log.text = shown.log or "Nothing printed yet."
        ended = job.state in ENDED
        enable(self._cancel, not ended and not job.cancelling, "Let it save and end", "It ends, or has ended")
        enable(self._retry, can_retry(job), "Let it wait again", "It has not failed, and was not cancelled")
        enable(self._run, shown.run is not None, "Its curves", "It has no recorded run yet")
        if before is None or before.job.number != job.number or before.job.priority != job.priority:
            self._priority.set_value(str(job.priority))

    async def _do(self, change: object) -> None:
        if self._shown is not None:
            await self._visit.tell(change, self._shown.job.number)  # type: ignore[arg-type]

    def _look_at_run(self) -> None:
        if self._shown is not None and self._shown.run is not None:
            self._visit.change(place="runs", chosen=(self._shown.run,))

    async def _order(self, given: str) -> None:
        if self._shown is None:
            return
        try:
            wanted = Asked.model_validate({"priority": given}).priority
        except ValidationError as error:
            self._visit.say(_first(error))
            return
        await self._visit.tell(set_priority, self._shown.job.number, wanted)


class Asked(BaseModel):
    """What can be asked for a job; see `experiments.queue.job.Terms`."""

    priority: int = Field(0, ge=-1_000_000, le=1_000_000)
    retries: int = Field(2, ge=0, le=1000)
    memory_mib: float | None = Field(None, gt=0, allow_inf_nan=False)
    minutes: float | None = Field(None, gt=0, allow_inf_nan=False)
    silent_minutes: float | None = Field(None, gt=0, allow_inf_nan=False)
    notice: str | None = None


TERMS = {
    "priority": ("Priority", "0; the highest comes first"),
    "retries": ("Retries", "2; how often it is tried again"),
    "memory_mib": ("Most MiB", "stop it above"),
    "minutes": ("Most minutes", "stop it after"),
    "silent_minutes": ("Silent minutes", "stop it without progress"),
    "notice": ("Notice", "who is told, as the worker's file calls them"),
}
"""Captions and hints."""


class NewJob:
    """The dialog in which a job is made."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._terms: dict[str, ui.input] = {}
        self._name = next(iter(PROGRAMS))
        with ui.dialog().props('aria-label="New job"') as self._dialog, group("g-dialog g-details"):
            text("h2", "New job", "g-title")
            with group("g-filters"):
                programs = {name: name for name in PROGRAMS}
                framed_choice("Program", "job-program", programs, self._name, self._pick)
                for name, (caption, hint) in TERMS.items():
                    self._terms[name] = typed(caption, f"term-{name}", "", lambda _: None, hint, "g-wide")
            self._form = JobForm()
            self._form.props.update({"sections": [], "program": self._name, "problem": "", "busy": True})
            self._form.on("submit", self._submit).on("close", self._dialog.close)

    async def open(self) -> None:
        """Show the form."""
        self._dialog.open()
        await self._pick(self._name)

    async def _pick(self, name: str) -> None:
        self._name = name
        give(self._form, busy=True, problem="")
        sections = await asyncio.to_thread(form, name)  # loading a program takes a moment
        if name == self._name:
            give(self._form, sections=sections, program=name, watchable=has_page(name), busy=False)

    async def _submit(self, event: GenericEventArguments) -> None:
        values = {str(key): str(value) for key, value in event.args["values"].items()}
        watched = bool(event.args["watched"])
        give(self._form, busy=True, problem="")
        try:
            given = {
                name: field.value.strip()
                for name, field in self._terms.items()
                if (field.value or "").strip()
            }
            terms = Terms(**Asked.model_validate(given).model_dump())
            number = await self._visit.feed.tell(submit_job, self._name, values, terms, watched)
        except ValidationError as error:
            give(self._form, problem=_first(error), busy=False)
        except (SettingsError, InputError, DataError) as error:
            give(self._form, problem=str(error), busy=False)
        else:
            give(self._form, busy=False)
            self._dialog.close()
            self._visit.change(job=number)


def _first(error: ValidationError) -> str:
    """Return what is wrong with the first value that is refused."""
    each = error.errors()[0]
    name = str(each["loc"][0]) if each["loc"] else ""
    return f"{TERMS[name][0] if name in TERMS else name}: {each['msg'].replace('Input', 'it')}"

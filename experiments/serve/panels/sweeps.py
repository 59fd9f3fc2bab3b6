"""The report of a sweep: its table, the best against the budget, settings, and their importance."""

from __future__ import annotations

import asyncio
import importlib.util
from typing import Any

from nicegui import background_tasks
from nicegui.element import Element

from experiments.serve.panels.comparison import Table
from experiments.serve.panels.fields import Problem, framed_choice
from experiments.serve.sweeps import Report, importance_of, report_of
from experiments.serve.visit import Visit, give
from experiments.sweep.importance import FEWEST, SHUFFLES
from experiments.sweep.recorded import sweep_names
from workbench.errors import InputError
from workbench.page.panels.elements import group, panel, text

NOTHING = "No sweep was begun yet: python -m experiments sweep run FILE begins one."

EXPLAINED = f"How much less of the rank a random forest explains with a setting shuffled, {SHUFFLES} times."


class BestChart(Element, component="best_chart.js", esm={}):
    """The best objective against the budget, and a dot for every candidate."""


class Parallel(Element, component="parallel.js"):
    """Candidates as lines across their settings."""


class Importance(Element, component="importance.js"):
    """Settings and their importance, as bars."""


class SweepTable:
    """Which sweep, and its table; the left side."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        with panel("Sweep", "sweep"):
            self._problem = Problem("sweep-problem", "g-empty")
            with group("g-filters") as self._tools:
                self._choice = framed_choice("Sweep", "sweep", {}, "", self._pick)
            self._summary = text("p", "", "g-muted g-small")
            self._states = text("p", "")
            self._states.props["data-test"] = "sweep-states"
            self._table = Table()
            self._table.props.update(label="Candidates", test="candidates", headings=[], rows=[])
            self._command = text("pre", "", "g-pre g-command")
            self._command.props.update({"data-test": "sweep-command", "tabindex": "0"})
        visit.add(self._show)

    async def _pick(self, name: str) -> None:
        self._visit.change(sweep=name)

    async def _show(self) -> None:
        if self._visit.view.place != "sweeps":
            return
        names = await self._visit.feed.ask(sweep_names)
        self._tools.set_visibility(bool(names))
        chosen = chosen_sweep(self._visit, names)
        self._choice.show({name: name for name in names}, chosen)
        try:
            report = await self._visit.feed.ask(report_of, chosen) if names else None
        except InputError as error:
            self._problem.say(str(error))
            return
        self._problem.say("" if names else NOTHING)
        for part in (self._summary, self._states, self._table, self._command):
            part.set_visibility(report is not None)
        if report is not None:
            self._summary.text, self._states.text = report.summary, f"Trials: {report.states}."
            self._command.text = report.command
            self._command.set_visibility(bool(report.command))
            give(self._table, headings=report.headings, rows=[{"cells": cells} for cells in report.rows])


class SweepPictures:
    """The pictures of the report; the right side."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        self._measured: tuple[Any, ...] = ()
        with panel("The best against the budget", "best") as self._best_panel:
            self._best = BestChart()
        with panel("Settings", "settings") as self._settings_panel:
            text(
                "p",
                "A line is a candidate, the better the darker; dotted: without a result.",
                "g-muted g-small",
            )
            self._parallel = Parallel()
        with panel("Importance of settings", "importance") as self._importance_panel:
            self._remark = text("p", EXPLAINED, "g-muted g-small")
            self._importance = Importance()
        self._panels = (self._best_panel, self._settings_panel, self._importance_panel)
        visit.add(self._show)

    async def _show(self) -> None:
        if self._visit.view.place != "sweeps":
            return
        names = await self._visit.feed.ask(sweep_names)
        for each in self._panels:
            each.set_visibility(bool(names))
        if not names:
            return
        report = await self._visit.feed.ask(report_of, chosen_sweep(self._visit, names))
        give(self._best, **report.best)
        give(self._parallel, **report.parallel)
        self._measure(report)

    def _measure(self, report: Report) -> None:
        """Find the importance anew where scores are others than before."""
        scores = tuple((each.place, each.score) for each in report.found if each.score is not None)
        there = len(scores) >= FEWEST
        self._importance_panel.set_visibility(there)
        measured = (report.sweep.name, scores)
        if not there or measured == self._measured:
            return
        self._measured = measured
        if importlib.util.find_spec("sklearn") is None:
            self._remark.text = "Needs scikit-learn: pip install 'ganglion[search]'"
            return
        background_tasks.create(self._find(report))

    async def _find(self, report: Report) -> None:
        give(self._importance, settings=await asyncio.to_thread(importance_of, report))


def chosen_sweep(visit: Visit, names: list[str]) -> str:
    """Return the sweep that is looked at: the newest where none was picked."""
    return visit.view.sweep or (names[0] if names else "")

"""The list of runs: filtered, sorted, page by page; runs are chosen in it."""

from __future__ import annotations

from typing import Any, NamedTuple

from nicegui import ui
from nicegui.element import Element
from nicegui.events import GenericEventArguments

from experiments.records.choosing import check_names
from experiments.records.list_command import HEADINGS, LEFT, shown_columns, table_rows
from experiments.records.show_command import described
from experiments.serve.panels.fields import Problem, framed_choice, typed
from experiments.serve.view import PAGE
from experiments.serve.visit import Visit, give
from workbench.errors import InputError
from workbench.page.open_pages import address_of
from workbench.page.panels.elements import button, enable, group, panel, text
from workbench.records import Query, Run, Store
from workbench.records.query import COLUMNS
from workbench.records.run import RUNNING, STATES

ANY = "any"

EXTRA = ("started", "took")
"""Columns for which a phone has no room."""

SORTS = {"run": "number", **{name: name for name in COLUMNS}}
"""What the headings sort by."""


class Listed(NamedTuple):
    """A page of the list: a row for every run, how many runs there are, and what could be asked for."""

    rows: list[dict[str, Any]]
    total: int
    programs: list[str]
    names: list[str]


def list_runs(store: Store, query: Query, columns: tuple[str, ...]) -> Listed:
    """Return a page of the list.

    Raises
    ------
    InputError
        When a condition is on what no run has.
    """
    runs = store.runs(query)
    if not runs:
        check_names(store, query)
    rows = table_rows(store, runs, columns)
    return Listed(
        [
            {"number": run.number, "cells": cells, "reason": run.reason, "page": _page_of(run)}
            for run, cells in zip(runs, rows, strict=True)
        ],
        store.count(query),
        store.programs(),
        store.names(),
    )


def _page_of(run: Run) -> str | None:
    """Return the address of the page in which a run is watched; None without one."""
    return address_of(run.process) if run.state == RUNNING else None


def describe(store: Store, number: int) -> str:
    """Return all that is known of a run."""
    return described(store, store.run(number))


class RunTable(Element, component="run_table.js"):
    """Runs, one a line; emits `sort`, `choose` and `show`."""


class Runs:
    """The panel."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        view = visit.view
        with panel("Runs", "runs"):
            with group("g-filters"):
                self._program = framed_choice("Program", "program", {"": ANY}, "", self._pick_program)
                states = {"": ANY, **{state: state for state in STATES}}
                self._state = framed_choice("State", "state-filter", states, view.state, self._pick_state)
                hint = "units=256 loss<0.1"
                typed("Where", "where", view.where, lambda text: self._filter(where=text), hint, "g-wide")
                self._sort = framed_choice(
                    "Sort by", "sort", {view.sort: view.sort}, view.sort, self._pick_sort
                )
                columns = ",".join(view.columns)
                typed(
                    "Columns",
                    "columns",
                    columns,
                    lambda text: visit.change(columns=text),
                    "units,rate",
                    "g-wide",
                )
            self._problem = Problem("runs-problem")
            self._table = RunTable()
            self._table.props.update({"columns": [], "rows": [], "sort": view.sort, "descending": True})
            self._table.on("sort", self._sort_by).on("choose", self._choose).on("show", self._open)
            with group("g-tools g-pager"):
                self._count = text("span", "", "g-muted g-number")
                self._count.props["data-test"] = "count"
                text("span", "", "g-spacer")
                self._back = button("", "page-back", self._turn(-1), "chevron_left", "Newer runs", "g-square")
                self._on = button("", "page-on", self._turn(1), "chevron_right", "Older runs", "g-square")
        self._details = Details()
        visit.add(self._show)

    async def _show(self) -> None:
        view = self._visit.view
        if view.place != "runs":
            return
        try:
            query = view.query
            columns = tuple(shown_columns(view.columns, query))
            listed = await self._visit.feed.ask(list_runs, query, columns)
        except InputError as error:
            self._problem.say("" if self._visit.feed.problem else str(error))
            return
        self._problem.say("")
        self._offer(listed)
        chosen = set(view.chosen)
        rows = [{**row, "chosen": row["number"] in chosen} for row in listed.rows]
        right = {*range(len(HEADINGS) + len(columns))} - {*LEFT}
        headings = [
            {
                "name": name,
                "extra": name in EXTRA,
                "sort": SORTS.get(name, name if place >= len(HEADINGS) else ""),
                "right": place in right,
            }
            for place, name in enumerate([*HEADINGS, *columns])
        ]
        give(self._table, columns=headings, rows=rows, sort=view.sort, descending=query.descending)
        self._page(listed)

    def _offer(self, listed: Listed) -> None:
        view = self._visit.view
        programs = dict.fromkeys([*listed.programs, *([view.program] if view.program else [])])
        self._program.show({"": ANY, **{name: name for name in programs}}, view.program)
        names = dict.fromkeys([*COLUMNS, *listed.names, view.sort])
        self._sort.show({name: name for name in names}, view.sort)
        self._state.set(view.state)

    def _page(self, listed: Listed) -> None:
        page, count = self._visit.view.page, listed.total
        first, last = PAGE * page + 1, PAGE * page + len(listed.rows)
        many = count > PAGE or page > 0
        self._count.text = (
            f"{first:,}–{last:,} of {count:,} runs" if many and last >= first else f"{count:,} runs"
        )
        enable(self._back, page > 0, "The page before", "This is the first page")
        enable(self._on, last < count, "The next page", "This is the last page")

    def _turn(self, by: int) -> Any:
        return lambda: self._visit.change(page=max(0, self._visit.view.page + by))

    def _filter(self, **fields: Any) -> None:
        self._visit.change(page=0, **fields)

    async def _pick_program(self, name: str) -> None:
        self._filter(program=name)

    async def _pick_state(self, name: str) -> None:
        self._filter(state=name)

    async def _pick_sort(self, name: str) -> None:
        self._filter(sort=name, reverse=False)

    def _sort_by(self, event: GenericEventArguments) -> None:
        name, view = str(event.args), self._visit.view
        self._filter(sort=name, reverse=name == view.sort and not view.reverse)

    def _choose(self, event: GenericEventArguments) -> None:
        numbers = tuple(int(number) for number in event.args["numbers"])
        self._visit.view.choose(numbers, chosen=bool(event.args["chosen"]))
        self._visit.show()

    async def _open(self, event: GenericEventArguments) -> None:
        number = int(event.args)
        known = await self._visit.ask(describe, number)
        if known is not None:
            self._details.open(known)


class Details:
    """The dialog with all that is known of a run."""

    def __init__(self) -> None:
        with ui.dialog().props('aria-label="Run"') as self._dialog, group("g-dialog g-details"):
            self._text = text("pre", "", "g-pre")
            self._text.props["data-test"] = "details"
            self._text.props["tabindex"] = "0"
            with group("g-buttons g-end"):
                button("Close", "details-close", self._dialog.close)

    def open(self, known: str) -> None:
        """Show it."""
        self._text.text = known
        self._dialog.open()

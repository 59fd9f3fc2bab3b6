"""The chosen runs beside each other: settings that differ, and results."""

from __future__ import annotations

from nicegui.element import Element

from experiments.records.compare_command import LIMIT, compare, compared_rows
from experiments.serve.visit import Visit, give
from workbench.page.panels.elements import panel, text
from workbench.records import Query, Store


class Table(Element, component="table.js"):
    """Cells under headings; a line with `title` set is one of its own."""


def compare_runs(store: Store, numbers: tuple[int, ...]) -> list[list[str]]:
    """Return runs beside each other, as the command `compare` shows them."""
    runs = sorted(store.runs(Query(numbers=numbers)), key=lambda run: run.number)
    return compared_rows(compare(store, runs)) if len(runs) > 1 else []


class Comparison:
    """The panel."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        with panel("Comparison", "comparison") as self._panel:
            self._hint = text("p", f"Of the chosen runs, the first {LIMIT}.", "g-muted g-small")
            self._table = Table()
            self._table.props.update(
                {"label": "Comparison", "test": "comparison", "headings": [], "rows": []}
            )
        visit.add(self._show)

    async def _show(self) -> None:
        view = self._visit.view
        if view.place != "runs":
            return
        chosen = tuple(sorted(view.chosen))
        rows = await self._visit.feed.ask(compare_runs, chosen[:LIMIT]) if len(chosen) > 1 else []
        self._panel.set_visibility(bool(rows))
        self._hint.set_visibility(len(chosen) > LIMIT)
        if rows:
            lines = [{"cells": cells, "title": not any(cells[1:])} for cells in rows[1:] if any(cells)]
            give(self._table, headings=rows[0], rows=lines)

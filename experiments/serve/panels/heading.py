"""The header of the page: its parts, the records file, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, get_args

from nicegui.element import Element

from experiments.serve.panels.fields import Problem
from experiments.serve.view import Place
from experiments.serve.visit import Visit
from workbench.errors import InputError
from workbench.page.panels.elements import group, text
from workbench.page.panels.header import Appearance
from workbench.records import Query, Store
from workbench.records.run import RUNNING


def count_running(store: Store) -> int:
    """Return how many runs go on."""
    return store.count(Query(states=(RUNNING,)))


class Heading:
    """The header."""

    def __init__(self, visit: Visit) -> None:
        self._visit = visit
        with group("g-header", "header"):
            text("h1", "Ganglion", "g-name")
            with group("g-segments", "nav") as parts:
                parts.props["aria-label"] = "Parts of the page"
                self._parts = {name: self._part(name) for name in get_args(Place)}
            with group("g-readings"):
                with group("g-reading"):
                    text("span", "Running")
                    self._running = text("span", "–", "g-live g-number")
                    self._running.props["data-test"] = "running"
                with group("g-reading"):
                    text("span", "Records")
                    text("span", str(visit.feed.path), "g-live g-file").props["title"] = str(
                        visit.feed.path.absolute()
                    )
            with group("g-buttons g-end"):
                Appearance()
        self._problem = Problem("problem", "g-banner")
        visit.add(self._show)

    def _part(self, name: str) -> Element:
        part = text("button", name.capitalize(), "g-segment")
        part.props.update({"type": "button", "data-test": f"part-{name}"})
        part.on("click", self._go_to(name), args=[])
        return part

    def _go_to(self, name: str) -> Callable[[], Any]:
        return lambda: self._visit.change(place=name)

    async def _show(self) -> None:
        for name, part in self._parts.items():
            part.props["aria-current"] = "page" if name == self._visit.view.place else "false"
        try:
            self._running.text = str(await self._visit.feed.ask(count_running))
        except InputError:
            self._running.text = "–"
        self._problem.say(self._visit.feed.problem)

"""Rewinding, loading a model, choosing other images: everything that replaces the state of the run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

from nicegui.element import Element

from workbench.page.panels.elements import STOP_FIRST, Choice, button, enable, group, notify, panel, text
from workbench.page.panels.snapshots import Snapshots
from workbench.page.panels.viewer import Viewer

GO_ON = "Continue this model from its last save"
BEGIN = "Start again with these images; the present state is kept as a snapshot"


class Offer(NamedTuple):
    """Models or data that an application offers by name, as listed in the overview."""

    label: str
    caption: str
    test: str
    operation: str
    current: str
    title: str


OFFERS = {
    "models": Offer("Model", "Load", "load", "load_model", "model", GO_ON),
    "inputs": Offer("Data set", "Use", "choose-input", "choose_input", "input", BEGIN),
}
"""By the key of the names in the overview."""


class Row(NamedTuple):
    """A choice, the button that acts on it, and the title of the button."""

    choice: Choice
    button: Element
    title: str


class SavePage(Element, component="save_page.js"):
    """Saves the run as a page that opens from disk; the browser requests it itself."""


class Run:
    """The panel: snapshots, and what else the run offers."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._rows: list[Row] = []
        self._overview: Mapping[str, Any] | None = None
        with panel("Run", "run"):
            Snapshots(viewer)
            self._offered = {key: self._offer(key, OFFERS[key]) for key in OFFERS if key in viewer.overview}
            if viewer.can("replay_page"):
                SavePage()
        self._show()
        viewer.on_change(self._show)

    def _offer(self, key: str, offer: Offer) -> Choice:
        act = {"models": self._load, "inputs": self._choose_input}[key]
        return self._row(key, offer.label, (offer.caption, offer.test), act, offer.title)

    def _row(
        self, test: str, label: str, made: tuple[str, str], act: Callable[[], Any], title: str
    ) -> Choice:
        with group("g-pick"):
            text("span", label, "g-label")
            choice = Choice(label, {}, None)
            choice.props["data-test"] = test
            self._rows.append(Row(choice, button(*made, act), title))
        return choice

    async def _load(self) -> None:
        name = self._offered["models"].value
        if await self._viewer.ask(OFFERS["models"].operation, name=name) is not None:
            notify(f"Continuing the model {name}")

    async def _choose_input(self) -> None:
        name = self._offered["inputs"].value
        if await self._viewer.ask(OFFERS["inputs"].operation, name=name) is not None:
            notify(f"Started again with {name}")
            await self._viewer.ask("show", source="training", position=0, entry=0)

    def _show(self) -> None:
        status, overview = self._viewer.status, self._viewer.overview
        if overview is not self._overview:
            self._overview = overview
            for key, choice in self._offered.items():
                choice.show({name: name for name in overview[key]}, overview[OFFERS[key].current])
        reason = STOP_FIRST if status["state"] == "training" else "There is none yet"
        for choice, made, title in self._rows:
            enable(made, status["state"] != "training" and choice.value is not None, title, reason)

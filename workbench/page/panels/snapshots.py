"""Snapshots of the run: a list with their time, step and loss, to rewind to and to delete."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from nicegui import ui

from workbench.page.panels.elements import STOP_FIRST, Choice, button, enable, group, notify, text
from workbench.page.panels.viewer import Viewer

MEBIBYTE = 2**20
GO_BACK = "Rewind to this snapshot; the present state is kept as another"
DELETE = "Delete the file of this snapshot"
NONE_YET = "There is no snapshot yet"


class Snapshots:
    """The list with its two buttons."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        with group("g-pick g-pick-snapshot"):
            text("span", "Snapshot", "g-label")
            self._choice = Choice("Snapshot", {}, None)
            self._choice.props["data-test"] = "snapshots"
            with group("g-buttons"):
                self._rewind = button("Rewind", "rewind", self._go_back)
                self._delete = button("Delete", "delete-snapshot", self._ask)
        with ui.dialog().props('aria-label="Delete this snapshot?"') as self._dialog, group("g-dialog"):
            text("h2", "Delete this snapshot?", "g-title")
            self._question = text("p", "")
            with group("g-buttons g-end"):
                button("Cancel", "delete-cancel", self._dialog.close)
                button("Delete", "delete-confirm", self._remove, classes="g-primary")
        self.show()
        viewer.on_change(self.show)

    def show(self) -> None:
        """Show the snapshots that the run has."""
        status = self._viewer.status
        self._choice.show(
            {entry["name"]: caption(entry) for entry in reversed(status["snapshots"])}, self._choice.value
        )
        is_idle, is_any = status["state"] != "training", self._choice.value is not None
        enable(self._rewind, is_idle and is_any, GO_BACK, NONE_YET if is_idle else STOP_FIRST)
        enable(self._delete, is_any, DELETE, NONE_YET)

    async def _go_back(self) -> None:
        reply = await self._viewer.ask("rewind", name=self._choice.value)
        if reply is not None:
            notify(f"Rewound to step {reply['step']}")

    def _ask(self) -> None:
        chosen = [each for each in self._viewer.status["snapshots"] if each["name"] == self._choice.value]
        if chosen:
            self._question.text = f"{caption(chosen[0])}: nobody can rewind to it any more."
            self._dialog.open()

    async def _remove(self) -> None:
        self._dialog.close()
        reply = await self._viewer.ask("delete_snapshot", name=self._choice.value)
        if reply is not None:
            notify(f"The snapshot of step {reply['step']} is deleted")


def caption(snapshot: Mapping[str, Any]) -> str:
    """Return `step 296 · 14:02 · loss 0.0362 · 0.4 MiB`; the second snapshot of a step is `step 296 (2)`."""
    _, _, number = snapshot["name"].removeprefix("step-").partition("-")
    step = f"step {snapshot['step']:,}" + (f" ({number})" if number else "")
    moment = datetime.fromtimestamp(snapshot["saved"])
    form = "%H:%M" if moment.date() == datetime.now().date() else "%Y-%m-%d %H:%M"
    loss = [] if snapshot["loss"] is None else [f"loss {snapshot['loss']:.3g}"]
    return " · ".join([step, f"{moment:{form}}", *loss, f"{snapshot['bytes'] / MEBIBYTE:.1f} MiB"])

"""Going back to a snapshot, loading a model, choosing other images: what puts another state into the run."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nicegui.element import Element

from autoencoder.web.panels.parts import STOP_FIRST, Choice, button, enable, group, panel, text
from autoencoder.web.panels.viewer import Viewer


class Run:
    """The panel."""

    def __init__(self, viewer: Viewer) -> None:
        self._viewer = viewer
        self._buttons: list[tuple[Choice, Element]] = []
        with panel("Run", "run"):
            self._snapshots = self._row("Snapshot", "snapshots", "Rewind", "rewind", "rewind")
            self._models = self._row("Model", "models", "Load", "load", "load_model")
            self._inputs = self._row("Images", "inputs", "Use", "choose-input", "choose_input")
        self._show()
        viewer.on_change(self._show)

    def _row(self, label: str, test: str, caption: str, button_test: str, operation: str) -> Choice:
        async def act() -> None:
            if choice.value is not None:
                await self._viewer.ask(operation, name=choice.value)

        with group("g-pick"):
            text("span", label, "g-label")
            choice = Choice(label, {}, None)
            choice.props["data-test"] = test
            made = button(caption, button_test, act)
        self._buttons.append((choice, made))
        return choice

    def _show(self) -> None:
        status, overview = self._viewer.status, self._viewer.overview
        snapshots = {entry["name"]: _caption(entry) for entry in reversed(status["snapshots"])}
        _offer(self._snapshots, snapshots)
        _offer(self._models, {name: name for name in overview["models"]}, overview["model"])
        _offer(self._inputs, {name: name for name in overview["inputs"]}, overview["input"])
        for choice, made in self._buttons:
            if status["state"] == "training":
                enable(made, False, STOP_FIRST)
            else:
                enable(made, choice.value is not None, "There is none yet")


def _caption(snapshot: Mapping[str, Any]) -> str:
    """Return `step 296`, and `step 296 (2)` for the second that was kept there."""
    _, _, number = snapshot["name"].removeprefix("step-").partition("-")
    return f"step {snapshot['step']}" + (f" ({number})" if number else "")


def _offer(choice: Choice, options: Mapping[str, str], present: str | None = None) -> None:
    """Show what there is; what is picked already stays so."""
    choice.show(options, choice.value if choice.value in options else present)

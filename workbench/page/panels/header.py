"""The header of the page: the state of the run, and actions on the whole run."""

from __future__ import annotations

from nicegui.element import Element

from workbench.page.panels.elements import STOP_FIRST, LiveText, Metrics, button, enable, group, notify, text
from workbench.page.panels.help import Keys, help_dialog
from workbench.page.panels.reset import reset_dialog
from workbench.page.panels.viewer import Viewer

READINGS = (
    ("Step", "step", "whole", "step-count"),
    ("Epoch", "epoch", "epochs", "epoch"),
    ("Loss", "loss", "loss", "loss"),
    ("Held-out", "held_out_loss", "loss", "held-out-loss"),
)


class Transport(Element, component="transport.js"):
    """Start, stop, step and the state; the browser requests them itself."""

    def __init__(self, viewer: Viewer) -> None:
        super().__init__()
        self.props.update({"unit": viewer.unit, "limited": viewer.can("apply")})


class UndoButtons(Element, component="undo_buttons.js"):
    """Undo and redo of changes, also by keys; the browser requests them itself."""


class Appearance(Element, component="appearance.js"):
    """Automatic, light or dark; remembered by the browser."""


def header(viewer: Viewer, keys: Keys) -> None:
    """Build the header; `keys` are those of an application's panels, for the list of keys."""

    async def snapshot() -> None:
        reply = await viewer.ask("snapshot")
        if reply is not None:
            notify(f"Snapshot of step {reply['step']} kept")

    explain = help_dialog(viewer, keys)
    with group("g-header", "header"):
        text("h1", "Ganglion", "g-name")
        Transport(viewer).on("help", explain.open, args=[])
        with group("g-readings"):
            for name, field, format, test in viewer.overview.get("readings", READINGS):
                with group("g-reading"):
                    text("span", name)
                    LiveText(field, format, test)
        Metrics(1)
        with group("g-buttons g-end"):
            if viewer.can("undo"):
                UndoButtons()
            if viewer.can("snapshot"):
                button("Snapshot", "snapshot", snapshot, "bookmark_add", "Keep the present state of the run")
            if viewer.can("reset"):
                _reset_button(viewer)
            Appearance()
            button("", "help", explain.open, "help_outline", "Keyboard and help (?)", "g-square")


def _reset_button(viewer: Viewer) -> None:
    reset = button("Reset", "reset", reset_dialog(viewer), "restart_alt")

    def show() -> None:
        enable(reset, viewer.status["state"] != "training", "Start again", STOP_FIRST)

    show()
    viewer.on_change(show)

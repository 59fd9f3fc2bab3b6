"""The top of the page: the state of the run and what is done to it as a whole."""

from __future__ import annotations

from nicegui.element import Element

from workbench.page.panels.elements import STOP_FIRST, LiveText, Metrics, button, enable, group, notify, text
from workbench.page.panels.help import Keys, help_dialog
from workbench.page.panels.reset import reset_dialog
from workbench.page.panels.viewer import Viewer

READINGS = (
    ("Step", "step", "whole", "step-count"),
    ("Epoch", "epoch", "whole", "epoch"),
    ("Loss", "loss", "loss", "loss"),
    ("Held-out", "held_out_loss", "loss", "held-out-loss"),
)


class Transport(Element, component="transport.js"):
    """Start, stop, step and the state; the browser asks for them itself."""


class Appearance(Element, component="appearance.js"):
    """Automatic, light or dark; remembered by the browser."""


def header(viewer: Viewer, keys: Keys) -> None:
    """Build the top of the page; `keys` are those of its panels beside what every page has."""

    async def snapshot() -> None:
        reply = await viewer.ask("snapshot")
        if reply is not None:
            notify(f"Snapshot of step {reply['step']} kept")

    explain = help_dialog(keys)
    begin_anew = reset_dialog(viewer)
    with group("g-header", "header"):
        text("h1", "Ganglion", "g-name")
        Transport().on("help", explain.open, args=[])
        with group("g-readings"):
            for name, field, format, test in READINGS:
                with group("g-reading"):
                    text("span", name)
                    LiveText(field, format, test)
        Metrics(1)
        with group("g-buttons g-end"):
            button("Snapshot", "snapshot", snapshot, "bookmark_add", "Keep the state of the run now")
            reset = button("Reset", "reset", begin_anew, "restart_alt")
            Appearance()
            button("", "help", explain.open, "help_outline", "Keyboard and help (?)", "g-square")

    def show() -> None:
        enable(reset, viewer.status["state"] != "training", "Begin anew", STOP_FIRST)

    show()
    viewer.on_change(show)

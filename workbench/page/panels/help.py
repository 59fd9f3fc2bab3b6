"""The keys of the page."""

from __future__ import annotations

from nicegui import ui

from workbench.page.panels.parts import button, group, text

KEYS = (
    ("Space", "start or stop training"),
    ("S", "train on one mini-batch"),
    ("?", "this list"),
    ("Tab", "go to the next control; Shift + Tab to the one before"),
    ("Arrows", "in the network: move; in the images: choose one; in the drawing: move the brush"),
    ("Enter", "in the network: put the neuron on the list to edit; in the drawing: run it"),
    ("+, −, 0", "in the network and the error chart: zoom in, zoom out, show all"),
    ("Space", "in the drawing: draw"),
)


def help_dialog() -> ui.dialog:
    """Build the dialog."""
    with ui.dialog() as dialog, group("g-dialog"):
        text("h2", "Keyboard", "g-title")
        with group("g-keys", "dl"):
            for key, meaning in KEYS:
                text("dt", key)
                text("dd", meaning)
        text("p", "Space and S work while no field or button has the focus.", "g-muted g-small")
        with group("g-buttons g-end"):
            button("Close", "help-close", dialog.close)
    return dialog

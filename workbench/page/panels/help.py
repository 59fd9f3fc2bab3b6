"""The keys of the page."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui import ui

from workbench.page.panels.elements import button, group, text
from workbench.page.panels.viewer import Viewer

Keys = Sequence[tuple[str, str]]
"""Keys, and what they do."""

KEYS: Keys = (
    ("Space", "start or stop training"),
    ("?", "this list"),
    ("Tab", "go to the next control; Shift + Tab to the one before"),
    ("Arrows", "in the network: move; in the images: choose one"),
    ("+, −, 0", "in the network and the error chart: zoom in, zoom out, show all; so do Ctrl and the wheel"),
)

EDIT_KEYS: Keys = (
    ("Enter", "in the network: add the neuron to the list to edit, as Ctrl or Shift and a click do"),
    ("Ctrl + Z", "undo the last change; Ctrl + Shift + Z makes it again"),
)


def help_dialog(viewer: Viewer, more: Keys) -> ui.dialog:
    """Build the dialog, with more keys than every page has."""
    with ui.dialog().props('aria-label="Keyboard"') as dialog, group("g-dialog"):
        text("h2", "Keyboard", "g-title")
        with group("g-keys", "dl"):
            step, edit = ("S", f"train on one {viewer.unit}"), EDIT_KEYS if viewer.can("apply") else ()
            for key, meaning in (KEYS[0], step, *KEYS[1:], *edit, *more):
                text("dt", key)
                text("dd", meaning)
        text("p", "Space and S work while no field or button has the focus.", "g-muted g-small")
        with group("g-buttons g-end"):
            button("Close", "help-close", dialog.close)
    return dialog

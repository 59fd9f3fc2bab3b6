"""The examples that run through the network for viewers."""

from __future__ import annotations

from nicegui.element import Element

from workbench.page.panels.elements import panel


class ImageRows(Element, component="image_rows.js"):
    """Inputs, outputs and differences, drawn by the browser from the frames."""


def image_panel() -> None:
    """Build the panel."""
    with panel("Examples", "pictures"):
        ImageRows()

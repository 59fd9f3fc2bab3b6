"""The clips that run through a network of films for viewers."""

from __future__ import annotations

from nicegui.element import Element

from workbench.page.panels.elements import panel


class ClipRows(Element, component="clip_rows.js"):
    """What is read, made and asked for, which the browser plays frame by frame."""


def clip_panel() -> None:
    """Build the panel."""
    with panel("Clips", "clips"):
        ClipRows()

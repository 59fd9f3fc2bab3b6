"""A step of training, layer by layer."""

from __future__ import annotations

from nicegui.element import Element

from workbench.page.panels.elements import panel


class WalkThrough(Element, component="walk_through.js"):
    """Forward and backward, layer by layer."""


def walk_panel() -> None:
    """Build the walk through the layers."""
    with panel("Layer by layer", "walk"):
        WalkThrough()

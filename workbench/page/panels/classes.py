"""Which classes a classifier finds, beside those it should."""

from __future__ import annotations

from nicegui.element import Element

from workbench.page.panels.elements import panel


class Confusion(Element, component="confusion.js"):
    """Examples counted by the class that they have and the one that was found; mistakes, the surest first."""


def class_panel() -> None:
    """Build the panel of a classifier."""
    with panel("Classes", "classes"):
        Confusion()

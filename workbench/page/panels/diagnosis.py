"""Signs of trouble, and how the numbers of every layer are spread."""

from __future__ import annotations

from nicegui.element import Element

from workbench.page.panels.elements import panel


class Diagnosis(Element, component="diagnosis.js"):
    """What is found, with what to try, and every layer's numbers over the steps."""


def diagnosis_panel() -> None:
    """Build the panel that looks for signs of trouble."""
    with panel("Diagnosis", "diagnosis"):
        Diagnosis()

"""Samples of what a run generates, beside real ones."""

from __future__ import annotations

from nicegui.element import Element

from workbench.page.panels.elements import panel


class SampleGrid(Element, component="sample_grid.js"):
    """Pictures in rows and columns, which come with frames by themselves; one of them is chosen."""


def sample_panel() -> None:
    """Build the panel."""
    with panel("Samples", "samples"):
        SampleGrid()

"""The journal of the run."""

from __future__ import annotations

from nicegui.element import Element

from workbench.page.panels.elements import panel


class JournalList(Element, component="journal_list.js"):
    """The last events of the journal."""


def journal_panel() -> None:
    """Build the panel."""
    with panel("Journal", "journal"):
        JournalList()

"""The page and the places of its panels."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from nicegui import Client, ui

from workbench.page.link import Link, OperationRefused
from workbench.page.panels.classes import class_panel
from workbench.page.panels.clips import clip_panel
from workbench.page.panels.connection import Connection
from workbench.page.panels.controls import Controls
from workbench.page.panels.diagnosis import diagnosis_panel
from workbench.page.panels.elements import group, text
from workbench.page.panels.header import header
from workbench.page.panels.help import Keys
from workbench.page.panels.images import image_panel
from workbench.page.panels.journal import journal_panel
from workbench.page.panels.network import edit_panel, network_panel
from workbench.page.panels.progress import Facts, chart_panel, error_panel, time_panel
from workbench.page.panels.run import Run
from workbench.page.panels.samples import sample_panel
from workbench.page.panels.viewer import Viewer
from workbench.page.panels.walk import walk_panel

STYLES = (
    "theme",
    "page",
    "controls",
    "quasar",
    "panels_run",
    "panels_network",
    "panels_edit",
    "panels_diagnosis",
    "panels_classes",
)

BUILD_SECONDS = 60.0
"""How long a page may take to build: the run answers between two steps, and large ones are slow."""

MADE = {
    "samples": sample_panel,
    "clips": clip_panel,
    "find_classes": class_panel,
    "diagnose": diagnosis_panel,
    "walk": walk_panel,
}
"""Panels of what a run makes, by the operations that they need."""

Panel = Callable[[Viewer], None]
"""Builds a panel on the page that a viewer has open."""


def build_page(link: Link, panels: Sequence[Panel] = (), styles: Sequence[str] = (), keys: Keys = ()) -> None:
    """Register the page at "/"; every visit builds one of its own, and all show the run behind `link`.

    Parameters
    ----------
    link
        The run.
    panels
        Those of an application, in the right column.
    styles
        Its style sheets, by their names under `/assets/`.
    keys
        Of its panels, for the list of keys.
    """

    @ui.page("/", title="Ganglion", dark=None, language="en-US", response_timeout=BUILD_SECONDS)
    async def page(client: Client) -> None:
        for name in (*STYLES, *styles):
            ui.add_head_html(f'<link rel="stylesheet" href="/assets/{name}.css">')
        viewer = Viewer(link, client)
        try:
            await viewer.load()
        except OperationRefused as error:
            with group("g-lost"):
                text("h1", "Ganglion", "g-name")
                text("p", str(error))
            return
        header(viewer, keys)
        Connection(live=True)
        if viewer.can("apply"):
            with group("g-main"):
                _learning(viewer, panels)
        else:
            with group("g-main g-generating"):
                _watching(viewer)


def _learning(viewer: Viewer, panels: Sequence[Panel]) -> None:
    """Build the columns of a run of a network that can be changed."""
    with group("g-column g-centre"):
        view = network_panel(viewer)
        if viewer.can("clips"):
            clip_panel()
        else:
            image_panel()
    with group("g-column g-left"):
        error_panel()
        Controls(viewer)
        Run(viewer)
        time_panel(viewer)
        Facts(viewer)
    with group("g-column g-right"):
        edit_panel(view)
        for panel in panels:
            panel(viewer)
        if viewer.can("find_classes"):
            class_panel()
        diagnosis_panel()
        walk_panel()
        journal_panel()


def _watching(viewer: Viewer) -> None:
    """Build the columns of a run that is watched only."""
    with group("g-column g-centre"):
        network_panel(viewer)
    with group("g-column g-left"):
        for chart in viewer.overview["charts"]:
            chart_panel(viewer, **chart)
    with group("g-column g-right"):
        for name, build in MADE.items():
            if viewer.can(name):
                build()
        time_panel(viewer)
        Facts(viewer)

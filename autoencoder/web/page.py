"""The page: which panels there are and where."""

from __future__ import annotations

from nicegui import Client, ui

from autoencoder.web.link import Link, OperationRefused
from autoencoder.web.panels.controls import Controls
from autoencoder.web.panels.header import header
from autoencoder.web.panels.images import image_panel
from autoencoder.web.panels.journal import journal_panel
from autoencoder.web.panels.logistics import Facts, error_panel, time_panel
from autoencoder.web.panels.network import edit_panel, network_panel
from autoencoder.web.panels.parts import group, text
from autoencoder.web.panels.probing import between_panel, code_panel, own_panel, walk_panel
from autoencoder.web.panels.run import Run
from autoencoder.web.panels.viewer import Viewer

STYLES = ("theme", "page", "controls", "quasar", "panels_run", "panels_network", "panels_probing")

BUILD_SECONDS = 60.0
"""How long a page may take to build: the run answers between two steps, and large ones are slow."""


def build_page(link: Link) -> None:
    """Register the page at "/"; every visit builds one of its own, and all show the run behind `link`."""

    @ui.page("/", title="Ganglion", dark=None, language="en-US", response_timeout=BUILD_SECONDS)
    async def page(client: Client) -> None:
        for name in STYLES:
            ui.add_head_html(f'<link rel="stylesheet" href="/assets/{name}.css">')
        viewer = Viewer(link, client)
        try:
            await viewer.load()
        except OperationRefused as error:
            with group("g-lost", "main"):
                text("h1", "Ganglion", "g-name")
                text("p", str(error))
            return
        header(viewer)
        with group("g-main", "main"):
            with group("g-column g-centre"):
                view = network_panel()
                image_panel()
            with group("g-column g-left"):
                error_panel()
                Controls(viewer)
                Run(viewer)
                time_panel()
                Facts(viewer)
            with group("g-column g-right"):
                edit_panel(view)
                code_panel()
                own_panel(viewer)
                between_panel()
                walk_panel()
                journal_panel()

"""The page, and the places of its panels."""

from __future__ import annotations

from pathlib import Path

from fastapi import Request
from nicegui import Client, ui
from nicegui.element import Element

from experiments.serve.feed import Feed
from experiments.serve.panels.comparison import Comparison
from experiments.serve.panels.curves import Curves
from experiments.serve.panels.heading import Heading
from experiments.serve.panels.queue import OneJob, Queue
from experiments.serve.panels.runs import Runs
from experiments.serve.panels.sweeps import SweepPictures, SweepTable
from experiments.serve.view import View
from experiments.serve.visit import Visit
from workbench.page.page import STYLES
from workbench.page.panels.connection import Connection
from workbench.page.panels.elements import group

ASSETS = Path(__file__).parent / "static"
"""Files that the page loads, at `/assets/experiments/`."""


def build_page(feed: Feed) -> None:
    """Register the page at "/"; every visit builds one of its own, and all show the same records."""

    @ui.page("/", title="Ganglion experiments", dark=None, language="en-US")
    async def page(client: Client, request: Request) -> None:
        for name in (*STYLES, "experiments/experiments"):
            ui.add_head_html(f'<link rel="stylesheet" href="/assets/{name}.css">')
        visit = Visit(feed, client, View.from_address(request.query_params))
        Heading(visit)
        Connection(live=False)
        with _place(visit, "runs"):
            with group("g-board-column"):
                Runs(visit)
            with group("g-board-column"):
                Curves(visit)
                Comparison(visit)
        with _place(visit, "queue"):
            with group("g-board-column"):
                Queue(visit)
            with group("g-board-column"):
                OneJob(visit)
        with _place(visit, "sweeps"):
            with group("g-board-column"):
                SweepTable(visit)
            with group("g-board-column"):
                SweepPictures(visit)


def _place(visit: Visit, name: str) -> Element:
    """Make a part of the page, which is seen while somebody looks at it."""
    with group(f"g-board g-board-{name}") as board:
        pass

    async def show() -> None:
        board.set_visibility(visit.view.place == name)

    visit.add(show)
    return board

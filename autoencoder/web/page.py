"""The page of an autoencoder: that of any run, with panels for codes and images from outside."""

from __future__ import annotations

from pathlib import Path

from autoencoder.web.panels.probing import between_panel, code_panel, own_panel
from workbench.page.link import Link
from workbench.page.page import build_page

ASSETS = Path(__file__).parent / "static"
"""Files that the panels load, at `/assets/autoencoder/`."""


KEYS = (
    ("Arrows", "in the drawing: move the brush"),
    ("Space", "in the drawing: draw"),
    ("Enter", "in the drawing: run it"),
)


def build_code_page(link: Link) -> None:
    """Register the page at "/"; see `workbench.page.page.build_page`."""
    build_page(link, [code_panel, own_panel, between_panel], ["autoencoder/codes"], KEYS)

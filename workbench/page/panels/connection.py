"""What a page says while its server does not answer."""

from __future__ import annotations

from nicegui.element import Element


class Connection(Element, component="connection.js"):
    """A banner while the connection is lost, and controls that are disabled until it is back.

    Parameters
    ----------
    live
        Whether the page has a run, with a connection of its own.
    """

    def __init__(self, *, live: bool) -> None:
        super().__init__()
        self.props["live"] = live

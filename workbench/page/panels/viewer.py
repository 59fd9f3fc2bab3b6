"""One page that someone has open: what it asks of the run, and who on it wants to know what changed."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from nicegui import Client, background_tasks

from workbench.page.link import Link, OperationRefused
from workbench.page.panels.elements import notify
from workbench.run.changes import named

ONLY_SETTING = f"{named(1, 'setting')}: "
"""What the refusal of a setting begins with, and a person who changed just one need not read."""


class Viewer:
    """What the panels of one page share.

    Attributes
    ----------
    overview
        The reply to the operation of this name, of the run of now.
    """

    def __init__(self, link: Link, client: Client) -> None:
        self._link = link
        self._client = client
        self._listeners: list[Callable[[], None]] = []
        self._run: int | None = None
        self._leave: Callable[[], None] | None = None
        self.overview: Mapping[str, Any] = {}

    @property
    def status(self) -> Mapping[str, Any]:
        """The last status that was seen."""
        return self._link.status

    async def load(self) -> None:
        """Ask for what the panels are built from, and follow the run until the page is gone.

        Raises
        ------
        OperationRefused
            When the run does not answer.
        """
        self._run = self.status["run"]
        self._client.on_delete(self._link.on_change(self._follow))
        self.overview = (await self._link.ask("overview")).header
        self._client.on_connect(self._watch)
        self._client.on_disconnect(self._rest)
        self._client.on_delete(self._rest)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever somebody has changed the run."""
        self._listeners.append(listener)

    async def ask(self, operation: str, **arguments: Any) -> Mapping[str, Any] | None:
        """Ask something of the run; None when it was refused, which the person then is told."""
        try:
            return (await self._link.ask(operation, **arguments)).header
        except OperationRefused as error:
            self.complain(str(error).removeprefix(ONLY_SETTING))
            return None

    def complain(self, message: str) -> None:
        """Show a message, as text."""
        with self._client:
            notify(message)

    def _watch(self) -> None:
        self._rest()
        self._leave = self._link.watch()

    def _rest(self) -> None:
        if self._leave is not None:
            self._leave()
            self._leave = None

    def _follow(self) -> None:
        if self.status["run"] == self._run:
            self._tell()
        else:
            self._run = self.status["run"]
            background_tasks.create(self._look_again())

    async def _look_again(self) -> None:
        overview = await self.ask("overview")
        if overview is not None:
            self.overview = overview
            self._tell()

    def _tell(self) -> None:
        if self._client.is_deleted:
            return
        for listener in self._listeners:
            listener()

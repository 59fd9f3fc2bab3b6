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
        self._unwatch: Callable[[], None] | None = None
        self.overview: Mapping[str, Any] = {}

    @property
    def status(self) -> Mapping[str, Any]:
        """The last status of the run."""
        return self._link.status

    def can(self, operation: str) -> bool:
        """Return whether an operation can be asked of the run."""
        return operation in self._link.operations

    @property
    def unit(self) -> str:
        """What the run calls a step."""
        return str(self.overview.get("unit", "mini-batch"))

    async def load(self) -> None:
        """Load the overview, from which panels are built, and watch the run until the page is closed.

        Raises
        ------
        OperationRefused
            When the run does not answer.
        """
        self._run = self.status["run"]
        self._client.on_delete(self._link.on_change(self._on_change))
        self.overview = (await self._link.ask("overview")).header
        self._client.on_connect(self._watch)
        self._client.on_disconnect(self._stop_watching)
        self._client.on_delete(self._stop_watching)

    def on_change(self, listener: Callable[[], None]) -> None:
        """Call `listener` whenever somebody has changed the run."""
        self._listeners.append(listener)

    async def ask(self, operation: str, **arguments: Any) -> Mapping[str, Any] | None:
        """Request an operation and return its header; show an error and return None when it is refused."""
        try:
            return (await self._link.ask(operation, **arguments)).header
        except OperationRefused as error:
            self.show_error(str(error).removeprefix(ONLY_SETTING))
            return None

    def show_error(self, message: str) -> None:
        """Show a message, as text."""
        with self._client:
            notify(message)

    def _watch(self) -> None:
        self._stop_watching()
        self._unwatch = self._link.watch()

    def _stop_watching(self) -> None:
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None

    def _on_change(self) -> None:
        if self.status["run"] == self._run:
            self._notify_listeners()
        else:
            self._run = self.status["run"]
            background_tasks.create(self._reload())

    async def _reload(self) -> None:
        overview = await self.ask("overview")
        if overview is not None:
            self.overview = overview
            self._notify_listeners()

    def _notify_listeners(self) -> None:
        if self._client.is_deleted:
            return
        for listener in self._listeners:
            listener()

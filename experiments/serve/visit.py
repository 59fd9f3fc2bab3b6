"""A page that someone has open: what it shows, and what is to be shown anew when that changes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, TypeVar, TypeVarTuple

from nicegui import Client, background_tasks
from nicegui.element import Element
from pydantic import ValidationError

from experiments.serve.feed import Feed
from experiments.serve.view import View
from workbench.errors import InputError
from workbench.page.panels.elements import notify
from workbench.records import Store

Given = TypeVarTuple("Given")
Answer = TypeVar("Answer")


class Address(Element, component="panels/address.js"):
    """Keeps what the page shows in the address bar."""


class Visit:
    """What the panels of one page share.

    Attributes
    ----------
    feed
        The records.
    view
        What is looked at.
    """

    def __init__(self, feed: Feed, client: Client, view: View) -> None:
        self.feed, self.view = feed, view
        self._client = client
        self._panels: list[Callable[[], Awaitable[None]]] = []
        self._due, self._showing = False, False
        self._unwatch: Callable[[], None] | None = None
        self._address = Address()
        client.on_connect(self._watch)
        client.on_disconnect(self._stop_watching)
        client.on_delete(self._stop_watching)

    def add(self, show: Callable[[], Awaitable[None]]) -> None:
        """Have a panel shown anew by a function whenever there may be something new."""
        self._panels.append(show)

    def change(self, **fields: Any) -> None:
        """Look at something else; what makes no sense is refused with a notice."""
        try:
            for name, value in fields.items():
                setattr(self.view, name, value)
        except ValidationError as error:
            self.say(error.errors()[0]["msg"])
        self.show()

    def show(self) -> None:
        """Show everything anew, soon."""
        self._due = True
        give(self._address, address=self.view.address)
        if not self._showing:
            self._showing = True
            background_tasks.create(self._show())

    def say(self, message: str) -> None:
        """Show a message for a while."""
        with self._client:
            notify(message)

    async def ask(self, question: Callable[[Store, *Given], Answer], *given: *Given) -> Answer | None:
        """Return an answer from the records; say what is wrong and return None where there is none."""
        try:
            return await self.feed.ask(question, *given)
        except InputError as error:
            self.say(str(error))
            return None

    async def tell(self, change: Callable[[Store, *Given], Answer], *given: *Given) -> Answer | None:
        """Change the records and return what came of it; say what is wrong and return None otherwise."""
        try:
            return await self.feed.tell(change, *given)
        except InputError as error:
            self.say(str(error))
            return None

    async def _show(self) -> None:
        try:
            while self._due and not self._client.is_deleted:
                self._due = False
                for panel in self._panels:
                    with suppress(InputError):  # of the file: the heading says it
                        await panel()
        finally:
            self._showing = False

    def _watch(self) -> None:
        self._stop_watching()
        self._unwatch = self.feed.watch(self.show)
        self.show()

    def _stop_watching(self) -> None:
        if self._unwatch is not None:
            self._unwatch()
            self._unwatch = None


def give(element: Element, **props: Any) -> None:
    """Set properties of an element; the browser is sent them only when one has changed."""
    named = {name.replace("_", "-"): value for name, value in props.items()}
    if any(element.props.get(name) != value for name, value in named.items()):
        element.props.update(named)
        element.update()

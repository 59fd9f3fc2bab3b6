"""The elements of panels: sections, buttons, choices, facts, and live numbers."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import GenericEventArguments

STOP_FIRST = "Stop training first"


class LiveText(Element, component="live_text.js", default_classes="g-live"):
    """One number of the status, which the browser keeps up to date."""

    def __init__(self, field: str, format: str, test: str) -> None:
        super().__init__()
        self.props["field"] = field
        self.props["format"] = format
        self.props["data-test"] = test


class Metrics(Element, component="metric_list.js"):
    """The metrics of the held-out data, at most so many."""

    def __init__(self, most: int) -> None:
        super().__init__()
        self.props["most"] = most


class Choice(Element, default_classes="g-select"):
    """A drop-down list of the browser itself, which works with a keyboard and on small screens.

    Parameters
    ----------
    label
        Its accessible name.
    options
        Captions by value.
    on_pick
        Called with the value that was picked.
    """

    def __init__(
        self,
        label: str,
        options: Mapping[str, str],
        value: str | None,
        on_pick: Callable[[str], Awaitable[None]] | None = None,
    ) -> None:
        super().__init__("select")
        self.props["aria-label"] = label
        self._on_pick = on_pick
        self._options: dict[str, str] = {}
        self.value = value
        self.show(options, value)
        self.on("change", self._pick, js_handler="(event) => emit(event.target.value)")

    def show(self, options: Mapping[str, str], value: str | None) -> None:
        """Offer these options with this one picked; show that there are none if so."""
        if dict(options) != self._options or not self.default_slot.children:
            self._options = dict(options)
            self.clear()
            with self:
                for name, caption in options.items():
                    text("option", caption).props["value"] = name
                if not options:
                    text("option", "none yet")
        self.set(value)

    def set(self, value: str | None) -> None:
        """Have this value picked, whatever the browser shows."""
        self.value = value if value in self._options else next(iter(self._options), None)
        self.props["value"] = self.value
        self.props["disabled"] = not self._options
        self.update()

    async def _pick(self, event: GenericEventArguments) -> None:
        self.value = str(event.args)
        self.props["value"] = self.value
        if self._on_pick is not None:
            await self._on_pick(self.value)


def text(tag: str, words: str, classes: str = "") -> TextElement:
    """Make an element that holds text, never markup."""
    return TextElement(tag=tag, text=words).classes(classes)


@contextmanager
def panel(title: str, name: str) -> Iterator[Element]:
    """Make a section with a heading; what is made inside goes into it."""
    with Element("section").classes(f"g-panel g-panel-{name}") as section:
        heading = text("h2", title, "g-title")
        section.props["aria-labelledby"] = heading.html_id
        yield section


@contextmanager
def group(classes: str, tag: str = "div") -> Iterator[Element]:
    """Make a plain element around others."""
    with Element(tag).classes(classes) as element:
        yield element


def button(
    caption: str,
    test: str,
    action: Callable[[], Any],
    icon: str | None = None,
    title: str | None = None,
    classes: str = "",
) -> Element:
    """Make a button; with an icon and no caption, `title` is its name."""
    with Element("button").classes(f"g-button {classes}") as made:
        if icon is not None:
            text("span", icon, "g-icon").props["aria-hidden"] = "true"
        if caption:
            text("span", caption)
    made.props.update({"type": "button", "data-test": test})
    if title is not None:
        made.props["title"] = title
        if not caption:
            made.props["aria-label"] = title
    made.on("click", action, args=[])
    return made


def enable(made: Element, enabled: bool, title: str, reason: str) -> None:
    """Enable a button, with a title that says what it does, or disable it with the reason."""
    made.props["disabled"] = not enabled
    made.props["title"] = title if enabled else reason


def notify(message: str) -> None:
    """Show a message for a while, as text. Quasar has no such colours: the style sheet does."""
    dismiss = {"icon": "close", "aria-label": "Dismiss", "flat": True, "dense": True}
    ui.notify(
        message,
        position="bottom-left",  # not over what is looked at
        classes="g-notice",
        color="surface",
        textColor="ink",
        timeout=6000,
        actions=[dismiss],
    )


@contextmanager
def facts() -> Iterator[Element]:
    """Make a list of names and values."""
    with Element("dl").classes("g-facts") as element:
        yield element


def fact(name: str, value: str, test: str | None = None, classes: str = "") -> None:
    """Add a value that only changes with the run."""
    with group(f"g-fact {classes}"):
        text("dt", name)
        shown = text("dd", value, "g-number")
        if test is not None:
            shown.props["data-test"] = test


def live_fact(name: str, field: str, format: str, test: str) -> None:
    """Add a number of the status."""
    with group("g-fact"):
        text("dt", name)
        with group("", "dd"):
            LiveText(field, format, test)

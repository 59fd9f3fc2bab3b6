"""Fields with a caption above what they hold."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from nicegui import ui
from nicegui.element import Element
from nicegui.elements.mixins.text_element import TextElement
from nicegui.events import GenericEventArguments

from workbench.page.panels.elements import Choice, group, text


def framed_choice(
    label: str, test: str, options: Mapping[str, str], value: str, pick: Callable[[str], Awaitable[None]]
) -> Choice:
    """Make a list of which one is picked."""
    with group("g-framed", "label"):
        text("span", label)
        choice = Choice(label, options, value, pick)
    choice.props["data-test"] = test
    return choice


def typed(
    label: str, test: str, value: str, commit: Callable[[str], Any], hint: str = "", classes: str = ""
) -> ui.input:
    """Make a field whose text counts when it is left, or by Enter."""
    field = ui.input(label, value=value).props("dense outlined stack-label hide-bottom-space")
    field.props["data-test"] = test
    field.props["placeholder"] = hint
    field.props["spellcheck"] = "false"
    field.classes(classes)
    field.on("change", lambda event: commit(str(event.args or "").strip()))
    return field


class Problem(TextElement):
    """What is wrong, in words; nothing is seen of it while nothing is."""

    def __init__(self, test: str, classes: str = "g-problem") -> None:
        super().__init__(tag="p", text="")
        self.classes(classes)
        self.props.update({"role": "status", "data-test": test})
        self.set_visibility(False)

    def say(self, problem: str) -> None:
        """Say what is wrong; nothing with an empty text."""
        self.text = problem
        self.set_visibility(bool(problem))


class Tick(Element, component="tick.js"):
    """A switch with a caption; emits `pick` with whether it is on.

    Parameters
    ----------
    caption
        What it switches.
    test
        Its name for tests.
    value
        Whether it is on.
    pick
        Called when a person has switched it.
    """

    def __init__(self, caption: str, test: str, value: bool, pick: Callable[[bool], None]) -> None:
        super().__init__()
        self.props.update({"caption": caption, "test": test, "value": value})

        def picked(event: GenericEventArguments) -> None:
            self.props["value"] = bool(event.args)
            pick(bool(event.args))

        self.on("pick", picked)

"""The network as an element of a page: every layer as a grid of neurons in colours that follow the run."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from nicegui.element import Element
from nicegui.events import GenericEventArguments

from workbench.run.operations import Kind


@dataclass(frozen=True)
class ChosenNeuron:
    """A neuron that a person has clicked, or chosen by keyboard.

    Attributes
    ----------
    layer, neuron
        Its address.
    append
        Whether it joins those chosen before, instead of taking their place.
    """

    layer: int
    neuron: int
    append: bool


@dataclass(frozen=True)
class ChosenConnection:
    """A connection that a person has clicked: into `target` of `layer`, from `source` of what that reads."""

    layer: int
    target: int
    source: int


class NetworkView(Element, component="network_view.js"):
    """A canvas that draws the run's network by itself, from the frames that the page gets.

    Parameters
    ----------
    kind
        Which numbers the colours show.
    """

    def __init__(self, kind: Kind = "values") -> None:
        super().__init__()
        self._props["kind"] = kind

    def set_kind(self, kind: Kind) -> None:
        """Colour the neurons by another kind of numbers."""
        self._props["kind"] = kind
        self.update()

    def select(self, layer: int, neuron: int) -> None:
        """Show a neuron as the chosen one, with its connections; no handler is called."""
        self.run_method("select", layer, neuron)

    def show_strongest(self, layer: int | None, count: int = 0) -> None:
        """Draw the strongest connections into a layer; None draws only those that graphs always show."""
        self.run_method("showStrongest", layer, count)

    def fit(self) -> None:
        """Zoom so that the whole network is seen."""
        self.run_method("fit")

    def on_choose_neuron(self, handler: Callable[[ChosenNeuron], Any]) -> None:
        """Call `handler` with every neuron that is chosen."""

        def choose(event: GenericEventArguments) -> Any:
            layer, neuron = int(event.args["layer"]), int(event.args["neuron"])
            return handler(ChosenNeuron(layer, neuron, bool(event.args["append"])))

        self.on("choose-neuron", choose, ["layer", "neuron", "append"])

    def on_choose_connection(self, handler: Callable[[ChosenConnection], Any]) -> None:
        """Call `handler` with every connection that is chosen."""

        def choose(event: GenericEventArguments) -> Any:
            return handler(ChosenConnection(*(int(event.args[key]) for key in ("layer", "target", "source"))))

        self.on("choose-connection", choose, ["layer", "target", "source"])

"""The network, and the list of neurons and connections to edit."""

from __future__ import annotations

from collections.abc import Sequence

from nicegui.element import Element

from workbench.page.network_view import NetworkView
from workbench.page.panels.elements import group, panel
from workbench.page.panels.viewer import Viewer


class NetworkTools(Element, component="network_tools.js"):
    """What the network view shows: the kind of number, the strongest connections, everything."""

    def use(self, view: NetworkView) -> None:
        """Control this view."""
        self.props["view"] = view.id


class EditList(Element, component="edit_list.js"):
    """Chosen neurons and connections; emits `show` with one that was picked on the list."""


class NetworkSwitch(Element, component="network_switch.js"):
    """Chooses one of several networks of the run, for all viewers."""

    def __init__(self, names: Sequence[str]) -> None:
        super().__init__()
        self.props["names"] = list(names)


def network_panel(viewer: Viewer) -> NetworkView:
    """Build the panel of the network."""
    with panel("Network", "network"):
        if viewer.can("choose_network"):
            NetworkSwitch(viewer.overview["networks"])  # beside the heading
        tools = NetworkTools()
        with group("g-network-view"):
            view = NetworkView()
        tools.use(view)
    return view


def edit_panel(view: NetworkView) -> None:
    """Build the list; what is chosen in `view` is added to it by the browser itself."""
    with panel("Edit", "edit"):
        edits = EditList()
    view.on("choose-neuron", js_handler=f"(place) => getElement({edits.id}).addNeuron(place)")
    view.on("choose-connection", js_handler=f"(place) => getElement({edits.id}).addConnection(place)")
    edits.on(
        "show", js_handler=f"(item) => getElement({view.id}).select(item.layer, item.neuron ?? item.target)"
    )

"""The network view as an element of a page in Python: messages to the browser and events from it."""

from typing import Any

import pytest

pytest.importorskip("nicegui", reason="needs NiceGUI: pip install 'ganglion[web]'")

from nicegui import Client, ui
from nicegui.helpers import event_type_to_camel_case

from workbench.page.network_view import ChosenConnection, ChosenNeuron, NetworkView


@pytest.fixture
def view(monkeypatch: pytest.MonkeyPatch) -> NetworkView:
    with Client(ui.page("/network-element"), request=None):
        return NetworkView("signals")


def heard(view: NetworkView, event: str, value: dict[str, Any]) -> None:
    """Let an event come from the browser."""
    listener = next(
        each for each in view._event_listeners.values() if each.type == event_type_to_camel_case(event)
    )
    view._handle_event({"listener_id": listener.id, "args": value})


def test_the_kind_is_a_property_that_reloads_keep(view: NetworkView) -> None:
    assert view.props["kind"] == "signals"
    view.set_kind("change")
    assert view.props["kind"] == "change"


def test_what_is_chosen_comes_with_its_address(view: NetworkView) -> None:
    chosen: list[Any] = []
    view.on_choose_neuron(chosen.append)
    view.on_choose_connection(chosen.append)
    heard(view, "choose-neuron", {"layer": 2, "neuron": 7, "append": True})
    heard(view, "choose-connection", {"layer": 2, "target": 7, "source": 5})
    assert chosen == [ChosenNeuron(2, 7, append=True), ChosenConnection(2, 7, 5)]


def test_methods_are_those_of_the_component(view: NetworkView, monkeypatch: pytest.MonkeyPatch) -> None:
    called: list[tuple[Any, ...]] = []
    monkeypatch.setattr(view, "run_method", lambda *call: called.append(call))
    view.select(1, 4)
    view.show_strongest(3, 50)
    view.show_strongest(None)
    view.fit()
    assert called == [("select", 1, 4), ("showStrongest", 3, 50), ("showStrongest", None, 0), ("fit",)]
    assert view.component is not None
    text = view.component.path.read_text(encoding="utf-8")
    assert all(f"    {name}(" in text for name, *_ in called)

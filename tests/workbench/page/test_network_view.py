"""The network on its canvas, in a real browser: choosing with mouse and keyboard."""

from collections.abc import Iterator

import numpy as np
import pytest

from tests.support.network_view_page import View, opened
from tests.support.network_view_run import FakeRun
from tests.support.web_browser import Browser, expect


@pytest.fixture
def run() -> FakeRun:
    return FakeRun("dense")


@pytest.fixture
def view(chromium: Browser, run: FakeRun) -> Iterator[View]:
    with opened(chromium, run) as found:
        yield found


@pytest.mark.parametrize(("layer", "neuron"), [(0, 0), (1, 31), (2, 70), (3, 17), (5, 511), (6, 783)])
def test_a_click_on_a_cell_chooses_its_neuron(view: View, layer: int, neuron: int) -> None:
    view.page.mouse.click(*view.at(layer, neuron))
    assert view.events() == [["neuron", {"layer": layer, "neuron": neuron, "append": False}]]


@pytest.mark.parametrize("model", ["local", "graph"])
def test_every_neuron_of_several_channels_is_found_where_it_is_drawn(chromium: Browser, model: str) -> None:
    with opened(chromium, FakeRun(model), width=1600, height=900) as view:
        missed = view.page.evaluate("""() => {
            const { scene, canvas } = view.network;
            const box = canvas.getBoundingClientRect();
            const isMissed = (layer, neuron) => {
                const { x, y } = canvas.cellAt(layer, neuron);
                const place = scene.placeAt(x - box.left, y - box.top);
                return place?.layer !== layer || place.neuron !== neuron;
            };
            return scene.layers.map(({ neurons }, layer) =>
                [...Array(neurons).keys()].filter((neuron) => isMissed(layer, neuron)));
        }""")
    assert missed == [[]] * 7


def test_with_control_a_neuron_joins_those_chosen_before(view: View) -> None:
    view.page.mouse.click(*view.at(1, 3))
    view.page.keyboard.down("Control")
    view.page.mouse.click(*view.at(1, 4))
    assert [event["append"] for _, event in view.events()] == [False, True]


def test_the_keyboard_moves_from_neuron_to_neuron(view: View) -> None:
    view.canvas.focus()
    steps = {
        "ArrowDown": [3, 0], "ArrowRight": [3, 1], "ArrowUp": [3, 1], "PageDown": [4, 8],
        "ArrowLeft": [4, 7], "PageUp": [3, 0],
    }  # fmt: skip
    for key, place in steps.items():
        view.page.keyboard.press(key)
        assert view.look("[network.selection.chosen.layer, network.selection.chosen.neuron]") == place
    assert view.events() == []
    view.page.keyboard.press("ArrowDown")
    view.page.keyboard.press("Enter")
    assert view.events() == [["neuron", {"layer": 3, "neuron": 8, "append": True}]]
    view.page.keyboard.press("Escape")
    assert view.look("network.selection.chosen") is None


def test_what_the_keyboard_leads_to_is_spoken(view: View) -> None:
    view.canvas.focus()
    view.page.keyboard.press("PageDown")
    spoken = view.page.get_by_role("status")
    expect(spoken).to_contain_text("encoder 2, row 0, column 0 · value")
    expect(spoken).to_contain_text("bias 0.125")
    assert view.canvas.get_attribute("aria-label")


def test_the_pointer_shows_the_numbers_of_a_neuron(view: View, run: FakeRun) -> None:
    view.hold_still(run)
    view.page.mouse.move(*view.at(2, 37))
    tip = view.page.locator(".network-view-tooltip")
    expect(tip).to_contain_text("encoder 1row 2, column 5")
    expect(tip).to_contain_text(f"signal{run.values(2, 'signals').ravel()[37]:.4g}")
    asked = run.count("neuron")
    view.page.mouse.move(2, 2)
    expect(tip).to_have_count(0)
    assert asked >= 1


def test_a_click_on_a_curve_chooses_its_connection(view: View, run: FakeRun) -> None:
    view.page.mouse.click(*view.at(3, 9))
    view.wait("network.selection.curves.length > 40")
    sources, weights = run.weights_into(3, 9)
    source = int(sources[np.argmax(np.abs(weights))])
    place = view.canvas.evaluate("(canvas, place) => canvas.curveAt(...place)", [3, 9, source])
    drawn = view.look(
        "network.selection.curves.filter((each) => each.layer === 3).map((each) => each.source)"
    )
    assert set(drawn) == set(sources[np.argsort(-np.abs(weights))[:24]].tolist())
    view.page.mouse.click(place["x"], place["y"])
    kind, chosen = view.events()[-1]
    assert (kind, chosen["layer"], chosen["target"]) == ("connection", 3, 9)
    assert chosen["source"] in drawn


def test_the_chosen_neuron_colours_the_layer_before_by_its_weights(view: View, run: FakeRun) -> None:
    view.hold_still(run)
    view.page.mouse.click(*view.at(2, 70))
    view.wait("network.scene.overlays[1]")
    _, weights = run.weights_into(2, 70)
    numbers = view.look("Array.from(network.scene.overlays[1].numbers)")
    np.testing.assert_allclose(numbers, weights, rtol=1e-5, atol=1e-6)
    view.wait_for_frames()
    assert view.look("network.scene.notes[1]").startswith("weights ±")
    view.page.keyboard.press("Escape")
    view.wait("network.scene.overlays.every((each) => !each)")


def test_the_window_of_a_local_neuron_is_known_when_it_is_pointed_at(chromium: Browser) -> None:
    run = FakeRun("local")
    with opened(chromium, run) as view:
        view.page.mouse.move(*view.at(2, 1400))
        view.wait("network.selection.hoverWindow")
        assert view.look("network.selection.hoverWindow") == run.window(2, 1400)


def test_the_strongest_connections_of_a_layer_are_drawn_and_can_be_chosen(view: View) -> None:
    view.page.evaluate("view.showStrongest(3, 50)")
    view.wait("network.selection.wiring.length === 50")
    first = view.look("network.selection.wiring[0]")
    place = view.canvas.evaluate(
        "(canvas, place) => canvas.curveAt(...place)", [first["layer"], first["target"], first["source"]]
    )
    view.page.mouse.click(place["x"], place["y"])
    assert view.events()[-1][0] == "connection"


def test_a_graph_shows_its_wiring_by_itself(chromium: Browser) -> None:
    with opened(chromium, FakeRun("graph")) as view:
        view.wait("network.selection.wiring.length >= 200")
        layers = view.look("[...new Set(network.selection.wiring.map((each) => each.layer))].sort()")
    assert layers == [1, 2, 3, 4, 5, 6]


def test_keys_zoom_and_fit(view: View) -> None:
    def distance() -> float:
        return view.at(1, 1)[0] - view.at(1, 0)[0]

    view.canvas.focus()
    before = distance()
    view.page.keyboard.press("+")
    assert distance() == pytest.approx(1.3 * before)
    view.page.keyboard.press("-")
    view.page.keyboard.press("-")
    assert distance() == pytest.approx(before / 1.3)
    view.page.keyboard.press("0")
    assert distance() == pytest.approx(before)


def test_the_wheel_zooms_around_the_pointer_and_a_drag_pans(view: View) -> None:
    x, y = view.at(3, 12)
    view.page.mouse.move(x, y)
    view.page.mouse.wheel(0, -400)
    view.wait("network.scene.camera.zoom > 1.5")
    assert view.at(3, 12) == pytest.approx((x, y), abs=0.5)
    view.page.mouse.down()
    view.page.mouse.move(x + 50, y - 30, steps=4)
    view.page.mouse.up()
    assert view.at(3, 12) == pytest.approx((x + 50, y - 30), abs=0.5)
    assert view.events() == []
    view.page.mouse.dblclick(x, 100)
    assert view.look("network.scene.camera.fits")

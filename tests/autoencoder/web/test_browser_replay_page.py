"""The page of a recording in a real browser, from disk and without a network."""

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from autoencoder.live.codes import HALVES
from tests.support.browser import saved_model
from tests.support.live_models import ARCHITECTURES
from tests.support.replay_pages import halves, make_page, numbers_in, opened_from_disk
from tests.support.web_browser import expect
from workbench.inspect.anatomy import Anatomy

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

pytestmark = pytest.mark.usefixtures("one_thread")

PIXELS = "canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]"
FRAMES = 5


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the page of a run of local layers."""
    return make_page(tmp_path_factory.mktemp("replay"), FRAMES, **ARCHITECTURES["local"])


@pytest.fixture(scope="module")
def page(chromium: "Browser", folder: Path) -> Iterator["Page"]:
    with opened_from_disk(chromium, folder / "replay.html", viewport={"width": 1300, "height": 900}) as found:
        yield found


def go_to(page: "Page", frame: int) -> None:
    page.get_by_test_id("time").fill(str(frame))
    expect(page.get_by_test_id("place")).to_contain_text(f"frame {frame + 1} of {FRAMES}")


def pixels(page: "Page", name: str) -> np.ndarray:
    return np.array(page.get_by_test_id(name).evaluate(PIXELS)).reshape(-1, 4)[:, :3]


def point_at(page: "Page", layer: int, neuron: int) -> None:
    place = page.get_by_test_id("network").evaluate("(canvas, at) => canvas.cellAt(...at)", [layer, neuron])
    page.mouse.move(place["x"], place["y"])


def test_the_slider_shows_the_run_from_its_start(page: "Page", folder: Path) -> None:
    header, arrays = numbers_in((folder / "replay.html").read_bytes())
    for frame in (0, 2, FRAMES - 1):
        go_to(page, frame)
        expect(page.get_by_test_id("step")).to_have_text(str(header["frames"][frame]["step"]))
        low, high = arrays["spans"][frame]
        for entry in (0, 3):
            expected = np.clip(low + arrays["outputs"][frame, entry] / 255 * (high - low), 0, 1) * 255
            assert np.abs(pixels(page, f"image-output-{entry}").ravel() - expected).max() <= 1
            error = header["frames"][frame]["errors"][entry]
            expect(page.get_by_test_id(f"image-error-{entry}")).to_have_text(f"{error:.5f}")
    assert np.array_equal(pixels(page, "image-input-1").ravel(), arrays["inputs"][1])


def test_the_network_has_the_numbers_of_the_frame_and_the_example(page: "Page", folder: Path) -> None:
    header, arrays = numbers_in((folder / "replay.html").read_bytes())
    inputs = arrays["inputs"].shape[1]
    shown = page.locator(".network-view-tooltip")
    for frame, entry in ((1, 0), (3, 2)):
        go_to(page, frame)
        page.get_by_test_id(f"example-{entry}").click()
        point_at(page, 1, 4)
        value = halves(arrays["values"][frame, entry])[4]
        bias = halves(arrays["biases"][frame])[inputs + 4]
        expect(shown).to_contain_text(f"value{number(value)}bias{number(bias)}")
        assert header["layers"][1]["name"] in shown.inner_text()


def number(value: float) -> str:
    return f"{float(f'{value:.4g}'):g}"


def test_connections_are_those_of_the_network(page: "Page", folder: Path) -> None:
    network = saved_model(folder / "model").network
    into = Anatomy(network, HALVES).incoming(1, 5)
    weights = into.weights(network.parameters.values)
    go_to(page, FRAMES - 1)
    point_at(page, 1, 5)
    page.mouse.down()
    page.mouse.up()
    expect(page.get_by_test_id("network-info")).to_contain_text("bias")
    seen = 0
    for connection in np.argsort(-np.abs(weights))[:24]:
        ends = [1, 5, int(into.neurons[connection])]
        middle = page.get_by_test_id("network").evaluate("(canvas, ends) => canvas.curveAt(...ends)", ends)
        page.mouse.move(middle["x"], middle["y"])
        said = page.locator(".network-view-tooltip").inner_text()
        seen += said.endswith(number(float(weights[connection].astype(np.float16))))
    assert seen > 3, "curves in the gap between two layers"
    page.keyboard.press("Escape")


def test_playing_comes_to_the_end_and_stops(page: "Page") -> None:
    go_to(page, 0)
    page.get_by_test_id("speed").select_option("16")
    page.get_by_test_id("play").click()
    expect(page.get_by_test_id("place")).to_contain_text(f"frame {FRAMES} of {FRAMES}")
    expect(page.get_by_test_id("play")).to_have_attribute("aria-label", "Play")


def test_the_keyboard_moves_through_time(page: "Page") -> None:
    go_to(page, 2)
    slider = page.get_by_test_id("time")
    slider.focus()
    slider.press("ArrowRight")
    assert slider.get_attribute("aria-valuetext") == page.get_by_test_id("place").inner_text()
    expect(page.get_by_test_id("place")).to_contain_text(f"frame 4 of {FRAMES}")
    slider.press("Home")
    expect(page.get_by_test_id("place")).to_contain_text(f"frame 1 of {FRAMES}")
    slider.press(" ")
    expect(page.get_by_test_id("play")).to_have_attribute("aria-label", "Pause")
    slider.press(" ")
    expect(page.get_by_test_id("play")).to_have_attribute("aria-label", "Play")


def test_a_click_on_the_curve_goes_there(page: "Page") -> None:
    go_to(page, 0)
    box = page.get_by_test_id("error-curve").bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] - 12, box["y"] + 50)
    expect(page.get_by_test_id("place")).to_contain_text(f"frame {FRAMES} of {FRAMES}")


def test_it_can_be_light_and_dark(page: "Page") -> None:
    for mode, background in (("dark", "rgb(15, 20, 23)"), ("light", "rgb(244, 246, 247)")):
        page.get_by_test_id("appearance").select_option(mode)
        expect(page.locator("body")).to_have_css("background-color", background)


def test_everything_that_can_be_used_has_a_name(page: "Page") -> None:
    nameless = page.locator("body").evaluate(
        "body => [...body.querySelectorAll('button, select, input, canvas[tabindex], svg[role=img]')]"
        ".filter(each => !(each.getAttribute('aria-label') || each.innerText)).map(each => each.outerHTML)"
    )
    assert nameless == []


def test_a_narrow_screen_has_nothing_beyond_its_edge(chromium: "Browser", folder: Path) -> None:
    path = folder / "replay.html"
    with opened_from_disk(
        chromium, path, viewport={"width": 360, "height": 640}, color_scheme="dark"
    ) as narrow:
        assert narrow.locator("html").evaluate("html => html.scrollWidth") == 360
        expect(narrow.get_by_test_id("play")).to_be_in_viewport()

"""The network on its canvas, in a real browser: what is drawn."""

from collections.abc import Iterator
from itertools import pairwise

import numpy as np
import pytest

from tests.support.network_view_page import View, opened
from tests.support.network_view_run import FakeRun
from tests.support.web_browser import Browser, expect

ROUNDING = 2  # of 255

WARNING_PIXELS = """((canvas) => {
    const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
    const isWarning = (place) => data[place] > 120 && data[place + 1] < 100 && data[place + 2] < 30;
    return Array.from({ length: data.length / 4 }, (_, index) => 4 * index).filter(isWarning).length;
})(network.canvas)"""


@pytest.fixture
def run() -> FakeRun:
    return FakeRun("dense")


@pytest.fixture
def view(chromium: Browser, run: FakeRun) -> Iterator[View]:
    with opened(chromium, run) as found:
        yield found


def test_cells_have_the_colours_of_their_numbers(view: View, run: FakeRun) -> None:
    numbers = view.hold_still(run)
    first = run.neurons(0)
    low, high = int(np.argmin(numbers[first : first + 512])), int(np.argmax(numbers[first : first + 512]))
    red, _, blue = view.pixel(1, high)
    assert red > blue + 60
    red, _, blue = view.pixel(1, low)
    assert blue > red + 60
    bright = int(np.argmax(numbers[:first]))
    assert view.pixel(0, bright) == pytest.approx([255 * min(1, numbers[bright])] * 3, abs=ROUNDING)
    assert view.pixel(0, 0) == pytest.approx([0, 0, 0], abs=ROUNDING)


def test_colours_change_with_the_theme(view: View, run: FakeRun) -> None:
    numbers = view.hold_still(run)
    first = run.neurons(0)
    zero = int(np.argmin(np.abs(numbers[first : first + 512])))
    assert min(view.pixel(1, zero)) > 220
    view.page.evaluate("document.body.classList.add('body--dark')")
    view.wait("network.scene.theme.dark")
    view.wait_for_frames()
    assert max(view.pixel(1, zero)) < 60


def test_weights_change_with_the_theme(view: View, run: FakeRun) -> None:
    strongest = int(np.argmax(run.weights_into(2, 70)[1]))
    colour = f"""(({{ pixel }}) => [pixel & 255, pixel >> 8 & 255, pixel >> 16 & 255])(
        {{ pixel: network.scene.overlays[1].pixelOf({strongest}) }})"""
    view.page.evaluate("view.select(2, 70)")
    view.wait("network.scene.overlays[1]")
    run.silent = True
    assert sum(view.look(colour)) < 150
    view.page.evaluate("document.body.classList.add('body--dark')")
    view.wait("network.scene.theme.dark")
    assert sum(view.look(colour)) > 600


def test_another_kind_is_asked_for_and_drawn(view: View, run: FakeRun) -> None:
    view.page.evaluate("view.setKind('biases')")
    assert run.wait_for_kinds(["biases"])
    view.wait("network.scene.shownKind === 'biases'")
    assert view.look("network.scene.notes[0]") == "no biases"
    expect(view.page.get_by_text("Bias, each layer on its own scale")).to_be_visible()


def test_layers_that_a_walk_has_not_reached_stay_empty(view: View, run: FakeRun) -> None:
    run.reached = 3
    view.wait("network.scene.notes[4] === 'not reached'")
    assert view.look("network.scene.notes.filter((note) => note === 'not reached').length") == 4
    assert view.look("network.scene.pictures[4].pixels.every((pixel) => pixel === 0)")


def test_scales_stay_while_numbers_move_a_little(view: View) -> None:
    limits = view.page.evaluate("""async () => {
        const { Scale } = await import("/assets/network_picture.js");
        const scale = new Scale();
        return [1, 1.04, 0.9, 0.6, 1.09, 1.4, 0.3, 0, 1e-7].map((size) =>
            scale.fit(new Float32Array(500).fill(size)));
    }""")
    assert limits == pytest.approx([1, 1, 1, 1, 1, 1.5, 0.3, 0, 1e-7])


@pytest.mark.parametrize("model", ["dense", "local", "graph", "huge"])
@pytest.mark.parametrize(("width", "height"), [(390, 700), (820, 460), (1600, 640)])
def test_all_layers_are_inside_any_window_and_apart(
    chromium: Browser, model: str, width: int, height: int
) -> None:
    with opened(chromium, FakeRun(model), width, height) as view:
        blocks = view.look(
            "network.scene.blocks.map(({ x, y, width, height, row }) => [x, y, width, height, row])"
        )
        size = view.look("network.scene.size")
        assert view.page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    for x, y, wide, high, _ in blocks:
        assert x >= 0
        assert x + wide <= size["width"]
        assert y >= 30
        assert y + high <= size["height"]
    for (x, y, wide, high, row), (next_x, next_y, _, _, next_row) in pairwise(blocks):
        assert next_x > x + wide if row == next_row else next_y > y + high


def test_a_hundred_thousand_neurons_are_drawn(chromium: Browser) -> None:
    run = FakeRun("huge")
    assert sum(run.neurons(layer) for layer in range(len(run.shapes))) > 99_000
    with opened(chromium, run) as view:
        view.wait_for_frames(5)
        view.page.mouse.click(*view.at(2, 12_345))
        assert view.events()[-1] == ["neuron", {"layer": 2, "neuron": 12_345, "append": False}]
        assert len(set(map(tuple, (view.pixel(1, neuron) for neuron in range(0, 25_000, 997))))) > 5


def test_pins_and_locks_mark_clamped_and_locked_neurons(view: View, run: FakeRun) -> None:
    def dark_pixels() -> int:
        x, y = view.at(3, 12)
        return view.canvas.evaluate("""(canvas, [x, y]) => {
            const box = canvas.getBoundingClientRect();
            const { data } = canvas.getContext("2d").getImageData(x - box.left - 4, y - box.top - 12, 20, 24);
            let count = 0;
            for (let place = 0; place < data.length; place += 4) count += data[place + 1] < 60;
            return count;
        }""", [x, y])  # fmt: skip

    view.hold_still(run)
    before = dark_pixels()
    run.locks = [[3, 12]]
    view.wait("network.status.locks.length")
    view.wait_for_frames()
    assert dark_pixels() > before + 20


def test_another_network_takes_the_place_of_the_one_before(view: View, run: FakeRun) -> None:
    view.page.mouse.click(*view.at(1, 3))
    run.shapes, run.run = [*run.shapes[:3], ("dense", (3, 3, 1)), *run.shapes[4:]], 2
    view.wait("network.scene.layers[3].neurons === 9")
    view.wait_for_frames()
    assert view.look("network.selection.chosen") is None


def test_a_layer_in_which_something_was_found_has_a_sign(view: View, run: FakeRun) -> None:
    view.hold_still(run)
    before = view.look(WARNING_PIXELS)
    view.page.evaluate("import('/assets/live.js').then(({ publish }) => publish('findings', [{ layer: 1 }]))")
    view.wait("network.scene.flagged.has(1)")
    view.wait(f"{WARNING_PIXELS} > {before} + 10")

"""The page in a real browser before a made-up run: images, editing, probing and the walk."""

import io
from collections.abc import Iterator

import numpy as np
import pytest
from PIL import Image

from tests.support.made_up_run import MadeUpRun
from tests.support.web_browser import Browser, Locator, Page, expect
from tests.support.web_page import served, visit
from workbench.run.messages import Header


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with visit(chromium) as opened:
        yield opened


@pytest.fixture
def run(page: Page) -> MadeUpRun:
    return served()[0]


def pixels(canvas: Locator) -> list[list[int]]:
    """Return red, green, blue and opacity of every pixel of a canvas."""
    flat = canvas.evaluate("it => [...it.getContext('2d').getImageData(0, 0, it.width, it.height).data]")
    return np.reshape(flat, (-1, 4)).tolist()


def grey(page: Page, name: str, level: int) -> None:
    """Wait until a canvas is all of one grey."""
    page.wait_for_function(
        """([name, level]) => {
            const canvas = document.querySelector(`[data-test=${name}]`);
            const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
            return data.every((each, place) => each === (place % 4 === 3 ? 255 : level));
        }""",
        arg=[name, level],
    )


def test_images_are_drawn_pixel_by_pixel(page: Page, run: MadeUpRun) -> None:
    inputs = run._images()
    for index in (0, 7):
        expected = np.repeat(inputs[index].reshape(-1, 1), 3, axis=1)
        drawn = np.array(pixels(page.get_by_test_id(f"image-input-{index}")))
        np.testing.assert_array_equal(drawn[:, :3], expected)
        outputs = np.array(pixels(page.get_by_test_id(f"image-output-{index}")))
        np.testing.assert_array_equal(outputs[:, :3], expected // 2 + 40)


def test_one_steps_through_the_data(page: Page, run: MadeUpRun) -> None:
    page.get_by_test_id("next-images").click()
    expect(page.get_by_test_id("position")).to_have_value("9")
    page.get_by_test_id("position").fill("1000")
    page.get_by_test_id("position").press("Enter")
    run.wait_for("show", lambda args: args["position"] == 39)
    expect(page.get_by_test_id("image-input-1")).to_have_count(0)
    page.get_by_test_id("source").select_option("held_out")
    run.wait_for("show", lambda args: args == {"source": "held_out", "position": 0, "entry": 0})
    expect(page.get_by_test_id("image-input-7")).to_be_visible()
    page.get_by_role("radio", name="image 0").focus()
    page.keyboard.press("ArrowRight")
    run.wait_for("show", lambda args: args["entry"] == 1)
    expect(page.get_by_role("radio", name="image 1")).to_be_focused()


def test_a_neuron_that_is_chosen_can_be_changed(page: Page, run: MadeUpRun) -> None:
    choose(page, "addNeuron", {"layer": 1, "neuron": 3})
    item = page.get_by_test_id("edit-item-1-3")
    expect(item).to_contain_text("layer 1, row 0, column 3")
    expect(item.get_by_test_id("edit-bias")).to_have_value("0.125")
    item.get_by_test_id("edit-bias").fill("-0.5")
    item.get_by_test_id("edit-bias").press("Enter")
    item.get_by_test_id("edit-clamp").check()
    item.get_by_test_id("edit-lock").check()
    place = {"layer": 1, "neuron": 3}
    run.wait_for("apply", lambda args: {"kind": "lock", "locked": True, **place} in args["changes"])
    assert run.changes == [
        {"kind": "bias", "value": -0.5, **place},
        {"kind": "clamp", "value": 0.5, **place},
        {"kind": "lock", "locked": True, **place},
    ]
    expect(page.get_by_test_id("journal")).to_contain_text("bias of layer 1, neuron 3 = -0.5")
    item.get_by_test_id("edit-clamp").uncheck()
    run.wait_for("apply", lambda args: args["changes"] == [{"kind": "clamp", "value": None, **place}])
    item.get_by_test_id("edit-remove").click()
    expect(item).to_have_count(0)


def test_the_range_of_a_slider_grows_with_a_number_and_comes_back(page: Page, run: MadeUpRun) -> None:
    choose(page, "addNeuron", {"layer": 1, "neuron": 3})
    slider = page.get_by_test_id("edit-bias-slider")
    for _ in range(3):
        slider.press("End")
        run.wait_for("apply", lambda args: args["changes"][0]["value"] == 1)
        page.wait_for_timeout(400)
    expect(slider).to_have_attribute("max", "1")
    run.numbers["bias", 1, 3, None, None] = 1e30
    expect(slider).to_have_attribute("max", "2e+30")
    run.numbers["bias", 1, 3, None, None] = 0.5
    expect(slider).to_have_attribute("max", "1")


def test_what_is_clamped_and_locked_is_listed_after_a_reload_and_released_at_once(
    page: Page, run: MadeUpRun
) -> None:
    expect(page.get_by_test_id("release-all")).to_have_count(0)
    run.numbers["clamp", 1, 3, None, None] = 0.75
    run.numbers["lock", 2, 4, None, None] = True
    page.reload()
    expect(page.get_by_test_id("edit-item-1-3").get_by_test_id("edit-clamp")).to_be_checked()
    expect(page.get_by_test_id("edit-item-2-4").get_by_test_id("edit-lock")).to_be_checked()
    page.get_by_test_id("release-all").click()
    expect(page.get_by_test_id("release-all")).to_have_count(0)
    assert run.numbers["clamp", 1, 3, None, None] is None
    assert run.numbers["lock", 2, 4, None, None] is False
    expect(page.get_by_test_id("edit-item-1-3").get_by_test_id("edit-clamp")).not_to_be_checked()


def test_what_is_on_the_list_outlives_the_connection(
    page: Page, run: MadeUpRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer, cuts = run._neuron, [RuntimeError("the connection ends")]

    def cut_off_once(layer: int, neuron: int) -> Header:
        if cuts:
            raise cuts.pop()
        return answer(layer, neuron)

    monkeypatch.setattr(run, "_neuron", cut_off_once)
    choose(page, "addNeuron", {"layer": 1, "neuron": 3})
    while cuts:
        page.wait_for_timeout(20)
    expect(page.get_by_test_id("edit-item-1-3").get_by_test_id("edit-bias")).to_have_value("0.125")


def test_a_connection_has_a_weight(page: Page, run: MadeUpRun) -> None:
    choose(page, "addConnection", {"layer": 2, "target": 4, "source": 1})
    item = page.get_by_test_id("edit-connection-2-4-1")
    expect(item.get_by_test_id("edit-weight")).to_have_value("-0.25")
    item.get_by_test_id("edit-weight-slider").fill("0.5")
    change = {"kind": "weight", "layer": 2, "target": 4, "source": 1, "value": 0.5}
    run.wait_for("apply", lambda args: args["changes"] == [change])


def choose(page: Page, method: str, place: dict[str, int]) -> None:
    """Call the handlers of a click in the network view."""
    page.evaluate(
        """([method, place]) => {
            const found = Object.values(mounted_app.$refs).find((each) => each?.[method]);
            found[method](place);
        }""",
        [method, place],
    )


def test_numbers_of_others_are_seen_but_do_not_disturb_a_hand(page: Page, run: MadeUpRun) -> None:
    choose(page, "addNeuron", {"layer": 1, "neuron": 3})
    bias = page.get_by_test_id("edit-bias")
    bias.fill("0.9")
    run.numbers["bias", 1, 3, None, None] = 0.25
    slider = page.get_by_test_id("edit-bias-slider")
    expect(slider).to_have_value("0.25")
    expect(bias).to_have_value("0.9")
    bias.press("Escape")
    expect(bias).to_have_value("0.25")


def test_the_code_drives_the_decoder(page: Page, run: MadeUpRun) -> None:
    grey(page, "code-image", 95)
    expect(page.get_by_label("Number 19 of the code").first).to_have_attribute("data-test", "code-slider-0")
    page.get_by_test_id("code-slider-0").fill("3")
    grey(page, "code-image", 150)
    page.get_by_test_id("code-reset").click()
    grey(page, "code-image", 95)
    page.get_by_test_id("code-all").click()
    expect(page.get_by_test_id("code-slider-19")).to_be_visible()


def test_sliders_of_the_code_keep_their_places_while_training(page: Page, run: MadeUpRun) -> None:
    expect(page.get_by_label("Number 19 of the code").first).to_have_attribute("data-test", "code-slider-0")
    run.steps = 18  # now two others vary most
    asked = sum(op == "code" for op, _ in run.asked)
    page.get_by_test_id("step").click()  # soon after the code was read: it is read again later
    run.wait_for("step")
    while sum(op == "code" for op, _ in run.asked) == asked:
        page.wait_for_timeout(50)
    expect(page.get_by_label("Number 17 of the code").first).to_have_attribute("data-test", "code-slider-2")
    page.get_by_test_id("code-reset").click()
    expect(page.get_by_label("Number 19 of the code").first).to_have_attribute("data-test", "code-slider-0")
    expect(page.get_by_label("Number 0 of the code").first).to_have_attribute("data-test", "code-slider-1")


def test_between_two_images(page: Page, run: MadeUpRun) -> None:
    grey(page, "walk-image", 127)
    page.get_by_test_id("walk-share").fill("1")
    grey(page, "walk-image", 255)
    page.get_by_test_id("walk-second").fill("6")
    page.get_by_test_id("walk-second").press("Enter")
    run.wait_for("between", lambda args: args == {"first": 0, "second": 5, "share": 1})


def test_drawing_with_a_pointer_and_with_keys(page: Page, run: MadeUpRun) -> None:
    pad = page.get_by_test_id("draw-pad")
    pad.click(position={"x": 3, "y": 3})
    run.wait_for("own")
    expect(page.get_by_test_id("source")).to_have_value("own")
    image = np.array(run.own)
    assert image.shape == (8, 8, 1)
    assert image[0, 0, 0] > 100
    assert image[4:].max() == 0
    page.get_by_test_id("draw-clear").click()
    pad.focus()
    for key in ("ArrowDown", "ArrowDown", " ", "Enter"):
        page.keyboard.press(key)
    run.wait_for("own", lambda args: np.max(args["image"][:1]) == 0 and np.max(args["image"]) > 100)


def test_a_picture_is_uploaded_or_refused(page: Page, run: MadeUpRun) -> None:
    contents = io.BytesIO()
    Image.fromarray(np.full((16, 16), 200, np.uint8)).save(contents, "PNG")
    field = page.get_by_test_id("upload").locator("input[type=file]")
    field.set_input_files({"name": "grey.png", "mimeType": "image/png", "buffer": contents.getvalue()})
    assert np.all(run.wait_for("own")["image"] == 200)
    field.set_input_files({"name": "<b>bad.png", "mimeType": "image/png", "buffer": b"no picture"})
    expect(page.get_by_text("<b>bad.png: ")).to_be_visible()
    assert len([op for op, _ in run.asked if op == "own"]) == 1


def test_a_walk_goes_layer_by_layer(page: Page, run: MadeUpRun) -> None:
    page.get_by_test_id("walk-begin").click()
    expect(page.get_by_test_id("walk-stage")).to_have_text("input")
    page.get_by_test_id("walk-next").click()
    expect(page.get_by_test_id("walk-stage")).to_have_text("encoder 0")
    for _ in range(5):
        page.get_by_test_id("walk-next").click()
    expect(page.get_by_test_id("walk-stage")).to_have_text("signals of decoder 1")
    expect(page.get_by_test_id("kind")).to_have_attribute("data-value", "signals")
    page.get_by_test_id("walk-end").click()
    expect(page.get_by_test_id("walk-stage")).to_have_count(0)


def test_the_network_is_shown_by_other_numbers(page: Page, run: MadeUpRun) -> None:
    page.get_by_test_id("kind-biases").click()
    run.wait_for("frame", lambda args: args["kinds"] == ["biases"])
    page.get_by_test_id("set-baseline").click()
    run.wait_for("frame", lambda args: args["kinds"] == ["change"])
    page.get_by_test_id("strongest-layer").select_option("2")
    page.get_by_test_id("strongest").click()
    run.wait_for("strongest", lambda args: args == {"layer": 2, "count": 200})

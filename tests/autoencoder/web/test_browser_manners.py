"""How the page behaves under the hand, in a real browser: the tests share one page, in their order."""

import json
import re
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from PIL import Image

from experiments.serving import Served, ServerError, serving
from tests.support import patience
from tests.support.browser import SMALL, Opened, opened, playwright
from workbench.page.address import Address

CODE, NEURON = 2, 4
CLICKS = ((None, 1, [1]), ("Shift", 2, [2, 1]), ("Control", 3, [3, 2, 1]), (None, 0, [0]))
"""A key that is held, the neuron that is clicked, and those on the list then."""
ITEM = f"edit-item-{CODE}-{NEURON}"


@pytest.fixture(scope="module")
def page(chromium: "playwright.Browser", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    with Address.bind().socket as free:
        port = free.getsockname()[1]
    with opened(chromium, tmp_path_factory.mktemp("run"), port=port) as found:
        yield found


def test_changes_are_undone_and_redone_by_buttons_and_keys(page: Opened) -> None:
    for name in ("undo", "redo"):
        playwright.expect(page.part(name)).to_be_disabled()
        playwright.expect(page.part(name)).to_have_attribute("title", f"Nothing to {name}")
    page.choose_neuron(CODE, NEURON)
    bias, rate = page.edit(ITEM, "edit-bias"), page.part("learning-rate")
    given = rate.input_value()
    bias.fill("0.3125")
    page.page.keyboard.press("Control+z")  # of what is typed: the browser's own
    bias.fill("0.3125")
    bias.press("Enter")
    page.fill("learning-rate", "0.02")
    playwright.expect(page.part("undo")).to_have_attribute("title", "Undo: learning rate = 0.02 (Ctrl + Z)")
    page.part("undo").click()
    playwright.expect(rate).to_have_value(given)
    bias.focus()
    page.page.keyboard.press("Control+z")
    playwright.expect(bias).to_have_value("0")
    playwright.expect(page.part("undo")).to_be_disabled()
    page.page.keyboard.press("Control+Shift+Z")
    playwright.expect(bias).to_have_value("0.3125")
    page.part("redo").click()
    playwright.expect(rate).to_have_value("0.02")
    playwright.expect(page.part("journal")).to_contain_text("redo: learning rate = 0.02")
    assert [event.get("why") for event in page.events("change")] == [
        None,
        None,
        "undo",
        "undo",
        "redo",
        "redo",
    ]


def listed(page: Opened) -> list[str | None]:
    """Return what is on the list to edit."""
    return [each.get_attribute("data-test") for each in page.page.locator(".g-edit").all()]


def test_a_click_chooses_and_with_a_key_it_adds(page: Opened) -> None:
    for key, neuron, expected in CLICKS:
        if key:
            page.page.keyboard.down(key)
        page.choose_neuron(CODE, neuron)
        if key:
            page.page.keyboard.up(key)
        assert listed(page) == [f"edit-item-{CODE}-{each}" for each in expected]
    page.page.keyboard.down("Shift")
    for neuron in range(1, 6):
        page.choose_neuron(CODE, neuron)
    page.page.keyboard.up("Shift")
    page.wait(
        """() => {
            const list = document.querySelector("[data-test=edit-list]");
            return list.scrollHeight > list.clientHeight && list.clientHeight < 500;
        }"""
    )
    page.choose_neuron(CODE, NEURON)


def test_zooming_by_keys_keeps_the_chosen_neuron_where_it_is(page: Opened) -> None:
    place = "(canvas, [layer, neuron]) => canvas.cellAt(layer, neuron)"
    network = page.part("network")
    before = network.evaluate(place, [CODE, NEURON])
    for _ in range(5):
        page.page.keyboard.press("+")
    page.page.wait_for_timeout(600)
    after = network.evaluate(place, [CODE, NEURON])
    assert abs(after["x"] - before["x"]) < 2 and abs(after["y"] - before["y"]) < 2
    page.page.keyboard.press("0")
    page.page.wait_for_timeout(600)


def test_a_snapshot_is_listed_with_its_loss_and_deleted_after_a_question(page: Opened) -> None:
    page.part("step").click()
    page.wait_for_step(1)
    page.part("snapshot").click()
    option = page.part("snapshots").locator("option[value^=step-]")
    playwright.expect(option).to_have_count(1)
    playwright.expect(option).to_have_text(re.compile(r"^step [\d,]+ · \d\d:\d\d · loss 0\.\d+ · 0\.\d MiB$"))
    page.part("delete-snapshot").click()
    page.part("delete-cancel").click()
    playwright.expect(option).to_have_count(1)
    page.part("delete-snapshot").click()
    page.part("delete-confirm").click()
    playwright.expect(option).to_have_count(0)
    assert not list((page.served.model_directory / "snapshots").iterdir())


def axes(page: Opened) -> list[Any]:
    """Return the ends of both axes of the error chart, and the numbers beside them."""
    return json.loads(page.part("error-chart").get_attribute("data-axes") or "null")


def test_the_error_chart_zooms_both_axes_to_round_numbers(page: Opened) -> None:
    page.train_to(200)
    chart = page.part("error-chart")
    drawn = re.compile(f"^Error over {page.text('step-count')} steps")
    playwright.expect(chart).to_have_attribute("aria-label", drawn)
    for scale in ("log", "linear"):
        page.part("chart-scale").select_option(scale)
        page.page.wait_for_timeout(300)
        (_, _, _), (low, high, before) = axes(page)
        assert high / low < 10  # not a whole decade for a curve that has less
        assert len(before) > 1 and all(float(f"{tick:.2g}") == tick for tick in before)
        chart.press("+")
        chart.press("+")
        chart.press("ArrowRight")
        playwright.expect(chart).to_have_attribute("data-zoom", "44 to 69")
        page.page.wait_for_timeout(300)
        (_, _, steps), (lowest, highest, _) = axes(page)
        assert highest - lowest < high - low
        assert steps and all(tick % 5 == 0 for tick in steps)
        page.page.get_by_role("button", name="Show all").click()


def test_the_wheel_scrolls_the_page_and_zooms_with_control(page: Opened) -> None:
    chart = page.part("error-chart")
    chart.evaluate("chart => chart.blur()")
    box = chart.bounding_box()
    assert box is not None
    page.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.page.mouse.wheel(0, 300)
    page.wait("() => document.querySelector('.g-left').scrollTop > 0")
    playwright.expect(chart).to_have_attribute("data-zoom", "0 to 100")
    page.page.locator(".g-left").evaluate("column => { column.scrollTop = 0; }")
    page.page.keyboard.down("Control")
    page.page.mouse.wheel(0, -300)
    page.page.keyboard.up("Control")
    playwright.expect(chart).not_to_have_attribute("data-zoom", "0 to 100")


def test_an_audit_finds_nothing_wrong_in_light_dark_and_on_a_phone(page: Opened) -> None:
    reason = "needs axe-core: pip install axe-playwright-python==0.1.8"
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason=reason).Axe()
    found = {}
    page.wait("() => !document.querySelector('.q-notification')")
    for mode, width in (("light", 1400), ("dark", 1400), ("dark", 390), ("light", 390)):
        page.page.set_viewport_size({"width": width, "height": 1000})
        page.part("dark-mode").select_option(mode)
        page.page.wait_for_timeout(400)  # until colours have changed
        for each in axe.run(page.page).response["violations"]:
            found[mode, width, each["id"]] = [node["html"] for node in each["nodes"]]
    page.page.set_viewport_size({"width": 1400, "height": 1000})
    assert not found


def test_a_file_is_chosen_by_a_button(page: Opened, tmp_path: Path) -> None:
    picture = tmp_path / "white.png"
    Image.new("L", (12, 12), 255).save(picture)
    with page.page.expect_file_chooser() as chosen:
        page.part("pick-file").click()
    chosen.value.set_files(picture)
    playwright.expect(page.part("source")).to_have_value("own")


def test_every_refusal_is_a_sentence_that_names_the_field_and_what_is_allowed(page: Opened) -> None:
    for name, typed, said in (
        ("leakage", "2", "leakage=2: it should be a number from 0 to 1"),
        ("batch-size", "1.5", "batch-size=1.5: it should be a whole number from 1 to 65536"),
        ("epochs", "many", "Epochs: many is not a number (allowed: at least 1)"),
        ("position", "x", "Example: x is not a number"),
    ):
        page.fill(name, typed)
        playwright.expect(page.page.get_by_text(said, exact=True)).to_be_visible()
    bias = page.edit(ITEM, "edit-bias")
    bias.fill("1e39")
    bias.press("Enter")
    said = f"bias of layer {CODE}, neuron {NEURON}: it should be a number that fits float32"
    playwright.expect(page.page.get_by_text(said, exact=True)).to_be_visible()


def test_the_page_says_that_its_server_was_killed_and_goes_on_with_the_next_one(page: Opened) -> None:
    page.part("snapshot").click()  # saves
    page.part("snapshots").locator("option[value^=step-]").wait_for(state="attached")
    needing = page.page.locator(".g-panel-controls, .g-transport, .g-undo, .g-panel-network .g-tools")
    page.served.process.kill()
    banner = page.part("connection")
    playwright.expect(banner).to_contain_text("Connection lost")
    playwright.expect(page.page.locator("#popup")).to_be_hidden()
    assert all(each.evaluate("each => each.inert") for each in needing.all())
    playwright.expect(banner).to_contain_text(
        "The server has not answered since", timeout=patience.MILLISECONDS
    )
    page.served.process.wait()
    with ExitStack() as stack:
        served_again(stack, page.served)
        playwright.expect(banner).to_be_hidden(timeout=patience.MILLISECONDS)
        page.wait("() => document.querySelector('canvas[data-test=network]')?.dataset.frames > 0")
        assert not any(each.evaluate("each => each.inert") for each in needing.all())
        before = int(page.text("step-count"))
        page.part("step").click()
        page.wait_for_step(before + 1)


def served_again(stack: ExitStack, before: Served) -> None:
    """Serve where a server was killed, as soon as the process that trained has saved and ended."""
    end = time.monotonic() + patience.SECONDS
    port = urlsplit(before.address).port
    assert port is not None
    while True:
        try:
            again = stack.enter_context(serving(before.model_directory.parent, *SMALL, port=port))
        except ServerError:
            assert time.monotonic() < end
            continue
        assert again.address == before.address
        return

"""A branching model of two inputs and two outputs in a browser, from before its first step."""

import os
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from experiments.serving import watched_program
from tests.support.branching_training import GO, LAYERS
from tests.support.browser import Opened, visited
from tests.support.web_browser import playwright

PROGRAM = "tests.support.branching_training"
INPUTS = 2
SERIES, STEPS_BOTH, BOTH, LABEL = map(LAYERS.index, ("series", "steps both", "both", "label"))


@pytest.fixture
def page(chromium: "playwright.Browser", tmp_path: Path) -> Iterator[Opened]:
    with watched_program(tmp_path, PROGRAM, str(tmp_path)) as served, visited(chromium, served) as opened:
        opened.wait_for_step(3)
        yield opened


def test_until_the_first_step_is_done_the_page_says_that_it_is_compiled(
    chromium: "playwright.Browser", tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / GO)
    with watched_program(tmp_path, PROGRAM, str(tmp_path)) as served, visited(chromium, served) as opened:
        opened.wait_for_text("state", "Starting: compiling")
        assert opened.text("step-count") == "0"
        (tmp_path / GO).open("wb").close()
        opened.wait_for_step(1)
        playwright.expect(opened.part("state")).to_have_text("Training")


def test_every_input_is_a_block_with_its_name(page: Opened) -> None:
    options = page.page.locator("[data-test=strongest-layer] option")
    playwright.expect(options).to_have_text(
        [f"{number} · {name}" for number, name in enumerate(LAYERS) if number >= INPUTS]
    )
    page.choose_neuron(0, 9)
    playwright.expect(page.part("network-info")).to_contain_text("image, row 1, column 1")
    page.choose_neuron(SERIES, 4)
    playwright.expect(page.part("network-info")).to_contain_text("series, row 1, column 1")
    playwright.expect(page.part("network-info")).not_to_contain_text("bias")
    item = page.part(f"edit-item-{SERIES}-4")
    playwright.expect(item).to_contain_text("signal")
    playwright.expect(item.locator("input")).to_have_count(0)


def test_what_goes_below_zero_is_shown_with_its_range(page: Opened) -> None:
    shown = "image: black is -1, white 1. series: black is -2, white 1."
    playwright.expect(page.part("image-range")).to_have_text(shown)
    playwright.expect(page.part("image-range")).to_be_visible()
    corner = [page.pixels(f"image-input-{n}").reshape(8, 8, 4)[0, :2, 0].tolist() for n in range(8)]
    assert corner == [[0, 255]] * 8


def test_every_input_of_an_example_is_drawn(page: Opened) -> None:
    captions = page.page.locator(".g-image-captions span")
    playwright.expect(captions).to_have_text(["image", "series", "Answer", "Error"])
    series = [page.pixels(f"image-input-{n}-1").reshape(6, 3, 4)[0, 0, 0] for n in range(8)]
    assert series == [0] * 8  # the lowest number there is


def test_both_outputs_are_answered(page: Opened) -> None:
    answer = page.part("image-answer-0")
    playwright.expect(answer).to_have_text(re.compile(r"^class: \d \(\d\)\s+mean: -?[\d.]+ \(-2.\d+\)$"))


def test_connections_between_branches_of_every_step_are_drawn(page: Opened) -> None:
    page.choose_neuron(STEPS_BOTH, 6 * 1 + 4)  # in the second step, the first of the narrower branch
    source = 6 * 4 + 2 * 1
    drawn = "at => document.querySelector('canvas[data-test=network]').curveAt(...at) !== null"
    page.wait(drawn, [STEPS_BOTH, 6 + 4, source])


def test_a_weight_into_a_branch_is_changed_and_locked(page: Opened) -> None:
    page.choose_neuron(LABEL, 1)
    place = "at => document.querySelector('canvas[data-test=network]').curveAt(...at)"
    page.wait(place, [LABEL, 1, 11])
    page.stop()
    at = page.page.evaluate(place, [LABEL, 1, 11])
    page.page.mouse.click(at["x"], at["y"])
    connection = page.page.locator(f"[data-test^=edit-connection-{LABEL}-1-]")
    playwright.expect(connection).to_contain_text(f"layer {LABEL}, into channel 1 from channel")
    connection.locator("[data-test=edit-weight]").fill("0.25")
    connection.locator("[data-test=edit-weight]").press("Enter")
    connection.locator("[data-test=edit-lock]").check()
    journal = page.part("journal")
    playwright.expect(journal).to_contain_text("= 0.25")
    playwright.expect(journal).to_contain_text("locked")


def test_a_connection_without_a_weight_is_listed_as_fixed_with_the_layer_it_comes_from(page: Opened) -> None:
    page.choose_neuron(BOTH, 3)
    source = 12 + 3  # of the second layer that is added
    drawn = "at => document.querySelector('canvas[data-test=network]').curveAt(...at) !== null"
    page.wait(drawn, [BOTH, 3, source])
    at = page.part("network").evaluate("(canvas, at) => canvas.curveAt(...at)", [BOTH, 3, source])
    page.page.mouse.click(at["x"], at["y"])
    connection = page.part(f"edit-connection-{BOTH}-3-{source}")
    playwright.expect(connection).to_contain_text("of seen")
    playwright.expect(connection).to_contain_text("Fixed at 1: this connection has no weight to change.")
    playwright.expect(connection.locator("input")).to_have_count(0)
    playwright.expect(page.page.locator(".g-notice")).to_have_count(0)

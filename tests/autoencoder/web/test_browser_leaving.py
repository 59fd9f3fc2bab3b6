"""What was asked for before a page was closed is done: in a real browser, with a real run."""

import time
from collections.abc import Iterator

import pytest

from experiments.serving import Served, serving
from tests.support import patience
from tests.support.browser import SMALL, Opened, playwright, visited

CODE, NEURON = 2, 4


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("run"), *SMALL) as started:
        yield started


@pytest.fixture
def page(chromium: "playwright.Browser", served: Served) -> Iterator[Opened]:
    with visited(chromium, served) as found:
        found.wait("() => document.querySelector('canvas[data-test=network]')?.dataset.frames > 0")
        yield found


def test_training_has_stopped_when_the_page_was_closed_right_after_stop(
    chromium: "playwright.Browser", page: Opened, served: Served
) -> None:
    page.part("start").click()
    page.wait_for_step(3)
    page.part("walk-share").evaluate(
        """share => {
            for (let look = 0; look < 30; look++) share.dispatchEvent(new Event("input"));
            document.querySelector("[data-test=stop]").click();
        }"""
    )
    page.page.close()
    with visited(chromium, served) as other:
        other.wait_for_text("state", "idle")


def test_the_last_of_many_edits_is_in_the_journal_when_the_page_was_closed_at_once(page: Opened) -> None:
    page.choose_neuron(CODE, NEURON)
    slider = page.edit(f"edit-item-{CODE}-{NEURON}", "edit-bias-slider")
    slider.wait_for()
    slider.evaluate(
        """slider => {
            for (const value of [0.125, 0.25, 0.4375]) {
                slider.value = value;
                slider.dispatchEvent(new Event("input"));
            }
        }"""
    )
    page.page.close()
    end = time.monotonic() + patience.SECONDS
    while biases(page)[-1:] != [0.4375]:
        assert time.monotonic() < end, f"the last edit is lost: {biases(page)}"
        time.sleep(0.02)


def test_whoever_comes_without_the_token_is_told_how_to_get_in(
    chromium: "playwright.Browser", served: Served
) -> None:
    address, _, token = served.address.partition("?token=")
    stranger = chromium.new_context().new_page()
    assert stranger.goto(address).status == 403
    playwright.expect(stranger.get_by_text("printed an address when it started")).to_be_visible()
    stranger.get_by_label("Token").fill("another")
    stranger.get_by_label("Token").press("Enter")
    playwright.expect(stranger.get_by_label("Token")).to_have_value("")
    stranger.get_by_label("Token").fill(token)
    stranger.get_by_role("button", name="Open").click()
    playwright.expect(stranger.locator("[data-test=state]")).to_have_text("Idle")
    assert "token" not in stranger.url
    stranger.context.close()


def biases(page: Opened) -> list[float]:
    """The biases in the journal."""
    changes = [change for event in page.events("change") for change in event["changes"]]
    return [change["value"] for change in changes if change["kind"] == "bias"]


def test_a_page_is_drawn_again_when_something_has_changed(page: Opened) -> None:
    drawn = "() => Number(document.querySelector('canvas[data-test=network]').dataset.frames)"
    page.page.wait_for_timeout(700)  # what the tests before have left to be drawn
    before = page.page.evaluate(drawn)
    page.page.wait_for_timeout(1500)
    assert page.page.evaluate(drawn) == before
    page.part("step").click()
    page.wait(f"before => ({drawn})() > before", before)

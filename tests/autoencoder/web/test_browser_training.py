"""Training from the page, in a real browser."""

from pathlib import Path

import numpy as np
import pytest

from autoencoder.__main__ import main
from tests.support.browser import PATIENCE, SMALL, checksum, opened, playwright

EPOCHS = {"dense": "150", "local": "100", "graph": "150"}
"""Enough for some seconds, so that a run is stopped long before it ends."""


def test_start_lowers_the_error_and_stop_ends_training(
    chromium: "playwright.Browser", tmp_path: Path
) -> None:
    with opened(chromium, tmp_path) as page:
        page.wait_for_text("state", "idle")
        page.part("step").click()
        page.wait_for_step(1)
        first = page.number("loss")
        page.train_to(60)
        assert page.number("loss") < first
        assert np.isfinite(page.number("held-out-loss"))
        before = page.text("step-count")
        page.part("step").click()
        page.wait_for_step(int(before.replace(",", "")) + 1)
        assert np.isfinite(page.number("held-out-loss"))
        assert page.number("epoch") % 1 > 0


def test_the_trainer_uses_the_learning_rate_of_the_slider(
    chromium: "playwright.Browser", tmp_path: Path
) -> None:
    with opened(chromium, tmp_path) as page:
        page.part("start").click()
        page.part("learning-rate-slider").focus()
        for _ in range(4):
            page.page.keyboard.press("ArrowRight")
        page.wait(
            """() => {
                const part = (name) => document.querySelector(`[data-test=${name}]`);
                const picked = (10 ** part("learning-rate-slider").value).toPrecision(3);
                const used = part("learning-rate-now").innerText;
                const shown = part("learning-rate").value;
                return picked > 0.001 && [used, shown].every((each) => Number(each) === Number(picked));
            }"""
        )
        wanted = float(page.part("learning-rate").input_value())
        page.stop()
        (*_, last) = page.events("change")
        assert last["changes"] == [{"kind": "setting", "name": "learning-rate", "value": f"{wanted:g}"}]


def test_settings_change_while_training_and_what_cannot_be_is_refused(
    chromium: "playwright.Browser", tmp_path: Path
) -> None:
    with opened(chromium, tmp_path) as page:
        page.part("start").click()
        page.fill("batch-size", "16")
        page.part("optimizer").select_option("nadam")
        # the list asks the server, the fields the run itself: each takes its own way
        page.wait_for_change("setting", name="optimizer")
        page.fill("leakage", "0.2")
        page.fill("leakage", "2")
        playwright.expect(
            page.page.get_by_text("leakage=2: it should be a number from 0 to 1")
        ).to_be_visible()
        playwright.expect(page.part("leakage")).to_have_value("0.2")
        page.stop()
        changed = [change for event in page.events("change") for change in event["changes"]]
        assert [(change["name"], change["value"]) for change in changed] == [
            ("batch-size", "16"),
            ("optimizer", "nadam"),
            ("leakage", "0.2"),
        ]


def test_what_is_being_typed_stays_while_the_run_takes_what_was_typed_before(
    chromium: "playwright.Browser", tmp_path: Path
) -> None:
    with opened(chromium, tmp_path) as page:
        second = page.page.context.new_page()
        second.goto(page.served.address)
        page.fill("leakage", "0.2")
        page.part("leakage").fill("0.25")
        playwright.expect(second.locator("[data-test=leakage]")).to_have_value("0.2", timeout=PATIENCE)
        second.locator("[data-test=batch-size]").fill("16")
        second.locator("[data-test=batch-size]").press("Enter")
        playwright.expect(page.part("batch-size")).to_have_value("16", timeout=PATIENCE)
        second.locator("[data-test=leakage]").fill("0.3")
        second.locator("[data-test=leakage]").press("Enter")
        page.wait("() => document.querySelector('[data-test=journal]').innerText.includes('0.3')")
        playwright.expect(page.part("leakage")).to_have_value("0.25", timeout=PATIENCE)


def test_reset_begins_anew_and_rewind_brings_back_what_was(
    chromium: "playwright.Browser", tmp_path: Path
) -> None:
    with opened(chromium, tmp_path) as page:
        page.train_to(20)
        kept, step = checksum(page.served.model_directory), page.text("step-count")
        page.part("snapshot").click()
        page.part("snapshots").locator("option[value^=step-]").wait_for(state="attached")
        name = page.part("snapshots").locator("option[value^=step-]").get_attribute("value")
        page.train_to(int(step) + 20)
        assert checksum(page.served.model_directory) != kept
        page.part("snapshots").select_option(name)
        page.part("rewind").click()
        playwright.expect(page.part("step-count")).to_have_text(step, timeout=PATIENCE)
        assert [event["name"] for event in page.events("rewind")] == [name]
        assert checksum(page.served.model_directory) == kept


def test_two_pages_see_the_same_run_and_no_request_leaves_the_machine(
    chromium: "playwright.Browser", tmp_path: Path
) -> None:
    with opened(chromium, tmp_path) as page:
        second = page.page.context.new_page()
        second.goto(page.served.address)
        page.fill("leakage", "0.3")
        playwright.expect(second.locator("[data-test=leakage]")).to_have_value("0.3", timeout=PATIENCE)
        page.part("start").click()
        second.wait_for_function(
            "() => Number(document.querySelector('[data-test=step-count]').innerText.replace(/\\D/g, '')) > 5"
        )
        page.stop()
        assert all(
            url.startswith((page.served.address.partition("/?")[0], "data:", "blob:")) for url in page.asked
        )


@pytest.mark.parametrize("architecture", EPOCHS)
def test_a_run_that_is_watched_has_the_bits_of_one_that_is_not(
    chromium: "playwright.Browser", tmp_path: Path, architecture: str
) -> None:
    layers = {"local": ("--layers", "4", "--code-size", "18")}.get(architecture, ())
    options = ("--epochs", EPOCHS[architecture], "--keep", "last", "--architecture", architecture, *layers)
    alone = tmp_path / "alone"
    assert (
        main(["train", *SMALL, *options, "--model-directory", str(alone), "--output-directory", str(alone)])
        == 0
    )
    with opened(chromium, tmp_path / "watched", *options) as page:
        for kind in ("signals", "change", "values"):
            page.part(f"kind-{kind}").click()
        for _ in range(3):
            page.part("step").click()  # not Start and Stop: training may end before the second click
        page.part("walk-begin").click()
        page.part("walk-next").click()
        page.part("walk-end").click()
        page.part("start").click()
        page.wait_for_text("state", "finished")
    assert checksum(page.served.model_directory) == checksum(alone)

"""The page in a real browser before a made-up run: requests to the run, and what is shown."""

import re
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest

from tests.support.made_up_run import NAMES as NAMES_OF_LAYERS
from tests.support.made_up_run import SKIPPED, MadeUpRun
from tests.support.web_browser import Browser, Page, expect
from tests.support.web_page import served, visit

NAMES = """
start stop step reset learning-rate learning-rate-slider batch-size optimizer leakage epochs minutes
snapshot snapshots rewind models load inputs choose-input state step-count epoch loss held-out-loss
images-per-second milliseconds-per-step seconds-per-epoch error-chart chart-scale network kind set-baseline
strongest fit image-input-0 image-output-7 image-difference-0 previous-images next-images source
position code-slider-0 code-slider-15 code-image walk-share walk-first walk-second walk-image upload
draw-pad draw-clear draw-run walk-begin walk-next walk-end dark-mode journal files-skipped diagnose
diagnosis-on diagnosis-quantity
"""


@pytest.fixture
def page(chromium: Browser) -> Iterator[Page]:
    with visit(chromium) as opened:
        yield opened


@pytest.fixture
def run(page: Page) -> MadeUpRun:
    return served()[0]


def test_every_control_is_there_and_has_a_name(page: Page) -> None:
    for name in NAMES.split():
        expect(page.get_by_test_id(name)).to_have_count(1)
    unnamed = page.evaluate("""() => [...document.querySelectorAll("button, input, select, canvas[tabindex]")]
        .filter((each) => each.type !== "file" && each.getClientRects().length)
        .filter((each) => !each.ariaLabel && !each.innerText?.trim() && !each.labels?.[0]?.innerText.trim())
        .map((each) => each.outerHTML)""")
    assert unnamed == []


def test_training_starts_steps_and_stops(page: Page, run: MadeUpRun) -> None:
    expect(page.get_by_test_id("stop")).to_be_disabled()
    page.get_by_test_id("step").click()
    expect(page.get_by_test_id("step-count")).to_have_text("1")
    page.get_by_test_id("start").click()
    expect(page.get_by_test_id("state")).to_have_text("Training")
    for name in ("start", "reset", "rewind", "load", "choose-input"):
        expect(page.get_by_test_id(name)).to_be_disabled()
    expect(page.get_by_test_id("loss")).to_have_text(re.compile(r"0\.0[01]"))
    page.get_by_test_id("stop").click()
    expect(page.get_by_test_id("state")).to_have_text("Idle")
    assert [op for op, _ in run.asked if op in ("start", "stop", "step")] == ["step", "start", "stop"]


def test_training_is_stopping_until_it_has_stopped(
    page: Page, run: MadeUpRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "_stop", lambda: None)  # a long step
    page.get_by_test_id("start").click()
    page.get_by_test_id("stop").click()
    run.wait_for("stop")
    expect(page.get_by_test_id("state")).to_have_text("Stopping")
    expect(page.get_by_test_id("stop")).to_be_disabled()
    run.state = "idle"
    expect(page.get_by_test_id("state")).to_have_text("Idle")
    expect(page.get_by_test_id("start")).to_be_enabled()


def test_the_state_says_what_is_being_done(
    page: Page, run: MadeUpRun, monkeypatch: pytest.MonkeyPatch
) -> None:
    status = run._status
    monkeypatch.setattr(run, "_status", lambda: {**status(), "doing": "Loading the data"})
    expect(page.get_by_test_id("state")).to_have_text("Loading the data")
    monkeypatch.undo()
    expect(page.get_by_test_id("state")).to_have_text("Idle")


def test_keys_start_stop_and_step_only_outside_of_fields(page: Page, run: MadeUpRun) -> None:
    page.get_by_test_id("batch-size").focus()
    page.keyboard.press("s")
    page.keyboard.press("Escape")
    page.evaluate("document.activeElement.blur()")
    page.keyboard.press(" ")
    expect(page.get_by_test_id("state")).to_have_text("Training")
    page.keyboard.press(" ")
    expect(page.get_by_test_id("state")).to_have_text("Idle")
    page.mouse.click(500, 25)  # blank page
    page.keyboard.press(" ")
    expect(page.get_by_test_id("state")).to_have_text("Training")
    page.get_by_test_id("network").click()
    page.keyboard.press(" ")
    expect(page.get_by_test_id("state")).to_have_text("Idle")
    page.keyboard.press("?")
    expect(page.get_by_role("heading", name="Keyboard")).to_be_visible()
    assert "step" not in [op for op, _ in run.asked]


def test_settings_are_applied_and_shown_on_other_pages(page: Page, run: MadeUpRun) -> None:
    assert page.context.browser is not None
    other = page.context.browser.new_page()
    other.goto(page.url)
    page.get_by_test_id("learning-rate").fill("0.02")
    page.get_by_test_id("learning-rate").press("Enter")
    changed = run.wait_for("apply")["changes"]
    assert changed == [{"kind": "setting", "name": "learning-rate", "value": "0.02"}]
    expect(other.get_by_test_id("learning-rate")).to_have_value("0.02")
    page.get_by_test_id("optimizer").select_option("sgd")
    expect(other.get_by_test_id("optimizer")).to_have_value("sgd")
    other.get_by_test_id("learning-rate-slider").fill("-1")
    expect(page.get_by_test_id("learning-rate")).to_have_value("0.1")
    other.context.close()


def test_what_is_refused_is_said_as_text_and_the_field_goes_back(page: Page) -> None:
    field = page.get_by_test_id("batch-size")
    field.fill("2.5")
    field.press("Enter")
    expect(page.get_by_text("batch-size: <b>2.5</b> is not a whole number")).to_be_visible()
    expect(field).to_have_value("32")


@pytest.mark.parametrize("name", ["learning-rate", "position", "walk-first", "strongest-count", "edit-bias"])
def test_a_comma_makes_no_other_number(page: Page, run: MadeUpRun, name: str) -> None:
    if name == "edit-bias":
        page.get_by_test_id("network").focus()
        page.keyboard.press("ArrowRight")
        page.keyboard.press("Enter")
    field = page.get_by_test_id(name)
    before = field.input_value()
    for typed in ("0,002", "1,024", "1.000,5"):
        field.focus()
        field.press("Control+a")
        page.keyboard.type(typed)
        field.press("Enter")
        expect(page.get_by_text(f"{typed} has a comma: write numbers with a point")).to_be_visible()
        expect(field).to_have_value(before)
    assert not [op for op, _ in run.asked if op in ("apply", "show", "strongest")]


def test_a_seed_is_a_whole_number(page: Page, run: MadeUpRun) -> None:
    page.get_by_test_id("reset").click()
    for typed in ("1,024", "4294967296", "-1", "1.5"):
        page.get_by_test_id("seed").fill(typed)
        page.get_by_test_id("reset-confirm").click()
        expect(page.get_by_text(f"{typed}: a seed is a whole number")).to_be_visible()
    assert "reset" not in [op for op, _ in run.asked]


def test_files_that_were_skipped_are_listed_as_text(page: Page) -> None:
    page.get_by_test_id("files-skipped").click()
    for path, reason in SKIPPED:
        expect(page.get_by_text(path)).to_be_visible()
        expect(page.get_by_text(reason)).to_be_visible()
    assert page.locator("img").count() == 0


def test_snapshots_are_made_and_rewound_to(page: Page, run: MadeUpRun) -> None:
    page.get_by_test_id("step").click()
    expect(page.get_by_test_id("step-count")).to_have_text("1")
    page.get_by_test_id("snapshot").click()
    expect(page.get_by_test_id("snapshots").locator("option")).to_have_text(
        [
            re.compile(r"^step 1 · \d{4}-\d\d-\d\d \d\d:\d\d · loss 0\.125 · 0\.5 MiB$"),
            re.compile("^step 0 · .* · 1.0 MiB$"),
        ]
    )
    page.get_by_test_id("snapshots").select_option("step-00000000")
    page.get_by_test_id("rewind").click()
    expect(page.get_by_test_id("step-count")).to_have_text("0")
    assert run.wait_for("rewind") == {"name": "step-00000000"}
    page.get_by_test_id("inputs").select_option("photos")
    page.get_by_test_id("choose-input").click()
    assert run.wait_for("choose_input") == {"name": "photos"}


def test_a_reset_is_asked_about_and_takes_a_seed(page: Page, run: MadeUpRun) -> None:
    page.get_by_test_id("reset").click()
    expect(page.get_by_test_id("seed")).to_have_value("7")
    page.get_by_test_id("reset-cancel").click()
    expect(page.get_by_test_id("seed")).to_be_hidden()
    page.get_by_test_id("reset").click()
    page.get_by_test_id("seed").fill("11")
    page.get_by_test_id("reset-confirm").click()
    expect(page.get_by_test_id("run-seed")).to_have_text("11")
    assert [args for op, args in run.asked if op == "reset"] == [{"seed": 11}]


def test_the_chart_follows_the_curve_and_zooms(page: Page) -> None:
    chart = page.get_by_test_id("error-chart")
    for count in (1, 2):
        page.get_by_test_id("step").click()
        expect(chart).to_have_attribute("data-points", str(count))
    page.get_by_test_id("chart-scale").select_option("linear")
    expect(chart).to_have_attribute("aria-label", "Error over 2 steps: now 0.1, held-out 0.25")
    chart.press("+")
    expect(chart).to_have_attribute("data-zoom", "25 to 75")
    page.get_by_role("button", name="Show all").click()
    expect(chart).to_have_attribute("data-zoom", "0 to 100")


def test_without_a_run_the_page_says_so(page: Page, run: MadeUpRun) -> None:
    run.lost = True
    page.reload()
    expect(page.get_by_text("the training process has ended")).to_be_visible()
    expect(page.get_by_test_id("start")).to_have_count(0)


def test_dark_is_remembered(page: Page) -> None:
    page.get_by_test_id("dark-mode").select_option("dark")
    expect(page.locator("body")).to_have_class(re.compile("body--dark"))
    page.reload()
    expect(page.locator("body")).to_have_class(re.compile("body--dark"))


@pytest.mark.parametrize("width", [360, 800, 1280])
def test_nothing_is_wider_than_the_window(page: Page, width: int) -> None:
    page.set_viewport_size({"width": width, "height": 800})
    page.wait_for_function("width => innerWidth === width", arg=width)
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    cut = page.evaluate("""() => [...document.querySelectorAll("button, input, select, dd")]
        .filter((each) => each.getClientRects().length && each.getBoundingClientRect().right > innerWidth)
        .map((each) => each.outerHTML)""")
    assert cut == []


def test_signs_of_trouble_are_listed_with_what_to_try(page: Page, run: MadeUpRun) -> None:
    assert "diagnose" not in [op for op, _ in run.asked]  # no step is made: kernels would be compiled
    page.get_by_test_id("diagnose").click()
    found = page.get_by_test_id("findings")
    expect(found).to_contain_text(f"{NAMES_OF_LAYERS[1]}: 7 of 64 neurons are dead. Try another start.")
    expect(page.get_by_test_id("spread-1")).to_be_visible()
    drawn = (
        "canvas => new Set(canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data).size"
    )
    assert page.get_by_test_id("spread-1").evaluate(drawn) > 4
    page.get_by_test_id("diagnosis-quantity").select_option("updates")
    expect(page.get_by_role("list", name="Updates by a step by layer")).to_contain_text("1 % of the weights")


def test_what_is_seen_is_saved_as_a_drawing_as_pixels_and_as_a_table(page: Page, run: MadeUpRun) -> None:
    page.get_by_test_id("step").click()
    expect(page.get_by_test_id("error-chart")).to_have_attribute("data-points", "1")
    saved = {}
    for kind in ("svg", "png", "csv"):
        with page.expect_download() as download:
            page.get_by_test_id(f"save-{kind}").click()
        assert download.value.suggested_filename in (f"network-step-1.{kind}", "errors-to-step-1.csv")
        saved[kind] = Path(download.value.path()).read_bytes()
    drawn = ElementTree.fromstring(saved["svg"])
    texts = [each.text for each in drawn.iter("{http://www.w3.org/2000/svg}text")]
    assert set(NAMES_OF_LAYERS) <= set(texts)
    assert saved["png"].startswith(b"\x89PNG")
    table = saved["csv"].decode().splitlines()
    assert table[0] == "step,batches,training,held_out,seconds"
    assert table[1] == "1,0.2,0.2,0.25,0.1"


def test_it_is_looked_again_once_a_step_was_made(page: Page, run: MadeUpRun) -> None:
    page.get_by_test_id("step").click()
    run.wait_for("diagnose")
    expect(page.get_by_test_id("findings")).to_contain_text("neurons are dead")

"""Codes, walks and a person's own images on the page, in a real browser."""

import io
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from tests.support.browser import PIXELS, Opened, opened, playwright
from tests.support.replay_pages import opened_from_disk


@pytest.fixture(scope="module")
def page(chromium: "playwright.Browser", tmp_path_factory: pytest.TempPathFactory) -> Iterator[Opened]:
    with opened(chromium, tmp_path_factory.mktemp("probing")) as found:
        found.train_to(200)
        yield found


def until_changed(page: Opened, name: str, before: np.ndarray) -> None:
    """Wait until a canvas has changed."""
    page.wait(
        "([name, before]) => { const canvas = document.querySelector(`[data-test='${name}']`);"
        " const now = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;"
        " return now.length !== before.length || now.some((byte, place) => byte !== before[place]); }",
        [name, before.tolist()],
    )


def upload(page: Opened, name: str, contents: bytes) -> None:
    page.part("upload").locator("input[type=file]").set_input_files(
        {"name": name, "mimeType": "image/png", "buffer": contents}
    )


def png(shade: int) -> bytes:
    pixels = np.full((30, 20, 3), shade, np.uint8)
    pixels[10:20, 5:15] = 255 - shade
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue()


def test_a_slider_of_the_code_changes_the_image(page: Opened) -> None:
    page.wait("() => document.querySelector('[data-test=code-image]').width > 1")
    before = page.pixels("code-image")
    slider = page.part("code-slider-0")
    slider.focus()
    slider.press("End")
    until_changed(page, "code-image", before)
    changed = page.pixels("code-image")
    page.part("code-reset").click()
    until_changed(page, "code-image", changed)


def test_the_run_is_saved_as_a_page_that_opens_from_disk(
    page: Opened, chromium: "playwright.Browser", tmp_path: Path
) -> None:
    page.part("snapshot").click()
    with page.page.expect_download() as saving:
        page.part("save-page").click()
    saving.value.save_as(tmp_path / saving.value.suggested_filename)
    with opened_from_disk(chromium, tmp_path / "replay.html") as saved:
        assert int(saved.get_by_test_id("step").inner_text().replace(",", "")) == page.number("step-count")
        inputs = np.array(saved.get_by_test_id("image-input-3").evaluate(PIXELS), np.uint8)
        page.part("source").select_option("held_out")
        until_changed(page, "image-input-3", page.pixels("image-input-3"))
        assert np.array_equal(inputs, page.pixels("image-input-3"))
    page.part("source").select_option("training")


def test_the_walk_between_two_images_ends_at_either(page: Opened) -> None:
    page.fill("walk-first", "1")
    page.fill("walk-second", "2")
    page.part("walk-share").focus()
    page.part("walk-share").press("Home")
    page.wait("() => document.querySelector('[data-test=walk-image]').width > 1")
    before = page.pixels("walk-image")
    page.part("walk-share").press("End")
    until_changed(page, "walk-image", before)


def test_the_user_steps_through_the_data_and_sees_where_it_is_wrong(page: Opened) -> None:
    page.part("source").select_option("training")
    before = page.pixels("image-input-0")
    page.part("next-images").click()
    until_changed(page, "image-input-0", before)
    playwright.expect(page.part("position")).to_have_value("9")
    assert page.pixels("image-output-0").any() and page.pixels("image-difference-0").any()
    page.part("previous-images").click()
    playwright.expect(page.part("position")).to_have_value("1")


def test_an_uploaded_image_runs_through_without_training(page: Opened) -> None:
    step, before = page.text("step-count"), page.pixels("image-input-0")
    upload(page, "good.png", png(40))
    playwright.expect(page.part("source")).to_have_value("own")
    until_changed(page, "image-input-0", before)
    assert page.text("step-count") == step


@pytest.mark.parametrize(
    ("name", "contents"),
    [
        ("<img src=x onerror=alert(1)>.png", b"no image at all"),
        ("bomb.png", png(1)[:60]),
        ("script.svg", b"<svg xmlns='http://www.w3.org/2000/svg'><script>alert(1)</script></svg>"),
    ],
)
def test_a_hostile_upload_is_refused_in_words(page: Opened, name: str, contents: bytes) -> None:
    dialogs: list[str] = []
    page.page.on("dialog", lambda dialog: (dialogs.append(dialog.message), dialog.dismiss()))
    upload(page, name, contents)
    playwright.expect(page.page.get_by_text(name).last).to_be_visible()
    assert page.page.locator("img[onerror]").count() == 0 and not dialogs
    page.part("step").click()
    playwright.expect(page.part("state")).to_have_text("Idle", ignore_case=True)


def test_a_drawing_runs_through(page: Opened) -> None:
    page.part("draw-clear").click()
    before = page.pixels("image-input-0")
    box = page.part("draw-pad").bounding_box()
    page.page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + box["height"] * 0.5)
    page.page.mouse.down()
    page.page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * 0.5, steps=5)
    page.page.mouse.up()
    page.part("draw-run").click()
    until_changed(page, "image-input-0", before)
    playwright.expect(page.part("source")).to_have_value("own")


def test_values_and_then_signals_appear_layer_by_layer(page: Opened) -> None:
    page.part("walk-begin").click()
    stages = [page.text("walk-stage")]
    for _ in range(8):
        page.part("walk-next").click()
        playwright.expect(page.part("walk-stage")).not_to_have_text(stages[-1])
        stages.append(page.text("walk-stage"))
    assert any("loss" in stage for stage in stages) and len(set(stages)) == len(stages)
    page.part("walk-end").click()
    playwright.expect(page.part("walk-begin")).to_be_enabled()

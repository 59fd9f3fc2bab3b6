"""Programs that train with `workbench.watch`, in a browser: recurrent, convolutional, pooling layers."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from experiments.serving import interrupt, watching
from networks.model_file import load_model
from tests.support.browser import Opened, visited
from tests.support.web_browser import playwright

LAYERS = {
    "row_by_row": ["lstm 0 gates", "lstm 0 hidden", "dense 1"],
    "small_convolution": [
        *("convolution 0", "max_pooling 1", "convolution 2", "max_pooling 3"),
        *("dense 4", "dropout 5", "dense 6"),
    ],
}
NEURON = {
    "row_by_row": (1, 130, "row 0, column 32, channel 2"),
    "small_convolution": (3, 2500, "row 5, column 8"),
}
"""A neuron with a bias, and its position in words."""


class Program(NamedTuple):
    """An experiment that trains, and its page in a browser."""

    name: str
    opened: Opened


@contextmanager
def watched(browser: "playwright.Browser", name: str, folder: Path) -> Iterator[Program]:
    options = ("--limit", "300", "--epochs", "100000", "--batch-size", "16")
    with watching(folder, name, *options) as served, visited(browser, served) as opened:
        opened.wait("() => document.querySelector('canvas[data-test=network]')?.dataset.frames > 0")
        yield Program(name, opened)


@pytest.fixture(params=LAYERS)
def program(
    request: pytest.FixtureRequest, chromium: "playwright.Browser", tmp_path: Path
) -> Iterator[Program]:
    with watched(chromium, request.param, tmp_path) as found:
        yield found


def test_a_training_is_seen_changed_and_ended(program: Program) -> None:
    page, (layer, neuron, place) = program.opened, NEURON[program.name]
    shown = page.page.locator("[data-test=strongest-layer] option")
    playwright.expect(shown).to_have_text([re.compile(f" · {name}$") for name in LAYERS[program.name]])
    page.wait_for_step(3)
    pixels = page.pixels("network").reshape(-1, 4)
    assert len(np.unique(pixels, axis=0)) > 100
    playwright.expect(page.part("image-answer-0")).to_have_text(re.compile(r"^\d \(\d\)$"))
    assert page.part("image-output-0").count() == 0

    page.choose_neuron(layer, neuron)
    playwright.expect(page.part("network-info")).to_contain_text(place)
    item = f"edit-item-{layer}-{neuron}"
    page.edit(item, "edit-lock").check()
    page.edit(item, "edit-bias").fill("0.3125")
    page.edit(item, "edit-bias").press("Enter")
    journal = page.page.locator(".g-panel-journal")
    playwright.expect(journal).to_contain_text("bias")
    page.fill("learning-rate", "0.0005")
    playwright.expect(journal).to_contain_text("learning rate = 0.0005")

    page.stop()
    page.part("walk-begin").click()
    for _ in range(3):
        page.part("walk-next").click()
    playwright.expect(page.part("walk-stage")).to_have_text(LAYERS[program.name][2])
    page.part("walk-end").click()
    page.part("snapshot").click()
    page.part("snapshots").locator("option[value^=step-]").wait_for(state="attached")
    before = int(page.text("step-count").replace(",", ""))
    page.part("start").click()
    page.wait_for_step(before + 3)

    printed = interrupt(page.served.process).decode()
    assert "test images are right" in printed
    playwright.expect(page.part("state")).to_have_text("Ended")
    notice = page.page.locator(".g-notice").filter(has_text="training was interrupted after step")
    playwright.expect(notice).to_be_visible()
    playwright.expect(page.page.locator("#popup")).to_be_hidden()
    assert page.part("metric-accuracy").count() == 2
    model = load_model(page.served.model_directory / "model.safetensors")
    changed = model.wiring()[layer - 1]
    bias = model.parameters.values[changed.wiring.biases()[neuron] + changed.start]
    assert bias == np.float32(0.3125)

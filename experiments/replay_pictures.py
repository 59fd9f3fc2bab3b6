"""The page of a recorded run in the documents, and an animation of it, taken by a real browser.

    python -m experiments.replay_pictures

trains on built-in digits, and writes replay_digits.html and page_replay.webp to docs/pictures. Needs a
Chromium and `pip install playwright`.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from PIL import Image

from autoencoder.__main__ import main as autoencoder
from experiments.page_pictures import HEIGHT, WIDTH, choose, picture, turn, write
from experiments.serving import find_browser

TRAIN = (
    *("--width", "16", "--height", "16", "--layers", "32", "--code-size", "8", "--limit", "20000"),
    *("--learning-rate", "0.003", "--epochs", "40", "--start-from", "drawn", "--records", "off"),
)
PAGE = ("--frames", "20", "--examples", "5")
PAUSE = 100
"""Milliseconds until what was clicked is drawn."""


def make_page(path: Path) -> None:
    """Train, and write the page of the run.

    Raises
    ------
    RuntimeError
        When a command fails.
    """
    with tempfile.TemporaryDirectory() as name:
        model = ("--model-directory", str(Path(name) / "digits"))
        for command in (
            ["train", *TRAIN, *model, "--output-directory", name],
            ["replay-page", *PAGE, *model, "--output", str(path), "--overwrite"],
        ):
            if autoencoder(command) != 0:
                raise RuntimeError(f"autoencoder {' '.join(command)}: failed")


def play(page: Any) -> list[Image.Image]:
    """Go through the frames; then look at a neuron of the code, and change one of its numbers."""
    time = page.locator("[data-test=time]")
    time.press("Home")
    pictures = []
    for _ in range(int(time.get_attribute("max"))):
        pictures.append(picture(page))
        time.press("ArrowRight")
        page.wait_for_timeout(PAUSE)
    choose(page, 2, 5)
    page.wait_for_timeout(PAUSE)
    pictures += [picture(page)] * 3
    first = page.locator("[data-test^=code-slider]").first.get_attribute("data-test")
    return pictures + turn(page, first, 8, PAUSE)


def main() -> int:
    """Make both files; return the exit status."""
    parser = argparse.ArgumentParser(prog="python -m experiments.replay_pictures", description=__doc__)
    parser.add_argument("--output", type=Path, default=Path("docs/pictures"), help="default %(default)s")
    options = parser.parse_args()
    browser_path = find_browser()
    if browser_path is None:
        parser.error("there is no Chromium on this machine")
    from playwright.sync_api import sync_playwright  # noqa: PLC0415 - an extra

    path = options.output / "replay_digits.html"
    make_page(path)
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=browser_path, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": WIDTH, "height": HEIGHT}, color_scheme="light")
        page.goto(path.absolute().as_uri())
        page.locator("canvas[data-test=network]:not([data-frames='0'])").wait_for()
        print(write(play(page), options.output / "page_replay"))
        browser.close()
    return 0


if __name__ == "__main__":
    raise SystemExit(main())

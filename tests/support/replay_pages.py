"""What the tests of pages of recordings share: the numbers in one, and one in a browser."""

import base64
import re
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from tests.support.autoencoder_runs import run, train_tiny
from workbench.run.messages import unpack

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NUMBERS = re.compile(rb'<script type="text/plain" id="recording">([^<]*)</script>')


def make_page(folder: Path, frames: int, **settings: Any) -> Path:
    """Train in a folder, write the page of the run there, and return the folder."""
    train_tiny(folder, **settings)
    options = ("--model-directory", folder / "model", "--output", folder / "replay.html")
    assert run("replay-page", *options, "--frames", frames) == 0
    return folder


def numbers_in(document: bytes) -> tuple[dict[str, Any], dict[str, np.ndarray]]:
    """Return header and arrays of a document."""
    found = NUMBERS.search(document)
    assert found is not None
    return unpack(zlib.decompress(base64.b64decode(found[1])))


def halves(numbers: np.ndarray) -> np.ndarray:
    """Return what numbers of 16 bits stand for."""
    return numbers.view("<f2").astype(np.float32)


@contextmanager
def opened_from_disk(browser: "Browser", path: Path, **options: Any) -> Iterator["Page"]:
    """Open a file without a network; an error in it, and anything else that it loads, fails the test."""
    context = browser.new_context(offline=True, reduced_motion="reduce", **options)
    page = context.new_page()
    wrong: list[str] = []
    asked: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: message.type == "error" and wrong.append(message.text))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(path.as_uri())
    page.locator("canvas[data-test=network]:not([data-frames='0'])").wait_for()
    yield page
    context.close()
    assert not wrong, wrong
    assert asked == [path.as_uri()]

"""A page of a real server in a real browser: what the tests of the frontend share."""

import hashlib
import json
import re
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from autoencoder.model import AutoEncoder
from autoencoder.model_file import build_model, load_snapshot
from autoencoder.session import HALVES
from autoencoder.settings import TABLE
from experiments.serving import Served, serving
from tests.support import patience
from tests.support.web_browser import playwright
from workbench.inspect.anatomy import Anatomy
from workbench.settings.stored import settings_of

SMALL = (
    *("--limit", "400", "--width", "12", "--height", "12", "--layers", "24", "--code-size", "6"),
    *("--batch-size", "32", "--threads", "1", "--schedule", "constant", "--epochs", "100000"),
)
"""A network that trains very quickly."""

PATIENCE = patience.MILLISECONDS
"""Milliseconds to wait for anything on a busy machine."""

PIXELS = "canvas => [...canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data]"


class Opened(NamedTuple):
    """A page, the server behind it, and the addresses that the page has asked for."""

    page: "playwright.Page"
    served: Served
    asked: list[str]

    def part(self, name: str) -> "playwright.Locator":
        return self.page.locator(f"[data-test='{name}']")

    def text(self, name: str) -> str:
        return self.part(name).inner_text().strip()

    def number(self, name: str) -> float:
        """What a live number shows; NaN where there is none yet."""
        found = re.search(r"-?[\d,.]+(e-?\d+)?", self.text(name))
        return float(found[0].replace(",", "")) if found else float("nan")

    def wait(self, condition: str, argument: object = None) -> None:
        """Wait until JavaScript's function of an argument returns something true."""
        self.page.wait_for_function(condition, arg=argument, timeout=PATIENCE)

    def wait_for_text(self, name: str, text: str) -> None:
        pattern = re.compile(re.escape(text), re.IGNORECASE)
        playwright.expect(self.part(name)).to_have_text(pattern, timeout=PATIENCE)

    def wait_for_step(self, step: int) -> None:
        shown = "Number(document.querySelector('[data-test=step-count]').innerText.replace(/\\D/g, ''))"
        self.wait(f"step => {shown} >= step", step)

    def pixels(self, name: str) -> np.ndarray:
        return np.array(self.part(name).evaluate(PIXELS), np.uint8)

    def fill(self, name: str, text: str) -> None:
        """Type into a field and leave it."""
        self.part(name).fill(text)
        self.part(name).press("Enter")

    def choose_neuron(self, layer: int, neuron: int) -> None:
        """Click on a neuron where the canvas draws it."""
        self.wait("() => document.querySelector('canvas[data-test=network]').dataset.frames > 0")
        place = self.part("network").evaluate("(canvas, at) => canvas.cellAt(...at)", [layer, neuron])
        self.page.mouse.click(place["x"], place["y"])
        self.part(f"edit-item-{layer}-{neuron}").wait_for(timeout=PATIENCE)

    def edit(self, item: str, field: str) -> "playwright.Locator":
        return self.part(item).locator(f"[data-test='{field}']")

    def train_to(self, step: int) -> None:
        """Train until at least this step, and stop."""
        self.part("start").click()
        self.wait_for_step(step)
        self.stop()

    def events(self, kind: str) -> list[dict[str, Any]]:
        """Return what is in the journal of a kind."""
        lines = (self.served.model_directory / "journal.jsonl").read_text(encoding="utf-8").splitlines()
        return [event for event in map(json.loads, lines) if event["event"] == kind]

    def wait_for_change(self, kind: str, **fields: str) -> None:
        """Wait until the run has taken a change of a kind, with these fields, from the page."""
        wanted, end = {"kind": kind, **fields}.items(), time.monotonic() + patience.SECONDS
        while not any(
            wanted <= change.items() for event in self.events("change") for change in event["changes"]
        ):
            assert time.monotonic() < end, f"no change with {dict(wanted)}"
            self.page.wait_for_timeout(50)

    def stop(self) -> None:
        self.part("stop").click()
        self.wait_for_text("state", "idle")


@contextmanager
def opened(
    browser: "playwright.Browser",
    folder: Path,
    *options: str,
    width: int = 1400,
    height: int = 1000,
    port: int = 0,
) -> Iterator[Opened]:
    """Serve a run and open its page; any error in the page fails the test."""
    with (
        serving(folder, *SMALL, *options, port=port) as served,
        visited(browser, served, width, height) as opened,
    ):
        opened.wait("() => document.querySelector('canvas[data-test=network]')?.dataset.frames > 0")
        yield opened


@contextmanager
def visited(
    browser: "playwright.Browser", served: Served, width: int = 1500, height: int = 1100
) -> Iterator[Opened]:
    """Open the page of a server; any error in the page fails the test."""
    context = browser.new_context(viewport={"width": width, "height": height})
    page, wrong, asked = context.new_page(), [], []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.set_default_timeout(PATIENCE)
    page.goto(served.address)
    yield Opened(page, served, asked)
    context.close()
    assert not wrong


def saved_model(folder: Path) -> AutoEncoder:
    """Load the model that a server or a training run saved."""
    snapshot = load_snapshot(folder)
    return build_model(snapshot, TABLE.make(settings_of(snapshot)))


def parameters_of(folder: Path) -> np.ndarray:
    return saved_model(folder).network.parameters.values


def checksum(folder: Path) -> str:
    return hashlib.sha256(parameters_of(folder).tobytes()).hexdigest()


def bias_of(folder: Path, layer: int, neuron: int) -> float:
    model = saved_model(folder)
    return float(model.network.parameters.values[Anatomy(model.network, HALVES).bias(layer, neuron)])


def weight_of(folder: Path, layer: int, target: int, source: int) -> float:
    model = saved_model(folder)
    return float(
        model.network.parameters.values[Anatomy(model.network, HALVES).weight(layer, target, source)]
    )

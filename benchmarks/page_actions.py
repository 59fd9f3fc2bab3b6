"""Actions of a person on the page and what they change, for a browser that is driven by a program."""

from __future__ import annotations

import io
from collections.abc import Callable
from itertools import cycle
from typing import Any

import numpy as np
from PIL import Image

PART = "document.querySelector(\"[data-test='{}']\")"
PIXELS = (
    "(c => c.getContext('2d').getImageData(0, 0, c.width, c.height).data"
    ".reduce((h, b) => (h * 31 + b) | 0, 7))"
)


def part(name: str) -> str:
    """Return JavaScript for a part of the page."""
    return PART.format(name)


def pixels(name: str) -> str:
    """Return JavaScript for a number that changes with the pixels of a canvas."""
    return f"{PIXELS}({part(name)})"


def click(name: str) -> Callable[[Any], object]:
    """Return an action that clicks on a part."""
    return lambda page: page.locator(f"[data-test='{name}']").first.click()


def press(name: str, *keys: str) -> Callable[[Any], object]:
    """Return an action that presses a key in a part, the next one at each call."""
    turn = cycle(keys)
    return lambda page: page.locator(f"[data-test='{name}']").first.press(next(turn))


def type_in(name: str, *texts: str) -> Callable[[Any], object]:
    """Return an action that types a text into a field, the next one at each call."""
    turn = cycle(texts)

    def act(page: Any) -> None:
        field = page.locator(f"[data-test='{name}']").first
        field.fill(next(turn))
        field.press("Enter")

    return act


def choose(name: str, *values: str) -> Callable[[Any], object]:
    """Return an action that chooses from a list, the next value at each call."""
    turn = cycle(values)
    return lambda page: page.locator(f"[data-test='{name}']").select_option(next(turn))


def click_neurons(layer: int) -> Callable[[Any], object]:
    """Return an action that clicks on a neuron, the next one at each call."""
    turn = cycle(range(32))

    def act(page: Any) -> None:
        place = page.locator("[data-test=network]").evaluate(
            "(canvas, at) => canvas.cellAt(...at)", [layer, next(turn)]
        )
        page.mouse.click(place["x"], place["y"])

    return act


def upload() -> Callable[[Any], object]:
    """Return an action that uploads a file, another one at each call."""
    shades = cycle(range(20, 255, 9))

    def act(page: Any) -> None:
        file = io.BytesIO()
        Image.fromarray(np.full((64, 64), next(shades), np.uint8)).save(file, "PNG")
        chosen = {"name": "grey.png", "mimeType": "image/png", "buffer": file.getvalue()}
        page.locator("[data-test=upload] input[type=file]").set_input_files(chosen)

    return act


def draw(page: Any) -> None:
    """Draw a line."""
    box = page.locator("[data-test=draw-pad]").bounding_box()
    y = box["y"] + box["height"] * float(np.random.default_rng().uniform(0.2, 0.8))
    page.mouse.move(box["x"] + box["width"] * 0.2, y)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] * 0.8, y, steps=3)
    page.mouse.up()

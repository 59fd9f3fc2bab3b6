"""What the tests of the autoencoder share: tiny settings that train quickly, and images of every kind."""

from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from autoencoder.__main__ import main
from autoencoder.settings import Settings

BY_HAND = {"start-from": "drawn", "shifts": "0", "keep": "last"}
"""What the number of images decides otherwise."""

TINY = {
    "width": "8",
    "height": "8",
    "limit": "40",
    "layers": "12",
    "code-size": "4",
    "batch-size": "16",
    "epochs": "2",
    "learning-rate": "0.01",
    "rung": "plain",
    "threads": "1",
    **BY_HAND,
}


def tiny_settings(**changes: Any) -> Settings:
    """Return settings of a network that trains quickly."""
    texts = {key.replace("-", "_"): value for key, value in TINY.items()}
    return Settings(**{**texts, **changes})


def tiny_options(**changes: Any) -> list[str]:
    """Return the same settings as options."""
    texts = {**TINY, **{name.replace("_", "-"): str(value) for name, value in changes.items()}}
    return [part for key, value in texts.items() for part in (f"--{key}", value)]


def run(*arguments: object) -> int:
    """Run the program within this process."""
    return main([str(argument) for argument in arguments])


def train_tiny(directory: Path, **changes: Any) -> None:
    """Train a model into `directory`/model, with results in `directory`/output."""
    places = ("--model-directory", directory / "model", "--output-directory", directory / "output")
    assert run("train", *tiny_options(**changes), *places) == 0


def write_images(folder: Path, count: int, *, channels: int = 3, side: int = 12) -> None:
    """Write noisy images of different colours."""
    generator = np.random.default_rng(5)
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        colour = generator.integers(40, 216, channels)
        noise = generator.integers(-20, 20, (side, side, channels))
        pixels = (colour + noise).astype(np.uint8)
        Image.fromarray(pixels[..., 0] if channels == 1 else pixels).save(folder / f"image-{number:02}.png")

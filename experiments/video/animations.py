"""What a network makes of clips: animations of all of it side by side, and still frames."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from PIL import Image

from networks.video import VideoNetwork
from nn.pixel_scaling import WHITE
from nn.render import side_by_side, write_gif, write_webp
from nn.render.grids import Grid, draw_grid

STRIPS = 3
"""Most clips of a picture of still frames."""

Columns = dict[str, np.ndarray]
"""Clips of 0 to 1 by what they are: float32 (n, steps, height, width, channels)."""


def made_of(network: VideoNetwork, clips: np.ndarray) -> Columns:
    """Return clips, and what a network makes of them.

    Parameters
    ----------
    network
        Its frames are cut off at black and white, here alone.
    clips
        uint8 (n, steps, height, width, channels).
    """
    blueprint = network.blueprint
    low, high = blueprint.limits
    true = clips / np.float32(WHITE)
    made = network.reconstruct_and_predict(true * np.float32(high - low) + np.float32(low))
    columns = {"input": true[:, : blueprint.steps_in]}
    for head in blueprint.heads:
        columns[head] = np.clip((made[head] - low) / (high - low), 0, 1).astype(np.float32)
    if blueprint.needs_future:
        columns["truth"] = true[:, blueprint.steps_in : blueprint.steps]
    return columns


def animate(columns: Columns, title: str = "") -> np.ndarray:
    """Return frames of all columns, uint8 (steps, height, width, 3); shorter ones hold their last."""
    steps = max(clips.shape[1] for clips in columns.values())
    held = {
        name: np.concatenate([clips, np.repeat(clips[:, -1:], steps - clips.shape[1], axis=1)], axis=1)
        for name, clips in columns.items()
    }
    return side_by_side(held, title=title)


def write_animations(path: Path, frames: np.ndarray, rate: float) -> list[Path]:
    """Write frames as GIF and as WebP, and return where.

    Parameters
    ----------
    path
        Without a suffix.
    frames
        As `animate` returns them.
    rate
        Frames a second.
    """
    gif, webp = (path.with_name(f"{path.name}.{suffix}") for suffix in ("gif", "webp"))
    write_gif(gif, frames, rate)
    write_webp(webp, frames, rate)
    return [gif, webp]


def draw_frames(columns: Columns, title: str = "") -> Image.Image:
    """Draw the first few clips in rows: what is read and made again, what follows and is predicted."""
    order = [name for name in ("input", "reconstruction", "truth", "prediction") if name in columns]
    count = min(STRIPS, len(columns["input"]))
    steps = max(clips.shape[1] for clips in columns.values())
    height, width = columns["input"].shape[2:4]
    grid = Grid(
        count * len(order), steps, height, width, band=len(order), row_labels=order * count, title=title
    )
    cells = (
        (clip * len(order) + row, step, frame)
        for clip in range(count)
        for row, name in enumerate(order)
        for step, frame in enumerate(columns[name][clip])
    )
    return draw_grid(grid, cells)

"""What the colours and lines in the picture of a network mean."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from nn.render.canvas import MARGIN, SMALL_SIZE, number, text_width, write
from nn.render.colours import BORDER, MUTED, NEGATIVE, POSITIVE, diverging, sequential
from nn.render.network import LayerPicture

LEGEND_HEIGHT = 46
BAR_WIDTH, BAR_HEIGHT = 160, 10
BAR_TOP = 20
ENTRY_GAP = 44
DASH = 22


def draw_legend(
    picture: Image.Image, top: int, layers: Sequence[LayerPicture], limit: float, strongest: int
) -> None:
    """Draw a colour bar for each colour map in use, and the meaning of the lines where there are any."""
    left = MARGIN
    neurons = [each.values for each in layers if not each.image]
    if neurons:
        beyond = max(float(np.abs(each).max()) for each in neurons) > limit
        ends = [f"{'≤ ' if beyond else ''}{number(-limit)}", "0", f"{'≥ ' if beyond else ''}{number(limit)}"]
        _bar(picture, left, top, "value of a neuron", diverging(np.linspace(-1, 1, BAR_WIDTH), 1.0), ends)
        left += BAR_WIDTH + ENTRY_GAP
    if len(neurons) < len(layers):
        _bar(picture, left, top, "value of a pixel", sequential(np.linspace(0, 1, BAR_WIDTH)), ["0", "", "1"])
        left += BAR_WIDTH + ENTRY_GAP
    if strongest:
        _lines(picture, left, top, strongest)


def _bar(
    picture: Image.Image, left: int, top: int, name: str, colours: np.ndarray, ends: Sequence[str]
) -> None:
    write(picture, (left, top), name, size=SMALL_SIZE, colour=MUTED)
    y = top + BAR_TOP
    picture.paste(Image.fromarray(np.tile(colours, (BAR_HEIGHT, 1, 1))), (left, y))
    frame = (left - 1, y - 1, left + BAR_WIDTH, y + BAR_HEIGHT)
    ImageDraw.Draw(picture).rectangle(frame, outline=BORDER)
    for place, text, anchor in zip((0.0, 0.5, 1.0), ends, ("la", "ma", "ra"), strict=True):
        x = left + place * BAR_WIDTH
        write(picture, (x, y + BAR_HEIGHT + 6), text, size=SMALL_SIZE, colour=MUTED, anchor=anchor)


def _lines(picture: Image.Image, left: int, top: int, strongest: int) -> None:
    heading = f"strongest connections, at most {strongest} between two layers; wider is stronger"
    write(picture, (left, top), heading, size=SMALL_SIZE, colour=MUTED)
    middle = top + BAR_TOP + BAR_HEIGHT // 2
    for name, colour in (("positive", POSITIVE), ("negative", NEGATIVE)):
        ImageDraw.Draw(picture).line((left, middle, left + DASH, middle), fill=colour, width=2)
        write(picture, (left + DASH + 6, middle), name, size=SMALL_SIZE, colour=MUTED, anchor="lm")
        left += DASH + 6 + text_width(name, SMALL_SIZE) + MARGIN

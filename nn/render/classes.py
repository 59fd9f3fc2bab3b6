"""What a classifier takes for what: a table of classes, and the images it gets wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from PIL import Image, ImageDraw

from nn.render.canvas import (
    MARGIN,
    SMALL_SIZE,
    TEXT_SIZE,
    TITLE_SIZE,
    WIDTH,
    blank,
    enlarge,
    fit_text,
    font,
    text_width,
    write,
)
from nn.render.colours import BORDER, GRID, HELD_OUT, INK, MUTED, TRAIN, check_images, image_to_rgb

LARGEST_CELL = 52
GAP = 12
RIGHT_MARGIN = 70
CAPTION = 20
SIDE = 84


def confusion(labels: np.ndarray, predicted: np.ndarray, names: Sequence[str], *, title: str) -> Image.Image:
    """Draw how often each class was taken for each.

    Parameters
    ----------
    labels, predicted
        Numbers of classes, whole (n,).
    names
        Of the classes.
    title
        Written above.

    Returns
    -------
    PIL.Image.Image
        RGB; a row for each true class, a column for each answer. Right answers are blue, wrong ones
        orange, darker the larger their share of the row.

    Raises
    ------
    ValueError
        When there is no answer, or a number belongs to no class.
    """
    counts = _count(labels, predicted, len(names))
    left = MARGIN + max(text_width(name, TEXT_SIZE) for name in names) + GAP
    cell = max(1, min(LARGEST_CELL, (WIDTH - left - RIGHT_MARGIN - MARGIN) // len(names)))
    top = MARGIN + 4 * TITLE_SIZE
    width = max(left + cell * len(names) + RIGHT_MARGIN, MARGIN + text_width(title, TITLE_SIZE)) + MARGIN
    picture = blank(min(width, WIDTH), top + cell * len(names) + MARGIN)
    draw = ImageDraw.Draw(picture)
    write(picture, (MARGIN, MARGIN), fit_text(title, TITLE_SIZE, WIDTH - 2 * MARGIN), size=TITLE_SIZE)
    shares = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    for row, name in enumerate(names):
        middle = top + cell * row + cell / 2
        write(picture, (left - GAP, middle), name, colour=MUTED, anchor="rm")
        for column, count in enumerate(counts[row]):
            corner = (left + cell * column, top + cell * row)
            colour = _shade(TRAIN if row == column else HELD_OUT, float(shares[row, column]), row == column)
            draw.rectangle((*corner, corner[0] + cell - 2, corner[1] + cell - 2), fill=colour)
            if count:
                place = (corner[0] + cell / 2, corner[1] + cell / 2)
                draw.text(place, f"{count:,}", INK, font(SMALL_SIZE), "mm")
        write(picture, (left + cell * len(names) + GAP, middle), _right(shares[row, row]), anchor="lm")
    for column, name in enumerate(names):
        write(picture, (left + cell * (column + 0.5), top - GAP), name, colour=MUTED, anchor="ms")
    note = "rows: what it is; columns: what it was taken for"
    write(picture, (MARGIN, MARGIN + 1.5 * TITLE_SIZE), note, size=SMALL_SIZE, colour=MUTED)
    return picture


def mistakes(
    images: np.ndarray, labels: Sequence[str], predicted: Sequence[str], *, title: str
) -> Image.Image:
    """Draw images with what they are and what they were taken for, such as `4 as 9`.

    Parameters
    ----------
    images
        Floating point (n, H, W, C) in [0, 1].
    labels, predicted
        n names each.
    title
        Written above.

    Returns
    -------
    PIL.Image.Image
        RGB.

    Raises
    ------
    ValueError
        When the images cannot be drawn, or names are missing.
    """
    images = np.asarray(images)
    check_images(images, "images", "NHWC")
    factor = max(1, SIDE // max(images.shape[1:3]))
    height, width = factor * images.shape[1], factor * images.shape[2]
    columns = min(len(images), (WIDTH - 2 * MARGIN + GAP) // (width + GAP))
    rows = -(-len(images) // columns)
    top = MARGIN + 2 * TITLE_SIZE
    picture = blank(WIDTH, top + rows * (height + CAPTION + GAP) - GAP + MARGIN)
    write(picture, (MARGIN, MARGIN), fit_text(title, TITLE_SIZE, WIDTH - 2 * MARGIN), size=TITLE_SIZE)
    for number, (image, label, answer) in enumerate(zip(images, labels, predicted, strict=True)):
        row, column = divmod(number, columns)
        x, y = MARGIN + column * (width + GAP), top + row * (height + CAPTION + GAP)
        picture.paste(Image.fromarray(image_to_rgb(enlarge(image, factor, factor))), (x, y))
        ImageDraw.Draw(picture).rectangle((x - 1, y - 1, x + width, y + height), outline=BORDER)
        caption = fit_text(f"{label} as {answer}", SMALL_SIZE, width + GAP)
        write(picture, (x + width / 2, y + height + CAPTION - 5), caption, size=SMALL_SIZE, anchor="ms")
    return picture


def _count(labels: np.ndarray, predicted: np.ndarray, classes: int) -> np.ndarray:
    """Return how often each class was taken for each, int64 (classes, classes)."""
    labels, predicted = np.asarray(labels), np.asarray(predicted)
    if labels.shape != predicted.shape or labels.ndim != 1 or not labels.size:
        raise ValueError(f"labels have shape {labels.shape}, answers {predicted.shape}: give one of each")
    for numbers, what in ((labels, "label"), (predicted, "answer")):
        wrong = numbers[(numbers < 0) | (numbers >= classes)]
        if wrong.size:
            raise ValueError(f"{what} {wrong[0]} is none of the {classes} classes")
    counts = np.zeros((classes, classes), np.int64)
    np.add.at(counts, (labels, predicted), 1)
    return counts


def _shade(colour: str, share: float, right: bool) -> tuple[int, int, int]:
    """Mix a colour with grey: right answers by their share, wrong ones, which are few, by its root."""
    amount = 0.6 * share if right else min(1.0, 3 * share**0.5)
    strong, weak = (tuple(int(text[i : i + 2], 16) for i in (1, 3, 5)) for text in (colour, GRID))
    red, green, blue = (round(amount * s + (1 - amount) * w) for s, w in zip(strong, weak, strict=True))
    return red, green, blue


def _right(share: float) -> str:
    return f"{100 * share:.1f} %"

"""What can be asked of a run beside what any run answers: codes, images from outside, models and inputs."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Annotated, Any

import numpy as np
from pydantic import BeforeValidator, Field

from workbench.run import operations
from workbench.run.operations import Arguments, Named, Number, Operation

IMAGE_NUMBERS = 64 * 1024 * 1024
"""Numbers of the largest image that is taken: 4096 x 4096 pixels of 4 channels."""


def _image(value: Any) -> np.ndarray:
    """Make an array of an image: of rows of pixels of numbers, or of its shape and its bytes as base64."""
    image = _unpacked(value) if isinstance(value, Mapping) else _rows(value)
    if image.ndim != 3 or not 0 < image.size <= IMAGE_NUMBERS or image.dtype.kind not in "iu":
        raise ValueError("expected rows of pixels of whole numbers")
    if image.min() < 0 or image.max() > 255:
        raise ValueError("numbers of a pixel must be 0 to 255")
    return image.astype(np.uint8)


def _rows(value: Any) -> np.ndarray:
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ValueError("rows of different lengths") from error


def _unpacked(value: Mapping[str, Any]) -> np.ndarray:
    try:
        pixels = np.frombuffer(base64.b64decode(value["pixels"], validate=True), np.uint8)
        return pixels.reshape(value["shape"])
    except (KeyError, TypeError, ValueError, OverflowError) as error:
        raise ValueError("expected its shape, and as many pixels in base64") from error


Finite = Annotated[float, Field(allow_inf_nan=False)]
Image = Annotated[Any, BeforeValidator(_image)]


class OwnImage(Arguments):
    """An image from outside."""

    image: Image


class Decode(Arguments):
    """A code."""

    code: list[Finite] = Field(min_length=1, max_length=65_536)


class Between(Arguments):
    """Two positions in the source, and how far from the first to the second."""

    first: Number
    second: Number
    share: float = Field(ge=0, le=1)


OPERATIONS: Mapping[str, Operation] = {
    **operations.OPERATIONS,
    "load_model": Operation(Named, commands=True),
    "choose_input": Operation(Named, commands=True),
    "replay_page": Operation(),
    "own": Operation(OwnImage, inspects=True, chooses=True),
    "code": Operation(inspects=True),
    "decode": Operation(Decode, inspects=True),
    "between": Operation(Between, inspects=True),
}
"""By name; the methods of `LiveRun` and `CodeInspector` are called the same."""

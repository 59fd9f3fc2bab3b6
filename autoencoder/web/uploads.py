"""An image from outside, checked like any image and fitted to the network."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from PIL import Image

from nn import DataError, Fit, Shape
from nn.byte_sizes import format_bytes
from nn.data.colour import check_channels
from nn.data.crops import centre_crop
from nn.data.fit import Cutter, WholePicture, check_fit, decoded_scale
from nn.data.folder import reason
from nn.data.levels import check_together, highest_of
from nn.data.memory import available_memory
from nn.data.picture import open_picture
from workbench.page.limits import MEBIBYTE

LARGEST_UPLOAD = 32 * MEBIBYTE
"""Bytes of a file."""

MOST_MEMORY = 768 * MEBIBYTE
"""Bytes that decoding may take beside a run."""

PIXEL_BYTES = 16
"""Of a pixel while an image is decoded, converted, laid over white and turned."""

KEPT_BYTES = 6
"""Of a pixel of a whole progressive JPEG, which is put together however small it is decoded."""

PIXELS = 1024 * 1024 * 1024
"""Of an image whose header is looked at."""

WAITING = 4
"""Images that may wait to be decoded."""

_thread = ThreadPoolExecutor(1, thread_name_prefix="uploads")
_room = threading.BoundedSemaphore(WAITING)


async def read_upload(contents: bytes, shape: Sequence[int], fit: Fit) -> np.ndarray:
    """Decode an image and fit it, in a thread of its own, one image after another.

    Parameters
    ----------
    contents
        Of the file.
    shape
        Height, width and channels of the network's images.
    fit
        How those were fitted; of random crops it is the one in the centre.

    Returns
    -------
    image
        uint8 (height, width, channels).

    Raises
    ------
    DataError
        When it cannot be used: the message says why.
    """
    if not _room.acquire(blocking=False):
        raise DataError("other images are being read: try again in a moment")
    try:
        return await asyncio.get_running_loop().run_in_executor(_thread, decode, contents, Shape(*shape), fit)
    finally:
        _room.release()


def decode(contents: bytes, shape: Shape, fit: Fit) -> np.ndarray:
    """Decode an image and fit it; see `read_upload`."""
    check_channels(shape.channels)
    check_fit(fit)
    if len(contents) > LARGEST_UPLOAD:
        raise DataError(
            f"{format_bytes(len(contents))}, more than the limit of {format_bytes(LARGEST_UPLOAD)}: "
            "save it smaller"
        )
    cutter: Cutter = centre_crop(shape, 1) if fit == "random-crop" else WholePicture(shape, fit)
    try:
        with open_picture(contents, PIXELS) as picture:
            require_room(picture, shape, fit)
            [piece] = cutter(picture, 0)
            if (highest := highest_of(picture)) is not None:
                check_together("the image", {"it": highest})
    except DataError:
        raise
    except Exception as error:  # decoders raise nearly anything on damaged data
        raise DataError(reason(error)) from error
    return piece.pixels


def require_room(picture: Image.Image, shape: Shape, fit: Fit) -> None:
    """Refuse an image that takes too much memory to decode, from its header.

    Raises
    ------
    DataError
        With its size, what it would take, and what there is.
    """
    pixels = picture.width * picture.height
    needed = PIXEL_BYTES * pixels
    if fit != "random-crop":
        needed //= decoded_scale(picture, shape) ** 2
    if picture.info.get("progressive"):
        needed += KEPT_BYTES * pixels
    room = min(MOST_MEMORY, available_memory() // 2)
    if needed > room:
        raise DataError(
            f"{picture.width} x {picture.height} pixels take {format_bytes(needed)} to decode, more than the "
            f"{format_bytes(room)} beside the run: make the image smaller"
        )

"""An image from outside, checked like any image and fitted to the network."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from nn import DataError, Fit, Shape
from nn.data.colour import check_channels
from nn.data.crops import centre_crop
from nn.data.fit import Cutter, WholePicture, check_fit
from nn.data.folder import reason
from nn.data.levels import check_together, highest_of
from nn.data.picture import open_picture
from workbench.page.limits import MEBIBYTE

LARGEST_UPLOAD = 8 * MEBIBYTE
"""Bytes of a file."""

PIXELS = 32 * 1024 * 1024
"""Of an image: fewer than of one from a folder, because decoding takes memory beside a run."""

WAITING = 8
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
        raise DataError(f"{len(contents)} bytes, more than the limit of {LARGEST_UPLOAD}: not decoded")
    cutter: Cutter = centre_crop(shape, 1) if fit == "random-crop" else WholePicture(shape, fit)
    try:
        with open_picture(contents, PIXELS) as picture:
            [piece] = cutter(picture, 0)
            if (highest := highest_of(picture)) is not None:
                check_together("the image", {"it": highest})
    except DataError:
        raise
    except Exception as error:  # decoders raise nearly anything on damaged data
        raise DataError(reason(error)) from error
    return piece.pixels

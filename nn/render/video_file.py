"""Video files, written through PyAV: exact as FFV1, and as H.264 for players."""

from __future__ import annotations

import os
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np

from nn.argument_checks import check_positive
from nn.data.video.video_file import FORMATS, require_av
from nn.render.animation import check_frames

FULL_RANGE = 2
"""FFmpeg's number for levels of 0 to 255 (`AVCOL_RANGE_JPEG`); readers take others for 16 to 235."""

CODECS = {
    (".mkv", 1): ("ffv1", "gray", {}),
    (".mkv", 3): ("ffv1", "bgr0", {}),
    (".mp4", 1): ("libx264", "gray", {"qp": "0"}),
    (".mp4", 3): ("libx264", "yuvj420p", {"crf": "16"}),
}
"""Codec, layout of pixels and options by suffix and channels."""


def write_video(path: Path | str, frames: np.ndarray, rate: float) -> None:
    """Write frames as a video file; it needs the extra `video`.

    Parameters
    ----------
    path
        The file. With .mkv it is FFV1, which is exact; with .mp4 H.264, which is exact for grey, and has even
        sides only.
    frames
        uint8 (steps, height, width, channels), of 1 or 3 channels.
    rate
        Frames a second.

    Raises
    ------
    DataError
        When PyAV is not installed.
    ValueError
        When frames cannot be written so.
    OSError
        When the file cannot be written; an older one is then untouched.
    """
    path, frames = Path(path), np.asarray(frames)
    suffix = path.suffix.lower()
    if suffix not in {each for each, _ in CODECS}:
        raise ValueError(f"{path}: give a name that ends in .mkv, which is exact, or .mp4")
    check_frames(frames)
    height, width = frames.shape[1:3]
    if suffix == ".mp4" and (height % 2 or width % 2):
        raise ValueError(
            f"frames of {height} x {width} pixels: H.264 takes even sides only; add a row or a column, or "
            "write a .mkv"
        )
    exact = Fraction(check_positive("rate", rate)).limit_denominator(1001)
    av = require_av(str(path))
    unfinished = path.with_name(f".{path.stem}.{os.getpid()}.unfinished{suffix}")
    try:
        _write(av, unfinished, frames, exact)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


def _write(av: Any, path: Path, frames: np.ndarray, rate: Fraction) -> None:
    height, width, channels = frames.shape[1:]
    codec, layout, options = CODECS[path.suffix.lower(), channels]
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options)
        stream.height, stream.width, stream.pix_fmt = height, width, layout
        stream.codec_context.color_range = FULL_RANGE
        for frame in np.ascontiguousarray(frames if channels == 3 else frames[..., 0]):
            picture = av.VideoFrame.from_ndarray(frame, format=FORMATS[channels])
            picture.color_range = FULL_RANGE
            container.mux(stream.encode(picture))
        container.mux(stream.encode())

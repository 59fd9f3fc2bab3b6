"""Video: frames of one size, by the way of `nn.data.video`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn.argument_checks import check_count, check_positive
from nn.data.colour import check_channels
from nn.data.errors import DataError
from nn.data.fit import Fit, check_fit
from nn.data.processors.processor import CLIP, Read, Reader
from nn.data.video.load import load_films
from nn.shape import Shape


@dataclass(frozen=True)
class ReadClips(Reader):
    """Clips of one length of a film, or of the films of a folder; see `nn.data.video.load_films`.

    Attributes
    ----------
    steps, height, width, channels
        Of every clip.
    stride
        Frames from one clip's start to the next one's; None for as many as a clip has.
    fit
        How frames of another size are fitted: "crop", "pad" or "stretch".
    rate
        Frames a second, to repeat frames by the time that they are shown; None to take each once.
    """

    name = "read_clips"

    steps: int
    height: int
    width: int
    channels: int = 1
    stride: int | None = None
    fit: Fit = "crop"
    rate: float | None = None

    def __post_init__(self) -> None:
        for field in ("steps", "height", "width"):
            check_count(f"{self.name}: {field}", getattr(self, field))
        if self.stride is not None:
            check_count(f"{self.name}: stride", self.stride)
        if self.rate is not None:
            check_positive(f"{self.name}: rate", self.rate)
        check_channels(self.channels)
        check_fit(self.fit)
        if self.fit == "random-crop":
            raise DataError(f"{self.name}: fit random-crop: take crop, pad or stretch, and random_crop after")

    @property
    def gives(self) -> str:
        """Clips: uint8."""
        return CLIP

    def read(self, path: Path) -> Read:
        """Read all clips of what a path names; see `Reader.read`."""
        shape = Shape(self.height, self.width, self.channels)
        films = load_films(path, shape=shape, fit=self.fit, rate=self.rate)
        clips = films.cut(self.steps, self.stride)
        return Read(clips.names, list(clips.clips(np.arange(len(clips)))))

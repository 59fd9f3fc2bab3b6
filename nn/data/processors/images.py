"""Images: read and fitted into a shape as for training, flipped, cropped and lit anew while training."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nn.argument_checks import check_below_one, check_count
from nn.data.colour import check_channels
from nn.data.errors import DataError
from nn.data.fit import Fit, check_fit
from nn.data.load import load_all
from nn.data.processors.processor import CLIP, IMAGE, Processor, Read, Reader
from nn.pixel_scaling import WHITE
from nn.shape import Shape


@dataclass(frozen=True)
class ReadImages(Reader):
    """Images of a file or a folder, by the way of `nn.data.load_all`: upright, of one shape and colour.

    Attributes
    ----------
    height, width, channels
        Of every image; 1 channel is luminance, 3 are RGB, 4 RGBA.
    fit
        How images of another size are fitted: one of `nn.data.FITS`.
    """

    name = "read_images"

    height: int
    width: int
    channels: int = 1
    fit: Fit = "crop"

    def __post_init__(self) -> None:
        check_count(f"{self.name}: height", self.height)
        check_count(f"{self.name}: width", self.width)
        check_channels(self.channels)
        check_fit(self.fit)

    @property
    def gives(self) -> str:
        """Images: uint8, or float32 (0 to 1) of arrays of more than 8 bits."""
        return IMAGE

    def read(self, path: Path) -> Read:
        """Read all images that a path names; see `Reader.read`."""
        images = load_all(path, Shape(self.height, self.width, self.channels), fit=self.fit)
        return Read(list(images.names), list(images.images))


@dataclass(frozen=True)
class RandomFlips(Processor):
    """Mirrors one half of all entries, drawn anew each time; none in inference.

    Attributes
    ----------
    horizontal
        Left and right are exchanged.
    vertical
        Top and bottom are, on their own.
    """

    name = "random_flips"
    is_drawn = True

    horizontal: bool = True
    vertical: bool = False

    def __post_init__(self) -> None:
        if not (self.horizontal or self.vertical):
            raise DataError(f"{self.name}: horizontal and vertical are both false: leave it out")

    @property
    def takes(self) -> tuple[str, ...]:
        """Images, and clips, whose frames are flipped alike."""
        return IMAGE, CLIP

    def process(self, entry: np.ndarray, generator: np.random.Generator | None) -> list[np.ndarray]:
        """Return the entry, perhaps mirrored; see `Processor.process`."""
        if generator is None:
            return [entry]
        axes = [axis for axis, may in ((-2, self.horizontal), (-3, self.vertical)) if may]
        flipped = tuple(axis for axis in axes if generator.random() < 0.5)
        return [np.flip(entry, flipped)] if flipped else [entry]


@dataclass(frozen=True)
class RandomCrop(Processor):
    """Cuts a window from anywhere, drawn anew each time; from the centre in inference.

    Attributes
    ----------
    height, width
        Of the window.
    """

    name = "random_crop"
    is_drawn = True

    height: int
    width: int

    def __post_init__(self) -> None:
        check_count(f"{self.name}: height", self.height)
        check_count(f"{self.name}: width", self.width)

    @property
    def takes(self) -> tuple[str, ...]:
        """Images, and clips, whose frames are cut alike."""
        return IMAGE, CLIP

    def process(self, entry: np.ndarray, generator: np.random.Generator | None) -> list[np.ndarray]:
        """Return the window; see `Processor.process`."""
        room = entry.shape[-3] - self.height, entry.shape[-2] - self.width
        if min(room) < 0:
            raise DataError(
                f"{entry.shape[-3]} x {entry.shape[-2]} pixels are fewer than a window of "
                f"{self.height} x {self.width}"
            )
        if generator is None:
            top, left = room[0] // 2, room[1] // 2
        else:
            top, left = (int(generator.integers(each + 1)) for each in room)
        return [entry[..., top : top + self.height, left : left + self.width, :]]


@dataclass(frozen=True)
class RandomLight(Processor):
    """Changes brightness and contrast, drawn anew each time; neither in inference.

    A value v in [0, 1] becomes (v - 1/2) (1 + c) + 1/2 + b, clipped, with b and c drawn evenly from
    plus and minus the following. An alpha channel stays.

    Attributes
    ----------
    brightness, contrast
        In [0, 1).
    """

    name = "random_light"
    is_drawn = True

    brightness: float = 0.1
    contrast: float = 0.1

    def __post_init__(self) -> None:
        check_below_one(f"{self.name}: brightness", self.brightness)
        check_below_one(f"{self.name}: contrast", self.contrast)

    @property
    def takes(self) -> tuple[str, ...]:
        """Images, and clips, whose frames are changed alike; bytes, or numbers from 0 to 1."""
        return IMAGE, CLIP

    def process(self, entry: np.ndarray, generator: np.random.Generator | None) -> list[np.ndarray]:
        """Return the entry in another light, of the same dtype; see `Processor.process`."""
        if generator is None:
            return [entry]
        brighter, contrast = generator.uniform(-1, 1, 2) * (self.brightness, self.contrast)
        top = WHITE if entry.dtype == np.uint8 else 1.0
        changed = np.clip((entry - 0.5 * top) * (1 + contrast) + (0.5 + brighter) * top, 0, top)
        if entry.shape[-1] == 4:
            changed[..., 3] = entry[..., 3]
        rounded = np.rint(changed) if entry.dtype == np.uint8 else changed
        return [rounded.astype(entry.dtype)]

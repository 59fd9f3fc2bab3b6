"""Moving digits (Moving MNIST): clips made on the fly, each by its number alone.

Srivastava, Mansimov and Salakhutdinov (2015), "Unsupervised learning of video representations using LSTMs",
section 3.1, and the generator that they published (`data_handler.py`, class `BouncingMNISTDataHandler`): a
digit starts anywhere, moves in any direction by a tenth of the free canvas a frame, and bounces off the
borders; where digits overlap the brighter pixel is seen. The first frame is one step after the start.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from nn.argument_checks import check_count, check_positive
from nn.data.errors import DataError
from nn.data.memory import require_memory
from nn.data.video.clip_source import FEWER_CLIPS, ClipSource, check_numbers
from nn.shape import VideoShape

SEEDS = 2**64
"""Seeds are below this."""


class Tracks(NamedTuple):
    """What moves in n clips, and where: `digits` int (n, count), `tops` and `lefts` int (n, count, steps)."""

    digits: np.ndarray
    tops: np.ndarray
    lefts: np.ndarray


class MovingDigits(ClipSource):
    """Endless clips of digits that bounce in a square, the same clip for the same number and seed.

    Neither the other clips of a batch nor their order matter: clip k is drawn from a counter-based
    generator whose counter begins at k (Salmon et al. 2011, "Parallel random numbers: as easy as 1, 2, 3").
    So a training takes clips 0 to 15, 16 to 31 and so on, never sees one twice, and goes on from a number.

    Parameters
    ----------
    digits
        uint8 (N, height, width) or (N, height, width, channels): what moves. To train and to test on
        different digits, see `digit_sets`.
    size
        Height and width of a frame.
    per_clip
        How many digits move in a clip.
    steps
        Frames of a clip.
    step_length
        How far a digit moves between two frames, as a share of the free canvas, which is the frame less the
        digit.
    seed
        0 to 2**64 - 1.

    Raises
    ------
    DataError
        When the digits are of another kind, or larger than a frame.
    ValueError
        When another argument is out of range.
    """

    def __init__(
        self,
        digits: np.ndarray,
        *,
        size: int = 64,
        per_clip: int = 2,
        steps: int = 20,
        step_length: float = 0.1,
        seed: int = 0,
    ) -> None:
        self.digits = _checked_digits(digits)
        size = check_count("moving digits: size", size)
        height, width, channels = self.digits.shape[1:]
        if max(height, width) > size:
            raise DataError(
                f"digits of {height} x {width} pixels do not fit into frames of {size} x {size}: give "
                "smaller digits (digit_sets has a side), or larger frames"
            )
        self.per_clip = check_count("moving digits: digits per clip", per_clip)
        self._shape = VideoShape(check_count("moving digits: steps", steps), size, size, channels)
        self.step_length = check_positive("moving digits: step length", step_length)
        if step_length > 1:
            raise ValueError(f"moving digits: step length {step_length!r} must be at most 1, the free canvas")
        self.seed = seed
        if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or not 0 <= seed < SEEDS:
            raise ValueError(f"moving digits: seed {seed!r} must be a whole number of 0 to 2**64 - 1")

    @property
    def shape(self) -> VideoShape:
        """Steps, height, width and channels of every clip."""
        return self._shape

    def tracks(self, numbers: np.ndarray) -> Tracks:
        """Return which digits move in the clips of some numbers, int (n,), and where they are when."""
        numbers = check_numbers(numbers)
        shape = len(numbers), self.per_clip
        digits, places, velocities = np.empty(shape, np.int64), np.empty((2, *shape)), np.empty((2, *shape))
        for row, number in enumerate(numbers.tolist()):
            generator = np.random.Generator(np.random.Philox(key=int(self.seed), counter=[0, 0, number, 0]))
            digits[row] = generator.integers(0, len(self.digits), self.per_clip)
            places[:, row] = generator.random((2, self.per_clip))
            for place, angle in enumerate(generator.uniform(0, 2 * math.pi, self.per_clip).tolist()):
                velocities[:, row, place] = math.sin(angle), math.cos(angle)
        free = np.array(self._shape[1:3]) - self.digits.shape[1:3]
        bounced = bounce(places, velocities, self.step_length, self._shape.steps)
        tops, lefts = (bounced * free[:, None, None, None]).astype(np.int64)
        return Tracks(digits, tops, lefts)

    def clips(self, numbers: np.ndarray) -> np.ndarray:
        """Return the clips of some numbers; see `ClipSource.clips`."""
        numbers = check_numbers(numbers)
        require_memory(len(numbers) * self._shape.size, f"{len(numbers)} clips of {self._shape}", FEWER_CLIPS)
        digits, tops, lefts = self.tracks(numbers)
        height, width = self.digits.shape[1:3]
        clips = np.zeros((len(numbers), *self._shape), np.uint8)
        for clip, moving, rows, columns in zip(clips, digits, tops.tolist(), lefts.tolist(), strict=True):
            for digit, *track in zip(self.digits[moving], rows, columns, strict=True):
                for frame, top, left in zip(clip, *track, strict=True):
                    seen = frame[top : top + height, left : left + width]
                    np.maximum(seen, digit, out=seen)
        return clips


def bounce(places: np.ndarray, velocities: np.ndarray, step_length: float, steps: int) -> np.ndarray:
    """Move along and bounce off 0 and 1.

    Parameters
    ----------
    places
        Where it starts: float64 (...), in [0, 1].
    velocities
        Where it moves to: float64 (...), of a length of 1.
    step_length
        How far it moves in a step.
    steps
        How many there are.

    Returns
    -------
    places
        After each step: float64 (..., steps), in [0, 1]. It turns round at a border.
    """
    passed = np.empty((*places.shape, steps))
    for step in range(steps):
        places = places + velocities * step_length
        velocities = np.where((places <= 0) | (places >= 1), -velocities, velocities)
        places = np.clip(places, 0, 1)
        passed[..., step] = places
    return passed


def _checked_digits(digits: np.ndarray) -> np.ndarray:
    if digits.dtype != np.uint8 or digits.ndim not in (3, 4) or not digits.size:
        raise DataError(
            f"moving digits: {digits.dtype} {digits.shape}, expected uint8 (N, height, width) or (N, height, "
            "width, channels)"
        )
    return np.ascontiguousarray(digits if digits.ndim == 4 else digits[..., None])
